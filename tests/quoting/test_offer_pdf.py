"""The stored PDF of an offer has the lines to sign on, the address and the content that are right when it is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.quoting.test_answers import HERE, answer, published
from tests.quoting.test_signers import NAMES, form
from tests.support import samples
from webapp.models import Revision, RevisionDocument, User, db
from webapp.models.quote import LOST
from webapp.services.company import signing
from webapp.services.core.runtime import Runtime
from webapp.services.privacy import anonymizing
from webapp.services.quoting.answer import acceptance, signers
from webapp.services.quoting.draft import lines
from webapp.services.quoting.lifecycle import customer_link, publishing, transitions
from webapp.services.quoting.paper import document, unsigned

pytestmark = pytest.mark.both_databases


@pytest.fixture
def runtime(app: Flask) -> Runtime:
    found: Runtime = app.extensions["quotewright"]
    return found


@pytest.fixture
def during(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list[list[str]]]:
    """Have the next rendering interrupted by what is given. Returns whom each rendering has a line for, so far."""
    render, rendered, todo = document.render, list[list[str]](), list[Callable[[], object]]()

    def interrupted(*given: object) -> bytes:
        blanks = given[4]
        assert isinstance(blanks, list)
        rendered.append([one.named or one.side for one in blanks])
        pdf = render(*given)  # type: ignore[arg-type]
        if todo:
            todo.pop()()
            db.session.commit()
        return pdf

    monkeypatch.setattr(document, "render", interrupted)

    def interrupt(by: Callable[[], object]) -> list[list[str]]:
        todo.append(by)
        return rendered

    return interrupt


def stored(revision: Revision) -> bytes | None:
    query = db.select(RevisionDocument.pdf).filter_by(revision_id=revision.id)
    return db.session.scalars(query).one_or_none()


def test_signers_who_are_named_while_it_is_rendered_have_their_lines(
    runtime: Runtime, rep: User, during: Callable[[Callable[[], object]], list[list[str]]]
) -> None:
    quote, revision = published(rep)
    rendered = during(lambda: signers.save(runtime, rep, quote.id, form(*NAMES)))
    pdf = document.pdf_for(revision.id)
    assert rendered == [["Customer Ltd"], ["Carla Khan, CEO", "Theo Lind, CFO"]]
    assert stored(revision) == pdf == document.pdf_for(revision.id)
    assert len(rendered) == 2


def test_what_changes_at_each_rendering_is_not_stored(
    runtime: Runtime, rep: User, during: Callable[[Callable[[], object]], list[list[str]]]
) -> None:
    quote, revision = published(rep)
    for email in ("a@customer.example", "b@customer.example", "c@customer.example"):
        rendered = during(
            lambda email=email: signers.save(runtime, rep, quote.id, form(("Ann", email, email)))  # type: ignore[misc]
        )
    assert document.pdf_for(revision.id).startswith(b"%PDF")
    assert len(rendered) == document.TRIES == 3
    assert stored(revision) is None


def test_two_processes_that_render_at_once_give_everyone_one_pdf(
    rep: User, during: Callable[[Callable[[], object]], list[list[str]]]
) -> None:
    _, revision = published(rep)
    of_another = b"%PDF-1.4 of another process"
    during(lambda: unsigned.store(revision.id, "", of_another, unsigned.mark(revision, "")))
    assert document.pdf_for(revision.id) == of_another == stored(revision)


def test_it_follows_the_signers_the_link_and_the_company(runtime: Runtime, rep: User) -> None:
    quote, revision = published(rep)
    admin = samples.admin()
    changes: list[Callable[[], object]] = [
        lambda: signers.save(runtime, rep, quote.id, form(*NAMES)),
        lambda: signers.save(runtime, rep, quote.id, form(*NAMES, countersign="yes")),
        lambda: signers.save(runtime, rep, quote.id, form(*NAMES)),
        lambda: signing.save(runtime, admin, {"countersign": "1"}),
        lambda: customer_link.replace(rep, quote.id),
    ]
    marks = [unsigned.mark(revision, "http://here")]
    pdf = document.pdf_for(revision.id, "http://here")
    for change in changes:
        change()
        marks.append(unsigned.mark(revision, "http://here"))
        again = document.pdf_for(revision.id, "http://here")
        assert again != pdf
        assert stored(revision) == again == document.pdf_for(revision.id, "http://here")
        pdf = again
    # By the quote or by the company, a countersignature is the same line.
    assert (marks[1], marks[2]) == (marks[3], marks[4])
    assert len(set(marks)) == 4


def test_what_was_accepted_or_replaced_stays_as_it_was_offered(runtime: Runtime, rep: User) -> None:
    quote, first = published(rep)
    admin = samples.admin()
    pdf = document.pdf_for(first.id)
    signing.save(runtime, admin, {"countersign": "1"})
    lines.change(rep, quote.id, quote.lines[0].uid, {"name": "Firewall", "unit_price": "90", "quantity": "2"})
    second = publishing.publish(rep, quote.id).revision
    offer = document.pdf_for(second.id)
    acceptance.accept(quote.public_token, answer(second), [], HERE)
    signing.save(runtime, admin, {})
    assert [document.pdf_for(one.id) for one in (first, second)] == [pdf, offer]


def test_what_changed_before_the_customer_signed_is_in_the_offer_until_we_sign(
    runtime: Runtime, rep: User
) -> None:
    quote, revision = published(rep)
    admin = samples.admin()
    before = document.pdf_for(revision.id)
    signing.save(runtime, admin, {"countersign": "1"})
    acceptance.accept(quote.public_token, answer(revision), [], HERE)
    assert quote.acceptance is not None
    assert quote.acceptance.is_waiting
    offer = document.pdf_for(revision.id)
    assert offer != before
    signing.save(runtime, admin, {})
    assert document.pdf_for(revision.id) == offer, "the line that the customer saw stays"


def test_new_signers_take_the_old_ones_from_every_stored_pdf(runtime: Runtime, rep: User) -> None:
    quote, first = published(rep)
    signers.save(runtime, rep, quote.id, form(*NAMES))
    document.pdf_for(first.id)
    lines.change(rep, quote.id, quote.lines[0].uid, {"name": "Firewall", "unit_price": "90", "quantity": "2"})
    second = publishing.publish(rep, quote.id).revision
    document.pdf_for(second.id)
    signers.save(runtime, rep, quote.id, form(("Ann", "ann@customer.example", "")))
    assert db.session.scalar(db.select(db.func.count(RevisionDocument.revision_id))) == 0


@pytest.mark.parametrize("is_rendering", [False, True])
def test_no_stored_pdf_names_a_signer_who_was_made_anonymous(
    runtime: Runtime,
    rep: User,
    is_rendering: bool,
    during: Callable[[Callable[[], object]], list[list[str]]],
) -> None:
    admin = samples.admin()
    quote, revision = published(rep)
    zeb = samples.person(rep, first_name="Theo", last_name="Lind", email="theo@customer.example")
    signers.save(runtime, rep, quote.id, form(*NAMES))
    if not is_rendering:
        document.pdf_for(revision.id)
    transitions.advance(rep, quote.id, LOST, reason="Price")
    if is_rendering:
        rendered = during(lambda: anonymizing.person(admin, zeb.id))
        document.pdf_for(revision.id)
        assert rendered == [["Carla Khan, CEO", "Theo Lind, CFO"], ["Carla Khan, CEO", f"Anonymous {zeb.id}"]]
    else:
        anonymizing.person(admin, zeb.id)
        assert stored(revision) is None
