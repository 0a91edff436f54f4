"""A whole installation to try: people of every role, a colleague's synced quote, and one record of each kind."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
from redis import Redis

from smoke.admin import COMPANY, PASSWORD, Admin
from smoke.autotask import Credentials, Reader
from smoke.forms import read_forms
from smoke.rep import Customer, Rep
from smoke.visitor import Stuck, Visitor
from smoke.wanted import Line, Offer, Section
from stack import Stack
from stack.options import ROOT

ROLES = ("read_only", "rep", "integration_admin", "sales_manager", "admin")
OWNER = "owner@audit.example"
LONGEST_SYNC = 120.0
# What the walk puts into an address, by the name of the part: a query for one number or text.
RECORDS = {
    "batch_id": "select max(id) from push_batch",
    "delivery_id": "select max(id) from delivery where reader = 'webhook'",
    "endpoint_id": "select max(id) from webhook_endpoint",
    "item_id": "select max(id) from item",
    "file_id": "select max(id) from item_file where kind = 'file'",
    "category_id": "select max(id) from category",
    "tax_code_id": "select max(id) from tax_code",
    "brand_id": "select max(id) from brand",
    "organization_id": "select max(id) from organization",
    "person_id": "select max(id) from person",
    "share_id": "select max(id) from quote_share",
    "signer_id": "select max(id) from quote_signer",
    "view_id": "select max(id) from saved_view",
    "number": "select max(number) from settings_version",
    "message_id": "select max(id) from mail_message",
    "payment_id": "select max(id) from payment",
    "gateway": "select 'link'",
}


@dataclass
class World:
    """``people``: a session by role, ``owner`` and ``nobody`` among them; ``colleague`` owns the quote that all try.

    ``ids``: a value for each part of an address; ``own``: those that differ for the rep's own quote.
    """

    stack: Stack
    owner: Admin
    people: dict[str, Visitor] = field(default_factory=dict)
    colleague: Rep = field(init=False)
    ids: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    first_accounts: int = 0

    @property
    def database(self) -> Path:
        """The file of the embedded database."""
        return self.stack.options.data / "quotewright.db"

    def ask(self, query: str, *values: Any) -> Any:
        """The first value of the first row; None without a row."""
        with closing(sqlite3.connect(self.database, timeout=30)) as database:
            row = database.execute(query, values).fetchone()
        return row[0] if row else None

    def do(self, statement: str) -> None:
        """Change the database past the product."""
        with closing(sqlite3.connect(self.database, timeout=30)) as database, database:
            database.execute(statement)

    def work_off_queues(self) -> None:
        """Run a worker until the queues are empty."""
        program = "import worker; worker.new_worker(worker._runtime(worker.application())).work(burst=True)"
        command = [sys.executable, "-c", program]
        subprocess.run(command, cwd=ROOT, env=self.stack.env, timeout=120, check=True, capture_output=True)

    def keep(self) -> None:
        """Remember the database, for ``restore``."""
        self._copy(self.database, self.database.with_suffix(".kept"))

    def restore(self) -> None:
        """Put the database back as it was, and forget every counter of requests."""
        self._copy(self.database.with_suffix(".kept"), self.database)
        with Redis.from_url(self.stack.redis_url) as redis:
            redis.flushdb()

    @staticmethod
    def _copy(here: Path, there: Path) -> None:
        with (
            closing(sqlite3.connect(here, timeout=30)) as source,
            closing(sqlite3.connect(there, timeout=30)) as target,
        ):
            source.backup(target)


def prepare(stack: Stack, credentials: Credentials) -> World:
    """Set everything up as its people would. Raises Stuck when a page doesn't go on."""
    world = World(stack, Admin(stack.web_url))
    world.first_accounts = _set_up_by_eight(world)
    _sign_in(world.owner, OWNER)
    world.owner.connect(credentials)
    reader = Reader(credentials)
    world.owner.prepare_catalogue(reader)
    world.owner.map_sections()
    world.people = {"nobody": Visitor(stack.web_url), "owner": world.owner}
    rep = Rep(stack.web_url)
    for role in ROLES:
        person = rep if role == "rep" else Rep(stack.web_url)
        person.join(world.owner.invite(f"{role}@audit.example", role))
        world.people[role] = person
    world.colleague = Rep(stack.web_url)
    world.colleague.join(world.owner.invite("colleague@audit.example", "rep"))
    _add_webhook(world)
    world.do(
        "insert into logo (sha256, media_type, width, height, content, created_at) "
        "values ('a', 'image/png', 1, 1, x'61', '2026-01-01 00:00:00')"
    )
    world.do(
        "insert into brand (name, name_key, search_key, is_default, color, logo, font, cover, images, tax_id, "
        "registration_number, bank_details, seller_name, address, phone, email, website, created_at, updated_at) "
        "values ('A', 'a', 'a', 1, '', 'a', 'inter', 'long', 'show', '', '', '', '', '', '', '', '', "
        "'2026-01-01 00:00:00', '2026-01-01 00:00:00')"
    )
    world.do(
        "insert into mail_message (key, kind, sender, reply_to, recipients, copies, subject, text, html, attachment, "
        "message_id, outcome, created_at, send_at) values ('a', 'send', '', '', 'a@b.example', '', 'A', 'A', 'A', '', "
        "'<a@b>', '', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
    )
    world.own = _quote(world, rep, "Their own rack")
    ids = _quote(world, world.colleague, "A colleague's rack")
    _start_batch(world, ids["quote_id"])
    world.do(
        "insert into quote_signer (quote_id, position, name, email, title, token_sha256, token_encrypted, created_at) "  # noqa: S608
        f"values ({int(ids['quote_id'])}, 1, 'Theo', 'theo@audit.example', '', 'x', 'x', '2026-01-01 00:00:00')"
    )
    world.do(
        "insert into quote_share (quote_id, token, name, email, shared_by, created_at) "  # noqa: S608
        f"values ({int(ids['quote_id'])}, 'share', 'Theo', '', 'Ann', '2026-01-01 00:00:00')"
    )
    world.do(
        "insert into payment (quote_id, key, amount, source, reference, noted_at) "  # noqa: S608
        f"values ({int(ids['quote_id'])}, 'hand-1', '1.0000', 'hand', '', '2026-01-01 00:00:00')"
    )
    world.do(
        "insert into saved_view (user_id, name, text, stage, owner, sort, is_default) "
        "select id, 'Drafts', '', 'Draft', '', '-updated', 0 from user_account where email = 'rep@audit.example'"
    )
    stack.children.pop("worker").stop(grace=20)
    _attach_files(world)
    world.ids = {**ids, **{name: str(world.ask(query)) for name, query in RECORDS.items()}}
    colleague_id = world.ask("select id from user_account where email = 'colleague@audit.example'")
    session_id = world.ask("select max(id) from user_session where user_id = ?", colleague_id)
    device_id = world.ask("select max(id) from known_device where user_id = ?", colleague_id)
    world.ids |= {
        "device_id": str(device_id),
        "user_id": str(colleague_id),
        "session_id": str(session_id),
        "passkey_id": "1",
    }
    world.ids["invitation"] = world.owner.invite("invited@audit.example", "rep").rpartition("/")[2]
    world.ids |= {"sha256": "a", "section": "company", "kind": "quote", "filename": "css/app.css"}
    world.ids |= {"version": "0", "font": "inter", "text_kind": "send"}
    missing = [name for name, value in world.ids.items() if value == "None"]
    if missing:
        raise Stuck(f"The audit has no record for {', '.join(missing)}.")
    world.keep()
    return world


