"""The data folder: who holds it, and the keys that are made there at the first start."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import IO

from cryptography.fernet import Fernet

from stack.child import for_us_alone
from stack.errors import StackError
from stack.options import Options

KEYS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "QUOTEWRIGHT_ENCRYPTION_KEYS": lambda: Fernet.generate_key().decode(),
}


def prepare(data: Path) -> IO[str]:
    """Make the data folder (0700) and take its lock; keep the returned file open for as long as the stack runs.

    What an earlier version left readable for others is closed: the folder, databases and logs.

    Raises StackError when the folder can't be made or another stack holds it.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = open(data / "lock", "a+", encoding="utf-8", opener=for_us_alone)  # noqa: SIM115  kept open
    except OSError as error:
        raise StackError(
            f"The data folder {data} can't be used: {error.strerror}. Name another with QUOTEWRIGHT_DATA."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise StackError(
            f"Quotewright already runs on the data folder {data} (process {holder}). "
            "Stop it first, or name another folder with QUOTEWRIGHT_DATA."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    _close_to_others(data)
    return lock


def _close_to_others(data: Path) -> None:
    """Only this user may enter the folder and read its databases and logs, as if it was made today."""
    logs = data / "logs"
    for path in (data, logs, data / "lock", *data.glob("*.db*"), *logs.glob("*.log*")):
        with contextlib.suppress(FileNotFoundError, PermissionError):  # gone, or another user's
            if not path.is_symlink():
                path.chmod(0o700 if path.is_dir() else 0o600)


def environment(options: Options) -> dict[str, str]:
    """NAME_FILE variables for the keys, which are made (0600) where neither the environment nor the folder has them."""
    found = {}
    for name, make in KEYS.items():
        if options.given(name):
            continue
        path = options.data / name.lower()
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(make() + "\n")
        found[f"{name}_FILE"] = str(path)
    return found
