"""The sandbox as a program: its file, its end by force, its port, its help."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from stack.child import Child
from stack.options import ROOT
from stack.parts import sandbox_address
from tests.sandbox.rest_api import ALL, Api, attachment, company, contact, deal, item_fields
from tests.support.sandbox import TIMEOUT, Tenant, new_tenant

Start = Callable[..., tuple[Child, str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a sandbox on a file of this test's own; each is ended with the test."""
    children: list[Child] = []

    def begin(*options: str) -> tuple[Child, str]:
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(tmp_path / "sandbox.db")]
        log = tmp_path / f"sandbox-{len(children)}.log"
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        child = Child("Autotask sandbox", [*command, *options], env=env, cwd=ROOT, log=log)
        child.start()
        children.append(child)
        child.wait_until(lambda: bool(sandbox_address(child.output())), 30)
        return child, sandbox_address(child.output())

    yield begin
    for child in children:
        child.stop(grace=5)


def at(tenant: Tenant, url: str) -> Tenant:
    """The same tenant at another address."""
    return Tenant(url, tenant.code, tenant.user, tenant.secret)


def test_everything_is_there_after_a_kill(start: Start) -> None:
    first, url = start()
    tenant = new_tenant(url)
    api = Api(tenant)
    made = deal(api, useQuoteTotals=True)
    api.create(made.items, **item_fields(api, unitPrice="19.99", quantity=3))
    file = attachment(b"%PDF-1.7 made up")
    number = api.create(f"/Opportunities/{made.opportunity}/Attachments", **file)
    tenant.change(threadLimit=9)
    tenant._ask("POST", "/userDefinedFields/Quotes", {"name": "Region"})
    tenant._ask("PATCH", "/picklists/Companies/companyType", {"value": "44", "label": "Odd"})
    tenant.remove("Products", 8100)
    before = tenant.state()
    assert first.pid is not None
    os.killpg(first.pid, signal.SIGKILL)
    first.wait(20)
    _, url = start()
    tenant = at(tenant, url)
    api = Api(tenant)
    assert tenant.state() == before
    assert api.get(f"/Opportunities/{made.opportunity}")["amount"] == 59.97
    assert api.get(f"/Opportunities/{made.opportunity}/Attachments/{number}")["data"] == file["data"]
    assert tenant._ask("GET", "")["threadLimit"] == 9
    assert api.picklist("Companies", "companyType")["Odd"] == 44
    assert api.get(f"/Quotes/{made.quote}")["userDefinedFields"] == [{"name": "Region", "value": None}]
    assert api.create("/QuoteLocations", city="Austin") > made.location


def test_an_id_is_not_given_twice_after_a_restart_either(start: Start) -> None:
    first, url = start()
    tenant = new_tenant(url)
    made = deal(Api(tenant))
    number = contact(Api(tenant), made.company)
    Api(tenant).call("DELETE", f"/Companies/{made.company}/Contacts/{number}")
    first.stop(grace=5)
    _, url = start()
    assert contact(Api(at(tenant, url)), made.company) == number + 1


def test_what_was_answered_is_on_the_file_whenever_the_kill_comes(start: Start) -> None:
    first, url = start()
    tenant = new_tenant(url, "empty")
    api = Api(tenant)
    answered = []
    for place in range(40):
        answered.append(company(api, f"Company {place}"))
        if place == 39:
            assert first.pid is not None
            os.killpg(first.pid, signal.SIGKILL)
    first.wait(20)
    _, url = start()
    assert set(answered) <= set(Api(at(tenant, url)).names("Companies", "id"))


def test_removed_tenants_and_resets_are_remembered(start: Start) -> None:
    first, url = start("--seed", "empty")
    gone, stays = new_tenant(url, "empty"), new_tenant(url, "empty")
    company(Api(stays))
    stays.reset()
    gone._ask("DELETE", "")
    first.stop(grace=5)
    _, url = start()
    listed = [one["code"] for one in requests.get(f"{url}/sandbox/tenants", timeout=TIMEOUT).json()]
    assert listed == ["SANDBOX-DEMO", stays.code]
    assert Api(at(stays, url)).names("Companies", "id") == [0]


def test_without_a_file_nothing_is_kept(sandbox_url: str, tenant: Tenant) -> None:
    company(Api(tenant))
    assert not list(ROOT.glob("*.db"))


def test_it_ends_in_good_order_when_asked_to(start: Start) -> None:
    child, _ = start()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGTERM)
    assert child.wait(20) == 0
    assert "Traceback" not in child.output()


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", *options]
    return subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_a_port_in_use_is_told_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = run("--port", str(taken.getsockname()[1]))
    assert said.returncode == 1
    assert "cannot be used" in said.stderr
    assert "--port" in said.stderr


@pytest.mark.parametrize("options", [("--port", "65536"), ("--port", "-1"), ("--host", "nowhere.invalid")])
def test_an_address_that_cannot_be_listened_on_is_told_in_a_sentence(options: tuple[str, str]) -> None:
    said = run("--port", "0", *options)
    assert said.returncode == 1
    assert "cannot be used" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_file_that_cannot_be_opened_is_told_in_a_sentence(tmp_path: Path) -> None:
    said = run("--port", "0", "--data", str(tmp_path / "missing" / "sandbox.db"))
    assert said.returncode == 1
    assert "missing/sandbox.db" in said.stderr
    assert "Traceback" not in said.stderr
    (tmp_path / "text").write_text("no database, but long enough to be looked at as one" * 20)
    said = run("--port", "0", "--data", str(tmp_path / "text"))
    assert (said.returncode, "Traceback" in said.stderr) == (1, False)


def test_the_help_tells_how_to_use_it() -> None:
    said = run("--help").stdout
    for wanted in (
        "SANDBOX-DEMO",
        "zoneInformation",
        "--data",
        "X-Sandbox-Fault",
        "/sandbox/tenants",
        "docs/",
    ):
        assert wanted in said


def test_the_demo_tenant_is_there_from_the_start(sandbox_url: str) -> None:
    demo = Tenant(sandbox_url, "SANDBOX-DEMO", "api@demo.example", "sandbox-secret")
    assert Api(demo).call("POST", "/Companies/query", ALL).status_code == 200
