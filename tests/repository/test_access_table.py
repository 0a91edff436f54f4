"""docs/access.md names every address that the application answers, and no other."""

from __future__ import annotations

import pytest
from flask import Flask

from audit import access
from audit.access import Access

SOME: Access = {("GET", "/"): ("", "yes"), ("POST", "/x"): ("404", "yes")}


def test_every_address_is_in_the_table(app: Flask) -> None:
    answered = {one.key for one in access.addresses(app)}
    assert set(access.read_table()) == answered, "Run `make audit WRITE=--write` and read what it changed."


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ({**SOME, ("GET", "/"): ("yes", "yes")}, "GET /: signed out has “yes” instead of “”"),
        ({("GET", "/"): ("", "yes")}, "POST /x is in docs/access.md, but there is no such address"),
        ({**SOME, ("GET", "/y"): ("", "")}, "GET /y is not in docs/access.md"),
    ],
)
def test_what_differs_is_a_gap(found: Access, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "COLUMNS", {"signed out": ("nobody", ""), "owner": ("owner", "")})
    assert access.differences(SOME, SOME) == []
    assert access.differences(SOME, found) == [sentence]
