"""Settings > Brand: the logo, the color and the letterhead of the seller.

A quote keeps the brand that it was published with: colors and letterhead are frozen with the revision, and the logo is
kept by the hash of its content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from webapp.models import Logo, User, db
from webapp.services.company import app_settings
from webapp.services.company.brand import colors
from webapp.services.core import images, merge, work
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.core.fields import Reader

# Of a company that chose none.
DEFAULT_COLOR = "#1B4FB3"
LARGEST_LOGO = images.MEGABYTE
# Pixels; it is shown up to 200 wide, on sharp screens with twice as many.
LONGEST_SIDE = 480
# As it is kept: each customer loads it.
LARGEST_KEPT = 300 * 1024
# So that all of it fits into the address of the page that shows it before saving.
LONGEST_BANK_DETAILS = 250
NEVER, LONG, ALWAYS = "never", "long", "always"
COVERS = {LONG: "Quotes with 6 lines or more", ALWAYS: "Every quote", NEVER: "No quote"}
# The lines that make a quote long.
LONG_LINES = 6
# On the page, and on paper: static/css/NAME.css, and ``fonts.TEXTS`` of the paper. Mail has the reader's own fonts.
INTER = "inter"
FONTS = {
    INTER: "Inter, with Noto Sans in the PDF",
    "ibm-plex-sans": "IBM Plex Sans",
    "open-sans": "Open Sans",
    "source-serif-4": "Source Serif",
}
SHOW, HIDE = "show", "hide"
IMAGES = {SHOW: "Small, beside their lines", HIDE: "Not shown"}
LETTERHEAD = ("tax_id", "registration_number", "bank_details", "cover", "images", "font")


class Brand(BaseModel):
    """A brand as a revision keeps it. ``color``: as entered, as ``#RRGGBB``; the others follow (``colors.Palette``).

    ``logo``: the SHA-256 of its content, with its size in pixels; empty without one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    color: str = DEFAULT_COLOR
    logo: str = ""
    logo_width: int = 0
    logo_height: int = 0
    tax_id: str = ""
    registration_number: str = ""
    bank_details: str = ""
    cover: str = LONG
    images: str = SHOW
    font: str = INTER

    def has_cover(self, lines: int) -> bool:
        """True where the PDF of a quote with so many lines has a cover."""
        return self.cover == ALWAYS or (self.cover == LONG and lines >= LONG_LINES)

    @property
    def shows_images(self) -> bool:
        """True where page and paper show the images of items."""
        return self.images == SHOW

    @property
    def palette(self) -> colors.Palette:
        """The colors for page and paper."""
        return colors.palette(self.color)

    @property
    def registered(self) -> list[str]:
        """The numbers that the seller is registered under, each with its name."""
        named = (("Tax ID", self.tax_id), ("Registration number", self.registration_number))
        return [f"{name} {number}" for name, number in named if number]


def current() -> tuple[dict[str, Any], int]:
    """What the form shows, and its version."""
    return app_settings.get(app_settings.COMPANY_BRAND)


def of_company() -> Brand:
    """The brand of the next revisions."""
    document, _ = current()
    return _brand(document)


def of_form(values: Mapping[str, object]) -> Brand:
    """The brand as it would be with these values, for a look at it. A color that is none gives the default."""
    document, _ = current()
    reader = Reader(values)
    read = _read(reader)
    return _brand({**document, **(read if "color" not in reader.errors else {**read, "color": ""})})


def seen() -> str:
    """The ``seen`` of the form (``core.merge``)."""
    return merge.seen(_shown(current()[0]))


@work.command
def save(actor: User | None, values: Mapping[str, object], logo: bytes | None = None) -> None:
    """Store the brand from form input; ``logo``: a new one, ``values["remove_logo"]``: without the one that is there.

    ``values["logo_before"]``: the hash of the logo that the form showed.

    Raises Invalid with a sentence by field, or Conflict where another admin changed the same; stores nothing then.
    """
    reader = Reader(values)
    mine = _read(reader)
    reader.check()
    image = None
    if logo is not None:
        images.check_size(logo, LARGEST_LOGO, "image")
        image = images.read(logo, LONGEST_SIDE, is_drawing=True)
        if len(image.content) > LARGEST_KEPT:
            raise Invalid(
                "Nothing was saved. This logo has too much detail to load fast. Use a simpler image."
            )
    key = app_settings.COMPANY_BRAND
    fields, document, version = app_settings.merged(key, actor, values, mine, _shown)
    replaces = image is not None or reader.flag("remove_logo")
    if replaces and reader.text("logo_before", 64) != document["logo"]:
        raise Conflict(
            "Another admin changed the logo meanwhile, so nothing was saved. Look at it, then save again."
        )
    if image is not None:
        document = {**document, "logo": _keep(image)}
    elif replaces:
        document = {**document, "logo": ""}
    app_settings.put(key, {**document, **fields}, version, actor)


def logo(sha256: str) -> Logo:
    """A logo with its content. Raises NotFound with a sentence."""
    found = db.session.get(Logo, sha256) if sha256 else None
    if found is None:
        raise NotFound("There's no such logo.")
    return found


def _read(reader: Reader) -> dict[str, Any]:
    typed = reader.text("color", 20)
    try:
        color = colors.parse(typed) if typed else ""
    except ValueError:
        color = ""
        reader.fail("color", "Enter a color like #0B5D44, or leave this empty.")
    return {
        "color": color,
        "tax_id": reader.text("tax_id", 60),
        "registration_number": reader.text("registration_number", 60),
        "cover": reader.choice("cover", tuple(COVERS), LONG),
        "font": reader.choice("font", tuple(FONTS), INTER),
        "images": reader.choice("images", tuple(IMAGES), SHOW),
        "bank_details": reader.text("bank_details", LONGEST_BANK_DETAILS, one_line=False),
    }


def _shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows as text."""
    return {name: document[name] for name in ("color", *LETTERHEAD)}


def _brand(document: Mapping[str, Any]) -> Brand:
    stored = db.session.get(Logo, document["logo"]) if document["logo"] else None
    return Brand(
        color=document["color"] or DEFAULT_COLOR,
        logo=stored.sha256 if stored else "",
        logo_width=stored.width if stored else 0,
        logo_height=stored.height if stored else 0,
        **{name: document[name] for name in LETTERHEAD},
    )


def _keep(image: images.Decoded) -> str:
    sha256 = hashlib.sha256(image.content).hexdigest()
    if db.session.get(Logo, sha256) is None:
        kept = Logo(
            sha256=sha256,
            media_type=image.media_type,
            width=image.width,
            height=image.height,
            content=image.content,
        )
        db.session.add(kept)
        db.session.flush()
    return sha256
