"""What compose and the image do, done here without a container engine: the files of the image alone, the installed
secrets, Valkey and PostgreSQL as they are set up there, and the commands of the image."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from stack import redis_server
from stack.child import Child
from stack.options import ROOT
from tests.repository.test_deploy import CONTAINERFILE, DEPLOY, install
from tests.support import postgres

pytestmark = [pytest.mark.server, pytest.mark.slow]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Place:
    """An installed folder, the image's files in ``app``, and the servers; ``environment`` is what services get."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self.folder = folder
        self.running = running
        self.app = folder / "app"
        self.secrets = folder / "quotewright/secrets"
        self.port = free_port()
        data = folder / "data"
        data.mkdir()
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(data),
            "TMPDIR": str(data),
            "PYTHONDONTWRITEBYTECODE": "1",
            "FLASK_APP": "webapp",
            "QUOTEWRIGHT_DATA": str(data),
            "WEB_CONCURRENCY": "1",
            "PORT": str(self.port),
            "PUBLIC_BASE_URL": "https://quotes.example.com",
            "TRUSTED_PROXIES": "1",
            "SECRET_KEY_FILE": str(self.secrets / "secret_key"),
            "QUOTEWRIGHT_ENCRYPTION_KEYS_FILE": str(self.secrets / "encryption_keys"),
            "METRICS_TOKEN_FILE": str(self.secrets / "metrics_token"),
            "SMTP_URL_FILE": str(self.secrets / "smtp_url"),
        }

    def copy(self) -> None:
        """The files of the image, by the lines of the Containerfile."""
        self.app.mkdir()
        for line in re.findall(
            r"^COPY (?!--from|requirements)(.*)$", CONTAINERFILE.read_text(), re.MULTILINE
        ):
            *sources, target = line.split()
            for source in sources:
                if (ROOT / source).is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(ROOT / source, self.app / target, ignore=ignored)
                else:
                    (self.app / target).mkdir(exist_ok=True)
                    shutil.copy(ROOT / source, self.app / target)

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text().strip()

    def call(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.app,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def image(self, what: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.call("deploy/entrypoint.sh", *what.split(), **more)

    def start(self, name: str, command: list[str]) -> Child:
        child = Child(name, command, env=self.environment, cwd=self.app, log=self.folder / f"{name}.log")
        child.start()
        self.running.callback(child.stop, grace=20)
        return child

    def is_healthy(self, what: str) -> bool:
        return self.call(sys.executable, "-m", "deploy.healthy", what).returncode == 0


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Everything installed, with Valkey and PostgreSQL running and nothing in them."""
    assert install(tmp_path / "quotewright").returncode == 0
    monkeypatch.delenv("TEST_POSTGRES_URL", raising=False)
    monkeypatch.setattr(postgres, "USER", "postgres")
    with ExitStack() as running:
        place = Place(tmp_path, running)
        place.copy()
        url = running.enter_context(postgres.postgres_server())
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE quotewright ENCODING 'UTF8' TEMPLATE template0")
        place.environment["PGHOST"] = url.rpartition("host=")[2]
        port = free_port()
        binary, rules = str(redis_server.find_binary()), str(place.secrets / "valkey_conf")
        valkey = place.start("valkey", [binary, rules, "--bind", "127.0.0.1", "--port", str(port)])
        place.environment["REDIS_URL"] = place.secret("redis_url").replace("valkey:6379", f"127.0.0.1:{port}")
        valkey.wait_until(lambda: redis_server.alive(place.environment["REDIS_URL"]), 30)
        for name in ("database_url", "database_owner_url"):
            there = place.secret(name).replace("@postgres:5432", "@") + f"?host={place.environment['PGHOST']}"
            place.environment[name] = there
        place.environment["DATABASE_URL"] = place.environment["database_url"]
        yield place


@pytest.mark.skipif(not shutil.which("psql"), reason="roles.sh runs where psql is")
def test_the_steps_of_compose_end_with_a_healthy_web_server_and_worker(place: Place) -> None:
    image = {str(path) for path in place.app.rglob("*")}
    for _ in ("first start", "any later one"):
        roles = place.call(
            *("sh", str(DEPLOY / "roles.sh")),
            PGUSER="postgres",
            PGDATABASE="quotewright",
            SECRETS=str(place.secrets),
        )
        assert (roles.returncode, roles.stderr) == (0, "")
    migrated = place.image("migrate", DATABASE_URL=place.environment["database_owner_url"])
    assert migrated.returncode == 0, migrated.stderr

    # The services write rows, and can't change tables.
    with psycopg.connect(place.environment["database_url"], autocommit=True) as connection:
        connection.execute("SELECT count(*) FROM quote")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("ALTER TABLE quote ADD COLUMN more integer")
    # Whoever has no password has no queue, and the password is good for no more than the queue.
    address = place.environment["REDIS_URL"]
    with Redis.from_url(re.sub(r"//.*@", "//", address)) as stranger, pytest.raises(AuthenticationError):
        stranger.get("rq:workers")
    with Redis.from_url(address) as product, pytest.raises(NoPermissionError):
        product.config_get("dir")

    assert not place.is_healthy("web")
    assert not place.is_healthy("worker")
    web = place.start("web", ["deploy/entrypoint.sh", "web"])
    worker = place.start("worker", ["deploy/entrypoint.sh", "worker"])
    web.wait_until(lambda: place.is_healthy("web"), 90)
    worker.wait_until(lambda: place.is_healthy("worker"), 90)
    with urllib.request.urlopen(f"http://127.0.0.1:{place.port}/readyz", timeout=10) as answer:
        assert json.load(answer)["ready"] is True

    token = place.image("flask setup-token")
    assert token.returncode == 0, token.stderr
    backup = place.image(f"flask backup {place.folder}/now.zip")
    assert backup.returncode == 0, backup.stderr

    # As in the image, whose root is read-only: nothing was written beside the program.
    place.running.close()
    assert {str(path) for path in place.app.rglob("*")} ^ image == set()
