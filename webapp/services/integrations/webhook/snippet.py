"""The example for receivers, on the webhook's page and in docs/integrations.md. A test runs it."""

VERIFY = """import hashlib, hmac, time


def is_genuine(secret: str, header: str, body: bytes) -> bool:
    parts = [part.partition("=") for part in header.split(",")]
    sent = next((value for name, _, value in parts if name == "t"), "")
    if not sent.isdigit() or abs(time.time() - int(sent)) > 300:
        return False
    wanted = hmac.new(secret.encode(), sent.encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(value, wanted) for name, _, value in parts if name == "v1")
"""
