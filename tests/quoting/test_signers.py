"""Several signers: each with a link of their own, in any order or one after the other; and our countersignature."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import DatabaseError

import quotewright_verify
from tests.quoting.test_answers import HERE, answer, published
from tests.quoting.test_signing import drawn, events, picture
from tests.support import samples
from tests.support.bundles import unpacked
from webapp.models import (
    Acceptance,
    Delivery,
    Notification,
    Quote,
    QuoteSigner,
    Revision,
    Signature,
    User,
    db,
)
from webapp.models.quote import ACCEPTED, LOST, PENDING
from webapp.services.core.errors import Conflict, Forbidden, Invalid, NotFound
from webapp.services.core.runtime import Runtime
from webapp.services.quoting.answer import acceptance, bundle, consent, countersigning, opened, signers, turns
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.paper import document, unsigned
from webapp.services.quoting.paper import signed as paper
from webapp.services.quoting.revisions import snapshot

pytestmark = pytest.mark.both_databases
NAMES = (("Carla Khan", "carla@customer.example", "CEO"), ("Theo Lind", "theo@customer.example", "CFO"))
Tampering = Callable[[dict[str, bytes]], None]


@pytest.fixture
def runtime(app: Flask) -> Runtime:
    found: Runtime = app.extensions["quotewright"]
    return found


def form(*people: tuple[str, str, str], **more: str) -> dict[str, str]:
    """As the page of signers sends it."""
    values: dict[str, str] = {}
    for number, (name, email, title) in enumerate(people):
        values |= {f"name-{number}": name, f"email-{number}": email, f"title-{number}": title}
    return values | more


def named(
    runtime: Runtime, rep: User, *, in_order: bool = True, **more: str
) -> tuple[Quote, Revision, list[str]]:
    """A published quote that Carla and Theo sign, and the tokens of their links."""
    quote, revision = published(rep)
    signers.save(runtime, rep, quote.id, form(*NAMES, in_order="1" if in_order else "", **more))
    return quote, revision, [signers.token_of(runtime, one) for one in turns.signers_of(quote)]


def signature(revision: Revision, name: str, **more: str) -> dict[str, str]:
    return answer(revision, **{"name": "", "signature": name, **more})


def reasons(quote: Quote, reader: str) -> list[str]:
    query = db.select(Delivery.reason).filter_by(reader=reader, quote_id=quote.id).order_by(Delivery.id)
    return list(db.session.scalars(query))


def test_the_quote_is_accepted_with_the_last_signature(runtime: Runtime, rep: User) -> None:
    quote, revision, (carla, theo) = named(runtime, rep)
    uid = quote.lines[1].uid
    with pytest.raises(Conflict, match="Carla Khan signs first, so nothing was signed"):
        acceptance.accept(theo, signature(revision, "Theo Lind"), [], HERE)
    acceptance.accept(carla, signature(revision, "carla khan", purchase_order_number="PO-7"), [uid], HERE)
    quote = editing.get(quote.id)
    live = quote.current_revision
    assert live is not None
    assert (quote.status, quote.acceptance, live.number) == (PENDING, None, 2)
    assert reasons(quote, "autotask") == ["published"]
    assert reasons(quote, "mail") == ["rep_signed", "sign"]
    # The choices are frozen: what the second one sends of them changes nothing.
    acceptance.accept(theo, {**drawn(live, picture()), "name": "Someone Else"}, [], HERE)
    quote = editing.get(quote.id)
    record = quote.acceptance
    assert record is not None
    assert quote.status == ACCEPTED
    assert (record.revision_id, record.name, record.email) == (live.id, "Theo Lind", "theo@customer.example")
    (first,) = record.earlier
    assert (first.name, first.title, first.content_sha256) == (
        "Carla Khan",
        "Office Manager",
        live.content_sha256,
    )
    signed = snapshot.parse(live.content)
    assert [line.is_selected for line in signed.lines] == [False, True, False]
    assert signed.purchase_order_number == "PO-7"
    assert reasons(quote, "autotask") == ["published", "accepted"]
    assert reasons(quote, "mail") == ["rep_signed", "sign", "accepted", "accepted", "rep_accepted"]
    assert events(quote.id) == [
        ("published", "desk", rep.email),
        ("signers_changed", "desk", rep.email),
        ("options_changed", "customer", "Carla Khan"),
        ("signed", "customer", "Carla Khan"),
        ("signed", "customer", "Theo Lind"),
    ]


def test_in_any_order_whoever_comes_first_signs_first(runtime: Runtime, rep: User) -> None:
    quote, revision, (carla, theo) = named(runtime, rep, in_order=False)
    acceptance.accept(theo, signature(revision, "Theo Lind"), [], HERE)
    with pytest.raises(
        Conflict, match=r"You already signed, and it was counted once\. Carla Khan signs next"
    ):
        acceptance.accept(theo, signature(revision, "Theo Lind"), [], HERE)
    acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
    assert editing.get(quote.id).status == ACCEPTED
    with pytest.raises(Invalid, match="already accepted"):
        acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)


def test_only_the_named_sign_and_only_with_their_own_name(runtime: Runtime, rep: User) -> None:
    quote, revision, (carla, _) = named(runtime, rep)
    with pytest.raises(Conflict, match="signed by Carla Khan and Theo Lind, each with a link of their own"):
        acceptance.accept(quote.public_token, answer(revision), [], HERE)
    with pytest.raises(Conflict, match="each with a link of their own"):
        acceptance.decline(quote.public_token, {"reason": "No.", "sha256": revision.content_sha256})
    with pytest.raises(Invalid) as caught:
        acceptance.accept(carla, signature(revision, "Theo Lind", title=""), [], HERE)
    assert caught.value.fields == {
        "signature": "The signature must match the name above.",
        "title": "Enter your job title.",
    }


def test_any_signer_declines_for_all(runtime: Runtime, rep: User) -> None:
    quote, revision, (carla, theo) = named(runtime, rep)
    acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
    acceptance.decline(theo, {"reason": "Too slow.", "sha256": revision.content_sha256})
    assert editing.get(quote.id).status == LOST
    assert events(quote.id)[-1] == ("declined", "customer", "Theo Lind")
    transitions.advance(rep, quote.id, PENDING)
    # Everyone is asked again.
    assert [one.name for one in turns.round_of(editing.get(quote.id)).missing] == ["Carla Khan", "Theo Lind"]


def test_a_new_revision_is_signed_by_everyone(runtime: Runtime, rep: User) -> None:
    quote, revision, (carla, theo) = named(runtime, rep)
    acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
    lines.add_ad_hoc(rep, quote.id, {"name": "Rack", "unit_price": "20"})
    newer = publishing.publish(rep, quote.id).revision
    with pytest.raises(Conflict, match="was updated while you were reading"):
        acceptance.accept(theo, signature(revision, "Theo Lind"), [], HERE)
    with pytest.raises(Conflict, match="Carla Khan signs first"):
        acceptance.accept(theo, signature(newer, "Theo Lind"), [], HERE)
    for token, name in ((carla, "Carla Khan"), (theo, "Theo Lind")):
        acceptance.accept(token, signature(newer, name), [], HERE)
    record = editing.get(quote.id).acceptance
    assert record is not None
    assert [one.revision_id for one in record.earlier] == [newer.id]


def test_signers_stay_once_someone_signed_until_a_rep_starts_over(runtime: Runtime, rep: User) -> None:
    quote, revision, (carla, theo) = named(runtime, rep)
    acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
    with pytest.raises(Conflict, match="Carla Khan already signed, so the signers can't be changed"):
        signers.save(runtime, rep, quote.id, form(NAMES[1]))
    signers.start_over(rep, quote.id)
    signers.save(runtime, rep, quote.id, form(NAMES[1]))
    with pytest.raises(NotFound):
        opened.by_token(carla)
    acceptance.accept(theo, signature(revision, "Theo Lind"), [], HERE)
    record = editing.get(quote.id).acceptance
    assert record is not None
    assert (record.names, record.earlier) == ("Theo Lind", [])


def test_a_form_that_is_sent_twice_leaves_links_alone(runtime: Runtime, rep: User) -> None:
    quote, _ = published(rep)
    sent = form(*NAMES, seen=signers.seen(quote))
    for _ in range(2):
        signers.save(runtime, rep, quote.id, sent)
    tokens = [signers.token_of(runtime, one) for one in turns.signers_of(quote)]
    assert [kind for kind, _, _ in events(quote.id)].count("signers_changed") == 1
    # Back, and another title.
    signers.save(runtime, rep, quote.id, form(NAMES[1], ("Carla Khan", "Carla@customer.example", "Owner")))
    assert [signers.token_of(runtime, one) for one in turns.signers_of(quote)] == tokens[::-1]
    assert turns.signers_of(quote)[1].title == "Owner"


def test_an_old_form_replaces_no_one_unasked(runtime: Runtime, rep: User) -> None:
    quote, _ = published(rep)
    signers.save(runtime, rep, quote.id, form(NAMES[0]))
    before = signers.seen(quote)
    signers.save(runtime, rep, quote.id, form(*NAMES, seen=before))
    theo = signers.token_of(runtime, turns.signers_of(quote)[1])
    with pytest.raises(Conflict, match="Someone else changed the signers while you were editing") as caught:
        signers.save(runtime, rep, quote.id, form(NAMES[0], countersign="yes", seen=before))
    assert opened.by_token(theo).signer is not None
    assert turns.ways_of(quote).countersign == ""
    # Saved again, with their changes seen.
    signers.save(runtime, rep, quote.id, form(NAMES[0], countersign="yes", seen=caught.value.seen))
    assert [one.name for one in turns.signers_of(quote)] == ["Carla Khan"]


def test_no_clock_decides_which_signatures_count(runtime: Runtime, rep: User) -> None:
    """The machines that serve the page, and those of reps, differ by an hour."""
    quote, revision, (carla, theo) = named(runtime, rep)
    transitions.advance(rep, quote.id, LOST, reason="Too slow.")
    transitions.advance(rep, quote.id, PENDING)
    acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
    first = db.session.scalars(db.select(Signature)).one()
    first.accepted_at -= timedelta(hours=1)
    db.session.commit()
    assert [one.name for one in turns.round_of(quote).given] == ["Carla Khan"]
    first.accepted_at += timedelta(hours=2)
    db.session.commit()
    signers.start_over(rep, quote.id)
    assert turns.round_of(quote).given == []
    acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
    # Theo is asked in each round, whenever the other machine says that he was asked.
    assert reasons(quote, "mail").count("sign") == 2
    acceptance.accept(theo, signature(revision, "Theo Lind"), [], HERE)
    record = editing.get(quote.id).acceptance
    assert record is not None
    assert [one.name for one in record.earlier] == ["Carla Khan"]


def test_the_pdf_has_a_line_for_each_signer_and_ours(runtime: Runtime, rep: User) -> None:
    quote, revision = published(rep)
    before = document.pdf_for(revision.id)
    assert document.pdf_for(revision.id) == before
    signers.save(runtime, rep, quote.id, form(*NAMES, countersign="yes"))
    frozen = snapshot.parse(revision.content)
    lines_to_sign = unsigned.of(editing.get(quote.id), frozen)
    assert [(one.side, one.named) for one in lines_to_sign] == [
        ("Customer Ltd", "Carla Khan, CEO"),
        ("Customer Ltd", "Theo Lind, CFO"),
        ("Brightwater IT", ""),
    ]
    html = document.html_of(frozen, blanks=lines_to_sign)
    assert html.count("Name and job title") == 3
    assert "Each signer can sign online with a link of their own" in html
    assert document.html_of(frozen).count("Name and job title") == 1
    # What was stored before they were named is rendered again.
    assert document.pdf_for(revision.id) != before


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        (form(("", "a@customer.example", "")), "name-0", "Enter the signer's name."),
        (form(("Ann Lee", "", "")), "email-0", "Enter the signer's email."),
        (form(("Ann Lee", "nonsense", "")), "email-0", ""),
        (
            form(("Ann www.spam.example", "a@customer.example", "")),
            "name-0",
            "Enter a name, without an address.",
        ),
        (
            form(*[("Ann Lee", "a@customer.example", "")] * 2),
            "email-1",
            "Each signer needs an email of their own.",
        ),
        (form(*[(f"Ann {n}", f"a{n}@customer.example", "") for n in range(9)]), "name-8", "Up to 8 people"),
        (form(countersign="maybe"), "countersign", "Choose an option"),
    ],
)
def test_bad_input_names_no_one(
    runtime: Runtime, rep: User, values: dict[str, str], field: str, sentence: str
) -> None:
    quote, _ = published(rep)
    with pytest.raises(Invalid) as caught:
        signers.save(runtime, rep, quote.id, values)
    assert caught.value.fields[field].startswith(sentence)
    assert db.session.scalar(db.select(QuoteSigner.id)) is None


def countersignature(record: Acceptance, **more: str) -> dict[str, str]:
    revision = db.session.get_one(Revision, record.revision_id)
    said = consent.sha256(consent.of_seller(snapshot.parse(revision.content)))
    known = {"title": "Partner", "signature": "Ada Admin", "terms": "1", "consent": said}
    return {**known, "sha256": record.content_sha256, **more}


def both_signed(runtime: Runtime, rep: User) -> tuple[Quote, Acceptance]:
    """Signed by Carla and Theo, and not yet by us."""
    quote, revision, (carla, theo) = named(runtime, rep, countersign="yes")
    acceptance.accept(carla, {**drawn(revision, picture()), "name": ""}, [], HERE)
    acceptance.accept(theo, signature(revision, "Theo Lind"), [], HERE)
    record = editing.get(quote.id).acceptance
    assert record is not None
    return quote, record


def test_the_win_counts_at_once_and_the_signed_pdf_waits_for_us(runtime: Runtime, rep: User) -> None:
    quote, record = both_signed(runtime, rep)
    assert (quote.status, record.is_waiting) == (ACCEPTED, True)
    assert reasons(quote, "autotask") == ["published", "accepted"]
    assert reasons(quote, "mail") == ["rep_signed", "sign", "countersign"]
    with pytest.raises(NotFound, match="waits for our countersignature"):
        bundle.of_quote(quote, runtime, for_customer=True)
    assert b"Countersignature" not in document.newest_pdf(quote, runtime)
    with pytest.raises(Forbidden):
        countersigning.sign(rep, quote.id, countersignature(record), HERE)
    admin = samples.admin()
    with pytest.raises(Invalid) as caught:
        countersigning.sign(admin, quote.id, {**countersignature(record), "terms": "", "title": ""}, HERE)
    assert set(caught.value.fields) == {"terms", "title"}
    with pytest.raises(Conflict, match="isn't what was on your screen"):
        countersigning.sign(admin, quote.id, countersignature(record, sha256="0" * 64), HERE)
    countersigning.sign(admin, quote.id, countersignature(record), HERE)
    quote = editing.get(quote.id)
    assert quote.acceptance is not None
    assert not quote.acceptance.is_waiting
    assert reasons(quote, "autotask") == ["published", "accepted", "countersigned"]
    assert reasons(quote, "mail")[-2:] == ["accepted", "accepted"]
    assert events(quote.id)[-1] == ("countersigned", "desk", admin.email)
    with pytest.raises(Conflict, match=r"Ada Admin already countersigned\. It was counted once"):
        countersigning.sign(admin, quote.id, countersignature(quote.acceptance), HERE)


@pytest.fixture
def files(runtime: Runtime, rep: User) -> dict[str, bytes]:
    """The bundle of a quote that two signed, and we did."""
    quote, record = both_signed(runtime, rep)
    countersigning.sign(samples.admin(), quote.id, countersignature(record), HERE)
    return unpacked(bundle.of_quote(editing.get(quote.id), runtime, for_customer=True))


def test_the_bundle_proves_every_signature(files: dict[str, bytes]) -> None:
    checked = quotewright_verify.verify(files)
    assert checked.problems == []
    told = quotewright_verify.told(checked)
    assert "Theo Lind, Office Manager signed quote" in told
    assert "Carla Khan, Office Manager signed it at" in told
    assert "Ada Admin, Partner countersigned it" in told
    assert any("No signature is missing: there are 3." in one for one in checked.agrees)


def said(**values: str) -> Callable[[dict[str, Any]], None]:
    """Change what the entry says of the signature."""
    return lambda one: one["signature"].update(values)


def change(name: str, edit: Callable[[dict[str, Any]], None]) -> Tampering:
    """Edit the certificate's entry of the signer with this name."""

    def tamper(files: dict[str, bytes]) -> None:
        certificate = json.loads(files["certificate.json"])
        edit(next(one for one in certificate["signatures"] if one["signature"]["name"] == name))
        files["certificate.json"] = json.dumps(certificate).encode()

    return tamper


