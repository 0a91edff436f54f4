"""Which Redis is used, and that the embedded one keeps its data."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from stack import redis_server
from stack.errors import StackError
from stack.options import Options
from tests.support.waiting import wait_for

pytestmark = pytest.mark.server


def test_a_redis_that_is_named_wins(redis_url: str, tmp_path: Path) -> None:
    assert redis_server.external_url(Options(data=tmp_path, environ={"REDIS_URL": redis_url})) == redis_url
    assert redis_server.external_url(Options(data=tmp_path, environ={})) is None


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "nonsense", "unix:///no/such/socket"])
def test_a_redis_that_is_named_but_does_not_answer_is_told(url: str, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="REDIS_URL is set, but no Redis answers there"):
        redis_server.external_url(Options(data=tmp_path, environ={"REDIS_URL": url}))


@pytest.mark.parametrize("folder", ["data", "a/folder/with/a/name/" + "long" * 30])
def test_the_embedded_server_keeps_its_data_over_a_crash(folder: str, tmp_path: Path) -> None:
    data = tmp_path / folder
    data.mkdir(parents=True)
    server, url = redis_server.server(data)
    server.start()
    server.wait_until(lambda: redis_server.alive(url), 20)
    with Redis.from_url(url) as client:
        client.set("kept", "yes")
        # everysec: data is on disk within two seconds.
        wait_for(lambda: client.info("persistence")["aof_pending_bio_fsync"] == 0, "the file to be written")
    server.kill()
    server.start()
    server.wait_until(lambda: redis_server.alive(url), 20)
    with Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"
    socket = Path(url.removeprefix("unix://").partition("?")[0])
    assert socket.exists()
    server.stop(grace=5)
    assert not socket.exists()
    assert socket.parent.exists() is (socket.parent == data)


def test_a_system_server_wins_when_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "redis-server"
    monkeypatch.setenv("PATH", str(tmp_path))
    for version, chosen in (("6.0.16", False), ("7.0.15", True)):
        program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0 bits=64'\n")
        program.chmod(0o755)
        assert (redis_server.find_binary() == program) is chosen
