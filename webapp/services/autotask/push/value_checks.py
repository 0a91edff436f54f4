"""Values that Autotask would refuse, according to its lists: deleted, inactive, or required and missing.

The pre-flight goes by the cached lists and what a quote may need. A push, and its preview, go by what it is about to
write, and read the lists of these values again first: someone may have made one inactive since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from webapp.models import db
from webapp.services.autotask.api.errors import AutotaskError, ConnectionRefused, NotConnected
from webapp.services.autotask.api.values import USER_DEFINED
from webapp.services.autotask.connection import metadata, stored_lists
from webapp.services.autotask.connection.metadata import Choice
from webapp.services.autotask.known.links import LinkKey, key_of, records_of
from webapp.services.autotask.push.plan import CREATE, Step, writes
from webapp.services.autotask.push.wording import ENTITIES, label
from webapp.services.autotask.wanted.desired import CatalogItem, Desired, DesiredRecord, Problem
from webapp.services.core.runtime import Runtime

# The settings section that a value comes from, by entity and field; "" for the entity's other fields.
SECTIONS: dict[str, dict[str, str]] = {
    "Companies": {"": "company"},
    "Opportunities": {"": "opportunity", "winReason": "quote_status", "lossReason": "quote_status"},
    "Quotes": {"": "opportunity", "taxRegionID": "tax_code"},
    "QuoteItems": {"": "products_services", "laborID": "item_category", "taxCategoryID": "tax_code"},
    "Products": {
        "": "products_services",
        "productBillingCodeID": "item_category",
        "productCategory": "item_category",
    },
    "Services": {"": "products_services", "billingCodeID": "item_category"},
}
# Set by the URL of the call or by Autotask.
GIVEN = {"id", "quoteID", "companyID"}
# Values that we take from Autotask's own lists by what they mean, so no person made a choice that can grow old.
OURS = {"quoteItemType", "periodType", "publish", "countryID"}
# A push reads a list again if no other did in this time.
CONFIRMED_FOR = timedelta(minutes=10)
# What new products and services are billed as changes oftenest, and only they need it, so it is always read again.
ALWAYS = ("reference:BillingCodes",)


@dataclass(frozen=True)
class Findings:
    """``stops``: the push is sure to fail; ``may``: it fails only if the record must be created in Autotask."""

    stops: list[Problem]
    may: list[Problem]


def check(runtime: Runtime, desired: Desired, linked: Mapping[LinkKey, object]) -> Findings:
    """Check every value that the push would send. ``linked``: our records that are already in Autotask.

    Raises NotConnected when a needed list was never read.
    """
    checker = _Checker(runtime)
    goods = {one.record.key: one for one in desired.catalog_items}
    for wish in records_of(desired):
        item = goods.get(wish.key)
        never_made = item is not None and desired.when_unmatched == "stop"
        is_there = key_of(wish) in linked or wish.chosen_id is not None
        checker.wish(wish, item, is_new=not (is_there or never_made))
    return Findings(checker.stops, checker.may)


def of_steps(
    runtime: Runtime, desired: Desired, steps: Iterable[Step], *, refusal: str = ""
) -> list[Problem]:
    """The values that the steps would write and Autotask would refuse, with its lists read again where needed.

    ``refusal``: what Autotask has just said, so whatever was confirmed is read again. Commits.
    """
    steps = writes(list(steps))
    entities = {step.entity for step in steps}
    described = {f"fields:{entity}" for entity in entities} | {f"udfs:{entity}" for entity in entities}
    stored_lists.preload(described)
    checker = _Checker(replace(runtime, offline=True))
    names = {name for step in steps for name in checker.lists_of(step)}
    always = [name for name in sorted(names) if refusal or name in ALWAYS]
    try:
        stored_lists.confirm(runtime, sorted(names), CONFIRMED_FOR, always=always)
    except (AutotaskError, NotConnected, ConnectionRefused):
        # What can't be read is known as it was last read.
        db.session.rollback()
    stored_lists.preload(described | names)
    checker = _Checker(replace(runtime, offline=True))
    goods = {one.record.key: one for one in desired.catalog_items}
    wishes = {wish.key: wish for wish in records_of(desired)}
    for step in steps:
        wish = wishes.get(step.key.record)
        if wish is not None:
            item = goods.get(wish.key)
            subject = item.line_titles[0] if item else _subject(wish)
            checker.step(step, subject)
            if step.action == CREATE:
                checker.required(wish, step.fields, refusal)
                checker.user_defined(wish, step.fields, subject)
    return checker.stops


class _Checker:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._fields: dict[str, dict[str, dict[str, Any]]] = {}
        self._lists: dict[tuple[str, str], dict[int, Choice]] = {}
        self._seen: set[tuple[str, str, Any]] = set()
        self.stops: list[Problem] = []
        self.may: list[Problem] = []

    def _gone(self, entity: str, subject: str, names: Iterable[str], found: list[Problem]) -> None:
        """User-defined fields that Autotask no longer has: it may refuse them, or drop their values silently."""
        known = metadata.known_user_defined_fields(entity)
        if known is None:
            return
        there = {f"{USER_DEFINED}{entry['name']}" for entry in known}
        for name in names:
            if name.startswith(USER_DEFINED) and name not in there:
                field = name.removeprefix(USER_DEFINED)
                sentence = f"The user-defined field “{field}” of {subject} is no longer in Autotask."
                self._add(found, entity, name, sentence)

    def wish(self, wish: DesiredRecord, goods: CatalogItem | None, *, is_new: bool) -> None:
        """Check one record: the fields that are always kept, and the fields that only a new record gets."""
        if wish.entity not in stored_lists.PICKLISTS:
            return
        fields = self._fields_of(wish.entity)
        subject = goods.line_titles[0] if goods else _subject(wish)
        for name, value in wish.fields.items():
            self._value(wish.entity, subject, fields.get(name, {}), value, self.stops)
        if not is_new:
            return
        # A company or product may exist without a link; then only the push finds it.
        found = self.may if wish.entity in ("Companies", "Products", "Services") else self.stops
        for name, value in wish.initial.items():
            self._value(wish.entity, subject, fields.get(name, {}), value, found)
        self._gone(wish.entity, subject, wish.initial, found)
        self._missing(
            wish, {**wish.initial, **wish.fields}, subject, fields | _user_defined(wish.entity), found
        )

    def step(self, step: Step, subject: str) -> None:
        """Check what a step writes; a list that was never read says nothing."""
        self._gone(step.entity, subject, step.fields, self.stops)
        for name, value in step.fields.items():
            try:
                self._value(
                    step.entity, subject, self._fields_of(step.entity).get(name, {}), value, self.stops
                )
            except NotConnected:
                continue

    def user_defined(self, wish: DesiredRecord, sent: Mapping[str, Any], subject: str) -> None:
        """Check that a new record has the user-defined fields that Autotask requires."""
        self._missing(wish, sent, subject, _user_defined(wish.entity), self.stops)

    def required(self, wish: DesiredRecord, sent: Mapping[str, Any], refusal: str) -> None:
        """Check that a create sends the fields that ``refusal`` names, and the phone that every new company needs."""
        try:
            fields = self._fields_of(wish.entity)
        except NotConnected:
            return
        wanted = {
            name: entry
            for name, entry in fields.items()
            if name in refusal or (wish.entity, name) == ("Companies", "phone")
        }
        self._missing(wish, sent, _subject(wish), wanted, self.stops)

    def lists_of(self, step: Step) -> set[str]:
        """The names of the lists that the step's values come from."""
        found: set[str] = set()
        try:
            fields = self._fields_of(step.entity) if step.entity in stored_lists.PICKLISTS else {}
        except NotConnected:
            return found
        for name, value in step.fields.items():
            entry = fields.get(name, {})
            if name in OURS or not isinstance(value, int) or isinstance(value, bool):
                continue
            reference = metadata.list_of(entry)
            if reference:
                found.add(f"reference:{reference}")
            elif entry.get("isPickList"):
                found.add(f"fields:{step.entity}")
        return found

    def _fields_of(self, entity: str) -> dict[str, dict[str, Any]]:
        if entity not in self._fields:
            self._fields[entity] = {entry["name"]: entry for entry in metadata.fields(self._runtime, entity)}
        return self._fields[entity]

    def _value(
        self, entity: str, subject: str, entry: Mapping[str, Any], value: Any, found: list[Problem]
    ) -> None:
        name = str(entry.get("name") or "")
        if not isinstance(value, int) or isinstance(value, bool) or (entity, name, value) in self._seen:
            return
        choices = self._choices(entity, entry)
        if choices is None:
            return
        self._seen.add((entity, name, value))
        choice = choices.get(value)
        what = f"{label(name).lower()} of {subject}"
        if choice is None and name in metadata.VENDOR_FIELDS:
            # The list has the companies that are vendors, and any company may be one.
            return
        if choice is None:
            self._add(found, entity, name, f"The {what} (#{value}) is no longer in Autotask.")
        elif not choice.is_active:
            self._add(found, entity, name, f"The {what}, “{choice.label}”, is inactive in Autotask.")

    def _choices(self, entity: str, entry: Mapping[str, Any]) -> dict[int, Choice] | None:
        """The field's values by number; None when we have no list for it."""
        name = str(entry.get("name") or "")
        reference = metadata.list_of(entry)
        if not entry.get("isPickList") and not reference:
            return None
        key = ("reference", reference) if reference else (entity, name)
        if key not in self._lists:
            choices = (
                metadata.reference(self._runtime, reference)
                if reference
                else metadata.picklist(self._runtime, entity, name)
            )
            self._lists[key] = {choice.value: choice for choice in choices}
        return self._lists[key]

    def _missing(
        self,
        wish: DesiredRecord,
        sent: Mapping[str, Any],
        subject: str,
        fields: Mapping[str, Mapping[str, Any]],
        found: list[Problem],
    ) -> None:
        for name, entry in fields.items():
            if not entry.get("isRequired") or entry.get("isReadOnly") or name in GIVEN:
                continue
            if sent.get(name) not in (None, ""):
                continue
            if wish.entity == "Companies" and name == "phone":
                sentence = (
                    f"{_start(subject)} has no phone number. Autotask requires one for new companies. Add it to the "
                    "organization, then choose Try again."
                )
                self._keep(found, Problem(sentence, (wish.local.kind, wish.local.stored_id)))
            else:
                kind = ENTITIES[wish.entity]
                sentence = f"Autotask requires “{label(name)}” for a new {kind}, but {subject} has none."
                self._add(found, wish.entity, name, sentence)

    def _add(self, found: list[Problem], entity: str, name: str, sentence: str) -> None:
        sections = SECTIONS.get(entity, {})
        section = sections.get(name) or sections.get("", "")
        self._keep(found, Problem(sentence, ("settings", section)))

    @staticmethod
    def _keep(found: list[Problem], problem: Problem) -> None:
        if problem not in found:
            found.append(problem)


def _user_defined(entity: str) -> dict[str, dict[str, Any]]:
    return {f"{USER_DEFINED}{entry['name']}": entry for entry in metadata.user_defined_fields(entity)}


def _subject(wish: DesiredRecord) -> str:
    if wish.entity == "QuoteItems":
        return wish.title
    return f"the {ENTITIES[wish.entity]} “{wish.title}”"


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]
