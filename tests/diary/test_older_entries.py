"""What may happen to old entries: bodies are replaced and prefixes removed, and the chain says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support import samples
from webapp.models import DiaryEntry, DiaryPermit, User, db, utc_now
from webapp.services.core import work
from webapp.services.diary import chain, replacing, shortening
from webapp.services.diary.replacing import Body

pytestmark = pytest.mark.both_databases


@pytest.fixture
def rep(app: Flask) -> Iterator[User]:
    with app.app_context():
        user = samples.rep()
        for name in ("Sales tax", "Kept", "Last"):
            samples.tax_code(user, name=name)
        yield user


def without_kept(_entry: DiaryEntry, body: Body) -> Body:
    """“Kept” replaced wherever it stands."""
    content = body["content"]
    detail = {name: "Gone" if value == "Kept" else value for name, value in content["detail"].items()}
    return (
        {**body, "content": {**content, "changes": [], "detail": detail}}
        if detail != content["detail"]
        else body
    )


def test_a_replaced_body_holds_and_one_that_was_changed_later_does_not(rep: User) -> None:
    noted = chain.check().head
    with work.unit():
        assert replacing.bodies(db.session.get_one(User, 1), sa.true(), without_kept) == 1
    checked = chain.check(noted)
    assert (checked.entries, checked.sentence) == (5, "")
    assert "Kept" not in " ".join(db.session.scalars(db.select(DiaryEntry.content)))
    assert db.session.scalar(db.select(DiaryPermit)) is None
    _open("replace")
    db.session.execute(
        sa.text("UPDATE diary_entry SET content = replace(content, 'Gone', 'Kept') WHERE id = 3")
    )
    db.session.commit()
    assert "Entry 3 was changed" in chain.check(noted).sentence


def test_a_permit_opens_the_body_and_nothing_else(rep: User) -> None:
    _open("replace")
    changes: tuple[dict[str, object], ...] = (
        {"at": utc_now()},
        {"actor_id": 7},
        {"action": "x"},
        {"sha256": "x"},
        {"id": 99},
    )
    for change in changes:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            db.session.execute(sa.update(DiaryEntry).filter_by(id=3).values(**change))
        db.session.rollback()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        db.session.execute(sa.text("DELETE FROM diary_entry WHERE id = 1"))
    db.session.rollback()


def test_the_oldest_go_and_the_chain_starts_where_they_ended(app: Flask, rep: User) -> None:
    noted = chain.check().head
    through = shortening.last_before(utc_now() + timedelta(minutes=1))
    assert through == 3  # the newest stays
    shortening.remove(through)
    assert list(db.session.scalars(db.select(DiaryEntry.id).order_by(DiaryEntry.id))) == [4, 5]
    newest = db.session.get_one(DiaryEntry, 5)
    assert newest.action == chain.SHORTENED
    assert (newest.detail["through"], newest.detail["removed"]) == (3, 3)
    checked = chain.check(noted)
    assert (checked.entries, checked.head.id, checked.sentence) == (2, 5, "")
    old = chain.check(chain.Head(2, "0" * 64))
    assert "was removed since" in old.sentence
    assert old.is_outdated
    result = app.test_cli_runner().invoke(args=["diary", "check", "--after", f"2:{'0' * 64}"])
    assert result.exit_code == 2
    assert "tampered" not in result.output


def test_a_second_removal_starts_after_the_first(rep: User) -> None:
    later = utc_now() + timedelta(minutes=1)
    shortening.remove(shortening.last_before(later))
    samples.tax_code(rep, name="Newer")
    shortening.remove(shortening.last_before(later))
    checked = chain.check()
    assert (checked.entries, checked.sentence) == (2, "")
    assert db.session.get_one(DiaryEntry, checked.head.id).detail["removed"] == 2


def test_entries_that_went_without_a_word_are_missing(rep: User) -> None:
    shortening.remove(2)
    _open("remove")
    db.session.execute(sa.text("DELETE FROM diary_entry WHERE id = 3"))
    db.session.commit()
    assert "The entries 1 to 3 are missing" in chain.check().sentence


def test_a_young_diary_keeps_everything(rep: User) -> None:
    assert shortening.last_before(utc_now() - timedelta(days=365)) == 0


def _open(what: str) -> None:
    """What somebody with the database's password could do."""
    db.session.add(DiaryPermit(what=what, through=1000))
    db.session.commit()
