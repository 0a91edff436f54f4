"""The preview: what a push would do, and nothing done."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.support.connected_desk import Desk, every_kind
from tests.support.visitor import HTMX, Visitor, text
from webapp.models import PushRun, Quote, db
from webapp.services.autotask.api.errors import NotConnected
from webapp.services.autotask.connection import connection
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.preview import plan_only
from webapp.services.autotask.push.plan import CREATE, UPDATE
from webapp.services.quoting.lifecycle import publishing


def forget_calls(desk: Desk) -> None:
    desk.tenant._ask("DELETE", "/calls")


def address(quote: Quote) -> str:
    return f"/quotes/{quote.id}/autotask/preview"


def test_the_steps_of_a_draft_are_those_that_its_push_makes(desk: Desk) -> None:
    quote = desk.quote(*every_kind(desk), shipping_amount=Decimal("49.90"))
    forget_calls(desk)

    seen = plan_only.of_quote(desk.runtime, quote)
    assert (seen.is_draft, seen.revision, quote.number) == (True, 1, None)
    assert seen.plan.problems == ()
    assert seen.plan.questions == ()
    assert desk.tenant.stats()["writes"] == 0
    foreseen = [(step.action, step.entity, step.title) for step in seen.plan.steps]

    run = desk.push(quote)
    assert quote.number == seen.number
    done = [(step.action, step.entity, step.title) for step in run.steps]
    assert [one for one in foreseen if one[1] != "OpportunityAttachments"] == [
        one for one in done if one[1] != "OpportunityAttachments"
    ]
    assert run.state == "synced"


def test_a_changed_price_is_shown_before_and_after(desk: Desk) -> None:
    quote = desk.quote({"name": "Rack", "unit_price": "10"}, {"name": "Shelf", "unit_price": "5"})
    desk.push(quote)
    quote.lines[1].unit_price = Decimal("7.50")
    db.session.commit()
    forget_calls(desk)

    seen = plan_only.of_quote(desk.runtime, quote)
    assert (seen.is_draft, seen.revision) == (True, 2)
    shown = plan_only.in_words(desk.runtime, seen.plan)
    assert next((one.action, one.title) for one in shown) == ("Update", "line 2 “Shelf”")
    change = shown[0].changes[0]
    assert (change.label, change.before, change.after) == ("Unit price", "5.00", "7.50")
    assert {step.action for step in seen.plan.writes} == {UPDATE, CREATE}, "the line and the PDF"
    assert desk.tenant.stats()["writes"] == 0


def test_after_a_push_there_is_nothing_to_do(desk: Desk, admin: Visitor) -> None:
    quote = desk.quote({"name": "Rack"})
    desk.push(quote)
    runs = db.session.scalar(db.select(db.func.count(PushRun.id)))
    forget_calls(desk)
    page = text(admin.client.get(address(quote)))
    assert "Autotask is already up to date" in page
    assert desk.tenant.stats()["writes"] == 0
    assert db.session.scalar(db.select(db.func.count(PushRun.id))) == runs
    desk.tenant.edit("QuoteItems", desk.tenant.state()["QuoteItems"][-1]["id"], unitPrice=3)
    drift_check.check_one(desk.runtime, quote)
    said = text(admin.client.get(address(quote)))
    assert "1 Autotask change needs a decision." in said


def test_the_page_names_steps_and_values_in_words(desk: Desk, admin: Visitor) -> None:
    quote = desk.quote({"name": "Rack", "unit_price": "1234.5"}, title="Über “Büro” <b>")
    page = admin.client.get(address(quote))
    assert page.status_code == 200
    said = text(page)
    assert "Create company" in said
    assert "Create opportunity" in said
    assert "Unit price 1,234.50" in said
    assert "Stage Quote Sent" in said, "a picklist's label, not its number"
    assert "Billing code Hardware" in said
    assert "<b>" not in page.text.replace("<body", "")
    assert desk.tenant.stats()["writes"] == 0


def test_htmx_gets_the_partial_that_the_page_includes(desk: Desk, admin: Visitor) -> None:
    quote = desk.quote({"name": "Rack"})
    partial = admin.client.get(address(quote), headers=HTMX).text
    assert "<html" not in partial
    assert 'id="push-preview"' in partial
    whole = admin.client.get(address(quote)).text
    assert " ".join(partial.split()) in " ".join(whole.split())


def test_problems_and_questions_are_sentences(desk: Desk, admin: Visitor) -> None:
    rows = [
        {
            "companyName": "Twin Oaks",
            "companyType": 1,
            "phone": "1",
            "ownerResourceID": 29682880,
            "isActive": True,
        }
    ] * 2
    ids = desk.tenant.seed(Companies=rows)["Companies"]
    quote = desk.quote({"name": "A"}, organization=desk.organization("Twin Oaks"))
    said = text(admin.client.get(address(quote)))
    assert "2 companies in Autotask match “Twin Oaks”" in said
    assert all(str(number) in said for number in ids)
    assert "Create opportunity" not in said, "no step is made while a question is open"

    from webapp.models import TaxCode

    tax = TaxCode(name="VAT 20 %", rate=Decimal(20))
    db.session.add(tax)
    db.session.commit()
    taxed = desk.quote({"name": "B", "tax_code_id": tax.id})
    answer = admin.client.get(address(taxed))
    assert "has the tax “VAT 20 %”, which isn't mapped" in text(answer)
    assert "/settings/integrations/autotask/tax-codes" in answer.text
    assert desk.tenant.stats()["writes"] == 0


def test_a_rep_is_told_to_ask_an_admin_instead_of_a_link_that_is_refused(desk: Desk, seller: Visitor) -> None:
    from webapp.models import TaxCode

    tax = TaxCode(name="VAT 20 %", rate=Decimal(20))
    db.session.add(tax)
    db.session.commit()
    answer = seller.client.get(address(desk.quote({"name": "B", "tax_code_id": tax.id})))
    assert answer.status_code == 200
    assert "An admin can fix this" in answer.text
    assert 'href="/settings' not in answer.text


def test_without_a_connection_a_sentence_says_so(desk: Desk, admin: Visitor) -> None:
    quote = desk.quote({"name": "A"})
    connection.disconnect(desk.rep)
    with pytest.raises(NotConnected):
        plan_only.of_quote(desk.runtime, quote)
    answer = admin.client.get(address(quote))
    assert answer.status_code == 200
    assert "couldn't be compared with Autotask" in text(answer)


def test_an_error_of_autotask_is_a_sentence(desk: Desk, admin: Visitor) -> None:
    quote = desk.quote({"name": "A"})
    desk.tenant.change(secret="another one")
    answer = admin.client.get(address(quote))
    assert answer.status_code == 200
    assert "no longer accepts the API user" in text(answer)


def test_an_empty_draft_and_one_without_a_customer_are_previewed_too(desk: Desk, admin: Visitor) -> None:
    from webapp.services.quoting.draft import editing

    empty = editing.create(desk.rep)
    answer = admin.client.get(address(empty))
    assert answer.status_code == 200
    assert "The quote has no organization" in text(answer)
    assert f"/quotes/{empty.id}/customer" in answer.text


def test_nothing_is_previewed_for_a_stranger(desk: Desk) -> None:
    quote = desk.quote({"name": "A"})
    assert desk.app.test_client().get(address(quote)).status_code in (302, 303, 401)


def test_of_a_published_quote_its_frozen_revision_counts(desk: Desk) -> None:
    quote = desk.quote({"name": "A"})
    publishing.publish(desk.rep, quote.id)
    seen = plan_only.of_quote(desk.runtime, quote)
    assert (seen.is_draft, seen.number) == (False, quote.number)
    attachment = next(step for step in seen.plan.steps if step.entity == "OpportunityAttachments")
    assert quote.current_revision is not None
    assert quote.current_revision.content_sha256[:8] in attachment.title


def test_a_line_that_goes_is_named(desk: Desk, admin: Visitor) -> None:
    quote = desk.quote({"name": "Rack"}, {"name": "Shelf"}, {"name": "Tray"})
    desk.push(quote)
    db.session.delete(quote.lines[1])
    db.session.commit()
    said = text(admin.client.get(address(quote)))
    assert "Delete quote item “Shelf”, removed from the quote" in said
    assert "moves to position" not in said, "the numbers between which it stood leave a gap"


def test_a_line_that_moves_is_named_with_its_place(desk: Desk, admin: Visitor) -> None:
    quote = desk.quote({"name": "Rack"}, {"name": "Shelf"}, {"name": "Tray"})
    desk.push(quote)
    first, second, third = quote.lines
    first.position, second.position, third.position = 2, 3, 1
    db.session.commit()
    said = text(admin.client.get(address(quote)))
    assert "line 1 “Tray” moves to position 1" in said
    assert said.count("moves to position") == 1


def test_on_the_quotes_page_the_preview_opens_in_place(desk: Desk, admin: Visitor) -> None:
    quote = desk.quote({"name": "Rack"})
    shown = admin.client.get(f"/quotes/{quote.id}").text
    assert f'hx-get="{address(quote)}?on=quote" hx-target="#push-preview"' in shown
    assert shown.count('id="push-preview"') == 1
    assert f'href="{address(quote)}"' in shown, "a page of its own without JavaScript"
    inside = admin.client.get(f"{address(quote)}?on=quote", headers=HTMX)
    assert "<html" not in inside.text
    assert "Sync preview" in text(inside)
    assert re.search(r"\d+ steps: \d+ to create\.", text(inside))
    desk.push(quote)
    published = admin.client.get(f"/quotes/{quote.id}").text
    assert published.count('id="push-preview"') == 1
    assert "Sync preview" not in text(admin.client.get(address(quote), headers=HTMX))


def test_records_and_texts_of_digits_are_named_as_people_know_them(desk: Desk, admin: Visitor) -> None:
    quote = desk.quote({"name": "Rack"})
    assert quote.organization
    quote.organization.billing_postal_code, quote.organization.billing_line1 = "10004", "1 Broad Street"
    db.session.commit()
    said = text(admin.client.get(address(quote)))
    assert "Postal code 10004" in said
    assert "10,004" not in said
    run = desk.push(quote)
    told = text(admin.client.get(f"/activity/runs/{run.id}"))
    assert re.search(r"Product Rack \(\d+\)", told), "not the number alone"
    assert re.search(r"Company .{3,60} \(\d+\)", told)
    assert "Active 1" not in told
