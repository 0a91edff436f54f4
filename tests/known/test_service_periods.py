"""The billing period belongs to what a service is: one of another period is never linked without a question."""

from __future__ import annotations

from typing import Any

import pytest

from tests.known.test_matching import answer, references, service
from tests.support.connected_desk import Desk
from webapp.models import PushQuestion, Quote, db
from webapp.services.autotask.preview import plan_only

MONTHLY, QUARTERLY, ANNUAL = 2, 3, 5


def seat(**more: Any) -> dict[str, Any]:
    return {"name": "Antivirus seat", "recurrence": "annual", "unit_price": 44, **more}


def services(desk: Desk, name: str = "Antivirus seat") -> list[tuple[str, int]]:
    rows = desk.tenant.query("Services", {"op": "beginsWith", "field": "name", "value": name})
    return sorted((row["name"], row["periodType"]) for row in rows)


def asked(desk: Desk, quote: Quote) -> str:
    before = desk.tenant.stats()["writes"]
    run = desk.push(quote)
    assert (run.state, desk.tenant.stats()["writes"]) == ("needs_you", before)
    return run.sentence


@pytest.mark.parametrize("name", ["Antivirus seat", "ANTIVIRUS seat"])
def test_a_service_of_another_period_is_a_question(desk: Desk, name: str) -> None:
    service(desk, name, periodType=MONTHLY)
    sentence = asked(desk, desk.quote(seat()))
    assert sentence == (
        f"The service “{name}” is billed monthly in Autotask, but line 1 “Antivirus seat” is billed annually. Nothing "
        "was written. Use it anyway, or create the service “Antivirus seat (annual)”."
    )


def test_the_preview_asks_the_same(desk: Desk) -> None:
    service(desk, "Antivirus seat", periodType=QUARTERLY)
    plan = plan_only.of_quote(desk.runtime, desk.quote(seat())).plan
    assert "is billed quarterly in Autotask" in plan.questions[0].sentence
    assert plan.steps == []


def test_a_new_service_gets_a_name_of_its_own_that_later_quotes_find(desk: Desk) -> None:
    service(desk, "Antivirus seat", periodType=MONTHLY)
    quote = desk.quote(seat())
    asked(desk, quote)
    answer(quote, 0)
    assert desk.process(quote).state == "synced"
    assert services(desk) == [("Antivirus seat", MONTHLY), ("Antivirus seat (annual)", ANNUAL)]
    db.session.execute(db.delete(PushQuestion))
    later = desk.quote(seat(unit_price=40), title="Later")
    assert desk.push(later).state == "synced"
    assert references(desk, later) == references(desk, quote)


def test_the_other_service_can_be_used_and_is_not_asked_about_again(desk: Desk) -> None:
    number = service(desk, "Antivirus seat", periodType=MONTHLY)
    quote = desk.quote(seat())
    asked(desk, quote)
    answer(quote, number)
    assert desk.process(quote).state == "synced"
    later = desk.quote(seat(), title="Later")
    assert desk.push(later).state == "synced"
    assert references(desk, quote) == references(desk, later) == [number]


def test_two_periods_of_one_name_on_a_quote_are_two_services(desk: Desk) -> None:
    quote = desk.quote(seat(recurrence="monthly", unit_price=4), seat())
    assert desk.push(quote).state == "synced"
    assert services(desk) == [("Antivirus seat", MONTHLY), ("Antivirus seat (annual)", ANNUAL)]
    first, second = references(desk, quote)
    assert first != second
    quote.lines[0].unit_price += 1
    db.session.commit()
    assert desk.push(quote).state == "synced"
    assert references(desk, quote) == [first, second]


def test_two_periods_of_a_name_of_which_autotask_has_one_are_two_services(desk: Desk) -> None:
    number = service(desk, "Antivirus seat", periodType=MONTHLY)
    quote = desk.quote(seat(recurrence="monthly", unit_price=4), seat())
    assert desk.push(quote).state == "synced"
    assert services(desk) == [("Antivirus seat", MONTHLY), ("Antivirus seat (annual)", ANNUAL)]
    assert references(desk, quote)[0] == number


def test_a_line_that_changes_its_period_becomes_another_service(desk: Desk) -> None:
    quote = desk.quote(seat(recurrence="monthly"))
    assert desk.push(quote).state == "synced"
    (first,) = references(desk, quote)
    quote.lines[0].recurrence = "annual"
    db.session.commit()
    asked(desk, quote)
    answer(quote, 0)
    assert desk.process(quote).state == "synced"
    assert references(desk, quote) != [first]


@pytest.mark.parametrize("entity", ["Services", "ServiceBundles"])
def test_a_pulled_service_whose_line_has_another_period_is_a_question(desk: Desk, entity: str) -> None:
    number = (
        service(desk, "Antivirus seat", periodType=MONTHLY)
        if entity == "Services"
        else next(row["id"] for row in desk.tenant.query(entity) if row["periodType"] == MONTHLY)
    )
    quote = desk.quote(seat(origin_entity=entity, origin_id=number))
    assert "is billed monthly in Autotask" in asked(desk, quote)
    answer(quote, number)
    assert desk.process(quote).state == "synced"
    assert references(desk, quote) == [number]


def test_a_linked_service_whose_period_was_changed_in_autotask_is_a_question(desk: Desk) -> None:
    assert desk.push(desk.quote(seat())).state == "synced"
    (row,) = desk.tenant.query("Services", {"op": "eq", "field": "name", "value": "Antivirus seat"})
    desk.tenant.edit("Services", row["id"], periodType=MONTHLY)
    assert "is billed monthly" in asked(desk, desk.quote(seat(), title="Later"))


def test_the_period_that_the_settings_give_to_new_services_is_the_same_service(desk: Desk) -> None:
    chosen = desk.settings("products_services").model_copy(update={"service_period": MONTHLY})
    desk.save(products_services=chosen)
    number = service(desk, "Antivirus seat", periodType=MONTHLY)
    quote = desk.quote(seat())
    assert desk.push(quote).state == "synced"
    assert references(desk, quote) == [number]
