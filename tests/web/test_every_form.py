"""Every linked page, and every form on them sent with absurd values: a page or a sentence, never a 500."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from flask import Flask

from smoke.forms import Form, read_forms
from tests.support.connected_desk import Desk, copy_desk, every_kind
from tests.support.copies import Copied
from tests.support.sandbox import Tenant
from tests.support.visitor import HTMX, Visitor
from webapp.models import Quote, db
from webapp.services.quoting.lifecycle import publishing

PASSWORD = "a long password"
PAGES_AT_MOST = 150
ABSURD = {
    "nothing": "",
    "a huge number": "9" * 400,
    "a negative number": "-1",
    "a number beyond every column": str(2**63),
    "not a number": "NaN",
    "exponents": "1e309",
    "no text at all": "\x00\x07\ufeff",
    "other digits": "٣",
    "markup": "'\"><script>alert(1)</script>{{7*7}}%s",
    "very long": "x" * 120_000,
    "a date": "0000-13-45",
}


@pytest.fixture
def busy_desk(app: Flask, tenant: Tenant, redis_url: str, opened_desk: Copied) -> Iterator[Desk]:
    """A connected installation with a pushed quote, a draft and a lost quote, and its application context open."""
    with app.app_context():
        desk = copy_desk(app, tenant, opened_desk)
        desk.push(desk.quote(*every_kind(desk), title="Pushed"))
        desk.quote({"name": "Rack", "unit_price": 10}, title="Draft")
        publishing.publish(desk.rep, desk.quote({"name": "Rack", "unit_price": 10}, title="Waiting").id)
        yield desk


@pytest.fixture
def visitor(app: Flask, busy_desk: Desk) -> Visitor:
    """An admin's browser without JavaScript."""
    return Visitor(app.test_client()).sign_in(busy_desk.rep.email, PASSWORD)


def crawl(visitor: Visitor) -> dict[tuple[str, tuple[str, ...]], Form]:
    """Visit every page reachable by links; returns one form for each address and set of names."""
    waiting, seen = ["/"], {"/logout"}
    forms: dict[tuple[str, tuple[str, ...]], Form] = {}
    while waiting and len(seen) < PAGES_AT_MOST:
        address = waiting.pop(0)
        shape = re.sub(r"\d+", "#", address)
        if address in seen or sum(re.sub(r"\d+", "#", old) == shape for old in seen) >= 3:
            continue
        seen.add(address)
        answer = visitor.client.get(address)
        assert answer.status_code < 400, f"{address}: {answer.status_code}"
        if answer.mimetype != "text/html":
            continue
        for form in read_forms(answer.text):
            action = form.action or address
            if form.method == "post" and "logout" not in action:
                form.action = action
                key = re.sub(r"\d+", "#", action), tuple(sorted(re.sub(r"\d+", "#", n) for n in form.names()))
                forms.setdefault(key, form)
        links = re.findall(r'(?:href|hx-get)="(/[^"#]*)"', answer.text)
        waiting += [link.replace("&amp;", "&") for link in links if not link.startswith("/static/")]
    return forms


NUMBERS = ("0", "999999", str(2**31), str(2**63), str(10**40))
QUERIES = (
    "q",
    "page",
    "state",
    "stage",
    "owner",
    "category",
    "since",
    "until",
    "r",
    "choose",
    "seen",
    "quote_id",
)


@pytest.mark.slow
@pytest.mark.postgres
def test_no_address_breaks_whatever_is_asked(app: Flask, visitor: Visitor, busy_desk: Desk) -> None:
    token = db.session.get_one(Quote, 1).public_token
    broken = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.rule.startswith("/static"):
            continue
        address = (
            re.sub(r"<int:\w+>", "1", rule.rule).replace("<token>", token).replace("<section>", "company")
        )
        for value, headers in itertools.product(ABSURD.values(), ({}, HTMX)):
            asked = dict.fromkeys(QUERIES, value[:2000])
            answer = visitor.client.get(address, query_string=asked, headers=headers)
            if answer.status_code >= 500 and rule.endpoint != "monitor.readyz":  # no worker runs here
                broken.append(f"{address} with {value[:20]!r}: {answer.status_code}")
    assert broken == []


def absurd(form: Form, value: str) -> dict[str, list[str]]:
    """The form with ``value`` in every field except the CSRF token and the like."""
    sent: dict[str, list[str]] = {}
    for name in sorted(form.names()):
        kept = [old for key, old in form.fields if key == name]
        sent[name] = kept if name == "csrf_token" else [value]
    return sent


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.timeout(600)
def test_no_form_breaks_whatever_is_entered(visitor: Visitor, busy_desk: Desk, database_kind: str) -> None:
    # Each value in each form on both databases, sent by htmx and as a page: not each of these four ways.
    headers = HTMX if database_kind == "sqlite" else {}
    forms = crawl(visitor)
    assert len(forms) > 40, sorted(action for action, _ in forms)
    # Forms that end the connection or the session come last.
    order = sorted(
        forms.values(), key=lambda form: any(word in form.action for word in ("disconnect", "users"))
    )
    broken = []
    for what, value in ABSURD.items():
        for form in order:
            answer = visitor.client.post(form.action, data=absurd(form, value), headers=headers)
            if answer.status_code >= 500 or "Traceback" in answer.text:
                broken.append(f"{form.action} with {what}: {answer.status_code}")
            elif answer.status_code >= 400 and answer.mimetype != "text/html":
                broken.append(f"{form.action} with {what}: {answer.status_code} without a page")
    assert broken == []


@pytest.mark.both_databases
def test_addresses_of_what_is_not_there_say_so(app: Flask, visitor: Visitor) -> None:
    token, broken = _token(visitor), []
    for rule, number in itertools.product(list(app.url_map.iter_rules()), NUMBERS):
        if "<int:" not in rule.rule:
            continue
        address = re.sub(r"<\w+>", "nothing", re.sub(r"<int:\w+>", number, rule.rule))
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            answer = visitor.client.open(address, method=method, data={"csrf_token": token})
            if answer.status_code >= 500 or answer.status_code < 300:
                broken.append(f"{method} {address}: {answer.status_code}")
    assert broken == []


def _token(visitor: Visitor) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.client.get("/settings/company").text)
    assert found
    return found[1]
