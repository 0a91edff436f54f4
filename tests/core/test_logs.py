"""The log: one event per line, whatever someone sends."""

from __future__ import annotations

import io
import logging

import pytest
import structlog

import config
from tests.support.settings import environment
from webapp import logs

FORGED = "2026-01-01T00:00:00Z [info ] user.signed_in"


@pytest.fixture
def written() -> io.StringIO:
    """What the plain format writes."""
    logs.configure(config.load(environment()))
    (handler,) = [one for one in logging.getLogger().handlers if getattr(one, "quotewright", False)]
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    handler.setStream(stream)
    return stream


def fail(text: str) -> None:
    raise ValueError(text)


@pytest.mark.parametrize("ending", ["\n", "\r", "\x85", "\u2028", "\x1b[2K"])
def test_no_text_starts_a_line_of_its_own(written: io.StringIO, ending: str) -> None:
    log = logging.getLogger("tests.logs")
    log.error("unhandled error on %s", f"/q/x{ending}{FORGED}")
    structlog.get_logger("tests.logs").error("an.event", path=f"/q/x{ending}{FORGED}")
    try:
        fail(f"no such page{ending}{FORGED}")
    except ValueError:
        log.exception("broken")
    lines = written.getvalue().splitlines()
    assert not any(line.startswith((FORGED, "\x1b")) for line in lines)
    assert sum(FORGED in line for line in lines) == 3
