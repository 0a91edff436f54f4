"""Who is made anonymous takes nothing of others along: words of ours, prices, companies and other people's offers."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import JSON, String

from tests.support import samples
from webapp.models import Base, Delivery, DiaryEntry, PasswordAttempt, Person, Quote, Revision, User, db
from webapp.models.delivery import DeliveryState
from webapp.models.quote import LOST, PENDING
from webapp.services.accounts import guessing, users
from webapp.services.catalog import categories
from webapp.services.core.errors import Invalid
from webapp.services.diary import chain
from webapp.services.privacy import anonymizing, places
from webapp.services.quoting.draft import editing
from webapp.services.quoting.lifecycle import publishing, transitions

Rows = dict[str, list[dict[str, Any]]]


def everything() -> Rows:
    """Every row of every table but the diary."""
    db.session.expire_all()
    return {
        table.name: [
            dict(row)
            for row in db.session.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
        ]
        for table in db.metadata.sorted_tables
        if not table.name.startswith(("diary", "counter"))
    }


def changed(before: Rows, after: Rows) -> set[tuple[str, Any, str]]:
    """The table, key and column of each value that isn't the same; rows that are gone or new as ``*``."""
    found = set()
    for table, rows in before.items():
        old, new = ({next(iter(row.values())): row for row in some} for some in (rows, after[table]))
        found |= {(table, key, "*") for key in old.keys() ^ new.keys()}
        for key in old.keys() & new.keys():
            found |= {(table, key, name) for name in old[key] if old[key][name] != new[key][name]}
    return found


def desk_of_others(rep: User) -> int:
    """An offer of someone else, with every word in it that could be mistaken; returns the id of the quote."""
    words = (
        "Support",
        "Bill",
        "Admin",
        "Rep",
        "Pending",
        "Autotask",
        "IT Support",
        "John Smith",
        "100",
        "12",
        "IT",
    )
    category = categories.save(rep, None, {"name": "IT Support"})
    for word in words:
        samples.item(rep, name=f"{word} plan for John Smith", manufacturer=word, unit_price="100")
    other = samples.person(
        rep, first_name="Bill", last_name="Support", organization="John Smith Consulting LLC"
    )
    lines = [
        {"name": word, "description": f"IT Support by John Smith: {word}", "unit_price": "100", "sku": "12"}
        for word in words
    ]
    quote = samples.quote(rep, *lines, customer=other)
    header = {"title": "IT Support for John Smith", "comments": "Call Bill, 100 or 12. Pending: Admin."}
    editing.save_header(rep, quote.id, header)
    publishing.publish(rep, quote.id)
    waiting = Delivery(
        reader="autotask",
        reason="published",
        quote_id=quote.id,
        state=DeliveryState.WAITING,
        outcome="IT Support",
    )
    waiting.payload = '{"by":"Admin","quote":{"title":"IT Support for John Smith","totals":{"net":"100"}}}'
    db.session.add(waiting)
    db.session.commit()
    assert category
    return quote.id


PEOPLE = [
    {"first_name": "IT", "last_name": "Support", "phone": "100", "mobile": "12", "title": "IT"},
    {"first_name": "John", "last_name": "Smith", "phone": "12", "mobile": "100", "title": "Admin"},
    {"first_name": "", "last_name": "Bill", "phone": "100.00", "title": "Pending"},
]


@pytest.mark.both_databases
@pytest.mark.parametrize("values", PEOPLE, ids=lambda values: values["last_name"])
def test_a_contact_takes_nothing_of_others_along(app: Flask, values: dict[str, Any]) -> None:
    with app.app_context():
        admin_id, rep = samples.admin().id, samples.rep()
        desk_of_others(rep)
        company = {"organization": "John Smith Consulting LLC", "email": "mine@canary.example"}
        person = samples.person(rep, **company, **values)
        own = samples.quote(
            rep, {"name": "IT Support, John Smith, Bill", "unit_price": "100", "sku": "12"}, customer=person
        )
        editing.save_header(rep, own.id, {"title": "IT Support for John Smith"})
        publishing.publish(rep, own.id)
        transitions.advance(rep, own.id, LOST, reason="IT Support")
        person_id, own_id = person.id, own.id
        before = everything()
        anonymizing.person(db.session.get_one(User, admin_id), person_id)
        db.session.commit()
        revision = db.session.scalars(db.select(Revision).filter_by(quote_id=own_id)).one()
        touched = changed(before, everything())
        texts = {("person", person_id, name) for name in (*places.OWN[Person], "anonymized_at", "updated_at")}
        assert touched <= {
            *texts,
            *(("revision", revision.id, name) for name in ("content", "content_sha256")),
            *(("delivery", row["id"], "payload") for row in before["delivery"] if row["quote_id"] == own_id),
        }
        was = next(row for row in before["revision"] if row["id"] == revision.id)["content"]
        assert _without_person(was) == _without_person(revision.content)
        assert chain.check().sentence == ""


def _without_person(content: str) -> str:
    start = content.index(',"person":{')
    return content[:start] + content[content.index("}", start) :]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "name", ["Support", "Bill", "Admin", "Rep", "Pending", "Autotask", "IT Support", "John Smith"]
)
def test_a_user_takes_nothing_of_others_along(app: Flask, name: str) -> None:
    with app.app_context():
        rep, admin = samples.rep(), samples.admin()
        desk_of_others(rep)
        leaver = users.create_user(
            None, email="left@canary.example", name=name, password=samples.PASSWORD, role="rep"
        )
        users.update_user(admin, leaver, name=name, role="rep", is_active=False)
        before = everything()
        entries = {
            entry.id: (entry.actor, entry.content)
            for entry in db.session.scalars(db.select(DiaryEntry))
            if (entry.object_type, entry.object_id) != ("user", str(leaver.id))
        }
        leaver_id = leaver.id
        anonymizing.user(db.session.get_one(User, admin.id), leaver_id)
        db.session.commit()
        touched = changed(before, everything())
        assert {(table, key) for table, key, _ in touched} == {("user_account", leaver_id)}
        assert ("user_account", leaver_id, "role") not in touched
        for number, stood in entries.items():
            entry = db.session.get_one(DiaryEntry, number)
            assert (entry.actor, entry.content) == stood


