"""What a brand is: the logo, the color, the font and the letterhead of the seller.

A quote keeps the brand that it was published with: colors and letterhead are frozen with the revision, and the logo is
kept by the hash of its content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict

from webapp.models import CompanyBrand, Logo, db
from webapp.services.company.brand import colors
from webapp.services.core import images
from webapp.services.core.errors import NotFound

log = structlog.get_logger(__name__)

# Of a company that chose none.
DEFAULT_COLOR = "#1B4FB3"
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
# What the seller is called and where it is reached, where a brand says that instead of the company: by the name that
# the company's profile has for it.
OWN = {
    "seller_name": "name",
    "address": "address",
    "phone": "phone",
    "email": "email",
    "website": "website",
}


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


def default() -> CompanyBrand | None:
    """The brand of quotes that name none; None of a company that never saved one."""
    found: CompanyBrand | None = db.session.scalar(db.select(CompanyBrand).where(CompanyBrand.is_default))
    return found


def of_company() -> Brand:
    """The default brand."""
    return of_record(default())


def of_record(record: CompanyBrand | None) -> Brand:
    """The brand as the next revisions get it; ours for None."""
    return made_of(fields_of(record)) if record else Brand()


def fields_of(record: CompanyBrand) -> dict[str, str]:
    """What a brand is made of, by the names of its columns."""
    return {name: getattr(record, name) for name in ("color", "logo", *LETTERHEAD, *OWN)}


def made_of(fields: Mapping[str, str]) -> Brand:
    """The brand of such fields. A logo that is lost is none."""
    stored = db.session.get(Logo, fields["logo"]) if fields["logo"] else None
    return Brand(
        color=fields["color"] or DEFAULT_COLOR,
        logo=stored.sha256 if stored else "",
        logo_width=stored.width if stored else 0,
        logo_height=stored.height if stored else 0,
        **{name: fields[name] for name in LETTERHEAD},
    )


def seller(profile: Mapping[str, Any], fields: Mapping[str, str] | None) -> dict[str, Any]:
    """The company's profile, with what the brand of these fields says instead; None: as it is."""
    own = {of: fields[name] for name, of in OWN.items() if fields[name]} if fields else {}
    return {**profile, **own}


def logo(sha256: str) -> Logo:
    """A logo with its content. Raises NotFound with a sentence."""
    found = db.session.get(Logo, sha256) if sha256 else None
    if found is None:
        raise NotFound("There's no such logo.")
    return found


def logo_address(sha256: str) -> str:
    """A logo as a ``data:`` address, which needs no request; empty without one, or where it is lost."""
    if not sha256:
        return ""
    try:
        found = logo(sha256)
    except NotFound:
        log.warning("logo.lost", sha256=sha256)
        return ""
    return images.address(found.media_type, found.content)
