"""The PDF that carries the signature arrives on the opportunity once, beside the offer, and only after acceptance."""

from __future__ import annotations

from tests.push.test_push import of_quote
from tests.support import samples
from tests.support.connected_desk import Desk
from webapp.models import AcceptanceDocument, Quote, RevisionDocument, db
from webapp.services.autotask.push import processing
from webapp.services.core import failpoints
from webapp.services.delivery import room
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.evidence import chain


def accept(quote: Quote) -> None:
    revision = quote.current_revision
    assert revision is not None
    values = {
        "name": "Ann Lee",
        "signature": "Ann Lee",
        "title": "Buyer",
        "terms": "1",
        **samples.shown(revision),
    }
    acceptance.accept(quote.public_token, values, [], Evidence())


def files_of(desk: Desk, quote: Quote) -> list[str]:
    """The names of the files on the quote's opportunity."""
    opportunity, _, _ = of_quote(desk, quote.number)
    rows = desk.tenant.state()["OpportunityAttachments"]
    assert {row["opportunityID"] for row in rows} == {opportunity["id"]}
    return [row["title"].partition(" (")[0] for row in rows]


def test_it_arrives_once_after_the_acceptance(desk: Desk) -> None:
    quote = desk.quote({"name": "Firewall"})
    desk.push(quote)
    assert files_of(desk, quote) == [f"Quote {quote.number} revision 1"]
    accept(quote)
    assert desk.process(quote).state == "synced"
    wanted = [f"Quote {quote.number} revision 1", f"Quote {quote.number} revision 1 accepted"]
    assert files_of(desk, quote) == wanted
    stored = db.session.scalars(db.select(AcceptanceDocument)).one()
    assert desk.tenant.state()["OpportunityAttachments"][-1]["size"] == len(stored.pdf)
    seals = [one for one in chain.of_quote(quote.id) if one.kind == "sealed"]
    assert [one.facts["pdf_sha256"] for one in seals] == [stored.sha256]
    assert quote.current_revision is not None
    room.add(processing.delivery(quote, quote.current_revision, "again"))
    db.session.commit()
    assert desk.process(quote).state == "synced"
    assert files_of(desk, quote) == wanted, "once"


def test_accepted_while_the_offer_is_synced_each_file_has_its_own_name(desk: Desk) -> None:
    quote = desk.quote({"name": "Firewall"})
    desk.publish(quote)

    def meanwhile(point: str) -> None:
        if point == "push.observed":
            failpoints.arm(None)
            accept(db.session.get_one(Quote, quote.id))

    failpoints.arm(meanwhile)
    try:
        desk.process(quote)
    finally:
        failpoints.arm(None)
    offered = db.session.scalars(db.select(RevisionDocument)).one()
    (there,) = desk.tenant.state()["OpportunityAttachments"]
    assert (there["title"].partition(" (")[0], there["size"]) == (
        f"Quote {quote.number} revision 1",
        len(offered.pdf),
    )


def test_accepted_before_the_first_push_only_that_pdf_arrives(desk: Desk) -> None:
    quote = desk.quote({"name": "Firewall"})
    desk.publish(quote)
    accept(quote)
    desk.process(quote)
    assert files_of(desk, quote) == [f"Quote {quote.number} revision 1 accepted"]
