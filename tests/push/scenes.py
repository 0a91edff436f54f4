"""One installation and one Autotask that are restored to the same scene again and again.

So a fault takes a fraction of a second: nothing is set up, published or rendered again.
"""

from __future__ import annotations

import base64
import dataclasses
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import sql

import config
from tests.push.faults import SHORT, recorded
from tests.push.remote_shape import shape
from tests.support.connected_desk import Desk, every_kind, line, newest_entry, open_desk
from tests.support.sandbox import new_tenant
from tests.support.settings import environment
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.models import Person, Quote, QuoteSection, RemoteMetadata, User, db
from webapp.models.catalog import FIXED
from webapp.models.line import ONE, WHOLE
from webapp.services.autotask.api import budget
from webapp.services.autotask.connection import connection
from webapp.services.autotask.settings.model import ProductsServicesSettings
from webapp.services.autotask.wanted import facts
from webapp.services.delivery import attempt
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.draft import sections
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import parts
from webapp.services.quoting.revisions.snapshot import FrozenLine

MARK = "7f3a9c51e2"
# A 13th line, whose kind another line covers.
NOT_AMONG_THE_TWELVE = ("Cable tray",)
# Of the calls that read, a fault meets one of so many.
READS = 3
LISTS, FIRST, CHANGED = "reading of Autotask's lists", "first push", "changed revision"


@dataclass
class Scene:
    """A saved state: the database, Autotask's records beyond its seed, and the results of an undisturbed push.

    ``wanted``: the shape that every push must end in; ``creates``: how many records of each entity it makes;
    ``calls``: how many calls it takes, or how many of those are the scene's own; ``writes``: of each, in order, whether
    it can change something.
    """

    saved: str
    records: dict[str, list[dict[str, Any]]]
    wanted: dict[str, Any] = field(default_factory=dict)
    creates: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    writes: list[bool] = field(default_factory=list)

    def struck_by(self, fault: int) -> list[int]:
        """The calls, counted from 1, that the fault with this number meets: all that write, every third that reads.

        Another fault meets other ones, so that each meets a third of the faults. A call that only reads leaves nothing
        behind, so what one fault does there, the next one hardly does otherwise. With ``EVERY_CALL``, all of them.
        """
        every = bool(os.environ.get("EVERY_CALL"))
        numbered = enumerate(self.writes[: self.calls], start=1)
        return [nth for nth, is_write in numbered if every or is_write or (nth + fault) % READS == 0]


class Ground:
    """The desk and its scenes. An application context is open."""

    def __init__(self, desk: Desk, keeper: SqliteKeeper | PostgresKeeper) -> None:
        self.desk = desk
        self._keeper = keeper
        self._rep_id = desk.rep.id
        self.desk.save(products_services=_settings(desk))
        self._seeded = desk.tenant.state()
        self.quote_id = twelve_lines(desk).id
        self.pdf = publish(self)
        facts.gather(desk.runtime)
        self.scenes = {FIRST: self._save_scene("first")}
        self._undisturbed(FIRST)
        change(self)
        self.scenes[CHANGED] = self._save_scene("changed")
        self._undisturbed(CHANGED)
        # The first push again, but Autotask's lists are too old and are read first.
        self.restore(FIRST)
        db.session.execute(db.update(RemoteMetadata).values(fetched_at=connection.LONG_AGO))
        db.session.commit()
        self.scenes[LISTS] = self._save_scene("lists")
        self._undisturbed(LISTS)
        self.scenes[LISTS].calls -= self.scenes[FIRST].calls

    def restore(self, name: str) -> int:
        """Restore both sides to a scene; returns the id of its waiting outbox entry."""
        scene = self.scenes[name]
        db.session.remove()
        db.engine.dispose()
        self._keeper.restore(scene.saved)
        self.desk.tenant.reset()
        self.desk.tenant.seed(**scene.records)
        return newest_entry(self.quote_id).id

    def check(self, name: str, what: str) -> None:
        """Check that Autotask holds, field by field, what an undisturbed push writes, with as many creates."""
        # A call that timed out is counted when it has ended in the sandbox too.
        wait_for(lambda: not self.desk.tenant.stats()["atWork"], "the last call to end")
        scene, found = self.scenes[name], self._shape()
        for part, rows in scene.wanted.items():
            assert found[part] == rows, f"{what}: {part}"
        creates = self.desk.tenant.stats()["creates"]
        assert creates == scene.creates, f"{what}: {creates} records created instead of {scene.creates}"

    def quote(self) -> Quote:
        """The quote, reloaded."""
        return db.session.get_one(Quote, self.quote_id)

    def rep(self) -> User:
        """The rep who publishes, reloaded."""
        return db.session.get_one(User, self._rep_id)

    def _shape(self) -> dict[str, Any]:
        return shape(self.desk, self.quote(), MARK)

    def _undisturbed(self, name: str) -> None:
        entry_id = self.restore(name)
        with recorded() as writes:
            attempt.perform(self.desk.runtime, entry_id, early=True)
        assert newest_entry(self.quote_id).state == "done", newest_entry(self.quote_id).outcome
        stats, scene = self.desk.tenant.stats(), self.scenes[name]
        scene.wanted, scene.creates, scene.calls = self._shape(), stats["creates"], stats["total"]
        scene.writes = writes

    def _save_scene(self, name: str) -> Scene:
        db.session.remove()
        db.engine.dispose()
        return Scene(self._keeper.save(name), self._beyond_seed())

    def _beyond_seed(self) -> dict[str, list[dict[str, Any]]]:
        found = {}
        for entity, rows in self.desk.tenant.state().items():
            seeded = {row["id"] for row in self._seeded[entity]}
            new = [self._whole(row) for row in rows if row["id"] not in seeded]
            if new:
                found[entity] = new
        return found

    def _whole(self, row: dict[str, Any]) -> dict[str, Any]:
        """A record as it can be restored: for a file, the state has only the size and hash."""
        if "sha256" not in row:
            return row
        rest = {name: value for name, value in row.items() if name not in ("sha256", "size")}
        return {**rest, "data": base64.b64encode(self.pdf).decode("ascii")}


