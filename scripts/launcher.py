"""The program of the wheel: ``quotewright`` starts everything on this machine, until Ctrl-C.

quotewright [run] [--port N] [--data FOLDER] [--no-seed] …    as python -m stack run in a checkout
quotewright flask COMMAND …                                   a command, such as doctor or backup, on the same data
quotewright --version
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

APP = Path(__file__).resolve().parent / "app"
DATA = "QUOTEWRIGHT_DATA"


def main() -> int:
    """Returns the exit code."""
    sys.path.insert(0, str(APP))
    home = os.environ.get("XDG_DATA_HOME", "").strip() or Path.home() / ".local" / "share"
    os.environ.setdefault(DATA, str(Path(home) / "quotewright"))
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")  # where it is installed may not be ours to write in
    arguments = sys.argv[1:]
    if arguments[:1] == ["flask"]:
        return _flask(arguments[1:])
    if arguments == ["--version"]:
        import config

        print(f"Quotewright {config.version()}")
        return 0
    if arguments[:1] in (["--help"], ["-h"], ["help"]):
        print(__doc__)
        return 0
    from stack.__main__ import main as run

    return run(arguments if arguments[:1] == ["run"] else ["run", *arguments])


def _flask(arguments: list[str]) -> int:
    """Become ``flask`` with the keys and the database of the data folder; returns only if there is none."""
    from stack import keys, options

    chosen = options.from_environment(os.environ)
    if not chosen.data.is_dir():
        print(
            f"There is nothing in {chosen.data} yet. Start quotewright first, or set {DATA}.", file=sys.stderr
        )
        return 1
    environ = {**os.environ, **keys.environment(chosen), "FLASK_APP": "webapp", DATA: str(chosen.data)}
    socket = chosen.data / "redis.sock"
    if not chosen.given("REDIS_URL"):
        environ["REDIS_URL"] = f"unix://{socket}?db=0"
    environ["PYTHONPATH"] = str(APP)
    os.execve(sys.executable, [sys.executable, "-m", "flask", *arguments], environ)  # noqa: S606  no shell
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
