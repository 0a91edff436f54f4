"""The two PostgreSQL roles of docs/operating.md: the services do their work, and can't touch the tables themselves."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql

import config
from stack.options import ROOT
from tests.support import samples
from tests.support.databases import migrate
from tests.support.settings import environment
from webapp import create_app
from webapp.models import DiaryEntry, db
from webapp.services.diary import chain
from webapp.services.quoting.lifecycle import publishing

pytestmark = pytest.mark.postgres
FORBIDDEN = (
    "ALTER TABLE diary_entry DISABLE TRIGGER ALL",
    "DROP TRIGGER diary_entry_append_only ON diary_entry",
    "TRUNCATE diary_entry",
    "ALTER TABLE quote ADD COLUMN x int",
    "DROP TABLE revision",
    "CREATE TABLE public.x (y int)",
)


@pytest.fixture
def as_role(new_postgres: Callable[[str | None], str]) -> Iterator[Callable[[str], str]]:
    """The address of a new database as ``quotewright_owner`` or ``quotewright``, with the rights of the document."""
    url, mark = new_postgres(None), uuid.uuid4().hex[:8]
    names = {"quotewright_owner": f"owner_{mark}", "quotewright": f"service_{mark}"}
    granted = re.findall(r"^(?:GRANT|ALTER DEFAULT) .*;$", document(), re.MULTILINE)
    assert len(granted) == 6, "for the first database, and for one to restore into"
    granted = granted[:3]
    with psycopg.connect(url, autocommit=True) as admin:
        for name in names.values():
            admin.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
        database = sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(url)["dbname"]))
        owner = sql.Identifier(names["quotewright_owner"])
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, owner))
        for statement in granted:
            admin.execute(re.sub(r"quotewright\w*", lambda name: names[name[0]], statement).encode())
    yield lambda role: f"{url}{'&' if '?' in url else '?'}options=-crole%3D{names[role]}"
    with psycopg.connect(url, autocommit=True) as admin:
        for name in names.values():
            admin.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(name)))


def document() -> str:
    return (ROOT / "docs/operating.md").read_text(encoding="utf-8")


def test_the_services_need_no_more(as_role: Callable[[str], str]) -> None:
    migrate(as_role("quotewright_owner"))
    app = create_app(config.load(environment(DATABASE_URL=as_role("quotewright"))))
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep)
        assert publishing.publish(rep, quote.id).is_new
        assert db.session.scalar(db.select(db.func.count(DiaryEntry.id)))
        assert chain.check().sentence == ""
        db.session.remove()
        db.engine.dispose()
    with psycopg.connect(as_role("quotewright"), autocommit=True) as service:
        for statement in FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                service.execute(statement.encode())
