"""A push that finds several records asks which it is, keeps the answer, and goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text as text_of

from tests.activity.office import Office
from tests.support.visitor import HTMX, Visitor, text
from tests.support.waiting import wait_for
from webapp.models import Delivery, Organization, PushQuestion, User, db

TWINS = "Twin Peaks Logistics"


def panel(quote_id: int) -> str:
    return f"/activity/quotes/{quote_id}"


def seed_twins(office: Office) -> list[int]:
    """Two active companies of the same name; returns their ids."""
    like = office.tenant.query("Companies")[0]
    row = {name: like[name] for name in ("companyType", "ownerResourceID", "phone", "isActive")}
    row["companyName"] = TWINS
    office.tenant.seed(Companies=[{**row, "city": "Albany"}, {**row, "city": "Buffalo"}])
    return [one["id"] for one in office.tenant.state()["Companies"] if one["companyName"] == TWINS]


def names(page: str) -> list[str]:
    """The names of the questions on a page, in order."""
    return list(dict.fromkeys(re.findall(r'type="radio" name="(question-\d+)"', page)))


def ask(visitor: Visitor, quote_id: int) -> tuple[Any, list[str]]:
    page = visitor.client.get(panel(quote_id)).text
    return visitor.form(panel(quote_id), "/answers"), names(page)


def stored(office: Office) -> list[tuple[int | None, str]]:
    with office.app.app_context():
        rows = db.session.scalars(db.select(PushQuestion).order_by(PushQuestion.id))
        emails = {user.id: user.email for user in db.session.scalars(db.select(User))}
        return [(row.chosen_id, emails.get(row.answered_by_id or 0, "")) for row in rows]


def company_of_newest_opportunity(office: Office) -> int:
    return int(office.tenant.state()["Opportunities"][-1]["companyID"])


def test_the_picked_company_is_used_and_remembered(office: Office, owner: Visitor) -> None:
    albany, buffalo = seed_twins(office)
    quote_id = office.quote(company=TWINS)
    assert office.process(quote_id) == "needs_you"
    assert office.tenant.stats()["writes"] == 0
    page = owner.client.get(panel(quote_id), headers=HTMX)
    assert "2 companies in Autotask match" in text(page)
    assert "Albany" in page.text
    assert "hx-trigger" not in page.text, "a question waits for a person, so nothing is asked for again"
    form, (name,) = ask(owner, quote_id)
    assert form.boxes or form.choices or name in page.text
    answer = owner.client.post(form.action, data={**dict(form.fields), name: str(buffalo)}, headers=HTMX)
    assert answer.status_code == 200
    assert 'data-status="queued"' in answer.text
    assert "Answer saved." in answer.text
    assert office.entry(quote_id)[1:] == ("answered", "waiting")
    assert stored(office) == [(buffalo, "olga@demo.example")]
    assert office.process(quote_id) == "synced"
    assert company_of_newest_opportunity(office) == buffalo != albany


def test_none_of_them_makes_a_new_company(office: Office, owner: Visitor) -> None:
    twins = seed_twins(office)
    quote_id = office.quote(company=TWINS)
    office.process(quote_id)
    form, (name,) = ask(owner, quote_id)
    answer = owner.client.post(form.action, data={**dict(form.fields), name: "0"})
    assert (answer.status_code, answer.location) == (303, panel(quote_id))
    assert office.process(quote_id) == "synced"
    assert company_of_newest_opportunity(office) not in twins


def test_what_is_no_candidate_is_refused_beside_the_question(office: Office, owner: Visitor) -> None:
    seed_twins(office)
    quote_id = office.quote(company=TWINS)
    office.process(quote_id)
    form, (name,) = ask(owner, quote_id)
    token = {"csrf_token": dict(form.fields)["csrf_token"]}
    for pick in ({}, {name: ""}, {name: "999999"}, {name: "-1"}, {name: "²"}, {name: "1" * 40}):
        for headers in ({}, HTMX):
            answer = owner.client.post(form.action, data={**token, **pick}, headers=headers)
            assert answer.status_code == 422, pick
            assert f'id="{name}-error"' in answer.text
    assert stored(office) == [(None, "")]
    assert office.entry(quote_id)[2] == "parked"


@pytest.mark.both_databases
def test_an_answer_counts_for_every_quote_that_asked_the_same(office: Office, owner: Visitor) -> None:
    _, buffalo = seed_twins(office)
    first = office.quote(company=TWINS)
    with office.desk() as desk:
        organization = db.session.scalars(db.select(Organization).filter_by(name=TWINS)).one()
        second_quote = desk.quote({"name": "Switch"}, organization=organization)
        second_quote.owner = desk.rep
        db.session.commit()
        desk.publish(second_quote)
        second = second_quote.id
    assert [office.process(first), office.process(second)] == ["needs_you", "needs_you"]
    form, (name,) = ask(owner, first)
    owner.client.post(form.action, data={**dict(form.fields), name: str(buffalo)})
    assert office.entry(second)[1:] == ("answered", "waiting")
    assert [office.process(first), office.process(second)] == ["synced", "synced"]
    assert company_of_newest_opportunity(office) == buffalo


@contextmanager
def questions_held(office: Office) -> Iterator[Callable[[], None]]:
    """Blocker the questions' rows; gives a function that returns when two others wait for them. SQLite is serial."""
    with office.app.app_context():
        engine = db.engine
    if engine.dialect.name != "postgresql":
        yield lambda: None
        return
    blocked = "wait_event_type = 'Lock' and datname = current_database()"
    waiting = text_of(f"select count(*) from pg_stat_activity where {blocked}")  # noqa: S608  our own words
    with engine.connect() as holder, engine.connect() as watcher:
        holder.execute(db.select(PushQuestion.id).with_for_update())

        def both_wait() -> None:
            def count() -> bool:
                with watcher.begin():
                    return int(watcher.scalar(waiting) or 0) == 2

            wait_for(count, "two who wait for the questions")

        yield both_wait
        holder.rollback()


