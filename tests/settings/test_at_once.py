"""Two admins at the very same moment, on both databases: one is first, the other is told, nothing is half done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.support.sandbox import Tenant
from webapp.models import SettingsVersion, User, db
from webapp.services.autotask.connection import connection, stored_lists
from webapp.services.autotask.settings import store as settings_store
from webapp.services.autotask.settings.model import CompanySettings
from webapp.services.company import loss_reasons
from webapp.services.core.errors import Conflict, Invalid

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("company")]


def both(app: Flask, task: Callable[[User], object]) -> list[object]:
    """What ``task`` gave each of two admins who began together; the Conflict where one was told."""
    start = threading.Barrier(2)

    def run(email: str) -> object:
        with app.app_context():
            admin = db.session.scalars(db.select(User).filter_by(email=email)).one()
            db.session.commit()
            start.wait(timeout=20)
            try:
                return task(admin)
            except Conflict as error:
                db.session.rollback()
                return error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(run, ("admin@demo.example", "second@demo.example")))


def told(results: list[object]) -> int:
    return sum(isinstance(result, Conflict) for result in results)


@pytest.mark.parametrize("known", [0, 1])
def test_one_draft_wins(app: Flask, known: int) -> None:
    with app.app_context():
        for version in range(known):
            settings_store.save_draft("company", CompanySettings(classification=9), version, None)
    results = both(
        app,
        lambda admin: (
            settings_store.save_draft(
                "company", CompanySettings(classification=admin.id), known, admin
            ).version
        ),
    )
    assert told(results) == 1
    assert known + 1 in results
    with app.app_context():
        draft = settings_store.draft("company")
        assert draft.version == known + 1
        assert draft.content.model_dump()["classification"] in (1, 2)


def test_one_save_integration_wins(app: Flask) -> None:
    with app.app_context():
        settings_store.save_draft("company", CompanySettings(classification=9), 0, None)
    results = both(app, lambda admin: settings_store.save_integration(admin, 0))
    assert told(results) == 1
    assert 1 in results
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(SettingsVersion)) == 1
        assert settings_store.active().company.classification == 9


def test_one_restore_wins(app: Flask) -> None:
    with app.app_context():
        for version in range(2):
            settings_store.save_draft("company", CompanySettings(classification=version + 1), version, None)
            settings_store.save_integration(None)
        seen = settings_store.mark()
    results = both(app, lambda admin: settings_store.restore(1, admin, seen=seen))
    assert told(results) == 1
    assert 3 in results
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(SettingsVersion)) == 3
        assert settings_store.active().company.classification == 1


def test_both_connect_for_the_first_time(app: Flask, tenant: Tenant) -> None:
    def connect(admin: User) -> object:
        try:
            return connection.connect(
                app.extensions["quotewright"],
                user_name=tenant.user,
                secret=tenant.secret,
                integration_code=tenant.code,
                actor=admin,
            ).state
        except Invalid as error:
            return str(error)

    results = both(app, connect)
    assert "connected" in results
    assert {*results} - {"connected"} in (
        set(),
        {
            "Someone else connected Autotask at the same moment, and their connection was saved. Open its settings."
        },
    )
    with app.app_context():
        assert connection.is_connected()


def test_both_read_the_lists_for_the_first_time(app: Flask, tenant: Tenant) -> None:
    runtime = app.extensions["quotewright"]
    with app.app_context():
        connection.connect(
            runtime, user_name=tenant.user, secret=tenant.secret, integration_code=tenant.code, actor=None
        )
    results = both(app, lambda _admin: stored_lists.refresh(runtime, stored_lists.NAMES[:8]))
    assert results == [None, None]
    with app.app_context():
        assert set(stored_lists.NAMES) - set(stored_lists.unread()) == set(stored_lists.NAMES[:8])


def test_no_list_of_loss_reasons_is_lost(app: Flask) -> None:
    results = both(app, lambda admin: loss_reasons.save(admin, {"new-1": f"Reason of {admin.name}"}))
    with app.app_context():
        assert len(loss_reasons.current()[0]) == 7 - told(results)
