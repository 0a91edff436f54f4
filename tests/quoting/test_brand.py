"""Settings > Brand: what is taken, and what quotes keep of it on paper."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.quoting.test_document import read
from tests.support import samples
from webapp.models import Logo, User, db
from webapp.services.company.brand import brand as brands
from webapp.services.core.errors import Invalid
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import freezing, snapshot

ORANGE, DARKER = "#F26A1B", "#BC4C00"
BANK = "First Bank\nIBAN XX12 3456 7890"


def picture(width: int = 600, height: int = 200, kind: str = "PNG", color: str = ORANGE) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), color).save(out, kind)
    return out.getvalue()


def save(actor: User, logo: bytes = b"", **values: str) -> None:
    document_, _ = brands.current()
    shown = {name: document_[name] for name in brands.LETTERHEAD}
    brands.save(actor, {"color": "", **shown, "seen": brands.seen(), **values}, logo)


def test_a_quote_keeps_the_brand_that_it_was_published_with(rep: User) -> None:
    save(rep, picture(), color="f26a1b", tax_id="NY 12-3456789", bank_details=BANK)
    first = samples.published(rep)
    save(rep, picture(color="#0B5D44"), color="#0B5D44")
    kept = snapshot.parse(first.content).brand
    assert (kept.color, kept.palette.accent, kept.tax_id, kept.bank_details) == (
        ORANGE,
        DARKER,
        "NY 12-3456789",
        BANK,
    )
    assert brands.logo(kept.logo).media_type == "image/jpeg"
    assert brands.of_company().logo != kept.logo
    pdf = document.pdf_for(first.id)
    page = " ".join(" ".join(read(pdf)).split())
    assert "Tax ID NY 12-3456789" in page
    assert "Bank details First Bank IBAN XX12" in page
    assert b"/Image" in pdf


def test_another_brand_is_no_change_of_the_offer(rep: User) -> None:
    revision = samples.published(rep)
    save(rep, color=ORANGE)
    assert not freezing.has_changes(revision.quote, revision)


def test_a_logo_can_be_removed_and_the_older_one_stays_for_its_quotes(rep: User) -> None:
    save(rep, picture())
    logo = brands.of_company().logo
    save(rep, remove_logo="1")
    assert brands.of_company().logo == ""
    assert db.session.get(Logo, logo) is not None


@pytest.mark.parametrize(
    ("logo", "color", "sentence"),
    [
        (b"", "blueish", "Enter a color like #0B5D44"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "", "isn't an image"),
        (b"not an image", ORANGE, "isn't an image"),
        (b"\x89PNG" + bytes(1024 * 1024), "", "up to 1 MB"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_saved(
    rep: User, logo: bytes, color: str, sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        save(rep, logo, color=color, tax_id="1")
    assert sentence in " ".join([str(refused.value), *refused.value.fields.values()])
    assert brands.of_company() == brands.Brand()


def test_an_image_of_forty_megapixels_is_refused(rep: User) -> None:
    out = io.BytesIO()
    Image.new("1", (8000, 5000)).save(out, "PNG")
    with pytest.raises(Invalid, match="megapixels"):
        save(rep, out.getvalue())
