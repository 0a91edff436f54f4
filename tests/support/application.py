"""The web application, made as in production, on real databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy.engine.default import DefaultDialect
from werkzeug.routing import Rule

import config
from tests.support.settings import environment
from webapp import create_app
from webapp.models import db
from webapp.services.accounts import users
from webapp.services.quoting.paper import document, pictures
from webapp.services.quoting.paper.pictures import Pictures
from webapp.services.quoting.paper.signed import Signed
from webapp.services.quoting.paper.unsigned import Blank
from webapp.services.quoting.revisions.snapshot import Snapshot

NO_REDIS = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """argon2 as ever, but in microseconds: making many accounts is not what takes time in these tests."""
    thorough = users._hasher
    users._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    users._dummy_hash.cache_clear()
    yield
    users._hasher = thorough
    users._dummy_hash.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def compiled_addresses() -> Iterator[None]:
    """Werkzeug compiles a function for each address, alike in every application: kept from one test's to the next's."""
    kept: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
    compile_anew = Rule._compile_builder

    def compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        assert not rule.defaults
        key = (rule.rule, rule.merge_slashes, rule.subdomain, rule.host, append_unknown)
        if key not in kept:
            kept[key] = compile_anew(rule, append_unknown)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_statements() -> Iterator[dict[Any, Any]]:
    """Compiled SQL, alike on every database of one kind: kept from one test's application to the next's.

    SQLAlchemy keeps it by dialect, and makes a new dialect for each engine.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultDialect, "__eq__", lambda mine, other: type(mine) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda mine: hash(type(mine)))
        yield {}


@pytest.fixture(scope="session", autouse=True)
def laid_out_papers() -> Iterator[None]:
    """PDFs as ever, but the same page is laid out once: most quotes of these tests look like the one before."""
    kept: dict[str, bytes] = {}
    lay_out = document.render

    def once(
        frozen: Snapshot,
        signed: Signed | None = None,
        shown: Pictures = pictures.NONE,
        link: str = "",
        blanks: Sequence[Blank] = (),
    ) -> bytes:
        page = document.html_of(frozen, signed, shown, link, blanks)
        if page not in kept:
            kept[page] = lay_out(frozen, signed, shown, link, blanks)
        return kept[page]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "render", once)
        yield


class CompiledTemplates(BytecodeCache):
    """Compiled templates, kept from one test's application to the next's."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session")
def compiled_templates() -> CompiledTemplates:
    """Shared by all applications of one test process."""
    return CompiledTemplates()


@pytest.fixture
def app_settings(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of the application: Redis and the sandbox are the real ones when the test asks for them."""
    asked = request.fixturenames
    values = {"DATABASE_URL": database_url, "QUOTEWRIGHT_DATA": str(tmp_path), "REDIS_URL": NO_REDIS}
    if "redis_url" in asked:
        values["REDIS_URL"] = request.getfixturevalue("redis_url")
    if "tenant" in asked or "sandbox_url" in asked:
        values["AUTOTASK_ROOT"] = request.getfixturevalue("sandbox_url") + "/atservicesrest"
    return environment(**values)


@pytest.fixture
def app(
    app_settings: dict[str, str], compiled_templates: CompiledTemplates, compiled_statements: dict[Any, Any]
) -> Iterator[Flask]:
    """The application on a migrated database of this test's own; no context is pushed."""
    application = create_app(config.load(app_settings))
    application.testing = True
    application.jinja_env.bytecode_cache = compiled_templates
    with application.app_context():
        db.engine.update_execution_options(compiled_cache=compiled_statements)
    yield application
    with application.app_context():
        db.session.remove()
        db.engine.dispose()
    for thread in threading.enumerate():
        # It still has the connection that is closed next.
        if thread.name == "metrics":
            thread.join()
    application.extensions["quotewright"].redis.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript, so to say: keeps cookies, follows nothing by itself."""
    return app.test_client()
