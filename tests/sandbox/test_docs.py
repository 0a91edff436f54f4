"""What docs/sandbox.md and --help say agrees with what there is."""

from __future__ import annotations

import re

import pytest

from sandbox import contract
from sandbox.__main__ import EPILOG
from sandbox.faults import ADDRESSES, KINDS, VERBS
from sandbox.tenants import DEMO_CODE, DEMO_SECRET, DEMO_USER, SETTINGS
from stack.options import ROOT

TEXT = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*KINDS, *SETTINGS, DEMO_CODE, DEMO_USER, DEMO_SECRET])
def test_the_page_tells_of_every_fault_and_setting(name: str) -> None:
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("kind", KINDS)
def test_the_help_tells_of_every_fault(kind: str) -> None:
    assert kind in EPILOG


def test_the_page_tells_of_every_entity_and_verb() -> None:
    for name in contract.entities():
        if not re.search("Webhook(Udf)?Fields|WebhookExcluded", name):
            assert name in TEXT, name
    for verb in VERBS + ADDRESSES:
        assert re.search(rf"\b{verb}\b", TEXT), verb


def test_every_source_is_used_and_every_mark_has_a_source() -> None:
    body, _, sources = TEXT.partition("## Sources")
    numbered = set(re.findall(r"^(\d+)\. ", sources, re.MULTILINE))
    used = set(re.findall(r"\[(\d+)\]", body))
    assert used == numbered


def test_links_within_the_page_lead_somewhere() -> None:
    heads = {
        re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.+)$", TEXT, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= heads
