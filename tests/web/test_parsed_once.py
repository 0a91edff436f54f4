"""The customer's page reads its revision once: that takes most of its time where a quote is long."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.support import samples
from webapp.services.quoting.revisions import snapshot


def test_the_page_reads_the_revision_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        token = samples.published(samples.rep()).quote.public_token
    read: list[str] = []
    parse = snapshot.parse

    def counted(content: str) -> Any:
        read.append(content)
        return parse(content)

    monkeypatch.setattr(snapshot, "parse", counted)
    assert app.test_client().get(f"/q/{token}").status_code == 200
    assert len(read) == 1
