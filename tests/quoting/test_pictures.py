"""Pictures of items: small, on page and paper, and kept as a quote was published."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader

from tests.catalog.test_files import picture
from tests.quoting.test_brand import save
from tests.quoting.test_document import line
from tests.quoting.test_snapshot import make
from tests.support import samples
from webapp.models import Item, Picture, Quote, Revision, User, db
from webapp.services.catalog import files, pictures
from webapp.services.core import images
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import document
from webapp.services.quoting.paper.pictures import Pictures
from webapp.services.quoting.revisions import freezing, snapshot


def pictured(rep: User) -> tuple[Item, Quote]:
    """An item with an image, and a quote with a line of it."""
    item = samples.item(rep)
    files.set_image(rep, item, picture(size=(300, 200)))
    quote = editing.create(rep, person=samples.person(rep))
    lines.add_item(rep, quote.id, item)
    return item, quote


def published(rep: User, quote: Quote) -> Revision:
    return publishing.publish(rep, quote.id).revision


def drawn(pdf: bytes) -> list[int]:
    """How many pictures each page draws."""
    return [len(page.images) for page in PdfReader(io.BytesIO(pdf)).pages]


@pytest.mark.both_databases
def test_a_quote_keeps_its_pictures_when_the_item_gets_another(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        rep = samples.rep()
        item, quote = pictured(rep)
        revision = published(rep, quote)
        first = snapshot.parse(revision.content).lines[0].image
        kept = pictures.content(first)
        files.set_image(rep, item, picture(size=(50, 50), kind="JPEG"))
        assert not freezing.has_changes(quote, revision)
        files.remove_image(rep, item)
        assert pictures.content(first) == kept
        assert drawn(document.pdf_for(revision.id)) == [1]
        address = f"/q/{quote.public_token}"
    assert f'<img class="offer-picture" src="{address}/picture/{first}" alt="" width="48" height="48"' in (
        client.get(address).text
    )
    answer = client.get(f"{address}/picture/{first}")
    assert (answer.data, answer.mimetype, "immutable" in answer.headers["Cache-Control"]) == (
        kept,
        "image/webp",
        True,
    )
    assert client.get(f"{address}/picture/{'0' * 64}").status_code == 404


def test_only_the_pictures_of_the_offer_are_at_its_address(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        rep = samples.rep()
        _, quote = pictured(rep)
        published(rep, quote)
        other = samples.item(rep, name="Secret")
        secret = files.set_image(rep, other, picture("PNG", (40, 40), "RGBA")).sha256
        address = f"/q/{quote.public_token}"
    assert client.get(f"{address}/picture/{secret}").status_code == 404
    assert client.get(f"/items/pictures/{secret}").status_code == 303


def test_an_image_from_before_pictures_gets_one_at_publishing(rep: User) -> None:
    _, quote = pictured(rep)
    db.session.execute(db.delete(Picture))
    db.session.commit()
    draft = freezing.freeze(quote, number=1, revision=1, published_at=quote.created_at)
    (image,) = draft.images
    assert pictures.content(image)
    assert db.session.get(Picture, image) is None
    published(rep, quote)
    assert db.session.get(Picture, image) is not None


def test_a_brand_can_show_none(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        rep = samples.rep()
        save(rep, images="hide")
        _, quote = pictured(rep)
        revision = published(rep, quote)
        assert drawn(document.pdf_for(revision.id)) == [0]
        address = f"/q/{quote.public_token}"
    assert "offer-picture" not in client.get(address).text


def test_a_picture_is_small_and_square() -> None:
    for size in ((1200, 30), (30, 1200), (5, 5), (1, 1)):
        made = images.square(images.read(picture(size=size), 1200).content, 96, 6 * 1024)
        assert len(made) <= 6 * 1024
        with Image.open(io.BytesIO(made)) as again:
            assert (again.size, again.format) == ((96, 96), "WEBP")


def test_lines_without_a_picture_stand_below_those_with_one_in_their_section_alone() -> None:
    offered = make(
        lines=(
            line("Laptop", image="a", description="Slim. " * 300),
            line("Credit", unit_price=Decimal(-1)),
            line("Visit", recurrence="monthly"),
            line("Monitor", image="a", is_optional=True),
        )
    )
    shown = Pictures("", {"a": images.square(images.read(picture(), 1200).content, 96, 6 * 1024)})
    html = document.html_of(offered, None, shown)
    for name, column in (("Laptop", "item-pictured"), ("Credit", "item-pictured"), ("Visit", "item")):
        assert f'<t s="name" c="{column}">{name}</t>' in html
    assert '<t s="name" c="option-pictured">Monitor</t>' in html
    pdf = document.render(offered, None, shown)
    assert sum(drawn(pdf)) >= 2
    assert pdf.count(b"/Subtype /Image") == 1
    assert "item-pictured" not in document.html_of(offered)  # a lost picture costs nothing
