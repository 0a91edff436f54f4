"""The parts of a bundle, in a draft and in a revision.

A part is a ``FrozenLine``: what its item was when it was added, and how many are in one bundle. A draft stores them as
JSON. A line that is a service bundle of Autotask's is one quote item there, so its parts only say what it is made of.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from webapp.models import Category, QuoteLine, TaxCode
from webapp.models.catalog import ONE_TIME
from webapp.services.core import records
from webapp.services.quoting.money import bundles
from webapp.services.quoting.money.money import rounding
from webapp.services.quoting.money.totals import LineTotals
from webapp.services.quoting.revisions.snapshot import FrozenLine, Snapshot

AUTOTASK_BUNDLE = "ServiceBundles"
_PARTS = TypeAdapter(tuple[FrozenLine, ...])
# What a setup fee has of its line, and how it is billed. Its id in Autotask follows from the line's.
OF_FEE = (
    *("uid", "section_uid", "category_id", "parent_category_id", "category_path"),
    *("tax_code_id", "tax_name", "tax_rate", "is_optional", "is_selected"),
)
# What a part that recurs has of the bundle's line, whose term it is.
OF_TERM = ("term_months", "min_term_months", "starts_on")
ONCE = {"recurrence": ONE_TIME, "quantity": Decimal(1)}
FEES = uuid.UUID("5f0b8c4e-9a57-4f0e-8f3b-1f6f6f1d9a63")
# What a draft doesn't store, because it follows from the records.
DERIVED = {"parent_category_id", "category_path", "tax_name", "tax_rate"}


class Again(FrozenLine):
    """A bundle where its parts of another billing period stand. ``own``: the bundle's own, where it is chosen."""

    own: str

    @property
    def is_again(self) -> bool:
        """True."""
        return True


class FlatLine(FrozenLine):
    """A line as Autotask gets it. ``number``: of the line in the quote; ``bundle_name``: of a part.

    ``is_fee``: it is the setup fee of the line before it, which no discount is taken off.
    """

    number: int
    bundle_name: str = ""
    is_fee: bool = False


def new_uid() -> str:
    """An id that a part keeps through edits and revisions."""
    return str(uuid.uuid4())


def listed(line: QuoteLine) -> tuple[FrozenLine, ...]:
    """The parts of a draft's line; empty where it is no bundle."""
    return _read(line.stored_parts) if line.stored_parts else ()


@lru_cache(maxsize=1024)
def _read(text: str) -> tuple[FrozenLine, ...]:
    # An answer of the editor asks for the same parts several times.
    return _PARTS.validate_json(text)


def of_line(line: QuoteLine) -> tuple[FrozenLine, ...]:
    """The parts that the line's price is spread over."""
    return () if is_one(line) else listed(line)


def spread_over(line: FrozenLine) -> tuple[FrozenLine, ...]:
    """The parts that the line's price is spread over."""
    return () if is_one(line) else line.parts


def is_one(line: QuoteLine | FrozenLine) -> bool:
    """True for a bundle that is one quote item in Autotask, as it was pulled."""
    return line.origin_entity == AUTOTASK_BUNDLE and line.recurrence != ONE_TIME


def stored(parts: Sequence[FrozenLine]) -> str:
    """As a draft stores them; empty for none."""
    if not parts:
        return ""
    dumped = [part.model_dump(mode="json", exclude=DERIVED, exclude_defaults=True) for part in parts]
    return json.dumps(dumped, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def copied(line: QuoteLine) -> str:
    """The parts of a copy of the line, with uids of their own."""
    return stored([part.model_copy(update={"uid": new_uid()}) for part in listed(line)])


def taxes(parts: Sequence[FrozenLine]) -> list[tuple[Decimal, str]]:
    """Today's rate and name of each part's tax."""
    codes = [records.find(TaxCode, part.tax_code_id) for part in parts]
    return [(code.rate, code.name) if code else (Decimal(0), "") for code in codes]


def frozen(line: QuoteLine) -> tuple[FrozenLine, ...]:
    """The parts with today's categories and taxes."""
    made_of = listed(line)
    found = []
    for part, (rate, name) in zip(made_of, taxes(made_of), strict=True):
        category = records.find(Category, part.category_id)
        found.append(
            part.model_copy(
                update={
                    "category_id": category.id if category else None,
                    "parent_category_id": category.parent_id if category else None,
                    "category_path": category.path if category else "",
                    "tax_code_id": part.tax_code_id if name else None,
                    "tax_name": name,
                    "tax_rate": rate.quantize(Decimal("0.0001")),
                }
            )
        )
    return tuple(found)


def in_period(
    line: FrozenLine, whole: LineTotals, recurrence: str, amounts: LineTotals
) -> tuple[FrozenLine, LineTotals]:
    """The line and its ``amounts`` as they stand in a billing period: of a bundle, with its parts of that period.

    A setup fee stands among what is billed once, under its own name.
    """
    if amounts.is_fee:
        return Again(**_fee(line), own=line.recurrence), amounts
    if not spread_over(line):
        return line, amounts
    mine = [
        (part, its)
        for part, its in zip(line.parts, whole.parts, strict=True)
        if part.recurrence == recurrence
    ]
    made_of = tuple(part for part, _ in mine)
    amounts = replace(amounts, parts=tuple(its for _, its in mine))
    if recurrence == line.recurrence:
        return line.model_copy(update={"parts": made_of}), amounts
    price = bundles.sum_of(made_of, recurrence)
    here = {"parts": made_of, "recurrence": recurrence, "unit_price": price, "own": line.recurrence}
    return Again(**{**dict(line), **here}), amounts


def fee_uid(uid: str) -> str:
    """The uid of the setup fee of the line ``uid``, as Autotask gets it."""
    return str(uuid.uuid5(FEES, uid))


def uids(uid: str, fee: Decimal) -> list[str]:
    """The uids of what Autotask gets of a line without parts: its own, and its setup fee's where it has one."""
    return [uid, fee_uid(uid)] if fee else [uid]


def _fee(line: FrozenLine) -> dict[str, Any]:
    """The setup fee of a line as a line."""
    kept = {name: getattr(line, name) for name in OF_FEE}
    return {**kept, "name": f"Setup fee: {line.name}", **ONCE, "unit_price": line.setup_fee}


def flat(snapshot: Snapshot) -> Snapshot:
    """The revision as Autotask gets it: each bundle as its parts, whose amounts add up to the bundle's."""
    digits = rounding(snapshot.currency).digits
    lines: list[FrozenLine] = []
    for number, line in enumerate(snapshot.lines, start=1):
        made_of = spread_over(line)
        if not made_of:
            lines.append(FlatLine(**{**dict(line), "setup_fee": Decimal(0), "number": number}))
            if line.setup_fee:
                fee = {**_fee(line), "uid": fee_uid(line.uid)}
                lines.append(FlatLine(**{**fee, "number": number, "is_fee": True}))
            continue
        for part, share in zip(made_of, bundles.spread(line, made_of, digits), strict=True):
            given = {
                "number": number,
                "bundle_name": line.name,
                **{name: getattr(line, name) for name in ("section_uid", "is_optional", "is_selected")},
                **{name: getattr(share, name) for name in ("quantity", "unit_price")},
                **{name: getattr(share, name) for name in ("discount_kind", "discount_value")},
            }
            if part.recurrence != ONE_TIME:
                given |= {name: getattr(line, name) for name in OF_TERM}
            lines.append(FlatLine(**{**dict(part), **given}))
    return snapshot.model_copy(update={"lines": tuple(lines)})
