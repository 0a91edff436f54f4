"""A backup is of one moment, whole, and belongs to no database; restoring it changes nothing or verifies everything."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

import config
from tests.support import samples
from tests.support.databases import copy_sqlite
from webapp import create_app
from webapp.models import Category, Connection, Item, Person, Quote, User, db
from webapp.services.core.errors import ServiceError
from webapp.services.demo import seed
from webapp.services.operating import archive, backup
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import document


@contextmanager
def at(app: Flask, url: str, **changed: object) -> Iterator[Flask]:
    """The same installation on another database."""
    there = create_app(replace(app.extensions["quotewright"].config, database_url=url, **changed))
    with there.app_context():
        yield there
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def worked(app: Flask) -> Iterator[Flask]:
    """A desk on which people worked: the example company, a published quote with its PDF, items that replace others."""
    with app.app_context():
        seed.seed(seed.new_passwords({}))
        user = db.session.scalars(db.select(User).filter_by(role="rep")).first()
        assert user is not None
        quote = samples.quote(user)
        revision = publishing.publish(user, quote.id).revision
        document.pdf_for(revision.id)
        old, new = samples.item(user, name="Old switch"), samples.item(user, name="New switch")
        old.replaced_by_id = new.id
        vault = app.extensions["quotewright"].vault
        samples.connection(vault)
        yield app


def taken(app: Flask, **options: bool) -> tuple[io.BytesIO, archive.Manifest]:
    file = io.BytesIO()
    manifest = backup.write(app.extensions["quotewright"], file, **options)
    file.seek(0)
    return file, manifest


def changed(file: io.BytesIO, **parts: Callable[[bytes], bytes]) -> io.BytesIO:
    """The archive with some of its parts changed; names without folder and ending."""
    result = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            change = parts.get(Path(name).stem, lambda content: content)
            new.writestr(name, change(old.read(name)))
    result.seek(0)
    return result


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated, empty database of each kind."""
    if request.param == "postgres":
        copy: Callable[[str | None], str] = request.getfixturevalue("new_postgres")
        url = copy(request.getfixturevalue("migrated_postgres"))
        return "postgresql+psycopg://" + url.split("://", 1)[1]
    (tmp_path / "elsewhere").mkdir()
    return copy_sqlite(request.getfixturevalue("migrated_sqlite"), tmp_path / "elsewhere")


@pytest.fixture
def empty(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A migrated, empty database."""
    (tmp_path / "empty").mkdir()
    return copy_sqlite(migrated_sqlite, tmp_path / "empty")


@pytest.mark.both_databases
def test_everything_is_there_again_in_either_database(worked: Flask, elsewhere: str) -> None:
    file, manifest = taken(worked)
    assert manifest.tables["quote"].rows > 3
    with at(worked, elsewhere) as there:
        restored = backup.restore(there.extensions["quotewright"], file)
        assert (restored.documents, restored.missing_keys) == (1, False)
        assert restored.entries == manifest.tables["diary_entry"].rows
        again, here = taken(there)
        assert here.tables == manifest.tables
        old = db.session.scalars(db.select(Item).filter_by(name="Old switch")).one()
        assert old.replaced_by is not None
        assert old.replaced_by.name == "New switch"
        connection = db.session.scalars(db.select(Connection)).one()
        assert there.extensions["quotewright"].vault.decrypt(connection.secret_encrypted) == "the secret"
        # Work goes on: new rows get new numbers.
        user = db.session.scalars(db.select(User).filter_by(role="rep")).first()
        assert user is not None
        customer = db.session.scalars(db.select(Person).filter_by(email="ann@customer.example")).one()
        assert publishing.publish(user, samples.quote(user, customer=customer).id).is_new
        with pytest.raises(backup.NotEmpty, match="nothing was restored"):
            backup.restore(there.extensions["quotewright"], again)


class Interrupted(io.BytesIO):
    """A file during whose first write somebody else saves something."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile: Callable[[], object] | None = meanwhile

    def write(self, content: bytes) -> int:  # type: ignore[override]
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile:
            meanwhile()
        return super().write(content)


@pytest.mark.both_databases
def test_it_is_of_one_moment(worked: Flask) -> None:
    def save() -> None:
        with db.engine.begin() as connection:
            connection.execute(db.metadata.tables["category"].insert().values(name="Later"))
            connection.execute(db.metadata.tables["item"].update().values(name="Renamed later"))

    file = Interrupted(save)
    manifest = backup.write(worked.extensions["quotewright"], file)
    db.session.rollback()
    names = list(db.session.scalars(db.select(Category.name)))
    assert "Later" in names
    assert manifest.tables["category"].rows == len(names) - 1
    file.seek(0)
    assert {row["name"] for row in archive.Reader(file).rows("item")} >= {"Old switch", "New switch"}


def damaged(content: bytes) -> bytes:
    return content[: len(content) // 2]


def one_row_less(content: bytes) -> bytes:
    return content.split(b"\n", 1)[1]


def other_name(content: bytes) -> bytes:
    return content.replace(b"Old switch", b"Oldswitch!")


def earlier(content: bytes) -> bytes:
    return json.dumps({**json.loads(content), "migration": "0001"}).encode()


def newer_format(content: bytes) -> bytes:
    return json.dumps({**json.loads(content), "format": 99}).encode()


NOT_WHOLE: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("item", one_row_less, "The table item isn't complete in this backup, or somebody changed it."),
    ("item", other_name, "The table item isn't complete in this backup, or somebody changed it."),
    ("item", damaged, "The table item"),
    ("manifest", damaged, "This file isn't a backup, or it broke off while it was written."),
    ("manifest", earlier, "Restore it with that version into an empty database, then upgrade."),
    ("manifest", newer_format, "This backup was written by a newer version."),
]


def test_what_is_not_whole_changes_nothing(worked: Flask, empty: str) -> None:
    file, _ = taken(worked)
    with at(worked, empty) as there:
        for part, change, sentence in NOT_WHOLE:
            with pytest.raises(ServiceError) as refused:
                backup.restore(there.extensions["quotewright"], changed(file, **{part: change}))
            assert sentence in str(refused.value)
            for kind in (Quote, User, Item, Category):
                assert db.session.scalar(db.select(db.func.count(kind.id))) == 0
            db.session.rollback()


def test_a_byte_that_changed_is_named_wherever_it_is(worked: Flask) -> None:
    """What is packed, too; a byte that says nothing, such as a file's date, changes nothing that is read."""
    file, manifest = taken(worked)
    whole, named, places = file.getvalue(), 0, range(0, len(file.getvalue()), len(file.getvalue()) // 500)
    for place in places:
        changed_file = bytearray(whole)
        changed_file[place] ^= 0x55
        try:
            reader = archive.Reader(io.BytesIO(changed_file))
            for name in reader.manifest.tables:
                assert all(reader.rows(name))
            assert reader.manifest == manifest
        except archive.NotABackup:
            named += 1
    assert named > len(places) * 0.8


def test_two_files_at_one_place_are_no_backup() -> None:
    """Python 3.13 would warn while it reads the one that is right, and no version says so of all."""
    packed, manifest = io.BytesIO(), archive.Manifest("1", "0001", "", "", [])
    with zipfile.ZipFile(packed, "w") as written:
        written.writestr(archive.MANIFEST, json.dumps(asdict(manifest)))
        written.writestr("tables/item.jsonl", "")
        written.filelist[1].header_offset = written.filelist[0].header_offset
    with pytest.raises(archive.NotABackup, match="isn't a backup"):
        archive.Reader(packed)


def test_a_pdf_that_is_not_what_its_hash_says_is_noticed(worked: Flask, empty: str) -> None:
    db.session.execute(db.text("UPDATE revision_document SET sha256 = :wrong"), {"wrong": "0" * 64})
    db.session.commit()
    file, _ = taken(worked)
    with (
        at(worked, empty) as there,
        pytest.raises(ServiceError, match="A PDF in revision_document isn't"),
    ):
        backup.restore(there.extensions["quotewright"], file)


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments))


