"""A sixth reader is one small class: here, a log file of what happens to quotes."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support import samples
from webapp.models import Delivery, DiaryEntry, db
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import attempt, reader, room
from webapp.services.delivery.outcomes import Done, Outcome, Retry
from webapp.services.delivery.reader import Reader
from webapp.services.quoting.lifecycle import publishing


class LogFile(Reader):
    """A line in a file for each entry about a quote."""

    key, name, queue = "log_file", "Log file", "log-file"

    def __init__(self, path: Path) -> None:
        self.path = path

    def subscribe(self, entry: DiaryEntry) -> Iterable[Delivery]:
        if entry.object_type == "quote":
            line = f"{entry.at.isoformat()} {entry.action} {entry.object_id} {entry.actor}"
            yield room.delivery(self.key, entry.action, payload=line)

    def deliver(self, runtime: Runtime, delivery: Delivery) -> Outcome:
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(delivery.payload + "\n")
        except OSError as error:
            return Retry(f"The log file couldn't be written ({error.strerror}).", wait=60)
        return Done()


@pytest.fixture
def log_file(app: Flask, tmp_path: Path) -> Iterator[LogFile]:
    mine = LogFile(tmp_path / "quotes.log")
    reader.register(mine)
    yield mine
    reader.unregister(mine.key)


def deliver_all(app: Flask) -> list[Delivery]:
    rows = list(db.session.scalars(db.select(Delivery).filter_by(reader="log_file").order_by(Delivery.id)))
    for row in rows:
        attempt.perform(app.extensions["quotewright"], row.id, early=True)
    db.session.expire_all()
    return rows


def test_it_is_told_everything_once(app: Flask, log_file: LogFile) -> None:
    with app.app_context():
        rep = samples.rep()
        quote = samples.quote(rep)
        publishing.publish(rep, quote.id)
        for _ in range(2):
            rows = deliver_all(app)
        lines = log_file.path.read_text(encoding="utf-8").splitlines()
        assert [line.split()[1] for line in lines] == ["quote.created", "quote.line_added", "quote.published"]
        assert {row.state for row in rows} == {"done"}
        assert [row.event_id for row in rows] == sorted(row.event_id or 0 for row in rows)


def test_it_is_tried_again_when_the_disk_refuses(app: Flask, log_file: LogFile) -> None:
    with app.app_context():
        log_file.path.mkdir()
        samples.quote(samples.rep())
        assert {row.state for row in deliver_all(app)} == {"waiting"}
        log_file.path.rmdir()
        assert {row.state for row in deliver_all(app)} == {"done"}


def test_it_is_small() -> None:
    assert len(inspect.getsource(LogFile).splitlines()) <= 30
