"""Settings > Sign-in: who must use two-step sign-in. The company decides; everyone may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.models import User
from webapp.services.accounts import permissions, users
from webapp.services.accounts.permissions import Permission, may
from webapp.services.accounts.two_step import factors
from webapp.services.company import app_settings
from webapp.services.core import merge, work
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader

OFF, ADMINS, EVERYONE = "off", "admins", "everyone"
CHOICES = {OFF: "No one; each person decides", ADMINS: "Admins", EVERYONE: "Everyone"}
SELF_FIRST = "Set up two-step sign-in under Your account first. Otherwise this would sign you out."


def required_for() -> str:
    """Of whom the company requires it."""
    return str(app_settings.get(app_settings.TWO_STEP)[0]["required_for"])


def trusts_devices() -> bool:
    """True if people may skip the second step in a browser for 30 days (``trusted``)."""
    return bool(app_settings.get(app_settings.TWO_STEP)[0]["trusts_devices"])


def shown() -> dict[str, Any]:
    """The settings as the form shows them."""
    return app_settings.get(app_settings.TWO_STEP)[0]


def seen() -> str:
    """The ``seen`` of the form (``core.merge``)."""
    return merge.seen(app_settings.get(app_settings.TWO_STEP)[0])


def demands(user: User) -> bool:
    """True if the company requires two-step sign-in of ``user``."""
    return _demands(required_for(), user)


def is_due(user: User) -> bool:
    """True if ``user`` must set it up before anything else: the company requires it, or an admin reset it."""
    return user.owes_two_step or demands(user)


@work.command
def save(actor: User, values: Mapping[str, object]) -> None:
    """Store ``required_for`` and ``trusts_devices``, and end the sessions of those who have yet to set it up.

    Raises Invalid with a sentence, or Conflict where another admin changed it.
    """
    reader = Reader(values)
    chosen = reader.choice("required_for", CHOICES, required_for())
    reader.check()
    permissions.require_now(actor, Permission.ADMINISTER)
    key = app_settings.TWO_STEP
    entered = {"required_for": chosen, "trusts_devices": reader.flag("trusts_devices")}
    fields, document, version = app_settings.merged(key, actor, values, entered)
    have, wanted = factors.holders(), str(fields["required_for"])
    if _demands(wanted, actor) and actor.id not in have:
        raise Invalid("Nothing was changed.", {"required_for": SELF_FIRST})
    app_settings.put(key, {**document, **fields}, version, actor)
    for user in users.list_users():
        if _demands(wanted, user) and user.id not in have:
            user.session_epoch += 1


def _demands(required: str, user: User) -> bool:
    return required == EVERYONE or (required == ADMINS and may(user, Permission.ADMINISTER))