@pytest.mark.both_databases
def test_of_two_who_answer_at_once_one_is_told(office: Office, owner: Visitor, admin: Visitor) -> None:
    twins = seed_twins(office)
    quote_id = office.quote(company=TWINS)
    office.process(quote_id)
    asked = [(visitor, *ask(visitor, quote_id)) for visitor in (owner, admin)]

    def answer(place: int) -> int:
        visitor, form, (name,) = asked[place]
        return visitor.client.post(
            form.action, data={**dict(form.fields), name: str(twins[place])}
        ).status_code

    with ThreadPoolExecutor(2) as pool, questions_held(office) as both_wait:
        coming = [pool.submit(answer, place) for place in range(2)]
        both_wait()
    answers = [one.result() for one in coming]
    assert sorted(answers) == [303, 409]
    ((chosen, _who),) = stored(office)
    assert chosen == twins[answers.index(303)]
    with office.app.app_context():
        entries = db.session.scalars(
            db.select(Delivery).filter_by(quote_id=quote_id, reason="answered")
        ).all()
        assert len(entries) == 1


def test_several_questions_are_asked_together_and_a_pick_survives_a_refusal(
    office: Office, owner: Visitor
) -> None:
    albany, _ = seed_twins(office)
    like = office.tenant.query("Products")[0]
    made: dict[str, Any] = {
        key: like[key] for key in ("productBillingCodeID", "isActive", "isSerialized") if key in like
    }
    office.tenant.seed(Products=[{**made, "name": f"Rack {n}", "sku": "RACK-42"} for n in (1, 2)])
    quote_id = office.quote({"name": "Rack", "sku": "RACK-42"}, company=TWINS)
    assert office.process(quote_id) == "needs_you"
    form, questions = ask(owner, quote_id)
    assert len(questions) == 2
    token = {"csrf_token": dict(form.fields)["csrf_token"]}
    half = owner.client.post(form.action, data={**token, questions[0]: str(albany)}, headers=HTMX)
    assert half.status_code == 422
    assert re.search(rf'name="{questions[0]}" value="{albany}" checked', half.text)
    picked = next(row["id"] for row in office.tenant.query("Products") if row["name"] == "Rack 2")
    whole = {**token, questions[0]: str(albany), questions[1]: str(picked)}
    assert owner.client.post(form.action, data=whole).status_code == 303
    assert office.process(quote_id) == "synced"
    assert office.tenant.state()["QuoteItems"][-1]["productID"] == picked


def test_the_second_of_two_answers_is_told_that_it_came_late(
    office: Office, owner: Visitor, admin: Visitor
) -> None:
    albany, buffalo = seed_twins(office)
    quote_id = office.quote(company=TWINS)
    office.process(quote_id)
    early, (name,) = ask(owner, quote_id)
    late, _ = ask(admin, quote_id)
    assert owner.client.post(early.action, data={**dict(early.fields), name: str(albany)}).status_code == 303
    answer = admin.client.post(late.action, data={**dict(late.fields), name: str(buffalo)}, headers=HTMX)
    assert answer.status_code == 409
    assert "already answered this question" in text(answer)
    assert stored(office) == [(albany, "olga@demo.example")]


def test_a_colleague_reads_the_question_and_cannot_answer(
    office: Office, owner: Visitor, colleague: Visitor
) -> None:
    albany, _ = seed_twins(office)
    quote_id = office.quote(company=TWINS)
    office.process(quote_id)
    page = colleague.client.get(panel(quote_id))
    assert "2 companies in Autotask match" in text(page)
    assert "Olga Owner or an admin can fix this" in text(page)
    form, (name,) = ask(colleague, quote_id)
    answer = colleague.client.post(form.action, data={**dict(form.fields), name: str(albany)})
    assert answer.status_code == 403
    assert stored(office) == [(None, "")]