def _attach_files(world: World) -> None:
    """The item that all try has an image and a file."""
    for kind in ("image", "file"):
        world.do(
            "insert into item_file (item_id, kind, name, media_type, size, sha256, content, created_at) "  # noqa: S608
            f"select max(id), '{kind}', 'a.txt', 'text/plain', 1, 'x', x'61', '2026-01-01 00:00:00' from item"
        )


def _set_up_by_eight(world: World) -> int:
    """Eight people make the first account at the same moment; returns how many accounts there are."""
    visitors = [Visitor(world.stack.web_url) for _ in range(8)]
    forms = []
    for visitor in visitors:
        visitor.open("/")
        forms.append(visitor.form(having="token"))
    values: dict[str, str | bool] = {
        "token": world.stack.setup_token,
        "name": "Olivia Owner",
        "email": OWNER,
        "password": PASSWORD,
        **COMPANY,
    }

    def send(number: int) -> None:
        data = dict(forms[number].fill(values))
        visitors[number].session.post(visitors[number].url, data=data, timeout=60)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))
    return int(world.ask("select count(*) from user_account"))


def sign_in(visitor: Visitor, email: str, password: str = PASSWORD) -> requests.Response:
    """Send the form of the sign-in page, and return the answer."""
    page = visitor.session.get(f"{visitor.base_url}/login", timeout=60)
    form = next(one for one in read_forms(page.text) if "password" in one.names())
    data = dict(form.fill({"email": email, "password": password}))
    return visitor.session.post(
        f"{visitor.base_url}/login",
        data=data,
        timeout=60,
        allow_redirects=False,
        headers={"Referer": page.url},
    )


