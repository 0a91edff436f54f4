"""The item library, its categories and the tax codes."""

from __future__ import annotations

from flask import Blueprint

items = Blueprint("items", __name__, url_prefix="/items")

from webapp.blueprints.items import bundles, categories, files, library, tax_codes  # noqa: F401  the views register themselves
