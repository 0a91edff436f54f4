"""Settings > Company: the seller's profile shown on quotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.models import User
from webapp.services.accounts import users
from webapp.services.company import app_settings
from webapp.services.core import merge, work
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader


def current() -> tuple[dict[str, Any], int]:
    """The profile and its version."""
    return app_settings.get(app_settings.COMPANY_PROFILE)


def seen() -> str:
    """The ``seen`` of the profile's form (``core.merge``)."""
    return merge.seen(current()[0])


@work.command
def save(actor: User | None, values: Mapping[str, object]) -> None:
    """Store the profile. Raises Invalid with a sentence by field, or Conflict where another admin changed the same."""
    reader = Reader(values)
    profile = {
        "name": reader.text("name", 200, missing="Enter your company name."),
        "address": reader.text("address", 500, one_line=False),
        "phone": reader.text("phone", 50),
        "email": reader.text("email", 254),
        "website": reader.text("website", 255),
        "terms": reader.text("terms", 20_000, one_line=False),
    }
    if profile["email"]:
        try:
            profile["email"] = users.normalize_email(profile["email"])
        except Invalid as error:
            reader.fail("email", error.fields["email"])
    website = profile["website"]
    if website and "://" in website and not website.startswith(("http://", "https://")):
        reader.fail("website", "Enter a web address that starts with https://.")
    reader.check()
    key = app_settings.COMPANY_PROFILE
    fields, document, version = app_settings.merged(key, actor, values, profile)
    app_settings.put(key, {**document, **fields}, version, actor)
