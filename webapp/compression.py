"""Smaller answers: static files under an address with their hash, kept by browsers for good, and gzip.

Pages are compressed unless somebody else's words could be in them next to a secret (BREACH): only the answer to an
address without a query, or to a request with htmx's header, which no other site can send. See docs/decisions/0004.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

STATIC = Path(__file__).parent / "static"
# The PDF's fonts are never served.
NOT_SERVED = "fonts"
FOR_GOOD = "public, max-age=31536000, immutable"
COMPRESSED = {
    "text/html",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/json",
    "image/svg+xml",
}
# Below this, a header costs more than compressing saves.
SMALLEST = 500


@cache
def static_path() -> str:
    """The address of the static files: it changes when one of them does, and addresses inside of them still lead on."""
    digest = hashlib.sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        name = path.relative_to(STATIC)
        if name.parts[0] != NOT_SERVED:
            digest.update(f"{name.as_posix()}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return f"/static/{digest.hexdigest()[:12]}"


class NoneForStatic(SecureCookieSessionInterface):
    """Static files have nothing to do with the session, so caches needn't tell them apart by its cookie."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)


def init_app(app: Flask) -> None:
    """Compress what may be compressed, and let browsers keep static files."""
    app.session_interface = NoneForStatic()

    @app.after_request
    def compress(response: Response) -> Response:
        is_static = request.endpoint == "static" and response.status_code in (200, 304)
        if is_static:
            response.headers["Cache-Control"] = FOR_GOOD
        if response.mimetype not in COMPRESSED or (response.is_streamed and not is_static):
            return response
        response.vary.add("Accept-Encoding")
        if _may(response, is_static=is_static) and request.accept_encodings["gzip"] > 0:
            data = _static(_file(app)) if is_static else _pressed(response.get_data())
            if data:
                if is_static:
                    response.close()  # the file that is not sent
                response.direct_passthrough = False
                response.set_data(data)
                response.headers["Content-Encoding"] = "gzip"
                response.headers.pop("ETag", None)
        return response


def _may(response: Response, *, is_static: bool) -> bool:
    if request.method == "HEAD" or "Range" in request.headers or "Content-Encoding" in response.headers:
        return False
    if is_static:
        return response.status_code == 200
    return not request.query_string or request.headers.get("HX-Request") == "true"


def _file(app: Flask) -> Path:
    return Path(str(app.static_folder)) / str((request.view_args or {})["filename"])


@cache
def _static(path: Path) -> bytes:
    """The file, compressed once and well; empty when that saves nothing."""
    return _pressed(path.read_bytes(), level=9)


def _pressed(data: bytes, level: int = 5) -> bytes:
    return gzip.compress(data, level, mtime=0) if len(data) >= SMALLEST else b""