def test_by_the_command(worked: Flask, empty: str, tmp_path: Path) -> None:
    path = tmp_path / "night.zip"
    said = run(worked, "backup", str(path))
    assert said.exit_code == 0, said.output
    assert "The keys aren't in it." in said.output
    assert path.stat().st_mode & 0o777 == 0o600
    assert archive.KEYS not in zipfile.ZipFile(path).namelist()
    key = worked.extensions["quotewright"].config.encryption_keys[0]
    assert key.encode() not in path.read_bytes()
    other = config.load({"SECRET_KEY": "x" * 20, "QUOTEWRIGHT_ENCRYPTION_KEYS": "A" * 43 + "="})
    with at(worked, empty, encryption_keys=other.encryption_keys) as there:
        said = run(there, "restore", str(path))
    assert said.exit_code == 0, said.output
    assert "Verified: every row, 1 PDFs by their hashes" in said.output
    assert "An encryption key that was in use isn't set here." in said.output
    said = run(worked, "backup", str(path), "--with-keys")
    assert json.loads(zipfile.ZipFile(path).read(archive.KEYS))["encryption_keys"] == [key]


@pytest.mark.postgres
def test_moving_to_postgresql(worked: Flask, postgres_url: str) -> None:
    """Into a database that holds nothing yet, not even tables; twice is refused, and this one stays as it is."""
    quotes = db.session.scalar(db.select(db.func.count(Quote.id)))
    said = run(worked, "move", "--to", postgres_url)
    assert said.exit_code == 0, said.output
    assert "Set DATABASE_URL to the new database" in said.output
    with at(worked, "postgresql+psycopg://" + postgres_url.split("://", 1)[1]):
        assert db.session.scalar(db.select(db.func.count(Quote.id))) == quotes
    said = run(worked, "move", "--to", postgres_url)
    assert (said.exit_code, "Nothing was moved. This database isn't empty" in said.output) == (1, True)
    assert db.session.scalar(db.select(db.func.count(Quote.id))) == quotes
    assert run(worked, "move", "--to", "mysql://somewhere").exit_code == 1
    said = run(worked, "move", "--to", "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2")
    assert (said.exit_code, "Nothing was moved. The database refused" in said.output) == (1, True)
    said = run(worked, "move", "--to", worked.extensions["quotewright"].config.database_url)
    assert (said.exit_code, "That is the database in use" in said.output) == (1, True)


def test_where_nobody_worked_there_is_nothing_to_move(app: Flask, empty: str) -> None:
    said = run(app, "move", "--to", empty)
    assert said.exit_code == 1
    assert "Nobody has worked in" in said.output


def test_nothing_is_left_of_a_backup_that_broke_off(worked: Flask, tmp_path: Path) -> None:
    path = tmp_path / "night.zip"
    assert run(worked, "backup", str(path)).exit_code == 0
    before = path.read_bytes()
    db.session.execute(db.text("UPDATE alembic_version SET version_num = '0001'"))
    db.session.commit()
    said = run(worked, "backup", str(path))
    assert (said.exit_code, said.output.startswith("Error: No backup was written.")) == (1, True)
    assert path.read_bytes() == before
