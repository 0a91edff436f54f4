"""The outcome of a published quote: only allowed transitions, and an acceptance is tied to its content."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from tests.support import samples
from webapp.models import Acceptance, Delivery, Quote, Revision, User, db
from webapp.models.quote import ACCEPTED, LOST, ORDERED, PENDING, STATUSES
from webapp.services.company import place
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.revisions import snapshot

pytestmark = pytest.mark.both_databases
HERE = Evidence("192.0.2.7", "Browser/1")


def published(rep: User) -> tuple[Quote, Revision]:
    """A quote with a plain and two optional lines."""
    optional = {"unit_price": "10", "is_optional": "1"}
    quote = samples.quote(
        rep, {"name": "Firewall", "unit_price": "100"}, {"name": "A", **optional}, {"name": "B", **optional}
    )
    return quote, publishing.publish(rep, quote.id).revision


def answer(revision: Revision, **values: str) -> dict[str, str]:
    """A complete form."""
    known = {"name": "Ann Lee", "title": "Office Manager", "signature": "ann lee", "terms": "1"}
    return {**known, **samples.shown(revision), **values}


def test_choices_are_frozen_and_signed(rep: User) -> None:
    quote, revision = published(rep)
    uid = quote.lines[2].uid
    acceptance.accept(quote.public_token, answer(revision), [uid, "nonsense"], HERE)
    record = db.session.scalars(db.select(Acceptance)).one()
    signed = db.session.get_one(Revision, record.revision_id)
    assert signed.number == 2
    assert record.content_sha256 == signed.content_sha256 == snapshot.sha256(signed.content)
    assert [line.is_selected for line in snapshot.parse(signed.content).lines] == [False, False, True]
    assert (record.name, record.ip_address, record.user_agent) == ("Ann Lee", "192.0.2.7", "Browser/1")
    assert quote.status == ACCEPTED
    pushes = db.select(Delivery).filter_by(reader="autotask").order_by(Delivery.id.desc())
    newest = db.session.scalars(pushes).first()
    assert newest is not None
    assert (newest.reason, newest.revision_id) == ("accepted", signed.id)


def test_without_choices_the_published_revision_is_what_is_signed(rep: User) -> None:
    quote, revision = published(rep)
    acceptance.accept(quote.public_token, answer(revision), [], HERE)
    assert db.session.scalars(db.select(Acceptance)).one().revision_id == revision.id


def test_unpublished_changes_of_the_rep_are_not_part_of_the_acceptance(rep: User) -> None:
    quote, revision = published(rep)
    lines.remove(rep, quote.id, quote.lines[0].uid)
    acceptance.accept(quote.public_token, answer(revision), [], HERE)
    assert [line.name for line in editing.get(quote.id).lines] == ["Firewall", "A", "B"]


def test_an_older_revision_cannot_be_accepted(rep: User) -> None:
    quote, first = published(rep)
    lines.add_ad_hoc(rep, quote.id, {"name": "Rack", "unit_price": "20"})
    publishing.publish(rep, quote.id)
    with pytest.raises(Conflict, match="was updated while you were reading"):
        acceptance.accept(quote.public_token, answer(first), [], HERE)
    with pytest.raises(Conflict, match="was updated while you were reading"):
        acceptance.decline(quote.public_token, {"reason": "no", "sha256": first.content_sha256})
    assert editing.get(quote.id).status == PENDING


def test_an_expired_quote_says_so(rep: User) -> None:
    quote, _ = published(rep)
    quote.expires_on = place.today() + timedelta(days=1)
    revision = publishing.publish(rep, quote.id).revision
    frozen = snapshot.parse(revision.content).model_copy(
        update={"expires_on": place.today() - timedelta(days=1)}
    )
    revision.content = frozen.canonical()
    db.session.commit()
    with pytest.raises(Invalid, match="expired on"):
        acceptance.accept(quote.public_token, answer(revision), [], HERE)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"name": " "}, "name"), ({"signature": "somebody else"}, "signature"), ({"terms": ""}, "terms"),
     ({"email": "no address"}, "email"), ({"name": "x" * 121, "signature": "x" * 121}, "name")],
)  # fmt: skip
def test_an_incomplete_acceptance_stores_nothing(rep: User, values: dict[str, str], field: str) -> None:
    quote, revision = published(rep)
    with pytest.raises(Invalid) as caught:
        acceptance.accept(quote.public_token, answer(revision, **values), [], HERE)
    assert field in caught.value.fields
    db.session.rollback()
    assert editing.get(quote.id).status == PENDING
    assert db.session.scalar(db.select(Acceptance.id)) is None


def test_no_one_accepts_twice(rep: User) -> None:
    quote, revision = published(rep)
    acceptance.accept(quote.public_token, answer(revision), [], HERE)
    with pytest.raises(Invalid, match="already accepted"):
        acceptance.accept(quote.public_token, answer(revision), [], HERE)
    with pytest.raises(Invalid, match="can't be edited"):
        publishing.publish(rep, quote.id)
    with pytest.raises(Invalid, match="can't be edited"):
        lines.add_ad_hoc(rep, quote.id, {"name": "More"})


def test_a_decline_keeps_the_reason(rep: User) -> None:
    quote, revision = published(rep)
    with pytest.raises(Invalid):
        acceptance.decline(quote.public_token, {"reason": " ", "sha256": revision.content_sha256})
    acceptance.decline(quote.public_token, {"reason": "Too dear", "sha256": revision.content_sha256})
    assert (quote.status, quote.lost_reason) == (LOST, "Too dear")


@pytest.mark.parametrize(("before", "after"), list(product(STATUSES, STATUSES)))
def test_only_the_transitions_of_the_table_happen(rep: User, before: str, after: str) -> None:
    quote, _ = published(rep)
    quote.status = before
    db.session.commit()
    allowed = after in transitions.TRANSITIONS[before]
    entries = db.session.scalar(db.select(db.func.count()).select_from(Delivery)) or 0

    def answer() -> None:
        if after == ACCEPTED:
            acceptance.record_for_customer(rep, quote.id, {"name": "Ann"})
        else:
            transitions.advance(rep, quote.id, after, reason="because")

    if allowed:
        answer()
        assert editing.get(quote.id).status == after
        entries += 1
    else:
        with pytest.raises(transitions.TransitionRefused):
            answer()
        db.session.rollback()
        assert editing.get(quote.id).status == before
    assert db.session.scalar(db.select(db.func.count()).select_from(Delivery)) == entries


def test_a_draft_can_be_deleted_but_not_lost_and_a_published_quote_the_other_way_round(rep: User) -> None:
    draft = samples.quote(rep)
    with pytest.raises(transitions.NotPublished):
        transitions.advance(rep, draft.id, LOST, reason="x")
    db.session.rollback()
    publishing.publish(rep, draft.id)
    with pytest.raises(Invalid, match="was published, so it can't be deleted"):
        editing.delete_draft(rep, draft.id)


def test_losing_needs_a_reason_and_the_customers_yes_a_name(rep: User) -> None:
    quote, _ = published(rep)
    with pytest.raises(transitions.ReasonMissing):
        transitions.advance(rep, quote.id, LOST)
    with pytest.raises(transitions.TransitionRefused):
        transitions.advance(rep, quote.id, ORDERED)
    with pytest.raises(Invalid):
        acceptance.record_for_customer(rep, quote.id, {"name": ""})


def test_a_rep_cannot_note_a_yes_to_what_the_customer_never_saw(rep: User) -> None:
    quote, _ = published(rep)
    lines.add_ad_hoc(rep, quote.id, {"name": "Rack"})
    with pytest.raises(Invalid, match="hasn't seen"):
        acceptance.record_for_customer(rep, quote.id, {"name": "Ann"})


@pytest.mark.parametrize("token", ["", "nothing", "\x00", "x" * 500, "../etc"])
def test_a_wrong_link_leads_nowhere(rep: User, token: str) -> None:
    with pytest.raises(NotFound):
        acceptance.by_token(token)
    with pytest.raises(NotFound):
        acceptance.by_token(samples.quote(rep).public_token)
