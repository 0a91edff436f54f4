"""An admin deletes a brand at the very moment at which a quote is to have it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from flask import Flask

from tests.quoting.test_brands import added, choose
from tests.support import samples
from tests.support.waiting import blocked_sessions, wait_for
from webapp.models import CompanyBrand, Quote, User, db
from webapp.services.company.brand import kept
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.quoting.draft import copying, editing, shown, undo
from webapp.services.quoting.draft.steps import of_session
from webapp.services.quoting.lifecycle import publishing, transitions
from webapp.services.quoting.revisions import freezing, snapshot

Way = Callable[[User, Quote], Quote]
DELETED = "Nothing was saved. Fix the highlighted fields. This brand was deleted. Choose another one."


def _undone(rep: User, quote: Quote) -> Quote:
    with of_session("tab"):
        undo.undo(rep, quote.id)
    return quote


def _chosen(rep: User, quote: Quote) -> Quote:
    return editing.save_header(rep, quote.id, {**shown.header(quote), "brand": str(db.session.info["brand"])})


def _copied(rep: User, quote: Quote) -> Quote:
    return copying.copy(rep, quote.id)


def _deleted(rep: User, quote: Quote) -> Quote:
    kept.delete(rep, db.session.info["brand"])
    return quote


def _no_longer(rep: User, hardware: CompanyBrand) -> Quote:
    """A draft whose rep just chose another brand, which can be undone."""
    with of_session("tab"):
        return choose(rep, choose(rep, samples.quote(rep), hardware), None)


def _lost(rep: User, hardware: CompanyBrand) -> Quote:
    quote = publishing.publish(rep, choose(rep, samples.quote(rep), hardware).id).revision.quote
    return transitions.advance(rep, quote.id, "lost", reason="Price")


def _in_another_session(app: Flask, ids: tuple[int, int, int], way: Way) -> int | str | None:
    """The brand that the quote has after this way, or the sentence that refused it."""
    rep_id, quote_id, brand_id = ids
    with app.app_context():
        db.session.info["brand"] = brand_id
        try:
            return way(db.session.get_one(User, rep_id), db.session.get_one(Quote, quote_id)).brand_id
        except Invalid as error:
            return " ".join([str(error), *error.fields.values()])
        finally:
            db.session.remove()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("start", "way", "has"),
    [
        (_no_longer, _undone, None),
        (_no_longer, _chosen, DELETED),
        (_lost, _copied, None),
    ],
)
def test_who_comes_second_has_no_deleted_brand(
    app: Flask, start: Callable[[User, CompanyBrand], Quote], way: Way, has: str | None
) -> None:
    with app.app_context(), ThreadPoolExecutor(1) as pool, db.engine.connect() as watcher:
        rep = samples.admin()
        hardware = added(rep)
        ids = rep.id, start(rep, hardware).id, hardware.id
        with work.unit():
            kept.delete(rep, hardware.id)
            second = pool.submit(_in_another_session, app, ids, way)
            wait_for(partial(blocked_sessions, watcher), "the other one to wait for the brand")
        assert second.result() == has


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("start", "way"),
    [
        (_no_longer, _undone),
        (_lost, _copied),
        (_lost, lambda rep, quote: transitions.advance(rep, quote.id, "pending")),
    ],
)
def test_the_admin_who_comes_second_is_refused(
    app: Flask, start: Callable[[User, CompanyBrand], Quote], way: Way
) -> None:
    with app.app_context(), ThreadPoolExecutor(1) as pool, db.engine.connect() as watcher:
        rep = samples.admin()
        hardware = added(rep)
        quote = start(rep, hardware)
        ids = rep.id, quote.id, hardware.id
        with work.unit():
            way(rep, quote)
            second = pool.submit(_in_another_session, app, ids, _deleted)
            wait_for(partial(blocked_sessions, watcher), "the admin to wait for the quote")
        assert "still open use it" in str(second.result())


@pytest.mark.both_databases
def test_a_reopened_quote_has_no_changes_because_its_brand_was_deleted(rep: User) -> None:
    hardware = added(rep)
    quote = _lost(rep, hardware)
    kept.delete(rep, hardware.id)
    transitions.advance(rep, quote.id, "pending")
    revision = quote.current_revision
    assert revision is not None
    assert not freezing.has_changes(quote, revision)
    assert not publishing.publish(rep, quote.id).is_new
    # What the customer sees keeps the look, and a choice of another brand is a change.
    assert snapshot.parse(revision.content).brand.color
    choose(rep, quote, added(rep, "Later"))
    assert freezing.has_changes(quote, revision)
    editing.discard_changes(rep, quote.id)
    assert not freezing.has_changes(quote, revision)