def _sign_in(visitor: Visitor, email: str) -> None:
    answer = sign_in(visitor, email)
    if answer.status_code != 303:
        raise Stuck(f"{email} can't sign in: {answer.status_code}")


def _add_webhook(world: World) -> None:
    owner = world.owner
    owner.open("/settings/integrations/webhooks/new")
    owner.send(owner.form(having="url"), {"url": f"{world.stack.sandbox_url}/hooks"})


def _quote(world: World, rep: Rep, title: str) -> dict[str, str]:
    """Publish a quote, wait until it is synced, and begin the next revision; returns what names it in addresses."""
    slug = title.lower().replace(" ", "-").replace("'", "")
    rep.start_quote(Customer(title, "Ann", "Lee", f"ann@{slug}.example"))
    line = Line("Rack", Decimal(1), Decimal(100), Decimal("61.37"), from_library=True)
    rep.write_header(Offer(title, (line,)), "")
    rep.add_line(line, "")
    rep.add_section(Section("Hardware"))
    rep.publish()
    token = rep.customer_link().rpartition("/")[2]
    deadline = time.monotonic() + LONGEST_SYNC
    while (state := rep.push_state())[0] != "synced":
        if time.monotonic() > deadline:
            raise Stuck(f"“{title}” isn't synced: {state}")
        time.sleep(0.5)
    quote_id = rep.quote_path.rpartition("/")[2]
    uids = {
        "uid": world.ask("select uid from quote_line where quote_id = ?", int(quote_id)),
        "section_uid": world.ask("select uid from quote_section where quote_id = ?", int(quote_id)),
    }
    run_id = world.ask("select max(id) from push_run where quote_id = ?", int(quote_id))
    step_id = world.ask("select max(id) from push_step where run_id = ?", run_id)
    call_id = world.ask("select max(id) from push_call where run_id = ?", run_id)
    found = {
        "quote_id": quote_id,
        "run_id": run_id,
        "step_id": step_id,
        "call_id": call_id,
        **uids,
        "token": token,
    }
    return {name: str(value) for name, value in found.items()}


def _start_batch(world: World, quote_id: str) -> None:
    owner = world.owner
    owner.open("/activity/bulk")
    owner.send(owner.form(action="/activity/bulk", having="quote_id"), {"quote_id": quote_id})
    owner.send(owner.form(action="/activity/batches"))
