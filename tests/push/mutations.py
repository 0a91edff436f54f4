"""Each fault that the push once had, put back: the histories (``test_machine_histories.py``) must find it.

``make mutations``, or ``python -m tests.push.mutations NAME ...`` for some. The mend is taken out in a copy of the
sources; nothing here is changed. ``HISTORIES_OF_ONE`` says which histories are tried, as in the test, but more of them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from stack.options import ROOT

PUSH, WANTED = "webapp/services/autotask/push", "webapp/services/autotask/wanted"
API = "webapp/services/autotask/api"
LEFT_OUT = shutil.ignore_patterns(".*", "var", "__pycache__", "results", "node_modules", "test-results")
TEST = "tests/push/test_machine_histories.py::test_a_history_leaves_what_an_undisturbed_push_writes"


@dataclass(frozen=True)
class Mutation:
    """``edits``: file, what stands there once, and what stood there before the mend."""

    what: str
    edits: tuple[tuple[str, str, str], ...]


MUTATIONS = {
    "D1": Mutation(
        "an older push that a dead worker left is revived after a newer one",
        (
            (
                f"{PUSH}/lease.py",
                "statement.where(PushLease.revision <= revision).values(",
                "statement.values(",
            ),
            (
                f"{PUSH}/processing.py",
                "Delivery.state.not_in((DeliveryState.SUPERSEDED, DeliveryState.STOPPED))",
                "Delivery.state.in_((DeliveryState.WAITING, DeliveryState.RUNNING))",
            ),
            (
                f"{PUSH}/processing.py",
                "ended = (DeliveryState.DONE, DeliveryState.SUPERSEDED)",
                "ended = (DeliveryState.DONE, DeliveryState.SUPERSEDED, DeliveryState.RUNNING)",
            ),
        ),
    ),
    "D2": Mutation(
        "an item that is replaced shares its link with its successor",
        (
            (
                f"{PUSH}/plan.py",
                "retired = quote_items.retired(desired.quote_id, remote.remote_id)",
                "retired = record.local",
            ),
        ),
    ),
    "D3a": Mutation(
        "of several creates in doubt only the newest is remembered",
        (
            (
                f"{PUSH}/journal.py",
                "doubts.setdefault(RecordKey.parse(row.key), []).append(Doubt(sent, row.doubt_until))",
                "doubts[RecordKey.parse(row.key)] = [Doubt(sent, row.doubt_until)]",
            ),
        ),
    ),
    "D3b": Mutation(
        "a lost create is looked for by what is sent now, not by what was sent then",
        (
            (
                f"{PUSH}/apply.py",
                "sents = [doubt.sent for doubt in reversed(job.doubts)]",
                "sents = [job.sent]",
            ),
        ),
    ),
    "D3c": Mutation(
        "a create is no longer in doubt when its look-up fails",
        ((f"{PUSH}/apply.py", "in_doubt=in_doubt or bool(lost)", "in_doubt=in_doubt"),),
    ),
    "D4": Mutation(
        "an internal error of Autotask's is taken for a refusal",
        ((f"{API}/replies.py", '    "an unexpected error has occurred",\n', ""),),
    ),
    "D5": Mutation(
        "a success with errors counts as done",
        (
            (
                f"{API}/replies.py",
                "if status < 300 and isinstance(answer, dict) and not sentences(answer):",
                "if status < 300 and isinstance(answer, dict):",
            ),
            (
                f"{API}/client.py",
                "sent, safe=True)\n        replies.item_id(answer, entity)\n",
                "sent, safe=True)\n",
            ),
            (
                f"{API}/client.py",
                "safe=True)\n            replies.item_id(answer, entity)\n",
                "safe=True)\n",
            ),
        ),
    ),
    "D7a": Mutation(
        "until when a lost call may still take effect is forgotten between runs",
        ((f"{PUSH}/journal.py", "Doubt(sent, row.doubt_until)", "Doubt(sent, None)"),),
    ),
    "D7b": Mutation(
        "only the last error says until when a call may take effect",
        (
            (
                f"{PUSH}/apply.py",
                "untils = [doubt.until for doubt in lost if doubt.until] + [self._doubt_until(error)]",
                "untils = [self._doubt_until(error)]",
            ),
        ),
    ),
    "D9": Mutation(
        "what is emptied in the header here stays there",
        ((f"{WANTED}/quote.py", "fields=given(fields) | emptied", "fields=given(fields | emptied)"),),
    ),
    "D10": Mutation(
        "a reopened quote stays lost",
        ((f"{WANTED}/opportunity.py", "replaces=_reopening(context, fields)", "replaces={}"),),
    ),
    "D11": Mutation(
        "a push that runs out of time is taken for a bug",
        ((f"{PUSH}/run.py", "except deadline.OutOfTime:", "except ZeroDivisionError:"),),
    ),
    "end": Mutation(
        "a quote that is won after all keeps its loss reason",
        (
            (
                f"{WANTED}/opportunity.py",
                "return _of_other_ends(context) | given(fields)",
                "return (_of_other_ends(context) if not _has_ended(context) else {}) | given(fields)",
            ),
        ),
    ),
    "late": Mutation(
        "an update may take effect after a newer one",
        ((f"{PUSH}/run.py", "        _await_updates(client, push_run.quote_id, steps)\n", ""),),
    ),
    "D13": Mutation(
        "a quote that was accepted before its first push begins closed",
        ((f"{WANTED}/opportunity.py", "opening=_opening(context, fields)", "opening={}"),),
    ),
}


def mutated(root: Path, mutation: Mutation) -> dict[str, str]:
    """The files of a mutation as they would be. Raises ValueError when the sources have changed."""
    texts: dict[str, str] = {}
    for name, old, new in mutation.edits:
        text = texts.get(name) or (root / name).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ValueError(f"{name} has {text.count(old)} places with “{old}” instead of one.")
        texts[name] = text.replace(old, new)
    return texts


def _try(root: Path, mutation: Mutation) -> tuple[int, str]:
    """Play the histories on mutated sources; returns the exit code and the output."""
    sound = {name: (root / name).read_text(encoding="utf-8") for name, _, _ in mutation.edits}
    for name, text in mutated(root, mutation).items():
        (root / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--show-capture=no", TEST]
    env = {"HISTORIES_OF_ONE": "1x80", **os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    for name, text in sound.items():
        (root / name).write_text(text, encoding="utf-8")
    return done.returncode, done.stdout


def main(names: list[str]) -> int:
    """Print a table; the exit code is 1 when a mutation wasn't found."""
    missed = 0
    print(
        f"{'':4} {'history':>7} {'seconds':>7}  what was put back, and what the history ended with",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="quotewright-mutations-") as folder:
        root = Path(folder) / "sources"
        shutil.copytree(ROOT, root, ignore=LEFT_OUT)
        for name in names or MUTATIONS:
            started = time.monotonic()
            code, output = _try(root, MUTATIONS[name])
            found = re.search(r"Failed: History (\d+) of seed \d+:\nE   (.*)", output)
            missed += found is None
            number = found[1] if found else "none"
            print(f"{name:4} {number:>7} {time.monotonic() - started:>7.0f}  {MUTATIONS[name].what}")
            print(f"{'':22}{found[2][:150] if found else f'NOT FOUND (exit code {code})'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