def test_each_text_has_its_place() -> None:
    named: dict[type[Base], set[str]] = {}
    for group in (places.OWN, places.FROZEN, places.LOGS, places.EVIDENCE, places.DIARY):
        for model, names in group.items():
            named.setdefault(model, set()).update(names)
    listed = [(model.__tablename__, name) for model, names in named.items() for name in names]
    left = [(table, name) for table, names in places.LEFT.items() for name in names.split()]
    deleted = {model.__tablename__ for model in places.DELETED} - {"notification"}
    columns = {
        (table.name, column.name)
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String | JSON) and table.name not in deleted
    }
    assert not set(listed) & set(left)
    assert len(left) == len(set(left))
    assert {*listed, *left} == columns


def test_an_offer_to_someone_else_keeps_running(app: Flask) -> None:
    """It was for them first: what is for someone else now isn't theirs, and what was accepted stays whole."""
    with app.app_context():
        admin_id, rep = samples.admin().id, samples.rep()
        first = samples.person(rep, first_name="John", last_name="Smith", email="john@canary.example")
        quote = samples.quote(rep, customer=first)
        publishing.publish(rep, quote.id)
        other = samples.person(rep, first_name="Bea", last_name="Beta", email="bea@other.example")
        editing.set_customer(rep, quote.id, person=other)
        publishing.publish(rep, quote.id)
        older, live = (one.id for one in quote.revisions)
        stood = db.session.get_one(Revision, live).content
        anonymizing.person(db.session.get_one(User, admin_id), first.id)
        assert db.session.get_one(Revision, live).content == stood
        assert "john@canary.example" not in db.session.get_one(Revision, older).content


def test_a_lost_quote_of_no_one_cant_be_reopened(app: Flask) -> None:
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        person = samples.person(rep)
        quote = samples.quote(rep, customer=person)
        publishing.publish(rep, quote.id)
        transitions.advance(rep, quote.id, LOST, reason="Price")
        quote_id, rep_id = quote.id, rep.id
        assert transitions.possible(quote) == (PENDING,)
        anonymizing.person(admin, person.id)
        rep = db.session.get_one(User, rep_id)
        assert transitions.possible(editing.get(quote_id)) == ()
        with pytest.raises(
            Invalid, match="The contact of this quote was made anonymous, so it can't be reopened"
        ):
            transitions.advance(rep, quote_id, PENDING)
        db.session.rollback()
        assert db.session.get_one(Quote, quote_id).status == LOST
        draft = samples.quote(rep, customer=samples.person(rep, email="other@customer.example"))
        draft.person_id = person.id
        db.session.commit()
        with pytest.raises(Invalid, match=r"The contact was made anonymous\. Choose another customer"):
            publishing.publish(rep, draft.id)


def test_an_owner_who_is_a_contact_too_is_still_the_owner(app: Flask) -> None:
    with app.app_context():
        admin = samples.admin()
        leaver = users.create_user(
            None, email="both@canary.example", name="Bo Th", password=samples.PASSWORD, role="rep"
        )
        contact = samples.person(leaver, email="both@canary.example")
        quote = samples.quote(leaver, customer=contact)
        publishing.publish(leaver, quote.id)
        users.update_user(admin, leaver, name="Bo Th", role="rep", is_active=False, successor_id=admin.id)
        quote_id, admin_id, leaver_id, contact_id = quote.id, admin.id, leaver.id, contact.id
        with pytest.raises(
            Invalid, match=f"quote {quote.number} can still be accepted, and the customer sees"
        ):
            anonymizing.user(admin, leaver_id)
        db.session.rollback()
        transitions.advance(db.session.get_one(User, admin_id), quote_id, LOST, reason="no")
        anonymizing.user(db.session.get_one(User, admin_id), leaver_id)
        content = json.loads(db.session.scalars(db.select(Revision.content)).one())
        assert content["owner_email"] == f"former-user-{leaver_id}@removed.invalid"
        assert content["person"]["email"] == "both@canary.example"
        assert db.session.get_one(Person, contact_id).email == "both@canary.example"


def test_what_someone_signs_in_with_goes(app: Flask) -> None:
    with app.app_context():
        admin = samples.admin()
        leaver = users.create_user(
            None, email="left@canary.example", name="Le Ft", password=samples.PASSWORD, role="rep"
        )
        users.update_user(admin, leaver, name="Le Ft", role="rep", is_active=False)
        attempt = guessing.begin("Left@canary.example", "192.0.2.77")
        other = guessing.begin("someone@canary.example", "192.0.2.77")
        anonymizing.user(admin, leaver.id)
        assert list(db.session.scalars(db.select(PasswordAttempt.id))) == [other]
        assert attempt != other
        owned = {model.__tablename__: model for model in places.OF_ACCOUNT}
        tied = {
            table.name
            for table in db.metadata.sorted_tables
            if "user_id" in table.c and table.c.user_id.foreign_keys
        }
        assert set(owned) == tied