def drop(number: int) -> Tampering:
    def tamper(files: dict[str, bytes]) -> None:
        certificate = json.loads(files["certificate.json"])
        del certificate["signatures"][number]
        files["certificate.json"] = json.dumps(certificate).encode()

    return tamper


def blank(files: dict[str, bytes]) -> None:
    name = next(one for one in files if one.startswith("signature-"))
    files[name] = b"another"


def without(files: dict[str, bytes]) -> None:
    del files[next(one for one in files if one.startswith("signature-"))]


@pytest.mark.parametrize(
    ("tamper", "problem"),
    [
        (
            change("Carla Khan", lambda one: one.update(address="198.51.100.1")),
            "The signature of Carla Khan isn't",
        ),
        (
            change("Carla Khan", said(title="Clerk")),
            "Carla Khan isn't what its event",
        ),
        (
            change("Carla Khan", said(name="Bob")),
            "The signature of Bob isn't what its",
        ),
        (
            change("Ada Admin", said(consent="No.")),
            "consent of Ada Admin isn't the one",
        ),
        (
            change("Carla Khan", said(content_sha256="0" * 64)),
            "Carla Khan signed another offer",
        ),
        (drop(0), "A signature is missing"),
        (drop(1), "A signature is missing"),
        (blank, "The picture of the signature of Carla Khan"),
        (without, "The picture of the drawn signature of Carla Khan"),
    ],
)
def test_the_verifier_names_what_was_changed_of_a_signer(
    files: dict[str, bytes], tamper: Tampering, problem: str
) -> None:
    tamper(files)
    assert any(problem in one for one in quotewright_verify.verify(files).problems)


