"""Light or dark: what the system says, or a person's own choice, which their browser keeps in a cookie."""

from __future__ import annotations

from flask import Flask, Response, current_app, request

THEMES = {"system": "System", "light": "Light", "dark": "Dark"}
KEPT_SECONDS = 400 * 24 * 3600


def chosen() -> str:
    """The theme of this request; the server writes it into the page, so that no other one is seen first."""
    name = request.cookies.get(_cookie(), "")
    return name if name in THEMES else "system"


def choose(response: Response, name: str) -> None:
    """Keep a choice. The cookie says nothing about anyone."""
    if name not in THEMES:
        return
    response.set_cookie(
        _cookie(), name, max_age=KEPT_SECONDS, secure=_is_secure(), httponly=True, samesite="Lax"
    )


def init_app(app: Flask) -> None:
    """Let templates ask for the theme."""
    app.add_template_global(chosen, "theme")
    app.jinja_env.globals["THEMES"] = THEMES


def _cookie() -> str:
    return "__Host-theme" if _is_secure() else "theme"


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
