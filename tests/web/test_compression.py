"""Static files are kept by browsers for good, and answers are compressed where that gives nothing away."""

from __future__ import annotations

import gzip
import re

import pytest
from flask.testing import FlaskClient

from tests.support.visitor import HTMX, Visitor
from tests.web.conftest import Ids
from webapp import compression

GZIP = {"Accept-Encoding": "gzip, br"}


def test_static_files_have_their_hash_in_the_address_and_are_kept_for_good(rep: Visitor) -> None:
    client = rep.client
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/quotes/").text)
    assert len(addresses) > 3
    for address in addresses:
        assert address.startswith(f"{compression.static_path()}/")
        answer = client.get(address, headers=GZIP)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        answer.close()
    # An address in a style sheet leads on to the same version.
    fonts = client.get(f"{compression.static_path()}/css/inter.css")
    assert "url(../vendor/" in fonts.text.replace('"', "")
    fonts.close()
    missing = client.get(f"{compression.static_path()}/css/nothing.css")
    assert (missing.status_code, "immutable" in missing.headers["Cache-Control"]) == (404, False)


def test_a_static_file_is_compressed_as_it_is(client: FlaskClient) -> None:
    address = f"{compression.static_path()}/js/app.js"
    plain, small = client.get(address), client.get(address, headers=GZIP)
    plain_data = plain.data
    plain.close()
    assert small.headers["Content-Encoding"] == "gzip"
    assert small.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(small.data) == plain_data
    assert int(small.headers["Content-Length"]) == len(small.data) < len(plain_data) / 2
    part = client.get(address, headers={**GZIP, "Range": "bytes=0-9"})
    assert "Content-Encoding" not in part.headers
    part.close()


@pytest.mark.parametrize(
    ("address", "headers", "is_small"),
    [
        ("/quotes/", {}, True),
        ("/quotes/?q=guess", {}, False),
        ("/quotes/1/find?q=guess", HTMX, True),
    ],
)
def test_a_page_is_compressed_unless_its_address_brings_words_of_others(
    rep: Visitor, ids: Ids, address: str, headers: dict[str, str], is_small: bool
) -> None:
    answer = rep.client.get(address, headers={**GZIP, **headers})
    assert answer.status_code == 200
    assert ("Content-Encoding" in answer.headers) is is_small
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Encoding" not in rep.client.get(address, headers={"Accept-Encoding": "identity"}).headers
