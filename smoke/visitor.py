"""Somebody with a browser and no JavaScript: opens pages, fills forms, reads what comes back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urljoin

import requests

from smoke.forms import Form, read_forms


class Stuck(Exception):
    """The visitor could not go on; the message says at which page and what it showed."""


class Visitor:
    """One person with their own session."""

    def __init__(self, base_url: str, timeout: float = 60) -> None:
        self.base_url = base_url
        self.timeout = timeout
        self.session = requests.Session()
        # On a connection of its own, no request meets one that the server just closed because it was idle.
        self.session.headers["Connection"] = "close"
        self.url = ""
        self.html = ""

    def open(self, path: str) -> str:
        """Open a page and return its HTML. Raises Stuck for an error page."""
        return self._take(self.session.get(urljoin(self.base_url, path), timeout=self.timeout))

    def form(self, *, action: str = "", having: str = "") -> Form:
        """The first form of this page whose address contains ``action`` and that has the field ``having``."""
        for form in self.forms():
            target = urljoin(self.url, form.action or self.url)
            if action in target and (not having or having in form.names()):
                return form
        found = [(form.action, sorted(form.names())) for form in self.forms()]
        raise Stuck(f"{self.url} has no form “{action}” with “{having}”; it has {found}")

    def forms(self) -> list[Form]:
        """All forms of this page."""
        return read_forms(self.html)

    def send(self, form: Form, values: Mapping[str, str | bool] | None = None) -> str:
        """Send a form and follow to the page that answers. Raises Stuck when it is refused."""
        data = form.fill(values or {})
        target = urljoin(self.url, form.action or self.url)
        if form.method == "get":
            return self._take(self.session.get(target, params=data, timeout=self.timeout))
        headers = {"Referer": self.url}
        return self._take(self.session.post(target, data=data, headers=headers, timeout=self.timeout))

    def _take(self, response: requests.Response) -> str:
        self.url, self.html = response.url, response.text
        if not response.ok:
            raise Stuck(
                f"{response.request.method} {response.url} answered {response.status_code}: {self.complaints()}"
            )
        return self.html

    def complaints(self) -> str:
        """The error sentences on this page, or the beginning of its text."""
        marked = re.findall(
            r'<[a-z]+ class="[^"]*(?:alert-danger|invalid-feedback)[^"]*"[^>]*>(.*?)</', self.html, re.DOTALL
        )
        text = marked or [re.sub(r"<(script|style|head).*?</\1>", "", self.html, flags=re.DOTALL)]
        return " | ".join(" ".join(re.sub(r"<[^>]+>", " ", part).split()) for part in text)[:800]
