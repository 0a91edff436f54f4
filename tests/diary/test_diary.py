"""The diary: written with the change or not at all, chained, and closed to changes."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support import samples
from webapp.models import DiaryEntry, Organization, Quote, TaxCode, User, db
from webapp.models.quote import LOST
from webapp.services.catalog import categories, tax_codes
from webapp.services.core import work
from webapp.services.core.errors import Invalid
from webapp.services.diary import chain, diary, reading, words
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing, transitions


@pytest.fixture
def rep(app: Flask) -> Iterator[User]:
    with app.app_context():
        yield samples.rep()


def of_quote(quote: Quote) -> list[DiaryEntry]:
    """The quote's entries, oldest first."""
    query = (
        db.select(DiaryEntry).filter_by(object_type="quote", object_id=str(quote.id)).order_by(DiaryEntry.id)
    )
    return list(db.session.scalars(query))


def changes_of(entry: DiaryEntry) -> list[tuple[str, str, object, object]]:
    return [(c["part"], c["field"], c["before"], c["after"]) for c in entry.changes]


def test_an_edited_line_tells_the_field_from_what_to_what(rep: User) -> None:
    quote = samples.quote(rep, {"name": "Rack", "unit_price": "100", "quantity": "2"})
    category = categories.save(rep, None, {"name": "Hardware"})
    line = quote.lines[0]
    lines.change(
        rep,
        quote.id,
        line.uid,
        {
            "name": "Rack",
            "unit_price": "90.5",
            "quantity": "2",
            "category_id": str(category.id),
        },
    )
    entry = of_quote(quote)[-1]
    assert (entry.action, entry.actor, entry.actor_id) == ("quote.line_changed", rep.email, rep.id)
    assert changes_of(entry) == [
        ("Rack", "category", None, "Hardware"),
        ("Rack", "unit_price", "100", "90.5"),
    ]
    view = reading.history(rep, "quote", quote.id)[0]
    assert [(c.part, c.field, c.before, c.after) for c in view.changes] == [
        ("Rack", "category", "nothing", "Hardware"),
        ("Rack", "price", "100", "90.5"),
    ]


def test_a_removed_line_and_a_new_line_keep_their_values(rep: User) -> None:
    quote = samples.quote(rep, {"name": "Rack", "unit_price": "100"}, {"name": "Box", "unit_price": "7"})
    lines.remove(rep, quote.id, quote.lines[1].uid)
    removed = of_quote(quote)[-1]
    assert ("Box", "unit_price", "7", None) in changes_of(removed)
    assert ("Box", "unit_price", None, "7") in changes_of(of_quote(quote)[2])
    views = [entry.changes for entry in reading.history(rep, "quote", quote.id)]
    assert [[(view.part, view.field) for view in changes] for changes in views] == [
        [("Box", "removed")],
        [("Box", "added")],
        [("Rack", "added")],
        [],
    ]


def test_discarding_changes_tells_what_was_put_back_and_nothing_else(rep: User) -> None:
    quote = samples.quote(rep, {"name": "Rack", "unit_price": "100"}, {"name": "Box", "unit_price": "7"})
    publishing.publish(rep, quote.id)
    gone = quote.lines[1].uid
    lines.remove(rep, quote.id, gone)
    editing.save_header(rep, quote.id, {"title": "Another title"})
    editing.discard_changes(rep, quote.id)
    fields = {
        (part, field): (before, after) for part, field, before, after in changes_of(of_quote(quote)[-1])
    }
    assert fields["", "title"][0] == "Another title"
    assert fields["Box", "unit_price"] == (None, "7")
    assert not any(part == "Rack" for part, _ in fields)


def test_an_organization_made_with_a_person_has_an_entry_too(rep: User) -> None:
    samples.person(rep, organization="Birch & Co")
    organization = db.session.scalars(db.select(Organization).filter_by(name="Birch & Co")).one()
    query = db.select(DiaryEntry).filter_by(object_type="organization", object_id=str(organization.id))
    entry = db.session.scalars(query).one()
    assert (entry.action, entry.actor) == ("organization.added", rep.email)
    assert ("", "name", None, "Birch & Co") in changes_of(entry)


@pytest.mark.parametrize("typed", ["admin@desk.example", "Quotewright"])
def test_a_name_that_a_customer_typed_is_no_actor(rep: User, typed: str) -> None:
    quote = samples.quote(rep)
    publishing.publish(rep, quote.id)
    revision = quote.current_revision
    assert revision
    values = {"name": typed, "signature": typed, "title": "Buyer", "terms": "1", **samples.shown(revision)}
    acceptance.accept(quote.public_token, values, [], Evidence("192.0.2.1", "Phone"))
    entry = of_quote(quote)[-1]
    assert (entry.action, entry.actor, entry.actor_id) == ("quote.accepted", f"Customer: {typed}", None)


def test_a_password_is_never_in_the_diary(rep: User) -> None:
    from webapp.services.accounts import users

    users.set_password(rep, rep, "another long password")
    entry = db.session.scalars(db.select(DiaryEntry).filter_by(action="user.password_changed")).one()
    assert entry.changes == []
    every = " ".join(db.session.scalars(db.select(DiaryEntry.content)))
    assert "password_hash" not in every
    assert "argon2" not in every


