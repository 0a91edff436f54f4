"""The pages of drift: looking, comparing now, choosing sides; without JavaScript, and by htmx."""

from __future__ import annotations

import re

import pytest

from smoke.forms import read_forms
from tests.drift.test_comparison import compare, forget_calls, pushed, remote
from tests.support.connected_desk import SELLER, Desk, newest_entry
from tests.support.visitor import HTMX, Visitor, text
from webapp.models import DiaryEntry, DriftFinding, Quote, User, db
from webapp.models.delivery import DeliveryState
from webapp.models.drift import OPEN, OURS, THEIRS
from webapp.services.autotask.drift import schedule as drift_schedule


def hand_over(quote: Quote) -> Quote:
    """The quote is the seller's from now on, if there is one."""
    quote.owner = db.session.scalar(db.select(User).filter_by(email=SELLER)) or quote.owner
    db.session.commit()
    return quote


def drifted(desk: Desk) -> Quote:
    """A pushed quote whose first price and description somebody changed in Autotask."""
    quote = hand_over(pushed(desk, {"name": "Rack <b>", "description": "As agreed"}, {"name": "Shelf"}))
    item = remote(desk, quote)[0]
    desk.tenant.edit("QuoteItems", item["id"], unitPrice=1234.5, description="By <i>hand</i>")
    return quote


def page(quote: Quote) -> str:
    return f"/drift/quotes/{quote.id}"


def compare_now(visitor: Visitor, quote: Quote) -> None:
    answer = visitor.send(visitor.form(page(quote), "/compare"))
    assert answer.status_code == 303


def choose(visitor: Visitor, quote: Quote, **sides: str) -> str:
    """Choose a side by field, and send; returns the answer's text."""
    found = {one.field: one for one in db.session.scalars(db.select(DriftFinding))}
    values: dict[str, str | bool] = {f"side-{found[name].id}": side for name, side in sides.items()}
    answer = visitor.send(visitor.form(page(quote), "/decide"), values)
    assert answer.status_code in (303, 409, 422)
    return text(answer) if answer.status_code != 303 else text(visitor.client.get(answer.location))


def test_a_rep_compares_and_sees_both_values_and_what_each_side_means(desk: Desk, seller: Visitor) -> None:
    quote = drifted(desk)
    assert "Not checked yet." in text(seller.client.get(page(quote)))
    forget_calls(desk)
    compare_now(seller, quote)
    assert desk.tenant.stats()["writes"] == 0
    answer = seller.client.get(page(quote))
    said = text(answer)
    assert "Unit price last synced: 10.00 Use the quote's value" in said
    assert "Use the quote's value Quote: 10.00 Overwrites Autotask's value." in said
    assert (
        "Keep Autotask's value Autotask: 1,234.50 Your quote doesn't change, so totals stay out of sync"
        in said
    )
    assert "Keep Autotask's value Autotask: By <i>hand</i>" in said, "shown as text"
    assert "<i>" not in answer.text
    assert not re.search(r'type="radio"[^>]*checked', answer.text), "nothing is chosen beforehand"


@pytest.mark.both_databases
def test_one_side_for_each_field_in_one_go(desk: Desk, seller: Visitor) -> None:
    quote = drifted(desk)
    compare_now(seller, quote)
    said = choose(seller, quote, unitPrice=OURS, description=THEIRS)
    assert "Saved: 1 syncing to Autotask now, 1 kept as in Autotask." in said
    assert "Keep Autotask's value: By <i>hand</i>" in said
    assert newest_entry(quote.id).state == DeliveryState.WAITING
    assert desk.process(quote).state == "synced"
    after = remote(desk, quote)[0]
    assert (after["unitPrice"], after["description"]) == (10, "By <i>hand</i>")
    compare_now(seller, quote)
    assert "No changes to review." in text(seller.client.get(page(quote)))
    actions = {event.action for event in db.session.scalars(db.select(DiaryEntry))}
    assert {"drift.ours", "drift.theirs"} <= actions


