"""A small OpenID Connect provider that speaks the real protocol over real HTTP, and lies when a test asks it to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "quotewright", "provider secret ~1"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
Forge = Callable[["Provider", dict[str, Any]], str]


@cache
def rsa_key(name: str) -> RSAKey:
    """A key of its own for each name."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


def ec_key() -> ECKey:
    """Another kind of key."""
    return ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@dataclass
class Provider:
    """``person``: the claims of whom it says that it is. ``forge``: makes the ID token in place of ``sign``.

    ``asks``: it asks who it is when the client wants that; otherwise it answers from its session of an hour ago.
    ``registered``: where it sends browsers whose session it ended.
    """

    port: int
    key: RSAKey | ECKey = field(default_factory=lambda: rsa_key("one"))
    person: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    forge: Forge | None = None
    status: int = 200
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asks: bool = True
    registered: tuple[str, ...] = ("http://localhost/login",)
    ended: list[dict[str, Any]] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sign(self, claims: dict[str, Any], key: Any = None, algorithm: str = "") -> str:
        key = key or self.key
        algorithm = algorithm or ("ES256" if isinstance(key, ECKey) else "RS256")
        header = {"alg": algorithm, **({"kid": key.kid} if key.kid else {})}
        return jwt.encode(header, claims, key, algorithms=[algorithm])

    def unsigned(self, claims: dict[str, Any]) -> str:
        return self._joined({"alg": "none"}, claims) + "."

    def signed_with_public_key(self, claims: dict[str, Any]) -> str:
        text = self._joined({"alg": "HS256", "kid": self.key.kid}, claims)
        made = hmac.new(self.key.as_pem(private=False), text.encode(), "sha256").digest()
        return f"{text}.{_encoded(made)}"

    def _joined(self, *parts: dict[str, Any]) -> str:
        return ".".join(_encoded(json.dumps(part).encode()) for part in parts)

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, Any]:
        self.asked.append(path)
        if self.status != 200:
            return self.status, {}
        pages = {
            "/.well-known/openid-configuration": self._discovery,
            "/keys": lambda: {"keys": [self.key.as_dict(private=False)]},
            "/userinfo": lambda: {"sub": self.person["sub"], **self.userinfo},
        }
        if path in pages:
            return 200, pages[path]()
        if path == "/authorize":
            code = secrets.token_urlsafe(8)
            self.codes[code] = query
            back = {"code": code, "state": query["state"]}
            return 302, f"{query['redirect_uri']}?{urlencode(back)}"
        if path == "/end":
            return self._end(query)
        return self._token(query) if path == "/token" else (404, {})

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/end",
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
            "frontchannel_logout_supported": True,
            "frontchannel_logout_session_supported": True,
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            **self.metadata,
        }

    def _end(self, query: dict[str, str]) -> tuple[int, Any]:
        """RP-initiated logout: only with a token of its own for this client, and back to a registered address."""
        try:
            claims = jwt.decode(query.get("id_token_hint", ""), self.key).claims
        except (JoseError, ValueError):
            return 400, {"error": "invalid_request"}
        if (claims["aud"], query.get("client_id")) != (CLIENT, CLIENT):
            return 400, {"error": "invalid_request"}
        self.ended.append(claims)
        back = query.get("post_logout_redirect_uri", "")
        return (302, back) if back in self.registered else (400, {"error": "invalid_request"})

    def logout_claims(self, **changes: Any) -> dict[str, Any]:
        """Of a logout token about the present person."""
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120}
        claims |= {"jti": secrets.token_hex(8), "events": {LOGOUT_EVENT: {}}}
        claims |= {name: self.person[name] for name in ("sub", "sid") if name in self.person}
        claims |= changes
        return {name: value for name, value in claims.items() if value is not None}

    def _token(self, form: dict[str, str]) -> tuple[int, Any]:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or _encoded(challenge) != asked["code_challenge"]
            or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET)
            or form.get("redirect_uri") != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        if "max_age" in asked:
            claims["auth_time"] = now if self.asks else now - 3600
        claims |= self.person | self.changes
        claims = {name: value for name, value in claims.items() if value is not None or name == "nonce"}
        token = self.forge(self, claims) if self.forge else self.sign(claims)
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": token}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    provider: Provider


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._send(parts.path, parts.query)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._send(urlsplit(self.path).path, body)

    def _send(self, path: str, query: str) -> None:
        flat = {name: values[0] for name, values in parse_qs(query).items()}
        status, content = self.server.provider.answer(path, flat, dict(self.headers))
        self.send_response(status)
        body = b""
        if status == 302:
            self.send_header("Location", content)
        else:
            body = json.dumps(content).encode()
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@contextmanager
def running() -> Iterator[Provider]:
    """A provider on a free port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.provider = Provider(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
