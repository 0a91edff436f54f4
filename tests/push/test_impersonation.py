"""Autotask shows the quote's owner as the author, where the settings say so and the rights allow."""

from __future__ import annotations

import pytest

from tests.support.connected_desk import Desk
from webapp.services.autotask.push.run import NOT_AS_OWNER


@pytest.mark.parametrize("wanted", [True, False])
def test_records_are_written_as_the_owner(desk: Desk, wanted: bool) -> None:
    (owner,) = desk.tenant.query("Resources", {"op": "eq", "field": "email", "value": desk.rep.email})
    desk.save(opportunity=desk.settings("opportunity").model_copy(update={"act_as_owner": wanted}))
    run = desk.push(desk.quote({"name": "Rack"}))
    assert run.state == "synced", run.sentence
    assert run.report["notes"] == []
    (opportunity,) = desk.tenant.query("Opportunities", {"op": "eq", "field": "title", "value": "New office"})
    assert (opportunity["creatorResourceID"] == owner["id"]) == wanted


def test_without_the_right_the_push_goes_on_and_says_so(desk: Desk) -> None:
    desk.save(opportunity=desk.settings("opportunity").model_copy(update={"act_as_owner": True}))
    desk.tenant.change(dialect={"impersonation": "forbidden"})
    quote = desk.quote({"name": "Rack"}, {"name": "Shelf"}, {"name": "Cable"})
    run = desk.push(quote)
    assert run.state == "synced", run.sentence
    assert run.report["notes"] == [NOT_AS_OWNER]
    assert len(desk.tenant.query("Opportunities", {"op": "eq", "field": "title", "value": "New office"})) == 1