def test_what_was_accepted_can_be_decided_anew(desk: Desk, seller: Visitor) -> None:
    quote = hand_over(pushed(desk, {"name": "A"}, {"name": "B"}))
    desk.tenant.remove("QuoteItems", remote(desk, quote)[1]["id"])
    compare_now(seller, quote)
    (finding,) = db.session.scalars(db.select(DriftFinding))
    number = finding.id
    seller.send(seller.form(page(quote), "/decide"), {f"side-{number}": THEIRS})
    form = seller.form(page(quote), "/reopen")
    token = dict(form.fill({}))["csrf_token"]
    answer = seller.client.post(form.action, data={"csrf_token": token, "finding": number})
    assert answer.status_code == 303
    seller.send(seller.form(page(quote), "/decide"), {f"side-{number}": OURS})
    assert desk.process(quote).state == "synced"
    assert [row["name"] for row in remote(desk, quote)] == ["A", "B"]
    for wrong in ("4711", "", "x", "9" * 30):
        answer = seller.client.post(form.action, data={"csrf_token": token, "finding": wrong})
        assert answer.status_code == 404


def test_nothing_chosen_and_forged_choices_are_refused_with_a_sentence(desk: Desk, seller: Visitor) -> None:
    quote = drifted(desk)
    compare_now(seller, quote)
    assert "Choose a side for at least one difference" in choose(seller, quote)
    form = seller.form(page(quote), "/decide")
    token = dict(form.fill({}))["csrf_token"]
    for data in (
        {"side-1": "ours", "seen-1": "0"},
        {"side-99999999999999999999": "ours"},
        {"side-1": "everything"},
        {"side-x": "ours"},
        {"side-1": "ours\x00", "seen-1": "\x00" * 4000},
    ):
        answer = seller.client.post(form.action, data={"csrf_token": token, **data})
        assert answer.status_code in (409, 422), data
    assert {one.state for one in db.session.scalars(db.select(DriftFinding))} == {OPEN}


def test_values_that_changed_since_the_page_was_opened_are_refused(desk: Desk, seller: Visitor) -> None:
    quote = drifted(desk)
    compare_now(seller, quote)
    form = seller.form(page(quote), "/decide")
    desk.tenant.edit("QuoteItems", remote(desk, quote)[0]["id"], unitPrice=5)
    compare(desk, quote)
    found = {one.field: one for one in db.session.scalars(db.select(DriftFinding))}
    answer = seller.send(form, {f"side-{found['unitPrice'].id}": OURS})
    assert answer.status_code == 409
    assert "changed after you opened this page" in text(answer)


def test_an_admin_lets_all_be_compared_again(desk: Desk, admin: Visitor) -> None:
    compare(desk, drifted(desk))
    answer = admin.send(admin.form("/drift/", "/compare"))
    assert answer.status_code == 303
    assert "Checking 1 quote." in text(admin.client.get(answer.location))


@pytest.mark.both_databases
def test_the_list_names_quotes_with_open_differences(desk: Desk, seller: Visitor) -> None:
    assert "No changes to review" in text(seller.client.get("/drift/"))
    quote = drifted(desk)
    compare(desk, quote)
    said = text(seller.client.get("/drift/"))
    assert "2 differences" in said
    assert "Check all now" not in said
    assert seller.client.post("/drift/compare").status_code in (400, 403)
    compare_now(seller, quote)
    choose(seller, quote, unitPrice=THEIRS, description=THEIRS)
    assert "No changes to review" in text(seller.client.get("/drift/"))


