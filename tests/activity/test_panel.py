"""The panel on the quote's page: every state, as a partial and as a page, and who may act."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.activity.office import Office
from tests.support.connected_desk import newest_entry
from tests.support.sandbox import Tenant
from tests.support.visitor import HTMX, Visitor, text, walk
from webapp.models import db, utc_now
from webapp.services.accounts import changing_rules
from webapp.services.autotask.connection import connection, pausing
from webapp.services.delivery import attempt


def panel(quote_id: int) -> str:
    return f"/activity/quotes/{quote_id}"


def status(visitor: Visitor, quote_id: int) -> str:
    answer = visitor.client.get(panel(quote_id), headers=HTMX)
    assert answer.status_code == 200, text(answer)
    assert "<html" not in answer.text
    found = re.findall(r'data-status="(\w+)"', answer.text)
    assert len(found) == 1
    return str(found[0])


def polls(visitor: Visitor, quote_id: int) -> str:
    found = re.search(r'hx-trigger="every (\w+)"', visitor.client.get(panel(quote_id), headers=HTMX).text)
    return found[1] if found else ""


def test_a_push_goes_from_queued_to_synced_and_then_stops_asking(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    assert (status(owner, quote_id), polls(owner, quote_id)) == ("queued", "1s")
    assert office.process(quote_id) == "synced"
    assert (status(owner, quote_id), polls(owner, quote_id)) == ("synced", "")


def test_the_page_of_the_quote_loads_the_panel_and_links_to_it(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    page = owner.client.get(f"/quotes/{quote_id}").text
    assert f'hx-get="{panel(quote_id)}"' in page
    full = owner.client.get(panel(quote_id))
    assert "<html" in full.text
    assert 'data-status="queued"' in full.text


def test_an_unchanged_panel_is_answered_without_content(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    again = re.search(r'hx-get="([^"]+)"', owner.client.get(panel(quote_id), headers=HTMX).text)
    assert again
    assert owner.client.get(again[1], headers=HTMX).status_code == 204
    office.process(quote_id)
    answer = owner.client.get(again[1], headers=HTMX)
    assert (answer.status_code, 'data-status="synced"' in answer.text) == (200, True)


def test_a_synced_push_links_to_autotask(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    office.process(quote_id)
    shown = owner.client.get(panel(quote_id), headers=HTMX).text
    found = re.search(r'href="([^"]*ExecuteCommand[^"]*OpenOpportunity[^"]*)"', shown)
    assert found
    newest = office.tenant.state()["Opportunities"][-1]["id"]
    assert found[1].endswith(f"OpportunityID={newest}")


def test_a_web_address_that_is_none_makes_no_link(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    office.process(quote_id)
    with office.desk():
        stored = connection.load()
        assert stored
        stored.web_url = "javascript:alert(1)//"
        db.session.commit()
    assert "javascript:" not in owner.client.get(panel(quote_id), headers=HTMX).text


def test_without_a_connection_the_push_waits_and_says_for_whom(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    with office.desk() as desk:
        connection.disconnect(desk.rep)
    assert (status(owner, quote_id), polls(owner, quote_id)) == ("not_connected", "10s")
    assert "An admin disconnected Autotask" in text(owner.client.get(panel(quote_id)))


def test_a_pause_is_told_with_its_reason(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    entry_id = office.entry(quote_id)[0]
    with office.desk() as desk:
        pausing.pause(desk.rep, "Year end in Autotask")
        attempt.perform(desk.runtime, entry_id, early=True)
    assert status(owner, quote_id) == "paused"
    said = text(owner.client.get(panel(quote_id)))
    assert "Rita Rep paused Autotask sync" in said
    assert "Year end in Autotask" in said
    assert office.tenant.state()["Quotes"] == []


def test_autotask_away_is_told_with_the_time_of_the_next_try(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    office.tenant.add_fault(kind="503", times=0)
    assert office.process(quote_id) == "retrying"
    assert (status(owner, quote_id), polls(owner, quote_id)) == ("retrying", "10s")
    assert "Next attempt:" in text(owner.client.get(panel(quote_id)))
    office.tenant._ask("DELETE", "/faults")
    answer = owner.send(owner.form(panel(quote_id), "/push"), htmx=True)
    assert 'data-status="queued"' in answer.text
    assert office.process(quote_id) == "synced"


def test_a_problem_is_told_with_the_way_to_mend_it(office: Office, owner: Visitor, admin: Visitor) -> None:
    with office.desk() as desk:
        quote = desk.quote({"name": "Rack"})
        assert quote.person
        quote.organization = quote.person.organization = None
        db.session.commit()
        desk.publish(quote)
        quote_id = quote.id
    assert office.process(quote_id) == "needs_you"
    shown = admin.client.get(panel(quote_id))
    assert "has no organization" in text(shown)
    assert f'href="/quotes/{quote_id}/customer"' in shown.text


def test_differing_sums_are_no_green_state(office: Office, owner: Visitor, tenant: Tenant) -> None:
    quote_id = office.quote({"name": "Rack", "unit_price": "100"})
    office.process(quote_id)
    item = tenant.state()["QuoteItems"][-1]
    tenant.edit("QuoteItems", item["id"], unitPrice=90)
    owner.send(owner.form(panel(quote_id), "/push"))
    assert office.process(quote_id) == "out_of_sync"
    shown = owner.client.get(panel(quote_id), headers=HTMX)
    assert "totals 90.00 in Autotask and 100.00 here" in text(shown)


def test_pushing_again_is_one_push_however_often_it_is_asked_for(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    office.process(quote_id)
    form = owner.form(panel(quote_id), "/push")
    assert owner.send(form).status_code == 303
    first = office.entry(quote_id)
    assert first[1:] == ("again", "waiting")
    assert owner.send(form).status_code == 303
    assert office.entry(quote_id) == first
    before = office.tenant.stats()["writes"]
    assert office.process(quote_id) == "synced"
    assert office.tenant.stats()["writes"] == before


def test_a_colleague_sees_the_state_and_cannot_act(
    office: Office, owner: Visitor, colleague: Visitor, admin: Visitor
) -> None:
    quote_id = office.quote()
    office.process(quote_id)
    form = owner.form(panel(quote_id), "/push")
    shown = colleague.client.get(panel(quote_id)).text
    assert 'data-status="synced"' in shown
    assert f"{panel(quote_id)}/push" not in shown
    theirs = colleague.form("/quotes/new", "/logout")
    form.fields = [("csrf_token", dict(theirs.fields)["csrf_token"])]
    assert colleague.send(form).status_code == 403
    assert office.entry(quote_id)[1] == "published"
    assert admin.send(admin.form(panel(quote_id), "/push")).status_code == 303


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999"])
@pytest.mark.parametrize("way", ["", "/push", "/answers"])
def test_a_quote_that_is_not_there(office: Office, owner: Visitor, number: str, way: str) -> None:
    address = f"/activity/quotes/{number}{way}"
    token = dict(owner.form("/quotes/new", "/logout").fields)["csrf_token"]
    answer = owner.client.post(address, data={"csrf_token": token}) if way else owner.client.get(address)
    assert answer.status_code == 404


def test_nobody_sees_anything_without_signing_in(office: Office) -> None:
    quote_id = office.quote()
    assert office.app.test_client().get(panel(quote_id)).status_code == 303


def test_a_push_that_no_worker_takes_is_told_after_a_while(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    with office.desk():
        newest_entry(quote_id).not_before = utc_now() - timedelta(minutes=2)
        db.session.commit()
    assert status(owner, quote_id) == "queued"
    assert "This sync hasn't started yet" in text(owner.client.get(panel(quote_id)))


def test_a_rep_without_costs_gets_no_link_to_them(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    assert office.process(quote_id) == "synced"
    with office.app.app_context():
        changing_rules.save(None, {"reps_see": "all", "reps_change": "all"})
    found = walk(owner.client, f"/quotes/{quote_id}", panel(quote_id), "/activity/", "/drift/")
    assert not {address: status for address, status in found.items() if status >= 400}
    assert "/activity/runs/" not in " ".join(found)
    assert "href=" not in owner.client.get(f"/drift/quotes/{quote_id}/panel", headers=HTMX).text
    with office.app.app_context():
        changing_rules.save(None, {"reps_see": "all", "reps_change": "all", "reps_see_cost": "1"})
    found = walk(owner.client, "/activity/", "/drift/")
    assert "/activity/runs/" in " ".join(found)
    assert set(found.values()) <= {200, 303}
