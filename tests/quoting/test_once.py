"""A PDF is rendered once, however many ask for it at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy.pool import QueuePool

from tests.support import samples
from webapp.models import AcceptanceDocument, RevisionDocument, db
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import ahead, document, once


@pytest.mark.both_databases
def test_of_seven_who_ask_at_once_one_renders(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        revision_id = samples.published(samples.rep()).id
    rendered: list[int] = []
    render = document.render

    def counted(*given: object) -> bytes:
        rendered.append(1)
        return render(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(document, "render", counted)
    together = Barrier(once.WAITING + 1)

    def ask(_: int) -> bytes:
        together.wait()
        with app.app_context():
            return document.pdf_for(revision_id)

    with ThreadPoolExecutor(once.WAITING + 1) as pool:
        answers = set(pool.map(ask, range(once.WAITING + 1)))
    assert len(rendered) == len(answers) == 1


def test_threads_are_left_for_others(app: Flask) -> None:
    with app.app_context(), once.one_at_a_time("a document"):
        once._waiting["a document"] += once.WAITING
        try:
            with pytest.raises(once.TooManyWait), once.one_at_a_time("a document"):
                pass
        finally:
            once._waiting["a document"] -= once.WAITING
        with once.one_at_a_time("another"):
            pass
    assert once._waiting == once._locks == {}


@pytest.mark.postgres
def test_as_many_documents_as_connections_are_rendered_at_once(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        pool = db.engine.pool
        assert isinstance(pool, QueuePool)
        most = pool.size() + pool._max_overflow
        customer = samples.person(rep)
        quotes = [samples.quote(rep, customer=customer).id for _ in range(most + 1)]
        revisions = [publishing.publish(rep, quote_id).revision.id for quote_id in quotes]
    together = Barrier(len(revisions))

    def ask(revision_id: int) -> bytes:
        together.wait()
        with app.app_context():
            return document.pdf_for(revision_id)

    with ThreadPoolExecutor(len(revisions)) as threads:
        assert all(pdf.startswith(b"%PDF") for pdf in threads.map(ask, revisions))


@pytest.mark.postgres
def test_the_document_is_rendered_when_another_process_keeps_the_lock(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "SECONDS", 0.05)
    rendered = False
    with app.app_context(), db.engine.connect() as other:
        other.execute(db.select(db.func.pg_advisory_lock(once.key_of("a document"))))
        with once.one_at_a_time("a document"):
            rendered = True
        other.invalidate()
    assert rendered


@pytest.mark.postgres
def test_other_processes_wait_too_until_the_lock_is_given_back(app: Flask) -> None:
    def is_free() -> bool:
        with db.engine.connect() as other:
            taken = other.execute(db.select(db.func.pg_try_advisory_xact_lock(once.key_of("a document"))))
            return bool(taken.scalar())

    with app.app_context():
        with once.one_at_a_time("a document"):
            assert not is_free()
        assert is_free()


@pytest.mark.postgres
def test_the_connection_that_had_the_lock_serves_others_as_before(app: Flask) -> None:
    about = db.text("SELECT pg_backend_pid(), current_setting('lock_timeout')")

    def next_one() -> tuple[object, ...]:
        with db.engine.connect() as connection:
            return tuple(connection.execute(about).one())

    with app.app_context():
        before = next_one()
        with once.one_at_a_time("a document"):
            pass
        assert next_one() == before


@pytest.mark.postgres
def test_a_connection_that_breaks_takes_its_lock_with_it(app: Flask) -> None:
    holders = db.text(
        "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
        "WHERE locktype = 'advisory' AND datname = current_database()"
    )
    with app.app_context():
        with once.one_at_a_time("a document"), db.engine.connect() as other:
            assert len(other.execute(holders).all()) == 1
        with once.one_at_a_time("a document"):
            pass


def test_the_worker_renders_what_was_just_published(app: Flask) -> None:
    with app.app_context():
        revision = samples.published(samples.rep())
        runtime = app.extensions["quotewright"]
        assert ahead.tick(runtime) == 1
        stored = db.session.get(RevisionDocument, revision.id)
        assert stored is not None
        assert ahead.tick(runtime) == 0
        pdf = stored.pdf
        assert document.pdf_for(revision.id, runtime.config.public_base_url) == pdf
        db.session.delete(stored)
        revision.created_at -= 2 * ahead.RECENT
        db.session.commit()
        assert ahead.tick(runtime) == 0, "an older one is rendered when someone asks for it"


def test_the_worker_renders_what_was_just_accepted(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        revision = samples.published(rep)
        other = publishing.publish(rep, samples.quote(rep, customer=revision.quote.person).id).revision
        runtime = app.extensions["quotewright"]
        assert document.pdf_for(other.id)
        for one in (revision, other):
            values = {
                "name": "Ann Lee",
                "signature": "Ann Lee",
                "title": "Buyer",
                "terms": "1",
                **samples.shown(one),
            }
            acceptance.accept(one.quote.public_token, values, [], Evidence())
        assert [ahead.tick(runtime) for _ in range(3)] == [1, 1, 0]
        assert len(db.session.scalars(db.select(AcceptanceDocument)).all()) == 2
        assert db.session.get(RevisionDocument, revision.id) is None, "no one asks for its offer anymore"
