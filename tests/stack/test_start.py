"""What a start needs first: a data folder, keys, ports. Each error is a sentence that says how to fix it."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from stack import keys, ports
from stack.child import Child
from stack.errors import StackError
from stack.options import DEFAULT_PORT, Options, from_environment
from tests.support.waiting import wait_for


def options(data: Path, **environ: str) -> Options:
    return Options(data=data, environ=environ)


def test_keys_are_made_once_for_this_user_alone(tmp_path: Path) -> None:
    first = keys.environment(options(tmp_path))
    texts = {name: Path(path).read_text() for name, path in first.items()}
    assert set(first) == {"SECRET_KEY_FILE", "QUOTEWRIGHT_ENCRYPTION_KEYS_FILE"}
    assert {stat.S_IMODE(Path(path).stat().st_mode) for path in first.values()} == {0o600}
    assert len(texts["SECRET_KEY_FILE"]) > 40
    Fernet(texts["QUOTEWRIGHT_ENCRYPTION_KEYS_FILE"].strip())
    assert keys.environment(options(tmp_path)) == first
    assert {name: Path(path).read_text() for name, path in first.items()} == texts


def test_keys_of_the_environment_win(tmp_path: Path) -> None:
    given = options(tmp_path, SECRET_KEY="given", QUOTEWRIGHT_ENCRYPTION_KEYS_FILE="/run/secrets/keys")
    assert keys.environment(given) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_has_one_stack_at_a_time(tmp_path: Path) -> None:
    data = tmp_path / "var"
    with (
        keys.prepare(data),
        pytest.raises(StackError, match=r"already runs on the data folder .* \(process \d+\)"),
    ):
        keys.prepare(data)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    keys.prepare(data).close()


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        StackError, match=r"can't be used: Not a directory\. Name another with QUOTEWRIGHT_DATA"
    ):
        keys.prepare(tmp_path / "file" / "var")


def test_a_taken_port_is_told_with_the_way_to_another() -> None:
    with ports.listen("127.0.0.1", 0, "PORT") as listener:
        taken = listener.getsockname()[1]
        with pytest.raises(StackError) as caught:
            ports.check_free("127.0.0.1", taken, "SANDBOX_PORT")
    assert str(caught.value) == (
        f"Port {taken} on 127.0.0.1 is taken by another program. "
        f"Choose another with SANDBOX_PORT, for example: make run SANDBOX_PORT={taken + 1}"
    )


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(StackError, match=r"can't listen on 192\.0\.2\.1, port 0: "):
        ports.listen("192.0.2.1", 0, "PORT")


@pytest.mark.parametrize("text", ["eighty", "-1", "65536", "80 80", "٨٠"])
def test_a_port_that_is_none_is_told(text: str) -> None:
    with pytest.raises(StackError, match=r"^PORT is “.*”\. Use a number from 0 to 65535"):
        from_environment({"PORT": text})


def test_options_come_from_the_environment(tmp_path: Path) -> None:
    found = from_environment({"QUOTEWRIGHT_DATA": str(tmp_path), "SANDBOX_PORT": "0", "PORT": " "})
    assert (found.data, found.port, found.sandbox_port, found.wants_sandbox) == (
        tmp_path,
        DEFAULT_PORT,
        0,
        True,
    )
    assert not from_environment({"AUTOTASK_ROOT": "https://example.test/atservicesrest"}).wants_sandbox


def test_a_setting_may_be_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "url"
    path.write_text("redis://elsewhere/0\n")
    assert options(tmp_path, REDIS_URL_FILE=str(path)).value("REDIS_URL") == "redis://elsewhere/0"
    with pytest.raises(StackError, match=r"REDIS_URL_FILE names .* which can't be read"):
        options(tmp_path, REDIS_URL_FILE=str(tmp_path / "none")).value("REDIS_URL")


def test_an_open_data_folder_of_an_earlier_version_is_closed_to_others(tmp_path: Path) -> None:
    data = tmp_path / "var"
    (data / "logs").mkdir(parents=True, mode=0o755)
    files = [data / name for name in ("lock", "quotewright.db", "quotewright.db-wal", "sandbox.db")]
    files.append(data / "logs/web.log")
    for file in files:
        file.write_text("")
        file.chmod(0o644)
    data.chmod(0o755)
    keys.prepare(data).close()
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (data, data / "logs")} == {0o700}


def test_what_a_child_makes_is_for_this_user_alone(tmp_path: Path) -> None:
    made = tmp_path / "made"
    log = tmp_path / "logs" / "child.log"
    child = Child("child", [sys.executable, "-c", f"open({str(made)!r}, 'w')"], env={}, cwd=tmp_path, log=log)
    child.start()
    wait_for(lambda: not child.running, "the end of the child", 30)
    assert {stat.S_IMODE(file.stat().st_mode) for file in (made, log)} == {0o600}
