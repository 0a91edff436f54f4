"""Traces for an OpenTelemetry collector: a click, its statements, the deliveries behind it and their calls to Autotask.

Without an address to send to, or without the extra ``otel``, all of this does nothing. The ids of a click's trace
follow from its ``request_id``, which deliveries keep: so their spans join it, whichever process and whenever.

Spans name routes, tables and entities. They have no address as it was asked for (it can hold the secret of a link), no
header, no body, no value of a statement, and no text of an error.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from webapp.services.core.otel import Sender

NOT_INSTALLED = (
    "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry isn't installed, so no traces are sent. "
    "Install requirements/otel.txt, or unset the variable."
)
Attribute = str | int
# Notes one more attribute of a span.
Note = Callable[[str, Attribute], None]

log = structlog.get_logger(__name__)
_sender: Sender | None = None


def configure(endpoint: str) -> None:
    """Send traces of this process and its forks to the collector at ``endpoint``; to nobody if it is empty."""
    global _sender  # noqa: PLW0603  one for each process, like its logs
    stop()
    if not endpoint:
        return
    if importlib.util.find_spec("opentelemetry") is None:
        log.warning("tracing.not_installed", sentence=NOT_INSTALLED)
        return
    # Loaded only where it is used: it isn't always there, and not small.
    from webapp.services.core.otel import Sender

    _sender = Sender(endpoint)


def stop() -> None:
    """Send what is left, and then no more."""
    global _sender  # noqa: PLW0603
    if _sender is not None:
        _sender.stop()
        _sender = None


def flush() -> None:
    """Send what is left, before a process ends without its farewell."""
    if _sender is not None:
        _sender.flush()


def click(request_id: str, name: str, /, **attributes: Attribute) -> AbstractContextManager[Note]:
    """The span of one request that a browser sent."""
    return _sender.click(request_id, name, attributes) if _sender else nullcontext(_ignore)


def work_of(request_id: str, name: str, /, **attributes: Attribute) -> AbstractContextManager[Note]:
    """The span of work that a click left to a worker; ``request_id`` is empty where nobody clicked."""
    return _sender.work_of(request_id, name, attributes) if _sender else nullcontext(_ignore)


def call(name: str, parent: object, /, **attributes: Attribute) -> AbstractContextManager[Note]:
    """The span of one call to another system. ``parent``: for a thread that has no span of its own (``here``)."""
    return _sender.call(name, parent, attributes) if _sender else nullcontext(_ignore)


def here() -> object:
    """The span that is open now, to be handed to a thread."""
    return _sender.here() if _sender else None


def _ignore(_name: str, _value: Attribute) -> None:
    pass
