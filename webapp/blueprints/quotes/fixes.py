"""The page where a push problem is fixed, from the problem's ``fix``."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from webapp.blueprints.support import may
from webapp.models import Quote
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.wanted.desired import Problem
from webapp.services.core.fields import parse_id

SECTIONS = ("company", "opportunity", "quote_status", "products_services", "item_category")


@dataclass(frozen=True)
class Fix:
    """A link, or without ``url`` a sentence that says who can fix it."""

    label: str
    url: str = ""


def fix_for(problem: Problem, quote: Quote) -> Fix | None:
    """How to fix ``problem``; None when it is fixed in Autotask."""
    area, name = problem.fix
    match area:
        case "quote":
            return _of_quote(name, quote)
        case "organization" | "person":
            record_id = parse_id(name)
            if record_id is None:
                return None
            if area == "person":
                return Fix("Open person", url_for("people.person", person_id=record_id))
            return Fix("Open organization", url_for("people.organization", organization_id=record_id))
        case "settings" | "connection" | "autotask":
            return _of_settings(area, name)
    return None


def _of_quote(name: str, quote: Quote) -> Fix:
    if not may(Permission.CHANGE, quote):
        return Fix(f"{quote.owner.name} or a sales manager can fix this.")
    if name == "customer":
        return Fix("Choose customer", url_for("quotes.customer", quote_id=quote.id))
    if name == "opportunity":
        return Fix("Choose opportunity", url_for("quotes.opportunity", quote_id=quote.id))
    anchor = f"line-{name}" if name else "lines"
    return Fix("Go to line", url_for("quotes.show", quote_id=quote.id, _anchor=anchor))


def _of_settings(area: str, name: str) -> Fix:
    if not may(Permission.INTEGRATE):
        return Fix("An admin can fix this in Settings > Integrations.")
    if area == "connection":
        return Fix("Open Integrations", url_for("integrations.index"))
    if name == "tax_code":
        return Fix("Map tax codes", url_for("integrations.tax_codes"))
    anchor = f"section-{name}" if name in SECTIONS else "section-prerequisites"
    return Fix("Open settings", url_for("integrations.autotask", _anchor=anchor))
