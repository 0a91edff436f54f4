"""A browser without JavaScript, or one that sends its forms by htmx."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from smoke.forms import Form, read_forms

PAGE = "/settings/integrations/autotask"
SECTIONS = ("company", "opportunity", "quote_status", "products_services", "item_category")
HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Visitor:
    """Somebody in front of the screen."""

    client: FlaskClient

    def sign_in(self, email: str, password: str) -> Visitor:
        """Sign in and return the visitor itself."""
        answer = self.try_to_sign_in(email, password)
        assert answer.status_code == 303, text(answer)
        return self

    def try_to_sign_in(self, email: str, password: str) -> TestResponse:
        """Send the sign-in form."""
        form = next(one for one in read_forms(self.client.get("/login").text) if "email" in one.names())
        return self.client.post("/login", data=dict(form.fill({"email": email, "password": password})))

    def form(self, page: str, action: str) -> Form:
        """The form of ``page`` that is sent to an address that holds ``action``."""
        return next(form for form in read_forms(self.client.get(page).text) if action in form.action)

    def section(self, name: str) -> Form:
        """The form of a section of the Autotask settings."""
        return self.form(PAGE, f"sections/{name}")

    def open_category(
        self, category_id: int, form: Form | None = None, values: dict[str, str | bool] | None = None
    ) -> Form:
        """Item Category Mapping after *Edit* of a category, in which ``values`` are entered by now."""
        sent = self.send(
            form or self.section("item_category"), {**(values or {}), "do": f"edit-{category_id}"}
        )
        assert sent.status_code == 200, text(sent)
        return next(form for form in read_forms(sent.text) if "sections/item_category" in form.action)

    def send(
        self, form: Form, values: dict[str, str | bool] | None = None, *, htmx: bool = False
    ) -> TestResponse:
        """Send a form with ``values`` entered."""
        sent: dict[str, list[str]] = {}
        for name, value in form.fill(values or {}):
            sent.setdefault(name, []).append(value)
        return self.client.post(form.action, data=sent, headers=HTMX if htmx else {})

    def send_and_confirm(self, form: Form) -> TestResponse:
        """Send a form that deletes something, and say yes on the page that asks."""
        asked = self.send(form)
        assert asked.status_code == 200, text(asked)
        return self.send(next(one for one in read_forms(asked.text) if "sure" in one.names()))

    def save_all(self) -> TestResponse:
        """Save every section and the tax mapping as they are suggested, then press Save Integration."""
        for name in SECTIONS:
            answer = self.send(self.section(name))
            assert answer.status_code == 303, text(answer)
        assert self.send(self.form(f"{PAGE}/tax-codes", "tax-codes")).status_code == 303
        return self.save_integration()

    def save_integration(self) -> TestResponse:
        """Press Save Integration."""
        return self.send(self.form(PAGE, "autotask/save"))


def walk(client: FlaskClient, *starts: str) -> dict[str, int]:
    """The status of each page that links lead to, and what htmx loads, by address; records stand for their kind."""
    known: dict[str, str] = {}
    waiting, statuses = list(starts), {}
    while waiting:
        address = waiting.pop()
        kind = re.sub(r"\d+", "0", urlsplit(address).path)
        if known.setdefault(kind, address) != address or address in statuses:
            continue
        answer = client.get(address)
        statuses[address] = answer.status_code
        if answer.mimetype == "text/html":
            found = re.findall(r' (?:href|hx-get)="(/[^"]*)"', answer.text)
            waiting += [html.unescape(link) for link in found if not link.startswith("/static/")]
    return statuses


def text(answer: TestResponse) -> str:
    """What the page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def errors(answer: TestResponse) -> dict[str, str]:
    """The sentences beside the fields, by the control's id."""
    found = re.findall(r'<div class="invalid-feedback d-block" id="(.*?)-error">(.*?)</div>', answer.text)
    return {control: html.unescape(sentence) for control, sentence in found}
