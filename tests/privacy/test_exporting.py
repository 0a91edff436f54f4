"""The file with a person's data has nothing that is the company's own."""

from __future__ import annotations

import json

from flask import Flask

from tests.support import samples
from webapp.models import db
from webapp.services.privacy import exporting
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing


def test_no_costs_and_no_internal_notes(app: Flask) -> None:
    with app.app_context():
        admin = samples.admin()
        quote = samples.quote(admin, {"name": "Rack", "unit_price": "100", "unit_cost": "61.37"})
        editing.save_header(admin, quote.id, {"title": "Racks", "internal_notes": "the margin is fat"})
        lines.change(
            admin, quote.id, quote.lines[0].uid, {"name": "Rack", "unit_price": "100", "unit_cost": "62.48"}
        )
        publishing.publish(admin, quote.id)
        person = quote.person
        db.session.commit()
        assert person is not None
        written = exporting.person(admin, person)
    found = json.loads(written)
    assert found["quotes"][0]["revisions"][0]["lines"][0]["unit_price"] == "100.0000"
    names = ("unit_cost", "cost_date", "price_rule", "price_percent", "tiers", "internal_notes")
    for secret in ("61.37", "62.48", "fat", *(f'"{name}":' for name in names)):
        assert secret not in written, secret
