"""Two people who make each of two items the successor of the other, at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.support import samples
from tests.support.waiting import blocked_sessions, wait_for
from webapp.models import Item, User, db
from webapp.services.catalog import items, replacing
from webapp.services.core import work
from webapp.services.core.errors import Invalid


@pytest.mark.postgres
def test_they_close_no_circle(app: Flask) -> None:
    with app.app_context():
        admin = samples.admin()
        one, other = (samples.item(admin, name=name).id for name in ("One", "Other"))
        admin_id = admin.id

    def replace(item_id: int, by: str) -> None:
        item = items.get(item_id)
        values = {"name": item.name, "unit_price": "100", "is_active": "1", "replaced_by": by}
        items.save(db.session.get_one(User, admin_id), item, values)

    def second() -> str:
        with app.app_context():
            try:
                replace(other, "One")
            except Invalid as refused:
                return refused.fields[replacing.FIELD]
            return ""

    with app.app_context(), ThreadPoolExecutor(1) as pool, db.engine.connect() as watcher:
        with work.unit():
            replace(one, "Other")
            answer = pool.submit(second)
            wait_for(lambda: blocked_sessions(watcher), "the second one to wait for the first")
        assert "“One” is itself replaced by this item" in answer.result(20)
        db.session.expire_all()
        assert db.session.get_one(Item, other).replaced_by is None
