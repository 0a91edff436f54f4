"""A right that is taken away while a request is under way: what the request would have changed, it doesn't."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask, current_app

import config
from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import Visitor
from tests.support.waiting import blocked_sessions, wait_for
from tests.web.conftest import Ids
from webapp import create_app
from webapp.models import Connection, DiaryEntry, User, WebhookEndpoint, db
from webapp.services.accounts import account_links, changing_rules, handing_over, sessions, users
from webapp.services.accounts.sso import people as sso_people
from webapp.services.accounts.sso import settings as sso_settings
from webapp.services.accounts.two_step import changing, policy
from webapp.services.autotask.connection import connection, other_autotask
from webapp.services.autotask.links import file as links_file
from webapp.services.autotask.settings import store as settings_store
from webapp.services.core import work
from webapp.services.core.errors import Forbidden, ServiceError
from webapp.services.integrations.webhook import endpoints
from webapp.services.privacy import anonymizing, keeping

REVOKED, REP = "revoked@desk.example", "rep@desk.example"
NEWCOMER: dict[str, str | bool] = {"name": "Nia New", "email": "nia@desk.example", "role": "admin"}
HOOK = {"url": "https://hooks.example/x", "description": ""}


def of(email: str) -> User:
    return db.session.scalars(db.select(User).filter_by(email=email)).one()


def runtime() -> Any:
    return current_app.extensions["quotewright"]


COMMANDS: dict[str, Callable[[User], Any]] = {
    "create": lambda me: users.create_user(
        me, email="nia@desk.example", name="Nia", password=None, role="admin"
    ),
    "invite": lambda me: account_links.invite(me, email="nia@desk.example", name="Nia", role="admin"),
    "reset link": lambda me: account_links.issue(me, of(REP)),
    "role": lambda me: users.update_user(me, of(REP), name="Rob Rep", role="admin", is_active=True),
    "own role": lambda me: users.update_user(me, me, name="Ada Admin", role="admin", is_active=True),
    "sign out everywhere": lambda me: sessions.end_all(me, of(REP)),
    "two-step": lambda me: changing.reset(me, of(REP)),
    "unlink": lambda me: sso_people.unlink(me, of(REP)),
    "rules": lambda me: changing_rules.save(me, {"reps_see": "all", "reps_change": "all"}),
    "policy": lambda me: policy.save(me, {"required_for": "off"}),
    "single sign-on": lambda me: sso_settings.save(runtime(), me, {"session_hours": "9"}),
    "retention": lambda me: keeping.save(runtime(), me, {"call_bodies_days": "30"}),
    "anonymize": lambda me: anonymizing.user(me, of(REP).id),
    "hand over": lambda me: handing_over.give(me, of(REP).id, me.id),
    "webhook": lambda me: endpoints.add(runtime(), me, HOOK, ["quote.accepted"]),
    "credentials": connection.disconnect,
    "links": lambda me: links_file.store(me, b"x"),
    "all links": other_autotask.forget_links,
    "settings": settings_store.save_integration,
}


def take_away(app: Flask, how: str) -> None:
    with app.app_context():
        admin, user = of("admin@desk.example"), of(REVOKED)
        role, active = ("rep", True) if how == "role" else ("admin", False)
        users.update_user(admin, user, name=user.name, role=role, is_active=active)


def stored(app: Flask) -> tuple[object, ...]:
    with app.app_context():
        people = db.session.execute(db.select(User.email, User.role, User.is_active, User.session_epoch))
        entries = db.session.scalar(db.select(db.func.count()).select_from(DiaryEntry))
        hooks = db.session.scalar(db.select(db.func.count()).select_from(WebhookEndpoint))
        return (sorted(map(tuple, people)), entries, hooks)


def is_refused(command: Callable[[User], Any], me: User) -> bool:
    try:
        command(me)
    except Forbidden:
        return True
    except ServiceError:
        return False
    return False


@pytest.mark.both_databases
@pytest.mark.parametrize("how", ["role", "account"])
def test_no_command_goes_on_without_the_right(app: Flask, ids: Ids, how: str) -> None:
    with app.app_context():
        samples.admin(REVOKED)
        db.session.commit()
    # The gate has let the request through; since then only other transactions wrote.
    with app.app_context(), work.reading(), ThreadPoolExecutor(1) as other:
        me = of(REVOKED)
        other.submit(take_away, app, how).result()
        assert (me.role, me.is_active) == ("admin", True)
        before = other.submit(stored, app).result()
        went_on = [name for name, command in COMMANDS.items() if not is_refused(command, me)]
        assert went_on == []
        db.session.rollback()
        assert other.submit(stored, app).result() == before


@pytest.mark.postgres
def test_a_request_that_waits_for_the_lock_is_refused(app: Flask, ids: Ids) -> None:
    with app.app_context():
        samples.admin(REVOKED)
        db.session.commit()
    late = Visitor(app.test_client()).sign_in(REVOKED, samples.PASSWORD)
    page = late.client.get("/settings/users/new").text
    form = next(one for one in read_forms(page) if "role" in one.names())
    form.action = "/settings/users/new"
    with app.app_context(), ThreadPoolExecutor(1) as pool, db.engine.connect() as watcher:
        with work.unit():
            admin, user = of("admin@desk.example"), of(REVOKED)
            users.update_user(admin, user, name=user.name, role="rep", is_active=True)
            answer = pool.submit(late.send, form, NEWCOMER)
            wait_for(partial(blocked_sessions, watcher), "the request to wait for the lock")
        assert answer.result().status_code == 403
        assert db.session.scalar(db.select(User.id).filter_by(email="nia@desk.example")) is None


@contextmanager
def autotask(while_asked: Callable[[], None]) -> Iterator[str]:
    """A server that takes its time over the credentials: it accepts them when ``while_asked`` is done."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            asks_zone = "zoneInformation" in self.path
            if not asks_zone:
                while_asked()
            root = f"http://{self.headers['Host']}/atservicesrest/"
            body = json.dumps({"url": root} if asks_zone else {"items": []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  the name is the standard library's

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.both_databases
def test_credentials_that_were_checked_meanwhile_are_not_stored(
    app: Flask, ids: Ids, app_settings: dict[str, str]
) -> None:
    """Autotask takes seconds to answer, and no lock is held for so long."""
    with app.app_context():
        samples.admin(REVOKED)
        db.session.commit()
    with autotask(lambda: take_away(app, "role")) as host:
        address = {"AUTOTASK_ROOT": f"http://{host}/atservicesrest", "AUTOTASK_ALLOWED_HOSTS": host}
        desk = create_app(config.load({**app_settings, **address}))
        with desk.app_context():
            me = of(REVOKED)
            with pytest.raises(Forbidden):
                connection.connect(
                    runtime(), user_name="a@b.example", secret="s", integration_code="c", actor=me
                )
            assert db.session.get(Connection, "autotask") is None
            assert me.role == "rep"
            db.session.remove()
            db.engine.dispose()
