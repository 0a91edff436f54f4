"""The Autotask sandbox as a real process, and a tenant of it for each test."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from stack.child import Child
from stack.options import ROOT
from stack.parts import SANDBOX_ROOT, sandbox_address

TIMEOUT = 10


@dataclass(frozen=True)
class Tenant:
    """One company's Autotask in the sandbox.

    ``code``, ``user`` and ``secret`` are what the product connects with, ``root`` is its AUTOTASK_ROOT.
    """

    sandbox_url: str
    code: str
    user: str
    secret: str = field(repr=False)

    @property
    def root(self) -> str:
        return self.sandbox_url + SANDBOX_ROOT

    @property
    def headers(self) -> dict[str, str]:
        """The headers that authenticate a REST call of this tenant."""
        return {"ApiIntegrationCode": self.code, "UserName": self.user, "Secret": self.secret}

    def state(self) -> Any:
        """Everything that "Autotask" holds now, by entity."""
        return self._ask("GET", "/state")

    def calls(self) -> Any:
        """Every REST call so far, the oldest first."""
        return self._ask("GET", "/calls")

    def stats(self) -> Any:
        """Counts of calls."""
        return self._ask("GET", "/stats")

    def forget_calls(self) -> None:
        """Begin counting anew."""
        self._ask("DELETE", "/calls")

    def add_fault(self, **fault: Any) -> Any:
        """Make some later calls fail, as the sandbox's documentation describes."""
        return self._ask("POST", "/faults", fault)

    def seed(self, **entities: list[dict[str, Any]]) -> Any:
        """Put records there as a person in Autotask might have: ``tenant.seed(Companies=[{...}])``. Returns ids."""
        return self._ask("POST", "/seed", entities)

    def edit(self, entity: str, identity: int, **fields: Any) -> Any:
        """Change fields of one record behind the product's back."""
        return self._ask("PATCH", f"/{entity}/{identity}", fields)

    def remove(self, entity: str, identity: int) -> Any:
        """Delete one record behind the product's back."""
        return self._ask("DELETE", f"/{entity}/{identity}")

    def define_field(self, entity: str, name: str, *, required: bool = False) -> Any:
        """Add a user-defined field, as an administrator of Autotask does."""
        return self._ask("POST", f"/userDefinedFields/{entity}", {"name": name, "required": required})

    def change(self, **settings: Any) -> Any:
        """Change the tenant itself."""
        return self._ask("PATCH", "", settings)

    def reset(self) -> Any:
        """Put the tenant back to what its seed made."""
        return self._ask("POST", "/reset")

    def get(self, path: str) -> Any:
        """One authenticated REST call: ``tenant.get("/v1.0/Companies/0")``."""
        answer = requests.get(self.root + path, headers=self.headers, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def query(self, entity: str, *filters: dict[str, Any]) -> list[dict[str, Any]]:
        """The first page of ``entity`` that passes every filter; all of them without one."""
        body = {"filter": list(filters) or [{"op": "exist", "field": "id"}]}
        url = f"{self.root}/v1.0/{entity}/query"
        answer = requests.post(url, json=body, headers=self.headers, timeout=TIMEOUT)
        answer.raise_for_status()
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.sandbox_url}/sandbox/tenants/{self.code}{path}"
        answer = requests.request(method, url, json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def new_tenant(sandbox_url: str, seed: str = "demo") -> Tenant:
    """Make a tenant of its own in the sandbox at ``sandbox_url``; ``seed`` is demo or empty."""
    code = f"TEST-{uuid.uuid4().hex[:12].upper()}"
    tenant = Tenant(sandbox_url, code=code, user=f"api@{code.lower()}.example", secret=uuid.uuid4().hex)
    # strict: as Autotask itself, also where the sandbox forgives clients by default.
    body = {"code": tenant.code, "user": tenant.user, "secret": tenant.secret, "seed": seed, "strict": True}
    answer = requests.post(f"{sandbox_url}/sandbox/tenants", json=body, timeout=TIMEOUT)
    answer.raise_for_status()
    return tenant


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running sandbox, without /atservicesrest."""
    log = tmp_path_factory.mktemp("sandbox") / "sandbox.log"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--seed", "empty"]
    child = Child("Autotask sandbox", command, env={**os.environ, "PYTHONUNBUFFERED": "1"}, cwd=ROOT, log=log)
    child.start()
    child.wait_until(lambda: bool(sandbox_address(child.output())), 30)
    yield sandbox_address(child.output())
    child.stop(grace=5)


@pytest.fixture
def tenant(sandbox_url: str) -> Tenant:
    """A tenant with a small believable company in it, of this test's own."""
    return new_tenant(sandbox_url)
