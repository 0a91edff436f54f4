"""The one rule on where Autotask's credentials may go, and where links to its pages may lead.

An address is never judged by a parser that is not the one that connects: what two of them could read in two ways is
refused, and what is left is put together anew from the host that was checked. Knows nothing of the connection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

HOME = "autotask.net"
DEFAULT_PORTS = {"http": 80, "https": 443}

# Letters of ASCII alone: no host that merely looks like another, no user name, no escape, no second reading.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLACE = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{{0,4}}))?",
    re.ASCII | re.IGNORECASE,
)
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?", re.ASCII)
_LISTED = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[^\[\]:]+|[0-9a-f:.]+)(?::(?P<port>[0-9]+))?", re.ASCII)
LONGEST = 255


class ForeignHost(ValueError):
    """Nothing may be sent to this address; the message is a sentence that says what to do."""


@dataclass(frozen=True)
class _Place:
    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def checked(url: str, allowed: Sequence[str] = ()) -> str:
    """``url``, put together anew from the host that was checked. Raises ForeignHost.

    ``allowed``: hosts outside Autotask's own that the operator lists, as ``host`` (any port) or ``host:port``.
    """
    found = _PLACE.match(url)
    path = url[found.end() :] if found else ""
    if not found or len(url) > LONGEST or not _PATH.fullmatch(path):
        raise ForeignHost(
            f"Autotask's address was given as {_shown(url)}, which is not a plain address such as "
            f"https://webservices2.{HOME}/ATServicesRest/, so nothing was sent there. Connect Autotask again; if the "
            "same comes back, ask the operator to check AUTOTASK_ROOT and what stands between this server and Autotask."
        )
    place = _place(found)
    _check(place, allowed)
    return place.url + path


def check_request(url: str, allowed: Sequence[str] = ()) -> None:
    """Raise ForeignHost unless a request made ready for ``url`` goes to a host that it may go to."""
    found = _PLACE.match(url)
    if not found or url[found.end() : found.end() + 1] not in ("", "/", "?"):
        raise ForeignHost(
            f"A call would have gone to {_shown(url)}, which is not a plain address, so it was not made. Connect "
            "Autotask again under Settings > Integrations."
        )
    _check(_place(found), allowed)


def _place(found: re.Match[str]) -> _Place:
    scheme = found["scheme"].lower()
    return _Place(scheme, found["host"].lower(), int(found["port"] or DEFAULT_PORTS[scheme]))


def _check(place: _Place, allowed: Sequence[str]) -> None:
    if any(_lists(entry, place) for entry in allowed):
        return
    advice = "An operator who knows why may list it in AUTOTASK_ALLOWED_HOSTS."
    if place.host != HOME and not place.host.endswith(f".{HOME}"):
        raise ForeignHost(
            f"The address {place.host} is not one of Autotask's, so nothing was sent to it. {advice}"
        )
    if (place.scheme, place.port) != ("https", 443):
        raise ForeignHost(
            f"The address {place.url} is Autotask's, but Autotask is only talked to over https and port 443, so "
            f"nothing was sent to it. {advice}"
        )


def _lists(entry: str, place: _Place) -> bool:
    found = _LISTED.fullmatch(entry.strip().lower())
    if not found or place.port > 65535:
        return False
    return found["host"].strip("[]") == place.host.strip("[]") and found["port"] in (None, str(place.port))


def _shown(url: str) -> str:
    """``url`` for a sentence: what cannot be seen is spelled out, and it does not go on for ever."""
    return ascii(url if len(url) <= 120 else url[:120] + "...")
