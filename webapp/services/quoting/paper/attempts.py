"""What the signed PDF is sealed with, and what happens where that fails (docs/seal.md has the rule).

A time stamp that the authority doesn't give is asked for again, some minutes later each time. A key that can't sign
isn't waited for. In the end the PDF is made without what can't be had, says so itself, and admins are told.

Owns its transactions: none is open while the authority is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from webapp.models import Acceptance, AcceptanceSeal, Quote, db, utc_now
from webapp.services.company.seal import settings
from webapp.services.company.seal.errors import NoStamp, NotSealed
from webapp.services.company.seal.settings import Seal
from webapp.services.core import work
from webapp.services.core.errors import Busy
from webapp.services.core.formatting import moment
from webapp.services.core.place import Place
from webapp.services.core.runtime import Runtime
from webapp.services.diary import diary

log = structlog.get_logger(__name__)

# From each try to the next: four in a quarter of an hour.
WAITS = (timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=10))
SHOWN = 10
LACKED = "quote.sealed_without"
NOT_YET = (
    "The signed PDF isn't ready: it waits for its time stamp. Try again in some minutes. After a quarter of an hour "
    "it's there in any case."
)
STAMP_FAILED = "The time stamp couldn't be put into this PDF."


class SealPending(Busy):
    """The signed PDF waits for a time stamp."""


@dataclass(frozen=True)
class Plan:
    """One way to seal a PDF: what with, when, and what it has to do without, in sentences.

    ``why``: the rest of the reason, which is for admins: customers read the PDF and its events.
    """

    seal: Seal
    at: datetime
    lacking: str
    why: str = ""

    def facts(self, place: Place) -> list[tuple[str, str]]:
        """What the certificate says of it: label and text each; empty where nothing is sealed."""
        seal = self.seal
        stamp = f"{seal.authority.host} (RFC 3161). PDF readers show its time." if seal.authority else ""
        facts = [
            ("Sealed by", f"{seal.subject}; certificate issued by {seal.issuer}" if seal.private else ""),
            ("Sealed on", moment(self.at, place) if seal.private else ""),
            ("Fingerprint", seal.fingerprint if seal.private else ""),
            ("Time stamp", stamp),
            ("Lacking", self.lacking),
        ]
        return [(label, text) for label, text in facts if text]

    def without(self, part: str, reason: str, why: str = "") -> Plan:
        """The next best plan, where this ``part`` of the seal can't be had. ``reason``, ``why``: of the plan."""
        empty: Any = "" if part == "private" else None
        return replace(
            self,
            seal=replace(self.seal, **{part: empty}),
            lacking=f"{self.lacking} {reason}".strip(),
            why=f"{self.why} {why}".strip(),
        )

    def noted(self) -> dict[str, str]:
        """The same for the event."""
        seal = self.seal
        found = {
            "signed_by": seal.subject if seal.private else "",
            "certificate_sha256": seal.fingerprint if seal.private else "",
            "stamped_by": seal.authority.host if seal.authority else "",
            "lacking": self.lacking,
        }
        return {name: text for name, text in found.items() if text}


def sealed(runtime: Runtime, acceptance_id: int, paper: Callable[[Plan], bytes]) -> tuple[bytes, Plan]:
    """The signed PDF that ``paper`` makes, sealed, and how it was: the PDF names that itself, so each plan has its own.

    Raises SealPending while a time stamp is waited for, and what ``paper`` raises.
    """
    plan = _plan(runtime, acceptance_id)
    while True:
        pdf = paper(plan)
        if plan.seal.is_none:
            return pdf, plan
        from webapp.services.quoting.paper import seal

        try:
            return seal.sealed(pdf, plan.seal), plan
        except NoStamp as error:
            plan = _without_stamp(plan, acceptance_id, str(error))
        except NotSealed as error:
            log.warning("seal.failed", reason=str(error), error=type(error.__cause__).__name__)
            # Each turn takes a part away, so it ends.
            part = ("private", str(error)) if plan.seal.private else ("authority", STAMP_FAILED)
            plan = plan.without(*part)


def _plan(runtime: Runtime, acceptance_id: int) -> Plan:
    """How to seal the PDF now. Raises SealPending before the next try is due."""
    row, now = db.session.get(AcceptanceSeal, acceptance_id), utc_now()
    if row is not None and row.next_try_at is not None and row.next_try_at > now:
        raise SealPending(NOT_YET)
    seal = settings.load(runtime, now)
    return Plan(seal, now, seal.lacking)


def _without_stamp(plan: Plan, acceptance_id: int, reason: str) -> Plan:
    """Note that the authority gave no stamp; the plan without one once it was asked often enough.

    Raises SealPending while there are tries left.
    """
    with work.writing():
        row = db.session.get(AcceptanceSeal, acceptance_id) or AcceptanceSeal(
            acceptance_id=acceptance_id, tries=0
        )
        db.session.add(row)
        row.tries, row.lacking = row.tries + 1, reason
        tries, is_last = row.tries, row.tries > len(WAITS)
        row.next_try_at = None if is_last else utc_now() + WAITS[row.tries - 1]
        db.session.commit()
    log.warning("seal.no_stamp", reason=reason, tries=tries)
    if not is_last:
        raise SealPending(NOT_YET)
    host = plan.seal.authority.host if plan.seal.authority else "The authority"
    return plan.without("authority", f"{host} gave no time stamp in {tries} tries.", reason)


def settle(plan: Plan, acceptance_id: int, quote_id: int) -> None:
    """In the open transaction, which stores the PDF: note what it lacks, and tell admins (``delivery``)."""
    row, reason = db.session.get(AcceptanceSeal, acceptance_id), f"{plan.lacking} {plan.why}".strip()
    if row is None and plan.lacking:
        row = AcceptanceSeal(acceptance_id=acceptance_id, tries=0)
        db.session.add(row)
    if row is not None:
        row.next_try_at, row.lacking = None, reason
    if plan.lacking:
        diary.write(None, LACKED, "quote", quote_id, reason=reason)


def lacking() -> list[tuple[Quote, AcceptanceSeal]]:
    """The newest quotes whose PDF waits for a time stamp, or was made without a part of the seal."""
    query = (
        db.select(Quote, AcceptanceSeal)
        .join(Acceptance, Acceptance.quote_id == Quote.id)
        .join(AcceptanceSeal, AcceptanceSeal.acceptance_id == Acceptance.id)
        .where(AcceptanceSeal.lacking != "")
        .order_by(AcceptanceSeal.acceptance_id.desc())
        .limit(SHOWN)
    )
    return [(quote, row) for quote, row in db.session.execute(query)]
