"""Settings > Signing: whether we countersign what customers sign, and whether a code by mail proves their address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.models import User
from webapp.services.company import app_settings, mail_server
from webapp.services.core import merge, work
from webapp.services.core.fields import Reader
from webapp.services.core.runtime import Runtime

NO_MAIL = "Set up a mail server under Settings > Mail first. Without one no code can be sent, and no one could sign."


def countersigns() -> bool:
    """Whether quotes are countersigned that don't say otherwise."""
    return bool(shown()["countersign"])


def demands_code() -> bool:
    """Whether a signer proves their email with a code first."""
    return bool(shown()["code"])


def shown() -> dict[str, Any]:
    """The settings as the form shows them."""
    return app_settings.get(app_settings.SIGNING)[0]


def seen() -> str:
    """The ``seen`` of the form (``core.merge``)."""
    return merge.seen(shown())


@work.command
def save(runtime: Runtime, actor: User, values: Mapping[str, object]) -> None:
    """Store ``countersign`` and ``code``. Raises Invalid where codes can't be mailed, or Conflict where another admin
    changed the same.
    """
    reader = Reader(values)
    mine = {"countersign": reader.flag("countersign"), "code": reader.flag("code")}
    if mine["code"] and not mail_server.is_configured(runtime):
        reader.fail("code", NO_MAIL)
    reader.check()
    fields, document, version = app_settings.merged(app_settings.SIGNING, actor, values, mine)
    app_settings.put(app_settings.SIGNING, {**document, **fields}, version, actor)
