"""Settings > Company: the seller's profile shown on quotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.models import User
from webapp.services.accounts import users
from webapp.services.company import app_settings, currencies
from webapp.services.core import merge, work
from webapp.services.core import place as places
from webapp.services.core.errors import Invalid
from webapp.services.core.fields import Reader

TAX_ROUNDINGS = {
    "line": "On each line, as Autotask does",
    "sum": "Once, on the sum of each tax",
}


# How a price ends that is reckoned from a rule (quoting.money.prices.ENDINGS).
ENDINGS = ("none", "00", "95", "99")
MAX_DAYS = 3650
MAX_STEPS, LONGEST_STEPS = 10, 2_000


def current() -> tuple[dict[str, Any], int]:
    """The profile and its version."""
    return app_settings.get(app_settings.COMPANY_PROFILE)


def tax_rounding() -> str:
    """Where tax is rounded in new revisions: on each line, or once on the sum of the lines with the same tax."""
    return str(current()[0]["tax_rounding"])


def price_ending() -> str:
    """How a price ends that is reckoned from a rule (``quoting.money.prices.ENDINGS``)."""
    return str(current()[0]["price_ending"])


def old_cost_days() -> int:
    """After how many days a cost is old."""
    return int(current()[0]["old_cost_days"])


def default_tax_code_id() -> int | None:
    """The tax code of new lines that bring none; it may be gone or inactive."""
    chosen = current()[0]["default_tax_code_id"]
    return int(chosen) if chosen else None


def seen() -> str:
    """The ``seen`` of the profile's form (``core.merge``)."""
    return merge.seen(current()[0])


def begin(*, name: str, address: str, time_zone: str) -> None:
    """Take what the set-up form says of the company, unless someone saved its page already. Raises Invalid."""
    reader = Reader({"company": name, "address": address})
    said = {"name": reader.text("company", 200), "address": reader.text("address", 500, one_line=False)}
    reader.check()
    if time_zone in places.time_zones():
        said["time_zone"] = time_zone
    profile, version = current()
    if version == 0 and any(said.values()):
        app_settings.put(app_settings.COMPANY_PROFILE, {**profile, **said}, version, None)


@work.command
def save(actor: User | None, values: Mapping[str, object]) -> None:
    """Store the profile. Raises Invalid with a sentence by field, or Conflict where another admin changed the same."""
    reader = Reader(values)
    before, _ = current()
    profile: dict[str, Any] = {
        "name": reader.text("name", 200, missing="Enter your company name."),
        "address": reader.text("address", 500, one_line=False),
        "phone": reader.text("phone", 50),
        "email": reader.text("email", 254),
        "website": reader.text("website", 255),
        "terms": reader.text("terms", 20_000, one_line=False),
        **{name: _steps(reader, name, before) for name in ("next_accepted", "next_declined")},
        "time_zone": reader.choice("time_zone", places.time_zones(), before["time_zone"]),
        "locale": reader.choice("locale", places.LOCALES, before["locale"]),
        "paper": reader.choice("paper", {"", *places.PAPERS}, before["paper"]),
    }
    profile["currency"], profile["other_currencies"] = currencies.read(reader, before)
    profile["tax_rounding"] = reader.choice("tax_rounding", TAX_ROUNDINGS, before["tax_rounding"])
    profile["price_ending"] = reader.choice("price_ending", ENDINGS, before["price_ending"])
    profile["old_cost_days"] = before["old_cost_days"]
    if reader.has("old_cost_days"):
        days = reader.raw("old_cost_days")
        if days.isascii() and days.isdigit() and 0 < int(days) <= MAX_DAYS:
            profile["old_cost_days"] = int(days)
        else:
            reader.fail("old_cost_days", f"Enter a number of days from 1 to {MAX_DAYS:,}.")
    profile["default_tax_code_id"] = (
        reader.identifier("default_tax_code_id")
        if reader.has("default_tax_code_id")
        else before["default_tax_code_id"]
    )
    profile["paper"] = profile["paper"] or places.paper_of(profile["locale"])
    check_addresses(reader, profile)
    reader.check()
    key = app_settings.COMPANY_PROFILE
    fields, document, version = app_settings.merged(key, actor, values, profile)
    app_settings.put(key, {**document, **fields}, version, actor)


def check_addresses(reader: Reader, read: dict[str, Any]) -> None:
    """Bring the ``email`` of ``read`` into its usual form; note in ``reader`` where it or ``website`` can't be used."""
    if read["email"]:
        try:
            read["email"] = users.normalize_email(read["email"])
        except Invalid as error:
            reader.fail("email", error.fields["email"])
    website = read["website"]
    if website and "://" in website and not website.startswith(("http://", "https://")):
        reader.fail("website", "Enter a web address that starts with https://.")


def _steps(reader: Reader, name: str, before: Mapping[str, Any]) -> str:
    """What happens next after an answer, one step a line."""
    if not reader.has(name):
        return str(before[name])
    text = reader.text(name, LONGEST_STEPS, one_line=False)
    steps = [line.strip() for line in text.splitlines() if line.strip()]
    if len(steps) > MAX_STEPS:
        reader.fail(name, f"Use up to {MAX_STEPS} lines. This has {len(steps)}.")
    return "\n".join(steps)
