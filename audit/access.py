"""Every address × method × role: what the running product lets each of them do, compared with docs/access.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
from flask import Flask

from audit.world import World
from smoke.forms import read_forms
from stack.options import ROOT

TABLE = ROOT / "docs" / "access.md"
# Title of the column → whose session, and whose quote the address names.
COLUMNS = {
    "signed out": ("nobody", "colleague"),
    "read-only": ("read_only", "colleague"),
    "rep": ("rep", "colleague"),
    "own quote": ("rep", "rep"),
    "integration": ("integration_admin", "colleague"),
    "manager": ("sales_manager", "colleague"),
    "admin": ("admin", "colleague"),
    "owner": ("owner", "colleague"),
}
YES, NO, NOTHING = "yes", "", "404"
ROW = re.compile(r"^\| `(GET|POST) ([^`]+)` \|(.*)\|$", re.MULTILINE)

# Addresses whose part has the name of another thing's: where, the part, and what World.ids calls it there.
NAMED_ALIKE = (
    ("/join/", "token", "invitation"),
    ("/sections/", "uid", "section_uid"),
    ("/mail/texts/", "kind", "text_kind"),
)

Access = dict[tuple[str, str], tuple[str, ...]]

# What programs call: their messages are signed, and no browser has a token for them.
SIGNED = ("/sso/backchannel-logout", "/payments/<gateway>", "/mail/events")


@dataclass(frozen=True)
class Address:
    """``rule`` as Flask has it: ``/quotes/<int:quote_id>``."""

    method: str
    rule: str

    @property
    def key(self) -> tuple[str, str]:
        """As the table names it: static files have an address that changes with them."""
        return self.method, re.sub(r"^/static/[0-9a-f]{12}/", "/static/<hash>/", self.rule)

    def path(self, ids: dict[str, str]) -> str:
        """The address with a value for each of its parts."""
        named = {**ids, **{part: ids[name] for within, part, name in NAMED_ALIKE if within in self.rule}}
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: named[part[1]], self.rule)


def addresses(app: Flask) -> list[Address]:
    """All that the application answers, in the order of their rules."""
    found = {
        Address(method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
    }
    return sorted(found, key=lambda one: (one.rule, one.method))


def measure(world: World, wanted: Iterable[Address]) -> tuple[Access, list[str]]:
    """Ask for each address as each person; returns who gets in, and what went wrong (an error page of the server)."""
    found: Access = {}
    wrong: list[str] = []
    tokens = {role: _csrf_token(world, role) for role, _ in COLUMNS.values()}
    for address in wanted:
        row = []
        for role, whose in COLUMNS.values():
            ids = world.ids if whose == "colleague" else {**world.ids, **world.own}
            answer = _ask(world, address, role, address.path(ids), tokens[role])
            # The worker was stopped on purpose, and this page says so with 503.
            if answer.status_code >= 500 and address.rule != "/readyz":
                wrong.append(f"{address.method} {address.rule} as {role} answered {answer.status_code}")
            row.append(_cell(answer))
            if address.method == "POST" and row[-1] == YES:
                world.restore()
        found[address.key] = tuple(row)
    return found, wrong


def of_others(world: World, wanted: Iterable[Address]) -> Iterator[str]:
    """Each address that shows a colleague's quote to people whose company lets them see their own only."""
    owner = world.owner
    owner.open("/settings/roles")
    owner.send(
        owner.form(having="reps_see"), {"reps_see": "own", "reps_change": "own", "read_only_see": "own"}
    )
    named = [one for one in wanted if "quote_id" in one.rule]
    for role in ("rep", "read_only"):
        token = _csrf_token(world, role)
        for address in named:
            answer = _ask(world, address, role, address.path(world.ids), token)
            if answer.status_code not in (403, 404):
                yield f"{address.method} {address.rule} of a hidden quote answered {answer.status_code} to {role}"
    world.restore()


def without_token(world: World, wanted: Iterable[Address]) -> Iterator[str]:
    """Each form that the owner can send without the token that only our own pages have."""
    for address in wanted:
        if address.method == "POST" and address.rule not in SIGNED:
            answer = _ask(world, address, "owner", address.path(world.ids), "")
            if answer.status_code != 400 and not (answer.ok and "nothing was saved" in answer.text):
                yield f"POST {address.rule} without a token answered {answer.status_code}"
                world.restore()


def read_table(path: Path = TABLE) -> Access:
    """What docs/access.md says."""
    rows = ROW.findall(path.read_text(encoding="utf-8"))
    return {(method, rule): tuple(cell.strip() for cell in cells.split("|")) for method, rule, cells in rows}


def as_table(access: Access) -> str:
    """The rows of docs/access.md."""
    head = f"| address | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}\n"
    rows = (f"| `{method} {rule}` | {' | '.join(cells)} |\n" for (method, rule), cells in access.items())
    return head + "".join(re.sub(r" +\|", " |", row) for row in rows)


def differences(expected: Access, found: Access) -> list[str]:
    """Where the two don't agree, as sentences."""
    said = []
    for key in sorted({*expected, *found}, key=lambda one: (one[1], one[0])):
        name = " ".join(key)
        if key not in expected:
            said.append(f"{name} is not in docs/access.md")
        elif key not in found:
            said.append(f"{name} is in docs/access.md, but there is no such address")
        else:
            for column, want, have in zip(COLUMNS, expected[key], found[key], strict=True):
                if want != have:
                    said.append(f"{name}: {column} has “{have}” instead of “{want}”")
    return said


def _csrf_token(world: World, role: str) -> str:
    page = "/login" if role == "nobody" else "/account/"
    html = world.people[role].open(page)
    return next(dict(form.fields)["csrf_token"] for form in read_forms(html) if "csrf_token" in form.names())


def _ask(world: World, address: Address, role: str, path: str, token: str) -> requests.Response:
    """One request, whose answer changes no cookie of the person."""
    session = world.people[role].session
    cookies = session.cookies.copy()
    try:
        return session.request(
            address.method,
            world.stack.web_url + path,
            data={"csrf_token": token} if address.method == "POST" and token else None,
            headers={"Referer": world.stack.web_url + "/"},
            allow_redirects=False,
            timeout=60,
        )
    finally:
        session.cookies = cookies


def _cell(answer: requests.Response) -> str:
    """Let in, refused or sent to the sign-in, or told that there is no such thing."""
    sent_to = answer.headers.get("Location", "")
    asked_for = answer.request.method == "GET" and sent_to.endswith("/login")
    if answer.status_code in (401, 403) or "/login?next=" in sent_to or asked_for:
        return NO
    if answer.status_code == 429:
        return "429"  # no limit is so low that this walk meets it, and it would hide who gets in
    return NOTHING if answer.status_code in (404, 405) else YES
