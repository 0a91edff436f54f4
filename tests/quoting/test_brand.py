"""Settings > Brand: what is taken, and what quotes keep of it on paper."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from tests.quoting.test_document import read
from tests.support import samples
from webapp.models import Logo, User, db
from webapp.services.company.brand import brand as brands
from webapp.services.company.brand import kept
from webapp.services.core.errors import Conflict, Invalid
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import freezing, snapshot

ORANGE, DARKER = "#F26A1B", "#BC4C00"
BANK = "First Bank\nIBAN XX12 3456 7890"


def picture(width: int = 600, height: int = 200, kind: str = "PNG", color: str = ORANGE) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), color).save(out, kind)
    return out.getvalue()


def save(actor: User, logo: bytes | None = None, **values: str) -> None:
    shown = kept.shown(brands.default())
    known = {**shown, "color": "", "seen": kept.seen(shown), "logo_before": shown["logo"]}
    kept.save(actor, brands.default(), {**known, **values}, logo)


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
    assert brands.logo(kept.logo).media_type == "image/png"
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
        (None, "blueish", "Enter a color like #0B5D44"),
        (b"", "", "isn't empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "", "isn't an image"),
        (b"not an image", ORANGE, "isn't an image"),
        (b"\x89PNG" + bytes(1024 * 1024), "", "up to 1 MB"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_saved(
    rep: User, logo: bytes | None, color: str, sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        save(rep, logo, color=color, tax_id="1")
    assert sentence in " ".join([str(refused.value), *refused.value.fields.values()])
    assert brands.of_company() == brands.Brand()


def test_a_logo_that_another_admin_uploaded_is_not_replaced_unseen(rep: User) -> None:
    save(rep, picture())
    uploaded = brands.of_company().logo
    with pytest.raises(Conflict):
        save(rep, picture(color="#0B5D44"), logo_before="")
    with pytest.raises(Conflict):
        save(rep, remove_logo="1", logo_before="")
    assert brands.of_company().logo == uploaded


def test_a_drawing_stays_sharp_and_small(rep: User) -> None:
    save(rep, picture(2000, 1000))
    kept = brands.logo(brands.of_company().logo)
    assert (kept.media_type, kept.width, kept.height) == ("image/png", 480, 240)
    noise = Image.frombytes("RGBA", (700, 700), random.Random(1).randbytes(700 * 700 * 4))  # noqa: S311
    out = io.BytesIO()
    noise.save(out, "WEBP")
    with pytest.raises(Invalid, match="too much detail"):
        save(rep, out.getvalue())


def test_a_lost_logo_does_not_cost_the_paper(rep: User) -> None:
    save(rep, picture())
    revision = samples.published(rep)
    db.session.execute(db.delete(Logo))
    db.session.commit()
    assert document.pdf_for(revision.id).startswith(b"%PDF")


def test_an_image_of_forty_megapixels_is_refused(rep: User) -> None:
    out = io.BytesIO()
    Image.new("1", (8000, 5000)).save(out, "PNG")
    with pytest.raises(Invalid, match="megapixels"):
        save(rep, out.getvalue())
