"""What a change of several lines would make of them is asked for at each key, and keeps nobody waiting."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from flask import Flask

from tests.support.sheet import token
from tests.support.visitor import HTMX, Visitor
from tests.web.conftest import Ids
from webapp.models import Quote, db


def test_the_look_waits_for_no_writer_and_changes_nothing(app: Flask, ids: Ids, rep: Visitor) -> None:
    with app.app_context():
        path = db.engine.url.database
        quote = db.session.get_one(Quote, ids.quote)
        uids = " ".join(line.uid for line in quote.lines)
        before = [line.discount_value for line in quote.lines]
    values = {"uids": uids, "csrf_token": token(rep.client.get(ids.quote_page).text)}
    with closing(sqlite3.connect(str(path), timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for what, more in (
            ("discount", {"discount_value": "10", "discount_kind": "percent"}),
            ("delete", {}),
            ("optional", {}),
        ):
            seen = rep.client.post(
                f"{ids.quote_page}/lines/foresee", data={**values, "do": what, **more}, headers=HTMX
            )
            assert seen.status_code == 200
            assert "bulk-then" in seen.text
        other.execute("ROLLBACK")
    with app.app_context():
        quote = db.session.get_one(Quote, ids.quote)
        assert [line.discount_value for line in quote.lines] == before
        quote.status = "lost"
        db.session.commit()
    refused = rep.client.post(
        f"{ids.quote_page}/lines/foresee", data={**values, "do": "delete"}, headers=HTMX
    )
    assert "This quote is lost, so it can't be edited." in " ".join(
        refused.text.replace("&#39;", "'").split()
    )
