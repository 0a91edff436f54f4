"""What a page may keep of a form that was sent, to send it again: everything but its secrets."""

from __future__ import annotations

from flask import request

PASSWORD = "confirm_password"  # noqa: S105  the name of a field
PASSKEY = "confirm_passkey"
SECRETS = {
    *("password", "secret", "integration_code", "current", "one_time_code", "passkey"),
    *("file_password", "stamp_password", PASSWORD, PASSKEY),
}
# Ours, not the person's: the token that each page has, and the wish to be asked for nothing but the password.
TOKEN, ONLY = "csrf_token", "confirm_only"


def values() -> list[tuple[str, str]]:
    """Names and values of the form, for hidden fields; without secrets, which are in no page."""
    left_out = SECRETS | {TOKEN, ONLY}
    return [(name, value) for name, value in request.form.items(multi=True) if name not in left_out]


def has_secrets() -> bool:
    """True if the form brought a secret, which ``values`` leaves out."""
    return any(request.form.get(name) for name in SECRETS - {PASSWORD, PASSKEY})


def has_files() -> bool:
    """True if the form brought a file, which no page can hold."""
    return any(file.filename for file in request.files.values())


def target() -> str:
    """The address that the form was sent to."""
    return request.full_path if request.query_string else request.path
