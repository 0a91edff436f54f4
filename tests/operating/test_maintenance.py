"""In maintenance mode admins work, everyone else reads a sentence, and the workers begin nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from rq import Queue

import worker
from smoke.forms import read_forms
from tests.support import samples
from tests.support.visitor import Visitor
from webapp.models import Delivery, db
from webapp.models.delivery import DeliveryState
from webapp.services.company import maintenance
from webapp.services.core import clock
from webapp.services.core.errors import Invalid
from webapp.services.delivery import attempt, room
from webapp.services.operating import readiness

SENTENCE = "We move to a new server until 10 p.m."


@pytest.fixture
def people(app: Flask) -> Flask:
    with app.app_context():
        samples.admin()
        samples.quote(samples.rep(), {"name": "Rack", "unit_price": "100"})
        db.session.commit()
    return app


def flask(app: Flask, *arguments: str) -> str:
    done = app.test_cli_runner().invoke(args=["maintenance", *arguments])
    return done.output if done.exit_code == 0 else f"{done.exit_code}: {done.output}"


@pytest.mark.both_databases
def test_everyone_but_admins_reads_the_sentence(people: Flask) -> None:
    rep = Visitor(people.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    admin = Visitor(people.test_client()).sign_in("admin@desk.example", samples.PASSWORD)
    assert SENTENCE in flask(people, "on", SENTENCE)

    for answer in (rep.client.get("/"), people.test_client().get("/q/some-token-of-a-customer-link-000")):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120")
        assert SENTENCE in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    assert people.test_client().get("/livez").status_code == 200
    assert people.test_client().get("/readyz?for=web").status_code == 200
    said = people.test_client().get("/readyz").json
    assert said is not None
    assert said["checks"]["maintenance"].endswith("End it with flask maintenance off.")

    shown = admin.client.get("/")
    assert shown.status_code == 200
    assert f"Everyone else reads: “{SENTENCE}”" in shown.text
    # An admin who wasn't signed in comes in; a rep can sign in, and reads why there is no more.
    Visitor(people.test_client()).sign_in("admin@desk.example", samples.PASSWORD)
    late = Visitor(people.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    assert late.client.get("/").status_code == 503

    assert flask(people, "off") == "Maintenance mode is off.\n"
    assert flask(people, "off") == "Maintenance mode was off already.\n"
    assert rep.client.get("/").status_code == 200
    assert "Maintenance mode" not in admin.client.get("/").text


def test_what_was_sent_meanwhile_is_kept_on_the_page(people: Flask) -> None:
    rep = Visitor(people.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    form = next(one for one in read_forms(rep.client.get("/people/new").text) if "email" in one.names())
    filled = dict(form.fill({"last_name": "Miller", "email": "miller@example.com"}))
    flask(people, "on")

    ours = {"Origin": "http://localhost"}
    answer = rep.client.post("/people/new", data=filled, headers=ours)
    assert answer.status_code == 503
    assert maintenance.USUAL in answer.text.replace("&#39;", "'")
    assert 'value="miller@example.com"' in answer.text
    by_htmx = rep.client.post("/people/new", data=filled, headers={**ours, "HX-Request": "true"})
    assert by_htmx.status_code == 503
    assert by_htmx.text.rstrip().endswith("Nothing was saved.</div>")

    flask(people, "off")
    assert rep.client.post("/people/new", data=filled, headers=ours).status_code == 303


def test_workers_begin_nothing(people: Flask, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = people.extensions["quotewright"]
    redis: Redis = runtime.redis
    asked: list[str] = []
    with people.app_context():
        waiting = room.add(room.delivery("mail", "asked", address="1"))
        db.session.commit()
        delivery_id = waiting.id
        maintenance.start(SENTENCE)
        room.nudge(runtime)
        assert Queue("mail", connection=redis).count == 0
        attempt.perform(runtime, delivery_id)
        assert db.session.get_one(Delivery, delivery_id).state == DeliveryState.WAITING
        assert readiness.of_all(redis).fine >= {"outbox"}
    worker._attempt(people, "expiry", lambda _runtime: asked.append("expiry"))
    assert asked == []
    with people.app_context():
        maintenance.end()
    worker._attempt(people, "expiry", lambda _runtime: asked.append("expiry"))
    assert asked == ["expiry"]
    with people.app_context():
        room.nudge(runtime)
        assert Queue("mail", connection=redis).count == 1


def test_the_command_says_what_is_still_under_way(people: Flask) -> None:
    assert flask(people, "status") == "Maintenance mode is off.\n"
    assert flask(people, "on").endswith("Nothing is being sent any more.\n")
    with people.app_context():
        running = room.add(room.delivery("mail", "asked", address="1"))
        running.state, running.lease_until = DeliveryState.RUNNING, clock.now() + timedelta(minutes=1)
        # Its worker is gone: nobody is sending it.
        gone = room.add(room.delivery("mail", "asked", address="2"))
        gone.state, gone.lease_until = DeliveryState.RUNNING, clock.now() - timedelta(minutes=1)
        db.session.commit()
    since = flask(people, "status").splitlines()[0]
    assert flask(people, "status").endswith("Still being sent: 1. Ask again with flask maintenance status.\n")
    assert SENTENCE in flask(people, "on", SENTENCE)
    assert flask(people, "status").splitlines()[0][:45] == since[:45]


@pytest.mark.parametrize("sentence", ["x" * 301, "one\ntwo"])
def test_a_sentence_is_one_line(people: Flask, sentence: str) -> None:
    assert flask(people, "on", sentence).startswith("1: Error: Nothing was changed: use one line")
    with people.app_context(), pytest.raises(Invalid):
        maintenance.start(sentence)
