"""The signature, as the receiver's snippet checks it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from webapp.services.core import signatures
from webapp.services.integrations.webhook import snippet

SECRET, OTHER = "whsec_one", "whsec_two"
BODY = '{"by":"Zoë"}'.encode()
DOCS = Path(__file__).parents[2] / "docs/integrations.md"


@pytest.fixture
def is_genuine() -> Any:
    """The function that we give to receivers."""
    names: dict[str, Any] = {}
    exec(snippet.VERIFY, names)  # noqa: S102  it is our own text, and running it is the test
    return names["is_genuine"]


def header(*keys: str, age: int = 0, body: bytes = BODY) -> str:
    return signatures.sign(keys or (SECRET,), int(time.time()) - age, body)


def test_the_value_is_the_documented_one() -> None:
    # Computed with: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec_one
    assert signatures.sign([SECRET], 1_700_000_000, b'{"a":1}') == (
        "t=1700000000,v1=3c2a43f6f69d57ddfe8e506b006b338393c7a8c400e77c5f191ba17e15763c74"
    )


def test_a_genuine_message_is_taken(is_genuine: Any) -> None:
    assert is_genuine(SECRET, header(), BODY)
    assert is_genuine(SECRET, header(age=290), BODY)


def test_while_a_secret_is_replaced_both_fit(is_genuine: Any) -> None:
    both = header(OTHER, SECRET)
    assert both.count("v1=") == 2
    assert is_genuine(SECRET, both, BODY)
    assert is_genuine(OTHER, both, BODY)


FORGED: dict[str, Callable[[], tuple[str, str, bytes]]] = {
    "another secret": lambda: (OTHER, header(), BODY),
    "a longer body": lambda: (SECRET, header(), BODY + b" "),
    "another body": lambda: (SECRET, header(body=b"{}"), BODY),
    "too old": lambda: (SECRET, header(age=301), BODY),
    "from the future": lambda: (SECRET, header(age=-3600), BODY),
    "another scheme": lambda: (SECRET, header().replace("v1=", "v0="), BODY),
    "no time": lambda: (SECRET, header().partition(",")[2], BODY),
    "no digest": lambda: (SECRET, header().partition(",")[0], BODY),
    "nothing": lambda: (SECRET, "", BODY),
    "nonsense": lambda: (SECRET, "t=now,v1=zz", BODY),
}


@pytest.mark.parametrize("how", FORGED)
def test_anything_else_is_not(is_genuine: Any, how: str) -> None:
    assert not is_genuine(*FORGED[how]())


def test_no_two_secrets_are_alike() -> None:
    made = {signatures.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"whsec_[\w-]{43}", secret) for secret in made)


def test_the_documentation_has_the_snippet_that_is_tested_here() -> None:
    assert snippet.VERIFY.strip() in DOCS.read_text(encoding="utf-8")
