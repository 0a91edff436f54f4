"""Settings > Audit trail: what is shown, what is filtered, and the files."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

import config
from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import Visitor, text
from webapp import create_app, logs
from webapp.models import DiaryEntry, UserSession, db, utc_now
from webapp.services.catalog import categories
from webapp.services.company import place
from webapp.services.core import work
from webapp.services.diary import audit, chain
from webapp.services.quoting.draft import editing

PAGE = "/settings/audit"


def export(admin: Visitor, kind: str, **filters: str) -> Any:
    """The file, as the page's form asks for it."""
    page = admin.client.get(PAGE, query_string=filters).text
    form = next(one for one in read_forms(page) if one.action.endswith("/export"))
    return admin.send(form, {"kind": kind})


@pytest.mark.usefixtures("ids")
def test_what_a_person_did_is_found(admin: Visitor, rep: Visitor) -> None:
    rep.send(rep.form("/quotes/1", "/header"), {"title": "=cmd|calc"})
    everything = text(admin.client.get(PAGE))
    assert "Signed in" in everything
    assert "=cmd|calc" in everything
    found = text(admin.client.get(PAGE, query_string={"who": "rep@", "area": "quote", "about": "quote/1"}))
    assert "=cmd|calc" in found
    assert "Signed in" not in found
    assert "No entries." in text(admin.client.get(PAGE, query_string={"address": "203.0.113.9"}))
    tomorrow = utc_now().date() + timedelta(days=2)
    assert "No entries." in text(admin.client.get(PAGE, query_string={"since": tomorrow.isoformat()}))
    assert "=cmd|calc" in text(admin.client.get(PAGE, query_string={"until": tomorrow.isoformat()}))


@pytest.mark.usefixtures("ids")
def test_what_an_entry_is_about_has_its_name(app: Flask, admin: Visitor) -> None:
    with app.app_context():
        actor = samples.rep("namer@desk.example")
        gone, kept = categories.ensure(("Gone",)), categories.ensure(("Hardware", "Racks"))
        categories.delete(actor, gone)
        samples.tax_code(actor, name="State tax")
        db.session.commit()
        assert kept.path
    shown = text(admin.client.get(PAGE))
    for name in ("Hardware > Racks", "Gone", "State tax"):
        assert name in shown, name


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [({"since": "30.11.2026"}, "Enter a date like"), ({"until": "9999-12-31"}, "between 2000 and 2100")],
)
@pytest.mark.usefixtures("ids")
def test_a_day_that_is_none_has_a_sentence(admin: Visitor, filters: dict[str, str], sentence: str) -> None:
    answer = admin.client.get(PAGE, query_string=filters)
    assert answer.status_code == 422
    assert sentence in text(answer)


@pytest.mark.parametrize("odd", ["%", "_", "quote/", "/", "é" * 300, "\x00", "quote/1' or 1=1"])
@pytest.mark.parametrize("name", ["who", "about", "address", "area"])
@pytest.mark.usefixtures("ids")
def test_odd_filters_find_nothing_or_something(admin: Visitor, name: str, odd: str) -> None:
    assert admin.client.get(PAGE, query_string={name: odd}).status_code in (200, 422)


@pytest.mark.usefixtures("ids")
def test_the_files_hold_every_entry_and_say_so(app: Flask, admin: Visitor, rep: Visitor) -> None:
    rep.send(rep.form("/quotes/1", "/header"), {"title": "=cmd|calc"})
    with app.app_context():
        ids_before = list(db.session.scalars(db.select(DiaryEntry.id).order_by(DiaryEntry.id)))
        hashes = {row.id: row.sha256 for row in db.session.scalars(db.select(DiaryEntry))}
    answer = export(admin, "csv")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [int(row["id"]) for row in rows] == ids_before
    assert {int(row["id"]): row["sha256"] for row in rows} == hashes
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    lines = [json.loads(line) for line in export(admin, "json", about="quote/1").text.splitlines()]
    assert {(line["object"], line["object_id"]) for line in lines} == {("quote", "1")}
    assert "=cmd|calc" in json.dumps(lines)
    with app.app_context():
        exports = db.session.scalars(
            db.select(DiaryEntry).filter_by(action="audit.exported").order_by(DiaryEntry.id)
        ).all()
        assert [one.detail["filters"] for one in exports] == [{}, {"about": "quote/1"}]
        assert chain.check().sentence == ""


@pytest.mark.usefixtures("ids")
def test_a_file_longer_than_a_batch(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "BATCH", 3)
    with app.app_context():
        newest = db.session.scalar(db.select(db.func.max(DiaryEntry.id)))
        lines = list(audit.as_csv(audit.Filters(), place.of_company(), newest))
        assert len(lines) == newest + 1
        assert newest > 6


@pytest.mark.usefixtures("ids")
def test_who_may(app: Flask, admin: Visitor, rep: Visitor) -> None:
    assert rep.client.get(PAGE).status_code == 403
    with app.app_context():
        db.session.execute(db.update(UserSession).values(confirmed_at=None))
        db.session.commit()
    assert "needs your password" in text(export(admin, "csv"))
    assert samples.PASSWORD not in admin.client.get(PAGE).text
    with app.app_context():
        assert editing.get(1)


@pytest.mark.parametrize("setting", ["yes", "no"])
@pytest.mark.usefixtures("app")
def test_what_is_committed_is_logged(
    app_settings: dict[str, str], capfd: pytest.CaptureFixture[str], setting: str
) -> None:
    app = create_app(config.load({**app_settings, "AUDIT_LOG": setting, "LOG_JSON": "yes"}))
    with app.app_context():
        with work.unit():
            categories.ensure(("Kept",))
        with pytest.raises(ZeroDivisionError):
            drop("Dropped")
        kept = [
            (row.id, row.action, row.sha256)
            for row in db.session.scalars(db.select(DiaryEntry).order_by(DiaryEntry.id))
        ]
        logged = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
        db.session.remove()
        db.engine.dispose()
    logs.configure(config.load(app_settings))
    assert [action for _, action, _ in kept] == ["category.added"]
    assert [(one["id"], one["action"], one["sha256"]) for one in logged if one["event"] == "diary"] == (
        kept if setting == "yes" else []
    )


def drop(name: str) -> None:
    """A command that fails after it wrote."""
    with work.unit():
        categories.ensure((name,))
        db.session.flush()
        raise ZeroDivisionError
