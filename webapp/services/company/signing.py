"""Settings > Signing: whether we countersign what customers sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.models import User
from webapp.services.company import app_settings
from webapp.services.core import merge, work
from webapp.services.core.fields import Reader


def countersigns() -> bool:
    """Whether quotes are countersigned that don't say otherwise."""
    return bool(shown()["countersign"])


def shown() -> dict[str, Any]:
    """The settings as the form shows them."""
    return app_settings.get(app_settings.SIGNING)[0]


def seen() -> str:
    """The ``seen`` of the form (``core.merge``)."""
    return merge.seen(shown())


@work.command
def save(actor: User, values: Mapping[str, object]) -> None:
    """Store ``countersign``. Raises Conflict where another admin changed it."""
    mine = {"countersign": Reader(values).flag("countersign")}
    fields, document, version = app_settings.merged(app_settings.SIGNING, actor, values, mine)
    app_settings.put(app_settings.SIGNING, {**document, **fields}, version, actor)