def test_a_refused_command_writes_nothing(rep: User) -> None:
    before = db.session.scalar(db.select(db.func.count(DiaryEntry.id)))
    with pytest.raises(Invalid):
        tax_codes.save(rep, None, {"name": "", "rate": "x"})
    quote = samples.quote(rep)
    known = len(of_quote(quote))
    with pytest.raises(Invalid):
        transitions.advance(rep, quote.id, LOST, reason="never published")
    assert len(of_quote(quote)) == known
    assert db.session.scalar(db.select(db.func.count(DiaryEntry.id))) > before


def test_a_command_that_fails_inside_a_larger_one_takes_its_entries_along(rep: User) -> None:
    with work.unit():
        samples.tax_code(rep, name="Kept")
        with pytest.raises(Invalid):
            _add_two_and_fail(rep)
    query = db.select(DiaryEntry).filter_by(object_type="tax_code")
    names = [entry.detail["name"] for entry in db.session.scalars(query)]
    assert names == ["Kept"]
    assert list(db.session.scalars(db.select(TaxCode.name))) == ["Kept"]


def test_an_entry_says_where_it_came_from(rep: User) -> None:
    with diary.origin("abc123", "192.0.2.7"):
        samples.tax_code(rep)
    samples.tax_code(rep, name="Another")
    entries = list(
        db.session.scalars(db.select(DiaryEntry).filter_by(object_type="tax_code").order_by(DiaryEntry.id))
    )
    assert [(entry.session, entry.address) for entry in entries] == [("abc123", "192.0.2.7"), ("", "")]


def test_the_feed_shows_deals_and_not_every_keystroke(rep: User) -> None:
    quote = samples.quote(rep)
    publishing.publish(rep, quote.id)
    other = samples.rep("other@desk.example")
    assert [(entry.what, entry.quote) for entry in reading.feed(rep)] == [("Published", quote)]
    assert reading.feed(other) == []
    assert len(reading.feed(other, everyone=True)) == 1


@pytest.mark.both_databases
def test_rows_cannot_be_changed_or_deleted(rep: User) -> None:
    for statement in (
        sa.update(DiaryEntry).values(actor="somebody else"),
        sa.delete(DiaryEntry),
    ):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            db.session.execute(statement)
        db.session.rollback()
    assert chain.check().sentence == ""


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("tamper", "sentence"),
    [
        ("UPDATE diary_entry SET actor = 'somebody else' WHERE id = 2", "Entry 2 was changed"),
        (
            "UPDATE diary_entry SET content = replace(content, 'Kept', 'Made up') WHERE id = 3",
            "Entry 3 was changed",
        ),
        ("DELETE FROM diary_entry WHERE id = 2", "The entry 2 is missing"),
        ("DELETE FROM diary_entry WHERE id IN (2, 3)", "The entries 2 to 3 are missing"),
        ("DELETE FROM diary_entry WHERE id >= 3", "It ends at entry 2"),
    ],
)
def test_the_check_names_the_first_broken_entry(rep: User, tamper: str, sentence: str) -> None:
    for name in ("Sales tax", "Kept", "Last"):
        samples.tax_code(rep, name=name)
    whole = chain.check()
    assert (whole.entries, whole.sentence) == (4, "")
    _allow_changes()
    db.session.execute(sa.text(tamper))
    db.session.commit()
    assert sentence in chain.check(whole.head).sentence


@pytest.mark.both_databases
def test_entries_written_at_the_same_time_make_one_chain(app: Flask, rep: User) -> None:
    rep_id = rep.id
    db.session.commit()
    start = threading.Barrier(6)

    def write(number: int) -> None:
        with app.app_context():
            start.wait()
            for turn in range(5):
                samples.tax_code(db.session.get_one(User, rep_id), name=f"Tax {number}.{turn}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    checked = chain.check()
    assert (checked.entries, checked.sentence) == (31, "")


def test_the_command_checks_the_chain(app: Flask, rep: User) -> None:
    samples.tax_code(rep)
    db.session.commit()
    runner = app.test_cli_runner()
    whole = runner.invoke(args=["diary", "check"])
    assert whole.exit_code == 0
    noted = whole.output.split()[-1]
    assert runner.invoke(args=["diary", "check", "--after", noted]).exit_code == 0
    _allow_changes()
    db.session.execute(sa.text("DELETE FROM diary_entry WHERE id = 2"))
    db.session.commit()
    broken = runner.invoke(args=["diary", "check", "--after", noted])
    assert broken.exit_code == 1
    assert "It ends at entry 1" in broken.output
    assert runner.invoke(args=["diary", "check", "--after", "nonsense"]).exit_code == 1


@work.command
def _add_two_and_fail(rep: User) -> None:
    samples.tax_code(rep, name="Lost")
    samples.tax_code(rep, name="")


def _allow_changes() -> None:
    """What somebody with the database's password could do."""
    if db.engine.dialect.name == "sqlite":
        for name in ("diary_entry_no_update", "diary_entry_no_delete"):
            db.session.execute(sa.text(f"DROP TRIGGER {name}"))
    else:
        db.session.execute(sa.text("DROP FUNCTION diary_entry_is_append_only() CASCADE"))
    db.session.commit()


def test_two_lines_of_one_name_are_two_in_the_history() -> None:
    def change(key: str, field: str, before: str, after: str) -> dict[str, str]:
        return {"key": key, "part": "Rack", "field": field, "before": before, "after": after}

    views = words.changes(
        [
            change("a", "quantity", "1", "2"),
            {"key": "b", "part": "Rack", "field": "", "before": "here", "after": None},
        ]
    )
    assert [(view.field, view.before, view.after) for view in views] == [
        ("quantity", "1", "2"),
        ("removed", "", ""),
    ]
