"""What can't be undone is asked about first, without a script too."""

from __future__ import annotations

import pytest

from tests.support.connected_desk import Desk
from tests.support.visitor import PAGE, Visitor, text
from webapp.models import Connection, Link, db
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.model import OpportunitySettings


@pytest.mark.parametrize(
    ("page", "action", "question"),
    [
        (PAGE, "/disconnect", "Disconnect Autotask?"),
        (f"{PAGE}/links", "links/forget", "Delete all links?"),
        (f"{PAGE}/history", "/restore", "live again?"),
    ],
)
def test_nothing_happens_before_yes(
    desk: Desk, desk_admin: Visitor, page: str, action: str, question: str
) -> None:
    desk.push(desk.quote({"name": "Box"}))
    desk.save(opportunity=desk.settings("opportunity").model_copy(update={"probability": 33}))
    form = desk_admin.form(page, action)
    asked = desk_admin.send(form)
    assert asked.status_code == 200
    assert question in text(asked)
    assert remembered() == (33, "connected", True)
    assert desk_admin.send_and_confirm(form).status_code == 303
    assert remembered() != (33, "connected", True)


def remembered() -> tuple[int, str, bool]:
    """The draft's probability, the state of the connection, and whether there are links."""
    db.session.rollback()
    state = db.session.scalars(db.select(Connection.state)).one()
    linked = db.session.scalar(db.select(Link.id).limit(1)) is not None
    opportunity = settings_store.draft("opportunity").content
    assert isinstance(opportunity, OpportunitySettings)
    return opportunity.probability, state, linked
