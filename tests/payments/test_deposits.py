"""A deposit: what a quote asks for, where it is paid, and payments that are noted once."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import (
    DiaryEntry,
    Notification,
    Payment,
    PaymentSettings,
    Person,
    Quote,
    Revision,
    User,
    db,
)
from webapp.services.company import payments, profile
from webapp.services.core import signatures
from webapp.services.core.errors import Invalid
from webapp.services.payments import paying, registry
from webapp.services.quoting.answer import acceptance, consent
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import copying, editing, shown
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.revisions import commitments, pricing, snapshot

LINK = "https://pay.example.com/?invoice={quote}&amount={amount}&currency={currency}"
SETTINGS = "/settings/payments"


def offered(who: User, **deposit: str) -> Quote:
    """A published quote of $1,000.00 once and $100.00 a month, without tax."""
    made = samples.quote(
        who,
        {"name": "Server", "unit_price": "1000"},
        {"name": "Care", "unit_price": "100", "recurrence": "monthly"},
        customer=db.session.scalars(db.select(Person).limit(1)).first(),
    )
    editing.save_header(who, made.id, {**shown.header(made), **deposit})
    publishing.publish(who, made.id)
    return editing.get(made.id)


def live(quote: Quote) -> Revision:
    assert quote.current_revision is not None
    return quote.current_revision


def accept(quote: Quote) -> Quote:
    frozen = snapshot.parse(live(quote).content)
    values = {
        "name": "Ann Lee",
        "title": "Owner",
        "email": "ann@customer.example",
        "signature": "Ann Lee",
        "terms": "1",
        "consent": consent.sha256(consent.sentence(frozen)),
        "sha256": live(quote).content_sha256,
    }
    return acceptance.accept(quote.public_token, values, [], Evidence())


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ({"deposit_value": "30", "deposit_kind": "percent"}, "330.00"),
        ({"deposit_value": "33.333%", "deposit_kind": "fixed"}, "366.66"),
        ({"deposit_value": "250", "deposit_kind": "fixed"}, "250.00"),
        ({"deposit_value": "10.004", "deposit_kind": "fixed"}, "10.00"),
        # Nobody pays more in advance than the first invoice.
        ({"deposit_value": "5000", "deposit_kind": "fixed"}, "1100.00"),
    ],
)
def test_page_paper_and_editor_say_the_same(
    app: Flask, ids: Ids, rep: Visitor, typed: dict[str, str], amount: str
) -> None:
    with app.app_context():
        quote = offered(
            db.session.scalars(db.select(User).filter_by(email="rep@desk.example")).one(), **typed
        )
        frozen = snapshot.parse(live(quote).content)
        rows = pricing.offered(frozen, pricing.of_snapshot(frozen))["contract"]
        draft = commitments.of_draft(quote, pricing.of_quote(quote), frozen.place)
        token, quote_id = quote.public_token, quote.id
    assert (rows[-1].name, rows[-1].amount) == ("Deposit", Decimal(amount))
    assert draft[-1] == rows[-1]
    said = f"${Decimal(amount):,.2f}"
    assert said in text(Visitor(app.test_client()).client.get(f"/q/{token}"))
    assert said in text(rep.client.get(f"/quotes/{quote_id}"))


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"deposit_value": "101%"}, "more than 100%"),
        ({"deposit_value": "-1"}, "0"),
        ({"deposit_value": "much"}, "number"),
    ],
)
def test_what_is_no_deposit_is_refused(app: Flask, rep_of: User, typed: dict[str, str], wrong: str) -> None:
    made = samples.quote(rep_of, {"name": "Server", "unit_price": "1000"})
    with pytest.raises(Invalid) as refused:
        editing.save_header(rep_of, made.id, {**shown.header(made), **typed})
    assert wrong in refused.value.fields["deposit_value"]


def test_it_is_undone_copied_and_a_new_quote_starts_with_the_companys(app: Flask, rep_of: User) -> None:
    boss = samples.admin()
    payments.save(
        boss, {"deposit_value": "50", "deposit_kind": "percent", "deposit_is_required": "y", "pay_link": LINK}
    )
    made = samples.quote(rep_of, {"name": "Server", "unit_price": "1000"})
    assert (made.deposit_kind, made.deposit_value, made.deposit_is_required) == ("percent", 50, True)
    editing.save_header(
        rep_of, made.id, {**shown.header(made), "deposit_value": "", "deposit_is_required": ""}
    )
    made = editing.get(made.id)
    assert (made.deposit_kind, made.deposit_value, made.deposit_is_required) == ("none", 0, False)
    copy = copying.copy(rep_of, made.id)
    assert (copy.deposit_kind, copy.deposit_value) == ("none", 0)


def test_the_customer_pays_after_accepting_and_a_payment_is_noted_once(app: Flask, rep_of: User) -> None:
    payments.save(samples.admin(), {"pay_link": LINK, "deposit_value": "", "deposit_kind": "percent"})
    quote = offered(rep_of, deposit_value="30", deposit_kind="percent", deposit_is_required="y")
    due = paying.of_quote(quote)
    assert due is not None
    assert (due.left, due.address, due.is_required) == (Decimal("330.00"), "", True)
    quote = accept(quote)
    page = text(app.test_client().get(f"/q/{quote.public_token}"))
    address = f"https://pay.example.com/?invoice={quote.number}&amount=330.00&currency=USD"
    assert "due before work starts" in page
    due = paying.of_quote(quote)
    assert due is not None
    assert due.address == address
    assert paying.in_words(quote, snapshot.parse(live(quote).content)).endswith(address)
    values = {"key": "form-1", "amount": "100", "reference": "Check 17"}
    first = paying.note(rep_of, quote.id, values)
    assert paying.note(rep_of, quote.id, values).id == first.id
    due = paying.of_quote(quote)
    assert due is not None
    assert (due.paid, due.left) == (100, 230)
    assert due.address.endswith("&amount=230.00&currency=USD")
    paying.note(rep_of, quote.id, {"key": "form-2", "amount": "230", "reference": ""})
    assert "paid. Thank you" in text(app.test_client().get(f"/q/{quote.public_token}"))
    paying.remove(rep_of, quote.id, first.id)
    entries = db.session.scalars(
        db.select(DiaryEntry.action).where(DiaryEntry.action.like("quote.payment%"))
    ).all()
    assert entries == ["quote.payment_noted", "quote.payment_noted", "quote.payment_removed"]
    assert [one.amount for one in paying.of(quote)] == [230]


@pytest.mark.parametrize("amount", ["", "0", "-5", "1.005", "lots"])
def test_what_is_no_amount_is_refused(app: Flask, rep_of: User, amount: str) -> None:
    quote = offered(rep_of, deposit_value="30", deposit_kind="percent")
    with pytest.raises(Invalid) as refused:
        paying.note(rep_of, quote.id, {"key": "k", "amount": amount, "reference": ""})
    assert refused.value.fields["amount"]
    assert paying.of(quote) == []


def test_a_program_tells_of_a_payment(app: Flask, rep_of: User) -> None:
    secret = payments.renew_secret(app.extensions["quotewright"], samples.admin())
    quote = accept(offered(rep_of, deposit_value="30", deposit_kind="percent"))
    told = {"id": "PAY-17", "quote": quote.number, "amount": "330.00", "currency": "USD"}

    def send(body: dict[str, Any] | bytes, key: str = secret, age: int = 0) -> tuple[int, str]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        header = signatures.sign([key], int(time.time()) - age, content)
        answer = app.test_client().post("/payments/link", data=content, headers={signatures.HEADER: header})
        return answer.status_code, answer.text

    assert send(told)[0] == 200
    assert send(told)[0] == 200
    assert send({**told, "amount": "1.00"})[0] == 422
    assert send({**told, "id": "2", "currency": "EUR"})[0] == 422
    assert send({**told, "id": "3", "quote": 999_999})[0] == 404
    assert send({**told, "id": "4"}, "another secret")[0] == 401
    assert send({**told, "id": "5"}, age=301)[0] == 401
    assert send({**told, "id": "6", "amount": "NaN"})[0] == 422
    assert send(b"[1]")[0] == 422
    assert send(b"\xff" * 20_000)[0] == 413
    assert app.test_client().post("/payments/link", data=b"{}").status_code == 401
    assert app.test_client().post("/payments/other", data=b"{}").status_code == 404
    assert [(one.amount, one.source, one.reference) for one in paying.of(quote)] == [(330, "link", "PAY-17")]
    paying.remove(rep_of, quote.id, paying.of(quote)[0].id)
    assert "removed it" in send(told)[1]
    assert send({**told, "id": "a\x00b"})[0] == 422
    assert send({**told, "id": "7", "amount": "0.001"})[0] == 422
    (told_rep,) = db.session.scalars(db.select(Notification)).all()
    assert (told_rep.user_id, told_rep.sentence) == (rep_of.id, "The customer paid $330.00, PAY-17.")


def test_what_is_paid_is_in_the_currency_of_the_offer_whatever_the_draft_is_in(
    app: Flask, ids: Ids, rep: Visitor
) -> None:
    with app.app_context():
        seller = {"name": "Brightwater IT", "address": "48 Harbor Street"}
        profile.save(samples.admin("second@desk.example"), {**seller, "other_currencies": "EUR"})
        who = db.session.scalars(db.select(User).filter_by(email="rep@desk.example")).one()
        quote = offered(who, deposit_value="50", deposit_kind="percent")
        secret = payments.renew_secret(app.extensions["quotewright"], db.session.get_one(User, 1))
        editing.save_header(who, quote.id, {**shown.header(editing.get(quote.id)), "currency": "EUR"})
        db.session.commit()
        quote_id, number = quote.id, quote.number
    page = f"/quotes/{quote_id}"
    panel = text(rep.client.get(page)).partition("Note a payment")[0].rpartition("Deposit")[2]
    assert "$0.00 of $550.00 paid" in panel
    noted = rep.send(rep.form(page, f"{page}/payments"), {"amount": "$250"})
    assert noted.status_code == 303
    assert "The payment of $250.00 was noted." in text(rep.client.get(page))

    def told(currency: str) -> int:
        said = {"id": f"in {currency}", "quote": number, "amount": "100.00", "currency": currency}
        body = json.dumps(said).encode()
        header = {signatures.HEADER: signatures.sign([secret], int(time.time()), body)}
        return app.test_client().post("/payments/link", data=body, headers=header).status_code

    assert [told("EUR"), told("USD")] == [422, 200]
    with app.app_context():
        kept, who = paying.of(editing.get(quote_id)), editing.get(quote_id).owner
        told_rep = db.session.scalars(db.select(Notification)).one()
        assert told_rep.sentence == "The customer paid $100.00, in USD."
        # Once a payment stands, its amount can't become one of another currency.
        with pytest.raises(Invalid, match=r"A payment in USD was noted, so this quote can't be in EUR\."):
            publishing.publish(who, quote_id)
        for payment in kept:
            paying.remove(who, quote_id, payment.id)
        publishing.publish(who, quote_id)
        due = paying.of_quote(editing.get(quote_id))
        assert due is not None
        assert (due.currency, due.paid) == ("EUR", 0)


def test_without_a_secret_nobody_is_believed(app: Flask, rep_of: User) -> None:
    quote = offered(rep_of, deposit_value="30", deposit_kind="percent")
    body = json.dumps({"id": "1", "quote": quote.number, "amount": "1.00", "currency": "USD"}).encode()
    header = signatures.sign([""], int(time.time()), body)
    answer = app.test_client().post("/payments/link", data=body, headers={signatures.HEADER: header})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "link",
    [
        *(
            "http://pay.example.com/{quote}",
            "javascript:alert(1)",
            "https://{quote}.example.com/",
            "https://",
        ),
        *("https://a@pay.example.com/", "https://pay.example.com/{card}", "https://pay.example.com/a b"),
    ],
)
def test_a_pay_link_is_an_address_that_we_can_fill_in(app: Flask, rep_of: User, link: str) -> None:
    with pytest.raises(Invalid) as refused:
        payments.save(samples.admin(), {"pay_link": link, "deposit_value": "", "deposit_kind": "percent"})
    assert refused.value.fields["pay_link"]
    assert db.session.scalars(db.select(PaymentSettings)).all() == []


def test_every_gateway_has_the_two_methods(app: Flask, rep_of: User) -> None:
    for key, gateway in registry.GATEWAYS.items():
        assert (gateway.key, bool(gateway.name)) == (key, True)


def test_an_admin_sets_it_up_and_a_rep_notes_a_payment(
    app: Flask, ids: Ids, admin: Visitor, rep: Visitor
) -> None:
    typed: dict[str, str | bool] = {"deposit_value": "30", "pay_link": LINK, "deposit_is_required": True}
    assert admin.send(admin.form(SETTINGS, SETTINGS), typed).status_code == 303
    made = admin.send(admin.form(SETTINGS, f"{SETTINGS}/secret"))
    assert "whsec_" in made.text
    assert "whsec_" not in admin.client.get(SETTINGS).text
    with app.app_context():
        who = db.session.scalars(db.select(User).filter_by(email="rep@desk.example")).one()
        quote_id = accept(offered(who, deposit_value="30", deposit_kind="percent")).id
    page = f"/quotes/{quote_id}"
    form = rep.form(page, f"{page}/payments")
    wrong = rep.send(form, {"amount": "0"})
    assert wrong.status_code == 422
    assert 'id="payment-amount"' in wrong.text
    assert rep.send(form, {"reference": "Wire"}).status_code == 303
    assert "330.00 paid" in text(rep.client.get(page))
    with app.app_context():
        payment = db.session.scalars(db.select(Payment)).one()
    assert rep.send(rep.form(page, f"{page}/payments/{payment.id}/remove")).status_code == 303
    with app.app_context():
        assert db.session.scalars(db.select(Payment).filter_by(removed_at=None)).all() == []
