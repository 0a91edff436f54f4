"""The filters and globals of the templates."""

from __future__ import annotations

from flask import Flask

from webapp.services.core.formatting import FILTERS


def init_app(app: Flask) -> None:
    """Register the filters."""
    for function in FILTERS:
        app.add_template_filter(function)
    app.add_template_global(lambda endpoint: endpoint in app.view_functions, "has_endpoint")
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
