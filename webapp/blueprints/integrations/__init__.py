"""Settings > Integrations: the list of integrations, the settings of Datto Autotask PSA, and webhooks."""

from __future__ import annotations

from flask import Blueprint

integrations = Blueprint("integrations", __name__, url_prefix="/settings/integrations")

from webapp.blueprints.integrations import (  # noqa: F401  the views register themselves
    autotask,
    connecting,
    dry_run,
    history,
    index,
    links,
    lists,
    prerequisites,
    taxes,
    webhooks,
)
