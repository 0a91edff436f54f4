"""What one run of the stack was asked for: folders, ports, which parts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack.errors import StackError

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8000
DEFAULT_SANDBOX_PORT = 8010


@dataclass(frozen=True)
class Options:
    """Choices of one run. A port of 0 means any free one.

    ``environ`` is what the children inherit; REDIS_URL, DATABASE_URL, AUTOTASK_ROOT, PUBLIC_BASE_URL, SECRET_KEY and
    QUOTEWRIGHT_ENCRYPTION_KEYS (or any of them with _FILE) in it win over the embedded parts.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    sandbox_port: int = DEFAULT_SANDBOX_PORT
    seed: bool = True
    web_processes: int = 2
    worker: bool = True
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    def given(self, name: str) -> bool:
        """Whether the environment sets ``name`` or ``name_FILE``."""
        return bool(self.environ.get(name, "").strip() or self.environ.get(f"{name}_FILE", "").strip())

    def value(self, name: str) -> str:
        """The text of ``name``, or of the file that ``name_FILE`` names. Raises StackError when it can't be read."""
        path = self.environ.get(f"{name}_FILE", "").strip()
        if not path:
            return self.environ.get(name, "").strip()
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise StackError(
                f"{name}_FILE names {path}, which can't be read ({error.strerror}). Correct it and start again."
            ) from error

    @property
    def wants_sandbox(self) -> bool:
        """The sandbox stands in only when no other Autotask is named."""
        return not self.given("AUTOTASK_ROOT")


def from_environment(environ: Mapping[str, str]) -> Options:
    """Options from QUOTEWRIGHT_DATA, HOST, PORT and SANDBOX_PORT. Raises StackError for a port that is none."""
    return Options(
        data=Path(environ.get("QUOTEWRIGHT_DATA", "").strip() or ROOT / "var").resolve(),
        host=environ.get("HOST", "").strip() or "127.0.0.1",
        port=port_number(environ, "PORT", DEFAULT_PORT),
        sandbox_port=port_number(environ, "SANDBOX_PORT", DEFAULT_SANDBOX_PORT),
        environ=dict(environ),
    )


def port_number(environ: Mapping[str, str], name: str, default: int) -> int:
    """The port in variable ``name``. Raises StackError with a sentence when it is not one."""
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise StackError(f"{name} is “{text}”. Use a number from 0 to 65535; 0 picks any free port.")
    return int(text)
