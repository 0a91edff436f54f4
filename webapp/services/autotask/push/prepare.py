"""The start of a push, its preview and the drift check: compile the desired state, observe the remote one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from webapp.models import Organization, Person, PushQuestion, Quote, Revision, db, utc_now
from webapp.models.quote import PENDING, WON_STATUSES
from webapp.services.autotask.api.client import Client
from webapp.services.autotask.desk import choosing
from webapp.services.autotask.known import links, siblings
from webapp.services.autotask.known.evidence import Doubt
from webapp.services.autotask.known.links import LinkKey
from webapp.services.autotask.known.observation import Observation
from webapp.services.autotask.known.observe import observe
from webapp.services.autotask.push import journal
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.wanted import facts
from webapp.services.autotask.wanted.compile import compile_quote
from webapp.services.autotask.wanted.context import Outcome
from webapp.services.autotask.wanted.desired import Desired
from webapp.services.autotask.wanted.facts import RemoteFacts
from webapp.services.autotask.wanted.keys import RecordKey
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.draft import stages
from webapp.services.quoting.revisions import former_ids
from webapp.services.quoting.revisions.snapshot import Snapshot


def compile_revision(
    runtime: Runtime, quote: Quote, revision: Revision, known: RemoteFacts | None = None
) -> Desired:
    """Compile a revision with the live settings. Raises AutotaskError or NotConnected for missing facts.

    ``known``: the facts, when the caller has them already.
    """
    frozen = former_ids.read(revision)
    return of_snapshot(runtime, quote, frozen, revision.content_sha256, known)


def of_snapshot(
    runtime: Runtime, quote: Quote, frozen: Snapshot, content_sha256: str, known: RemoteFacts | None = None
) -> Desired:
    """Compile ``frozen`` with the quote's current status. Raises like ``compile_revision``."""
    person = db.session.get(Person, frozen.person.id) if frozen.person else None
    outcome = outcome_of(quote, frozen)
    if quote.status != PENDING and choosing.held_by(quote) not in (None, frozen.autotask_opportunity_id):
        # Another one was selected too late, and nobody can take that back any more: its answer goes where it is.
        frozen = frozen.model_copy(update={"autotask_opportunity_id": None})
    if person is not None and person.anonymized_at is not None:
        # What a signed revision still says about the person isn't brought back to Autotask.
        frozen = frozen.model_copy(update={"person": None, "autotask_contact_id": None})
        outcome = replace(outcome, hides_person=True)
    return compile_quote(
        _reachable(frozen),
        outcome,
        content_sha256=content_sha256,
        settings=settings_store.active(),
        facts=known or facts.gather(runtime),
    )


def _reachable(frozen: Snapshot) -> Snapshot:
    """The snapshot with today's phone numbers: what is frozen is the offer, not where the customer is reached."""
    changes: dict[str, object] = {}
    if frozen.organization is not None:
        organization = db.session.get(Organization, frozen.organization.id)
        if organization is not None and organization.phone:
            changes["organization"] = frozen.organization.model_copy(update={"phone": organization.phone})
    if frozen.person is not None:
        person = db.session.get(Person, frozen.person.id)
        if person is not None:
            now = {
                "phone": person.phone or frozen.person.phone,
                "mobile": person.mobile or frozen.person.mobile,
            }
            changes["person"] = frozen.person.model_copy(update=now)
    return frozen.model_copy(update=changes) if changes else frozen


def outcome_of(quote: Quote, frozen: Snapshot) -> Outcome:
    """The quote's outcome so far. A won quote is closed on the day of its acceptance."""
    on_opportunity = siblings.on_same_opportunity(quote, frozen.autotask_opportunity_id)
    changed_at = quote.status_changed_at
    if quote.acceptance is not None and quote.status in WON_STATUSES:
        changed_at = quote.acceptance.accepted_at
    return Outcome(
        status=quote.status,
        expired=quote.status == PENDING and stages.has_ended(frozen.ends_at, utc_now()),
        closed_on=frozen.place.day_of(changed_at) if changed_at else None,
        loss_reason_id=quote.loss_reason_id,
        lost_reason=quote.lost_reason,
        is_shared=len(on_opportunity) > 1,
        rules=siblings.ruler(on_opportunity).quote_id == quote.id,
        accepted=_is_accepted(quote, frozen),
    )


def _is_accepted(quote: Quote, frozen: Snapshot) -> bool:
    record = quote.acceptance
    numbers = {one.id: one.number for one in quote.revisions}
    # Until we countersigned, what hangs on the opportunity is the offer.
    is_signed = record is not None and not record.is_waiting
    return is_signed and record is not None and numbers.get(record.revision_id) == frozen.revision


def observe_remote(
    client: Client, desired: Desired, in_doubt: Mapping[RecordKey, Sequence[Doubt]] | None = None
) -> Observation:
    """Find what Autotask already has of ``desired``; reads only. Raises AutotaskError.

    ``in_doubt``: creates whose response was lost, when the caller has them already.
    """
    linked = links.of_desired(desired) | links.of_mailbox(desired) | links.of_chosen_opportunity(desired)
    picked = _answers(desired)
    if in_doubt is None:
        in_doubt = journal.creates_in_doubt(desired.quote_id)
    # No transaction stays open during calls to Autotask.
    db.session.commit()
    return observe(client, desired, linked, picked.get, in_doubt)


def _answers(desired: Desired) -> dict[LinkKey, int]:
    """What people picked for the records of ``desired``; a newer answer replaces an older one."""
    ids = {record.local.stored_id for record in links.records_of(desired)}
    query = (
        db.select(PushQuestion)
        .where(PushQuestion.chosen_id.is_not(None), PushQuestion.local_id.in_(ids))
        .order_by(PushQuestion.id)
    )
    return {LinkKey(q.local, q.remote_entity): int(q.chosen_id or 0) for q in db.session.scalars(query)}
