"""Search and jump: the command menu, and the plain page that answers the same without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints.search.actions import ACTIONS
from webapp.blueprints.support import actor, is_htmx, may
from webapp.services.accounts.permissions import Permission
from webapp.services.core.fields import clean_text
from webapp.services.quoting.lists import jump
from webapp.services.quoting.lists.jump import Found

search = Blueprint("search", __name__)

LONGEST = 200
# In front of words that only an action is to have.
ONLY_ACTIONS = ">"
# As many actions are shown beside other things.
FEW_ACTIONS = 4


@dataclass(frozen=True)
class Hit:
    """One thing to open. ``before``: its number; ``aside``: what tells it from others; ``keys`` do the same."""

    url: str
    icon: str
    name: str
    before: str = ""
    aside: str = ""
    keys: str = ""


@dataclass(frozen=True)
class Group:
    """Hits of one kind under a title."""

    title: str
    hits: list[Hit] = field(default_factory=list)


@search.get("/search")
@login_required
def index() -> ResponseReturnValue:
    """What fits the words; htmx gets only the list."""
    asked = request.args.get("q", "")
    typed = clean_text(asked)[:LONGEST]
    only_actions = typed.startswith(ONLY_ACTIONS)
    text = typed.removeprefix(ONLY_ACTIONS).strip()
    found = Found() if only_actions else jump.find(actor(), text)
    groups = [group for group in _groups(found, text, only_actions=only_actions) if group.hits]
    if is_htmx():
        count = sum(len(one.hits) for one in groups)
        return render_template("search/_results.html", groups=groups, asked=asked, count=count)
    return render_template("search/index.html", groups=groups, typed=typed)


def _groups(found: Found, text: str, *, only_actions: bool) -> Iterator[Group]:
    yield Group("Quotes" if text else "Your last quotes", list(_quotes(found)))
    yield Group("Customers", [*_organizations(found), *_people(found)])
    yield Group("Items" if text else "Items you used last", list(_items(found)))
    actions = [*_for_customer(found), *_actions(text)]
    yield Group("Actions", actions if only_actions or not found.quotes else actions[:FEW_ACTIONS])


def _quotes(found: Found) -> Iterator[Hit]:
    for one in found.quotes:
        quote = one.quote
        person = quote.person.full_name if quote.person else ""
        customer = quote.organization.name if quote.organization else person
        yield Hit(
            url_for("quotes.show", quote_id=quote.id),
            "quote",
            quote.title,
            str(quote.number or ""),
            " · ".join(filter(None, (customer, one.stage))),
        )


def _organizations(found: Found) -> Iterator[Hit]:
    for one in found.organizations:
        count = f"{one.quotes} quote{'' if one.quotes == 1 else 's'}" if one.quotes else ""
        url = url_for("people.organization", organization_id=one.organization.id)
        yield Hit(url, "organization", one.organization.name, aside=count)


def _people(found: Found) -> Iterator[Hit]:
    for person in found.people:
        works_at = person.organization.name if person.organization else ""
        aside = " · ".join(filter(None, (person.title, works_at))) or person.email
        yield Hit(url_for("people.person", person_id=person.id), "person", person.full_name, aside=aside)


def _items(found: Found) -> Iterator[Hit]:
    for item in found.items:
        aside = " · ".join(filter(None, (item.sku or item.mpn, item.manufacturer)))
        yield Hit(url_for("items.item", item_id=item.id), "item", item.name, aside=aside)


def _for_customer(found: Found) -> Iterator[Hit]:
    """A new quote for the customer that was found."""
    names = [one.organization.name for one in found.organizations] + [one.full_name for one in found.people]
    if names and may(Permission.SELL):
        yield Hit(url_for("quotes.new", q=names[0]), "new", f"New quote for {names[0]}")


def _actions(text: str) -> Iterator[Hit]:
    sought = text.casefold().split()
    for action in ACTIONS:
        if action.needs and not any(map(may, action.needs)):
            continue
        if all(word in f"{action.name} {action.words}".casefold() for word in sought):
            yield Hit(url_for(action.endpoint), action.icon, action.name, keys=action.keys)
