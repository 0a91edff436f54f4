"""What the customer's page loads at the first visit: one style sheet of ours, kept for good, and little of all."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.quoting.test_brand import save
from tests.support import samples
from webapp.blueprints import customer_styles
from webapp.services.company.brand import brand
from webapp.services.quoting.lifecycle import publishing

GZIP = {"Accept-Encoding": "gzip"}
MOST = 100_000
LINES = 16
# The heaviest files of a font that Latin text needs.
LATIN = re.compile(r'url\("([^"]*-latin-(?:wght|400|600)-normal\.woff2)"\)')


def sent(client: FlaskClient, address: str) -> int:
    """The bytes of an answer, as they are sent."""
    with client.get(address, headers=GZIP) as answer:
        assert answer.status_code == 200
        return len(answer.data)


@pytest.mark.parametrize("font", brand.FONTS)
def test_the_first_visit_is_light(app: Flask, client: FlaskClient, font: str) -> None:
    with app.app_context():
        rep = samples.rep()
        save(rep, font=font)
        described = [
            {"name": f"Item {number}", "unit_price": "9", "description": "A switch with rails and a cord."}
            for number in range(LINES)
        ]
        quote = samples.quote(rep, *described)
        publishing.publish(rep, quote.id)
        address = f"/q/{quote.public_token}"
    page = client.get(address).text
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert len(sheets) == 2  # ours, and the brand's colors
    scripts = re.findall(r'<script src="([^"]+)"', page)
    fonts = LATIN.findall(client.get(sheets[0]).text)
    assert fonts
    total = sum(sent(client, one) for one in (address, *sheets, *scripts, *fonts))
    assert total < MOST


def test_the_style_sheet_is_kept_until_it_changes(client: FlaskClient) -> None:
    now = customer_styles._version("inter")
    kept = client.get(f"/q/styles/{now}/inter.css")
    assert (kept.mimetype, "immutable" in kept.headers["Cache-Control"]) == ("text/css", True)
    older = client.get("/q/styles/older/inter.css")
    assert (older.data, older.headers["Cache-Control"]) == (kept.data, "no-cache")
    assert client.get(f"/q/styles/{now}/comic.css").status_code == 404


def test_shortening_changes_no_rule() -> None:
    css = (
        'a , b > c::before { content: "a ;  /* { */ b" ; margin: 0 auto }\n/* gone */@media (width > 1px) {}'
    )
    assert customer_styles._PARTS.sub(customer_styles._shorter, css) == (
        'a,b>c::before{content: "a ;  /* { */ b";margin: 0 auto}@media (width>1px){}'
    )