def test_the_database_refuses_to_change_what_any_of_them_signed(runtime: Runtime, rep: User) -> None:
    quote, record = both_signed(runtime, rep)
    countersigning.sign(samples.admin(), quote.id, countersignature(record), HERE)
    for statement in (
        "UPDATE signature SET name = 'Someone'",
        "DELETE FROM signature",
        "UPDATE signature_drawing SET png = 'x'",
        "DELETE FROM signature_drawing",
        "UPDATE quote_signer SET name = 'Someone'",
        "DELETE FROM quote_signer",
        "UPDATE quote_signing SET is_ordered = false",
        "DELETE FROM quote_signing",
    ):
        with pytest.raises(DatabaseError, match="What was signed is locked"):
            db.session.execute(db.text(statement))
        db.session.rollback()
    # What is needed to reach the signers stays: their links are encrypted again with a new key.
    db.session.execute(db.update(QuoteSigner).values(token_encrypted="x"))
    db.session.commit()


def test_what_a_rep_records_needs_no_one_else(runtime: Runtime, rep: User) -> None:
    quote, revision, (carla, _) = named(runtime, rep, countersign="yes")
    acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
    acceptance.record_for_customer(rep, quote.id, {"name": "Theo Lind"})
    record = editing.get(quote.id).acceptance
    assert record is not None
    assert ([one.name for one in record.earlier], record.is_waiting) == (["Carla Khan"], False)
    assert db.session.scalars(db.select(Signature.acceptance_id)).all() == [record.id]
    live = quote_live(quote)
    assert [one.named for one in paper.of(record, snapshot.parse(live.content)).hands] == [
        "Carla Khan, Office Manager"
    ]
    checked = quotewright_verify.verify(
        unpacked(bundle.of_quote(editing.get(quote.id), runtime, for_customer=True))
    )
    assert checked.problems == []


