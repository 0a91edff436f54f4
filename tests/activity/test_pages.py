"""The list of pushes and the page of one: what they show, to whom, and what never."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from tests.activity.office import COLLEAGUE, Office, mend_company, seed_broken_company, user
from tests.support.connected_desk import newest_run
from tests.support.visitor import HTMX, Visitor, text
from webapp.models import PushRun, Quote, db, utc_now
from webapp.services.autotask.activity import runs, states

COMPANY = "Stubborn & Sons"


def run_of(office: Office, quote_id: int) -> int:
    with office.app.app_context():
        found = newest_run(quote_id)
        assert found
        return found.id


def numbers(page: str) -> list[int]:
    """The ids of the runs that a list shows, in order."""
    return [int(one) for one in re.findall(r'href="/activity/runs/(\d+)"', page)]


@pytest.mark.both_databases
def test_the_list_shows_the_newest_first_and_can_be_narrowed(office: Office, admin: Visitor) -> None:
    seed_broken_company(office, COMPANY)
    good = office.quote(title="Green rack")
    bad = office.quote(title="Red rack", company=COMPANY, owner=COLLEAGUE)
    office.process(good)
    office.process(bad)
    first, second = run_of(office, good), run_of(office, bad)
    with office.desk():
        db.session.get_one(PushRun, first).started_at = utc_now() - timedelta(days=3)
        db.session.commit()
        number, colleague = db.session.get_one(Quote, bad).number, user(COLLEAGUE).id
    yesterday = (utc_now() - timedelta(days=1)).date()

    def listed(query: str) -> list[int]:
        answer = admin.client.get(f"/activity/?{query}", headers=HTMX)
        assert answer.status_code == 200
        assert "<html" not in answer.text
        return numbers(answer.text)

    assert listed("") == [second, first]
    assert listed("state=failed") == [second]
    assert listed("state=synced") == [first]
    assert listed("q=green") == [first]
    assert listed("q=stubborn") == [second]
    assert listed(f"q={number}") == [second]
    assert listed("q=green+stubborn") == []
    assert listed(f"owner={colleague}") == [second]
    assert listed(f"since={yesterday}") == [second]
    assert listed(f"until={yesterday}") == [first]
    full = admin.client.get("/activity/")
    assert "<html" in full.text
    assert numbers(full.text) == [second, first]


@pytest.mark.parametrize(
    "query",
    [
        "page=x",
        "page=-4",
        "page=99999999999999999999",
        "state=%00",
        "owner=abc",
        "owner=99999999999999999999",
        "since=2026-13-45&until=x",
        "since=0001-01-01",
        "until=9999-12-31",
        "q=%25_%5C'%22%3Cscript%3E",
        "q=" + "a" * 3000,
    ],
)
def test_no_address_breaks_the_list(office: Office, admin: Visitor, query: str) -> None:
    for page in ("/activity/", "/activity/bulk"):
        answer = admin.client.get(f"{page}?{query}")
        assert answer.status_code == 200
        assert "<script>" not in answer.text


def test_the_list_goes_on_on_further_pages(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    office.process(quote_id)
    first = run_of(office, quote_id)
    with office.desk():
        like = db.session.get_one(PushRun, first)
        known = {"quote_id": quote_id, "revision_id": like.revision_id, "token": 1, "state": "synced"}
        db.session.add_all(PushRun(**known) for _ in range(runs.PAGE))
        db.session.commit()
    page = owner.client.get("/activity/?state=synced")
    assert len(numbers(page.text)) == runs.PAGE
    link = re.search(r'href="([^"]*page=2[^"]*)"', page.text)
    assert link
    assert "state=synced" in link[1]
    assert numbers(owner.client.get(link[1].replace("&amp;", "&")).text) == [first]


def test_an_unchanged_list_is_answered_without_content(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    again = re.search(r'id="runs"[^>]*hx-get="([^"]+)"', owner.client.get("/activity/").text)
    assert again
    address = again[1].replace("&amp;", "&")
    assert owner.client.get(address, headers=HTMX).status_code == 204
    office.process(quote_id)
    assert numbers(owner.client.get(address, headers=HTMX).text) == [run_of(office, quote_id)]


def test_reps_see_their_own(office: Office, owner: Visitor, colleague: Visitor, admin: Visitor) -> None:
    mine, theirs = office.quote(), office.quote(owner=COLLEAGUE)
    office.process(mine)
    office.process(theirs)
    ours, other = run_of(office, mine), run_of(office, theirs)
    assert numbers(owner.client.get("/activity/").text) == [ours]
    with office.app.app_context():
        colleague_id = user(COLLEAGUE).id
    assert numbers(owner.client.get(f"/activity/?owner={colleague_id}").text) == [ours]
    assert owner.client.get(f"/activity/runs/{ours}").status_code == 200
    for visitor, run_id in ((owner, other), (colleague, ours)):
        answer = visitor.client.get(f"/activity/runs/{run_id}")
        assert answer.status_code == 403
        assert "colleague" in text(answer)
    assert numbers(admin.client.get("/activity/").text) == [other, ours]
    assert admin.client.get(f"/activity/runs/{other}").status_code == 200


def test_a_run_is_told_field_by_field(office: Office, owner: Visitor) -> None:
    quote_id = office.quote({"name": "Rack", "unit_price": "100", "quantity": 2})
    office.process(quote_id)
    page = owner.client.get(f"/activity/runs/{run_of(office, quote_id)}")
    said = text(page)
    assert "Create quote item" in said
    assert re.search(r"Unit price 100\.00", said)
    assert "One-time 200.00 200.00 Yes" in said
    assert "POST Companies/query 200" in said
    assert re.search(r"ExecuteCommand[^\"]*OpenAccount", page.text)
    with office.desk() as desk:
        quote = db.session.get_one(Quote, quote_id)
        quote.lines[0].unit_price = Decimal(90)
        db.session.commit()
        desk.publish(quote)
    office.process(quote_id)
    changed = text(owner.client.get(f"/activity/runs/{run_of(office, quote_id)}"))
    assert re.search(r"Unit price 100\.00 → becomes 90\.00", changed)
    assert "records already match" in changed


def test_a_failed_run_is_tried_again_from_where_it_stopped(office: Office, owner: Visitor) -> None:
    company_id = seed_broken_company(office, COMPANY)
    quote_id = office.quote(company=COMPANY)
    assert office.process(quote_id) == "failed"
    failed = run_of(office, quote_id)
    address = f"/activity/runs/{failed}"
    said = text(owner.client.get(address))
    assert "Autotask refused" in said
    assert "continues where this sync stopped" in said
    mend_company(office, company_id)
    before = office.tenant.stats()["creates"]
    assert owner.send(owner.form(address, "/push")).status_code == 303
    assert office.process(quote_id) == "synced"
    after = office.tenant.stats()["creates"]
    assert after.get("Quotes") == 1
    assert all(after[entity] - count >= 0 for entity, count in before.items())
    assert after.get("Opportunities") == 1
    old = owner.client.get(address)
    assert "/push" not in old.text, "only the newest run is tried again"


def test_calls_that_got_no_answer_are_counted(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    office.tenant.add_fault(kind="503", entity="Companies", verb="query", times=2)
    assert office.process(quote_id) == "synced"
    assert "2 failed and were retried" in text(owner.client.get(f"/activity/runs/{run_of(office, quote_id)}"))


def test_a_call_says_which_step_it_was_made_for(office: Office, owner: Visitor) -> None:
    quote_id = office.quote({"name": "Rack", "unit_price": 10}, {"name": "Shelf", "unit_price": 20})
    office.tenant.add_fault(kind="cut_after_commit", entity="QuoteItems", verb="create", times=1)
    assert office.process(quote_id) == "synced"
    page = owner.client.get(f"/activity/runs/{run_of(office, quote_id)}").text
    calls = [text_of(row) for row in re.findall(r"<tr>.*?</tr>", page.partition('id="calls"')[2], re.DOTALL)]
    made_for = [call for call in calls if " for quote item line " in call]
    # The line whose answer was lost took a look for its result; nothing was created twice.
    assert [call.split()[0] for call in made_for].count("POST") == 3
    assert sum("QuoteItems/query for quote item line" in call for call in made_for) == 1
    assert sum("Items for quote item line 1 “Rack”" in call for call in made_for) >= 1
    assert any(re.search(r"POST Companies for company ", call) for call in calls)
    assert any(call.startswith("POST Companies/query 200") for call in calls), "read before there was a plan"


def text_of(fragment: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", fragment)).split())


def test_attempts_of_one_push_name_each_other(office: Office, owner: Visitor) -> None:
    quote_id = office.quote()
    office.tenant.add_fault(kind="503", times=0)
    assert office.process(quote_id) == "retrying"
    first = run_of(office, quote_id)
    office.tenant._ask("DELETE", "/faults")
    assert office.process(quote_id) == "synced"
    second = run_of(office, quote_id)
    assert f'href="/activity/runs/{second}"' in owner.client.get(f"/activity/runs/{first}").text
    assert "Attempts: 1 (retrying) , 2" in text(owner.client.get(f"/activity/runs/{second}"))


def test_bodies_are_for_admins(office: Office, owner: Visitor, admin: Visitor) -> None:
    quote_id = office.quote()
    office.process(quote_id)
    page = f"/activity/runs/{run_of(office, quote_id)}"
    assert "/activity/calls/" not in owner.client.get(page).text
    calls = re.findall(r'href="(/activity/calls/\d+)"', admin.client.get(page).text)
    assert len(calls) > 5
    assert owner.client.get(calls[0]).status_code == 403
    shown = admin.client.get(calls[0], headers=HTMX)
    assert "&#34;filter&#34;" in shown.text
    assert "<html" not in shown.text
    assert "<html" in admin.client.get(calls[0]).text


def test_no_page_holds_a_secret(office: Office, admin: Visitor) -> None:
    quote_id = office.quote()
    office.process(quote_id)
    page = f"/activity/runs/{run_of(office, quote_id)}"
    shown = admin.client.get(page).text
    calls = re.findall(r'href="(/activity/calls/\d+)"', shown)
    pages = ["/activity/", f"/activity/quotes/{quote_id}", "/activity/bulk", *calls]
    whole = shown + "".join(admin.client.get(one).text for one in pages)
    # The sandbox's own addresses name its tenant by the code.
    whole = whole.replace(f"{office.tenant.sandbox_url}/tenants/{office.tenant.code}/", "")
    for secret in (office.tenant.secret, office.tenant.code):
        assert secret not in whole


@pytest.mark.parametrize("number", ["0", "999999", "99999999999999999999"])
@pytest.mark.parametrize("area", ["runs", "calls", "batches"])
def test_what_is_not_there(office: Office, admin: Visitor, area: str, number: str) -> None:
    assert admin.client.get(f"/activity/{area}/{number}").status_code == 404


@pytest.mark.both_databases
def test_the_list_of_quotes_has_the_state_of_each_push_in_one_query(office: Office, owner: Visitor) -> None:
    seed_broken_company(office, COMPANY)
    synced, failed, queued = office.quote(), office.quote(company=COMPANY), office.quote()
    office.process(synced)
    office.process(failed)
    for page in ("/quotes/", "/"):
        said = text(owner.client.get(page))
        assert all(word in said for word in ("Synced", "Failed", "Queued")), page
    with office.app.app_context():
        asked: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda _c, _x, sql, *_r: asked.append(sql))
        settled = states.of_quotes([synced, failed])
        alone = [sql for sql in asked if sql.startswith("SELECT")]
        waiting = states.of_quotes([queued])
    assert settled == {synced: "synced", failed: "failed"}
    assert waiting == {queued: "queued"}
    assert len(alone) == 1
