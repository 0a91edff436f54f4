"""The filters and globals of the templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, g, has_request_context
from flask_login import current_user

from webapp.services.company import place as places
from webapp.services.core.browsers import browser
from webapp.services.core.formatting import ANYWHERE_ALIKE, PLACED
from webapp.services.core.place import Place


def init_app(app: Flask) -> None:
    """Register the filters. Those that depend on a place follow the reader's, unless the template names another."""
    for function in (*ANYWHERE_ALIKE, browser):
        app.add_template_filter(function)
    for placed in PLACED:
        app.add_template_filter(_for_reader(placed), placed.__name__)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def reader_place() -> Place:
    """The place of whoever reads this page: the user's, for everyone else the company's."""
    if not has_request_context():
        return places.of_company()
    if "place" not in g:
        g.place = places.of_user(current_user.user if current_user.is_authenticated else None)
    place: Place = g.place
    return place


def _for_reader(function: Callable[..., str]) -> Callable[..., str]:
    def placed(value: Any, *arguments: Any, place: Place | None = None) -> str:
        return function(value, *arguments, place=place or reader_place())

    return placed