def test_whoever_may_countersign_hears_of_it(runtime: Runtime, rep: User) -> None:
    boss = samples.admin()
    quote, _ = both_signed(runtime, rep)
    query = db.select(Delivery.address).filter_by(quote_id=quote.id, reason="countersign")
    assert sorted(db.session.scalars(query)) == ["", str(boss.id)]
    assert db.session.scalars(db.select(Notification.user_id)).all() == [boss.id]


def quote_live(quote: Quote) -> Revision:
    live = editing.get(quote.id).current_revision
    assert live is not None
    return live


def test_everyone_is_asked_again_after_a_new_start(runtime: Runtime, rep: User) -> None:
    quote, revision, (carla, _) = named(runtime, rep)
    acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
    assert reasons(quote, "mail").count("sign") == 1
    signers.start_over(rep, quote.id)
    acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
    assert reasons(quote, "mail").count("sign") == 2
    lines.add_ad_hoc(rep, quote.id, {"name": "Rack", "unit_price": "20"})
    newer = publishing.publish(rep, quote.id).revision
    acceptance.accept(carla, signature(newer, "Carla Khan"), [], HERE)
    assert reasons(quote, "mail").count("sign") == 3


def test_a_po_number_that_came_too_late_is_not_dropped(runtime: Runtime, rep: User) -> None:
    quote, revision, (carla, theo) = named(runtime, rep, in_order=False)
    acceptance.accept(theo, signature(revision, "Theo Lind"), [], HERE)
    with pytest.raises(Conflict, match="Theo Lind signed first, without your purchase order number"):
        acceptance.accept(carla, signature(revision, "Carla Khan", purchase_order_number="PO-9"), [], HERE)
    acceptance.accept(carla, signature(revision, "Carla Khan"), [], HERE)
    assert editing.get(quote.id).status == ACCEPTED
