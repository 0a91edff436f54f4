"""The customer's page, opened with the link to the quote; no sign-in."""

from __future__ import annotations

from flask import Blueprint

from webapp.blueprints import customer_styles

public = Blueprint("public", __name__, url_prefix="/q")
public.add_app_template_global(customer_styles.address, "customer_styles")

from webapp.blueprints.public import talking, views  # noqa: F401  the views register themselves
