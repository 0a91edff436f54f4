"""The strangers' environments. ``make strangers`` makes them and sets STRANGERS; without it these tests are skipped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from stack.options import ROOT
from tests.support.sandbox import Tenant

MANY = 1203


def told(command: list[str], tenant: Tenant) -> dict[str, Any]:
    """What a story prints when it is run against ``tenant``: by step, its result."""
    tenant.seed(Products=[{"name": f"Part {number}", "manufacturerName": "Many"} for number in range(MANY)])
    arguments = [tenant.sandbox_url, tenant.code, tenant.user, tenant.secret]
    done = subprocess.run([*command, *arguments], check=False, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    results: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    failed = {
        step: result for step, result in results.items() if isinstance(result, dict) and "failed" in result
    }
    assert failed == {}, done.stderr
    return results


@pytest.fixture
def asked_for() -> None:
    """Skips unless the strangers were asked for by name."""
    if not os.environ.get("STRANGERS"):
        pytest.skip("clients of strangers are installed and tried by `make strangers`")


@pytest.fixture
def strangers_python(asked_for: None) -> str:
    """The interpreter that has py-autotask."""
    python = ROOT / ".venv-strangers/bin/python"
    assert python.exists(), "py-autotask is not installed; run `make strangers`"
    return str(python)


@pytest.fixture
def node(asked_for: None) -> str:
    """Node, with @apigrate/autotask-restapi beside the story."""
    path = shutil.which("node")
    if path is None:
        pytest.skip("node is not on this machine, so @apigrate/autotask-restapi was not tried")
    folder = ROOT / "tests/strangers/apigrate/node_modules"
    assert folder.is_dir(), "@apigrate/autotask-restapi is not installed; run `make strangers`"
    return path
