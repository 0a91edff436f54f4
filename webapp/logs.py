"""Logging: structlog over the standard library, one line per event; JSON with LOG_JSON.

In the plain format only an event starts a line, whatever someone sent: its text is escaped, a traceback indented.
"""

from __future__ import annotations

import logging
import sys

import structlog

from config import Config
from webapp.services.diary import forwarding


def configure(config: Config) -> None:
    """Set the renderer of the whole process."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[structlog.types.Processor] = (
        [structlog.processors.JSONRenderer()]
        if config.log_json
        else [_keep_lines, structlog.dev.ConsoleRenderer(colors=False)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                *rendering,
            ],
        )
    )
    root = logging.getLogger()
    for old in [h for h in root.handlers if getattr(h, "quotewright", False)]:
        root.removeHandler(old)
    handler.quotewright = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    logging.getLogger(forwarding.LOGGER).setLevel(logging.INFO if config.audit_log else logging.WARNING)


def _keep_lines(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """Let no text of the event start a line of its own. (Its other values are shown with their escapes anyway.)"""
    text = str(event.get("event", ""))
    event["event"] = "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )
    for name in ("exception", "stack"):
        if event.get(name):
            event[name] = "\n".join(f"    {line}" for line in str(event[name]).splitlines())
    return event
