"""A desk with an admin and a rep, and a receiver that the operator allowed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support import samples
from tests.support.visitor import Visitor
from tests.webhooks.office import Office
from tests.webhooks.receiver import Receiver, listening
from webapp.services.core.runtime import Runtime


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who takes webhooks."""
    with listening() as running:
        yield running


@pytest.fixture
def app_settings(app_settings: dict[str, str], receiver: Receiver) -> dict[str, str]:
    """The receiver's host is allowed with its port, and nothing else is."""
    return {**app_settings, "WEBHOOK_ALLOWED_HOSTS": receiver.host}


@pytest.fixture
def runtime(app: Flask) -> Runtime:
    """The runtime of the application."""
    found: Runtime = app.extensions["quotewright"]
    return found


@pytest.fixture
def office(app: Flask, runtime: Runtime, receiver: Receiver) -> Iterator[Office]:
    """An admin and a rep, with the application's context open."""
    with app.app_context():
        yield Office(app, runtime, receiver, admin=samples.admin(), rep=samples.rep())


@pytest.fixture
def people(app: Flask) -> None:
    """An admin, another and a rep, who may sign in."""
    with app.app_context():
        samples.admin()
        samples.admin("second@desk.example")
        samples.rep()


@pytest.fixture
def admin(app: Flask, people: None) -> Visitor:
    """The admin's browser, without JavaScript."""
    return Visitor(app.test_client()).sign_in("admin@desk.example", samples.PASSWORD)


@pytest.fixture
def rep(app: Flask, people: None) -> Visitor:
    """The rep's browser."""
    return Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