def test_a_colleague_sees_what_differs_but_cannot_decide(desk: Desk, seller: Visitor) -> None:
    quote = pushed(desk, {"name": "Rack"})
    desk.tenant.edit("QuoteItems", remote(desk, quote)[0]["id"], unitPrice=1234.5)
    compare(desk, quote)
    answer = seller.client.get(page(quote))
    assert "1,234.50" in text(answer)
    assert f"{quote.owner.name} or an admin can decide." in text(answer)
    assert "Check now" not in text(answer)
    number = db.session.scalars(db.select(DriftFinding.id)).one()
    token = dict(seller.form("/", "logout").fields)["csrf_token"]
    for name in ("compare", "decide", "reopen"):
        data = {"csrf_token": token, f"side-{number}": OURS, "finding": str(number)}
        assert seller.client.post(f"{page(quote)}/{name}", data=data).status_code == 403, name
    assert db.session.scalars(db.select(DriftFinding.state)).one() == OPEN
    assert "No changes to review" in text(seller.client.get("/drift/")), "reps see what is theirs"


def test_the_list_brings_itself_up_to_date_while_quotes_are_compared(desk: Desk, admin: Visitor) -> None:
    drifted(desk)
    assert "hx-get" not in admin.client.get("/drift/", headers=HTMX).text
    admin.send(admin.form("/drift/", "/compare"))
    waiting = admin.client.get("/drift/", headers=HTMX)
    assert "<html" not in waiting.text
    assert "Checking 1 quote now." in text(waiting)
    assert 'hx-trigger="every 3s"' in waiting.text
    assert drift_schedule.compare_due(desk.runtime) == 1
    done = admin.client.get("/drift/", headers=HTMX)
    assert "2 differences" in text(done)
    assert "hx-trigger" not in done.text


def test_the_quotes_page_shows_the_state_by_itself(desk: Desk, seller: Visitor) -> None:
    quote = drifted(desk)
    shown = seller.client.get(f"/quotes/{quote.id}").text
    assert f'hx-get="/drift/quotes/{quote.id}/panel"' in shown
    panel = f"/drift/quotes/{quote.id}/panel"
    assert "Not checked since" in text(seller.client.get(panel, headers=HTMX))
    compare(desk, quote)
    assert "2 differences" in text(seller.client.get(panel, headers=HTMX))
    assert seller.client.get(panel).status_code == 303
    draft = desk.quote({"name": "Draft"})
    assert "drift" not in seller.client.get(f"/quotes/{draft.id}").text
    assert "Changes" not in seller.client.get(f"/drift/quotes/{draft.id}/panel", headers=HTMX).text


def test_comparing_by_htmx_answers_with_the_partial_of_the_page(desk: Desk, seller: Visitor) -> None:
    quote = drifted(desk)
    form = next(one for one in read_forms(seller.client.get(page(quote)).text) if "/compare" in one.action)
    answer = seller.send(form, htmx=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "1,234.50" in answer.text
    whole = seller.client.get(page(quote)).text
    strip = re.compile(r'value="[^"]*"')
    assert " ".join(strip.sub("", answer.text).split()) in " ".join(strip.sub("", whole).split())


def test_comparing_what_cannot_be_compared_is_a_sentence(desk: Desk, seller: Visitor) -> None:
    draft = hand_over(desk.quote({"name": "Draft"}))
    answer = seller.send(seller.form(page(draft), "/compare"))
    assert answer.status_code == 422
    assert "never synced" in text(answer)
    quote = drifted(desk)
    desk.tenant.change(secret="another one")
    answer = seller.send(seller.form(page(quote), "/compare"))
    assert answer.status_code == 422
    assert "no longer accepts" in text(answer)
    assert seller.client.get("/drift/quotes/4711").status_code == 404
    assert seller.client.get("/drift/quotes/99999999999999999999").status_code == 404


def test_strangers_see_nothing(desk: Desk) -> None:
    quote = drifted(desk)
    stranger = desk.app.test_client()
    for address in ("/drift/", page(quote), f"{page(quote)}/panel"):
        assert stranger.get(address).status_code in (302, 303, 401)
    for address in (f"{page(quote)}/compare", f"{page(quote)}/decide", "/drift/compare"):
        assert stranger.post(address).status_code in (302, 303, 400, 401)