def _settings(desk: Desk) -> ProductsServicesSettings:
    return ProductsServicesSettings(
        product_billing_code_id=desk.ref("BillingCodes", "Hardware"),
        service_billing_code_id=desk.ref("BillingCodes", "Managed Services"),
        shipping_type_id=desk.ref("ShippingTypes", "Ground"),
        discount_as="item",
    )


def twelve_lines(desk: Desk) -> Quote:
    """A quote with twelve lines of every kind, shipping and a discount, under unique names.

    Products: matched by MPN, new, pulled and recurring, and of a service that is one-time here. Services: matched by
    name, and new. A bundle that was pulled. Labor, also recurring. Every period, each kind of discount, tax and none,
    an optional line, two addresses; a section that is taken as a whole, and one of which the customer takes one line.
    The last two are the parts of a bundle with a fixed price, the one of these two that isn't chosen at first.
    A service has a term and a setup fee.
    """
    organization = desk.organization(f"Nimbus {MARK}")
    organization.billing_line2 = f"Floor {MARK}"
    organization.shipping_line1, organization.shipping_line2 = "2 Dock Road", f"Gate {MARK}"
    organization.shipping_city, organization.shipping_postal_code = "Newark", "07101"
    bundle = desk.tenant.query("ServiceBundles")[0]
    lines = [values for values in every_kind(desk) if values["name"] not in NOT_AMONG_THE_TWELVE]
    for values in lines:
        if values["name"] == "Domain for us":
            values |= {"name": bundle["name"], "recurrence": "monthly", "unit_price": 119}
            values |= {"origin_entity": "ServiceBundles", "origin_id": bundle["id"]}
        if values["name"] == "Managed Workstation":
            values |= {"setup_fee": Decimal("249.50"), "term_months": 12, "renewal_price": Decimal(49)}
        if values["name"] == "Spare Wi-Fi":
            values |= {"discount_kind": "unit", "discount_value": "9.50"}
        if not {"mpn", "origin_id"} & values.keys() and values["name"] != "Managed Workstation":
            values["name"] += f" {MARK}"
        if "sku" in values:
            values["sku"] += MARK
    person = Person(
        organization=organization, first_name="Nora", last_name="Quist", email=f"nora@{MARK}.example"
    )
    assert len(lines) == 12
    common = {"recurrence": "one_time", "unit_cost": 6}
    made_of = [
        FrozenLine.model_validate({"uid": f"part-{number}"} | common | values)
        for number, values in enumerate(lines[-2:])
    ]
    kit = {
        "name": f"Kit {MARK}",
        "unit_price": "140.01",
        "bundle": FIXED,
        "stored_parts": parts.stored(made_of),
    }
    quote = desk.quote(
        *lines[:-2],
        kit,
        organization=organization,
        person=person,
        title=f"Office {MARK}",
        shipping_amount=Decimal("49.90"),
        discount_kind="amount",
        discount_value=Decimal(100),
    )
    quote.sections = [
        QuoteSection(uid=f"{MARK}-{choice}", position=place, title=choice, choice=choice)
        for place, choice in enumerate((WHOLE, ONE))
    ]
    for one, choice in zip(quote.lines[7:], (WHOLE, WHOLE, ONE, ONE), strict=True):
        one.section_uid = f"{MARK}-{choice}"
    sections.settle(quote)
    db.session.commit()
    return quote


