"""``flask autotask push``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import Result

from tests.support.connected_desk import Desk, newest_entry
from webapp.models import Delivery, Quote, db
from webapp.models.delivery import DeliveryState
from webapp.services.autotask.connection import connection
from webapp.services.autotask.push import lease
from webapp.services.quoting.lifecycle import publishing


def command(desk: Desk, *arguments: str) -> Result:
    """Run it as a person at the command line would."""
    result = desk.app.test_cli_runner().invoke(args=["autotask", "push", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def remote_quotes(desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.tenant.state()["Quotes"]
    return found


def published(desk: Desk, *lines: dict[str, Any]) -> Quote:
    quote = desk.quote(*lines or ({"name": "Rack", "unit_price": "1234.5"},))
    publishing.publish(desk.rep, quote.id)
    return quote


def test_a_dry_run_prints_the_steps_and_writes_nothing(desk: Desk) -> None:
    quote = published(desk)
    entries = db.session.scalar(db.select(db.func.count(Delivery.id)))
    result = command(desk, str(quote.number), "--dry-run")
    assert result.exit_code == 0
    assert "Create  opportunity: New office" in result.stdout
    assert "Unit price: 1,234.50" in result.stdout
    assert "Nothing was written." in result.stdout
    assert desk.tenant.stats()["writes"] == 0
    assert db.session.scalar(db.select(db.func.count(Delivery.id))) == entries


def test_a_dry_run_as_json_is_json_alone(desk: Desk) -> None:
    quote = published(desk)
    document = json.loads(command(desk, str(quote.number), "--dry-run", "--json").stdout)
    assert document["quote"] == {"id": quote.id, "number": quote.number, "title": "New office"}
    assert {step["entity"] for step in document["steps"]} >= {"Companies", "Quotes", "QuoteItems"}
    assert document["problems"] == []


def test_pushing_makes_what_the_dry_run_said(desk: Desk) -> None:
    quote = published(desk)
    result = command(desk, str(quote.number))
    assert result.exit_code == 0, result.output
    assert "Totals match Autotask" in result.stdout
    assert [row["externalQuoteNumber"] for row in remote_quotes(desk)] == [str(quote.number)]
    again = command(desk, str(quote.number), "--dry-run")
    assert "0 to write" in again.stdout


def test_as_json_the_push_names_its_steps(desk: Desk) -> None:
    quote = published(desk)
    document = json.loads(command(desk, f"id:{quote.id}", "--json").stdout)
    assert document["state"] == "synced"
    assert all(step["state"] == "done" for step in document["steps"] if step["action"] == "create")


def test_what_waits_already_is_covered_by_the_command(desk: Desk) -> None:
    quote = published(desk)
    command(desk, str(quote.number))
    left = db.session.scalars(
        db.select(Delivery).filter_by(quote_id=quote.id, state=DeliveryState.WAITING)
    ).all()
    assert left == []


@pytest.mark.parametrize("wanted", ["4711", "id:4711", "nonsense", "-1", "9" * 40, "1001; drop", ""])
def test_a_quote_that_is_not_there_is_a_sentence(desk: Desk, wanted: str) -> None:
    result = command(desk, "--", wanted)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "quote" in result.stderr
    assert "Traceback" not in result.output


def test_a_number_wins_over_an_id(desk: Desk) -> None:
    first, second = published(desk), published(desk)
    first.number, second.number = second.id, 5000
    db.session.commit()
    result = command(desk, str(second.id), "--dry-run", "--json")
    assert json.loads(result.stdout)["quote"]["id"] == first.id
    result = command(desk, f"id:{second.id}", "--dry-run", "--json")
    assert json.loads(result.stdout)["quote"]["id"] == second.id


def test_a_draft_can_be_looked_at_but_not_pushed(desk: Desk) -> None:
    quote = desk.quote({"name": "Rack"})
    assert command(desk, f"id:{quote.id}", "--dry-run").exit_code == 0
    result = command(desk, f"id:{quote.id}")
    assert result.exit_code == 1
    assert "never published" in result.stderr
    assert desk.tenant.stats()["writes"] == 0


def test_what_a_person_must_mend_ends_with_its_own_code(desk: Desk) -> None:
    quote = published(desk, {"name": "Care", "recurrence": "monthly"})
    desk.save(products_services=type(_products(desk))())
    for arguments in ((str(quote.number), "--dry-run"), (str(quote.number),)):
        result = command(desk, *arguments)
        assert result.exit_code == 4, result.output
        assert "billing code" in result.output
    assert desk.tenant.stats()["writes"] == 0


def _products(desk: Desk) -> Any:
    from webapp.services.autotask.settings import store as settings_store

    return settings_store.active().products_services


def test_what_a_person_must_pick_is_listed_with_its_candidates(desk: Desk) -> None:
    like = {
        "productBillingCodeID": desk.tenant.state()["Products"][0]["productBillingCodeID"],
        "isActive": True,
    }
    twins = [
        {**like, "name": name, "manufacturerProductName": "TWIN-1"} for name in ("Twin left", "Twin right")
    ]
    desk.tenant.seed(Products=twins)
    quote = published(desk, {"name": "Twin", "mpn": "TWIN-1"})
    for arguments in ((str(quote.number), "--dry-run"), (str(quote.number),)):
        result = command(desk, *arguments)
        assert result.exit_code == 4, result.output
        assert "Twin left" in result.output
        assert "Twin right" in result.output
    assert f"/activity/quotes/{quote.id}" in result.stderr
    document = json.loads(command(desk, str(quote.number), "--json").stdout)
    assert [one["label"] for one in document["questions"][0]["candidates"]] == ["Twin left", "Twin right"]
    assert desk.tenant.stats()["writes"] == 0


def test_a_push_that_must_wait_says_so(desk: Desk) -> None:
    quote = published(desk)
    token = lease.take(quote.id, "somebody else")
    assert token is not None
    result = command(desk, str(quote.number))
    assert result.exit_code == 5
    assert "Another sync of this quote is running." in result.stderr
    assert "A worker will retry it." in result.stderr
    lease.release(quote.id, token)
    assert newest_entry(quote.id).state == DeliveryState.WAITING


def test_without_a_connection_it_waits_and_the_dry_run_fails(desk: Desk) -> None:
    quote = published(desk)
    connection.disconnect(desk.rep)
    assert command(desk, str(quote.number), "--dry-run").exit_code == 1
    result = command(desk, str(quote.number))
    assert result.exit_code == 5
    assert "disconnected" in result.stderr


def test_sums_that_differ_end_with_their_own_code(desk: Desk) -> None:
    quote = published(desk)
    command(desk, str(quote.number))
    item = desk.tenant.state()["QuoteItems"][0]
    desk.tenant.edit("QuoteItems", item["id"], unitPrice=1)
    result = command(desk, str(quote.number))
    assert result.exit_code == 3
    assert "totals 1.00 in Autotask" in result.stderr