def publish(ground: Ground) -> bytes:
    """Publish the quote and render its PDF, so that no case has to render it."""
    revision = publishing.publish(ground.rep(), ground.quote_id).revision
    return document.pdf_for(revision.id, ground.desk.runtime.config.public_base_url)


def change(ground: Ground) -> None:
    """After the first push: change a price, remove a line, add one, swap two, choose, raise shipping, win the quote."""
    quote = ground.quote()
    first, _, third, *rest = quote.lines
    first.unit_price = Decimal("1200.00")
    whole, one = quote.sections
    whole.is_selected = True
    before, after = (line for line in quote.lines if line.section is one)
    before.is_selected, after.is_selected = False, True
    arm = line(name=f"Monitor arm {MARK}", unit_price=80, quantity=4)
    quote.lines[:] = [third, first, *rest, arm]
    arm.section = whole
    sections.arrange(quote)
    quote.shipping_amount = Decimal("59.90")
    db.session.commit()
    db.session.expire_all()
    publish(ground)
    acceptance.record_for_customer(ground.rep(), ground.quote_id, {"name": "Nora Quist", "email": ""})


class SqliteKeeper:
    """Keeps copies of a SQLite file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, name: str) -> str:
        """Copy the database, which has no open connection."""
        copy = self._path.with_name(f"{name}.saved")
        shutil.copyfile(self._path, copy)
        return str(copy)

    def restore(self, saved: str) -> None:
        """Replace the database with a copy."""
        for ending in ("-wal", "-shm"):
            Path(f"{self._path}{ending}").unlink(missing_ok=True)
        shutil.copyfile(saved, self._path)


class PostgresKeeper:
    """Keeps copies of a PostgreSQL database's tables, each copy in its own schema."""

    def __init__(self, url: str) -> None:
        self._url = url

    def save(self, name: str) -> str:
        """Copy every table."""
        with psycopg.connect(self._url) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
            for table in self._tables(connection):
                copy = sql.SQL("CREATE TABLE {} AS TABLE {}")
                connection.execute(copy.format(sql.Identifier(name, table), sql.Identifier("public", table)))
        return name

    def restore(self, saved: str) -> None:
        """Replace every table's rows, in one message to the server."""
        with psycopg.connect(self._url) as connection:
            statements: list[sql.Composable] = [
                sql.SQL("SET session_replication_role = replica")
            ]  # in any order
            for table in self._tables(connection):
                mine, copy = sql.Identifier("public", table), sql.Identifier(saved, table)
                statements.append(sql.SQL("DELETE FROM {}").format(mine))
                statements.append(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(mine, copy))
            connection.execute(sql.SQL("; ").join(statements))

    @staticmethod
    def _tables(connection: psycopg.Connection) -> list[str]:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        return [str(row[0]) for row in connection.execute(query).fetchall()]


@contextmanager
def opened(
    database_url: str, keeper: SqliteKeeper | PostgresKeeper, folder: Path, redis_url: str, sandbox_url: str
) -> Iterator[Ground]:
    """A ground on a migrated database. Calls time out quickly, and retries don't wait."""
    env = environment(
        DATABASE_URL=database_url,
        QUOTEWRIGHT_DATA=str(folder),
        REDIS_URL=redis_url,
        AUTOTASK_ROOT=sandbox_url + "/atservicesrest",
    )
    app: Flask = create_app(config.load(env))
    app.testing = True
    runtime = app.extensions["quotewright"]
    hasty = dataclasses.replace(runtime.config, autotask_timeout_seconds=SHORT)
    app.extensions["quotewright"] = dataclasses.replace(runtime, config=hasty, pause=_no_pause)
    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        # A killed process's slots expire quickly.
        patch.setattr(budget, "HOLD_SECONDS", 0.3)
        patch.setattr(budget, "SETTLE_SECONDS", 0.1)
        patch.setattr(budget, "RENEW_SECONDS", 0.03)
        yield Ground(open_desk(app, new_tenant(sandbox_url)), keeper)
        db.session.remove()
        db.engine.dispose()
    runtime.redis.close()


def _no_pause(_seconds: float) -> None:
    """Only let other threads run."""
    os.sched_yield()
