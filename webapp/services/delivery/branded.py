"""Mail to customers in the look of the brand that their quote has: one source for its text and its HTML."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from webapp.services.company.brand import brand
from webapp.services.core.errors import NotFound
from webapp.services.delivery.mail import Letter, Logo
from webapp.services.quoting.paper import logos
from webapp.services.quoting.paper.sheet import INK, MUTED
from webapp.services.quoting.revisions.snapshot import Snapshot

TEMPLATES = Path(__file__).parents[2] / "templates" / "mail"
WASH = "#F6F7F8"
# Where the HTML finds the logo that the mail brings along.
ATTACHED = "cid:logo"


@dataclass(frozen=True)
class Said:
    """What a mail says. ``quoted``: a person's own words; ``button`` leads to ``address``; ``closing``: in small."""

    heading: str
    lead: str
    button: str
    address: str
    closing: str
    quoted: str = ""


def letter(to: str, subject: str, said: Said, frozen: Snapshot, reply_to: str) -> Letter:
    """The mail, with the logo of the quote's brand."""
    logo = _logo(frozen)
    html = html_of(said, frozen, ATTACHED if logo else "")
    return Letter(to, subject, text_of(said, frozen), html, logo, reply_to)


def text_of(said: Said, frozen: Snapshot) -> str:
    """The mail as plain text."""
    parts = [said.lead, said.quoted, f"{said.button}: {said.address}", said.closing, _from_whom(frozen)]
    return "\n\n".join(part for part in parts if part) + "\n"


def html_of(said: Said, frozen: Snapshot, logo: str) -> str:
    """The mail as HTML. ``logo``: the address of the logo; empty for the seller's name."""
    return _template().render(
        said=said,
        seller=frozen.seller,
        from_whom=_from_whom(frozen),
        colors=frozen.brand.palette,
        logo=logo,
        logo_size=[round(side) for side in logos.size(frozen.brand)],
        ink=INK,
        muted=MUTED,
        wash=WASH,
    )


def sample(frozen: Snapshot, address: str) -> Said:
    """What a mail about a sample offer says, to look at a brand with."""
    about = f"{frozen.lines[0].name} in quote {frozen.number} “{frozen.title}”"
    return Said(
        f"{frozen.owner_name} wrote about quote {frozen.number}",
        f"{frozen.owner_name} wrote about {about}:",
        "Read and reply",
        address,
        f"Or email {frozen.owner_name}: {frozen.owner_email}",
        "Yes, they come with three years of on-site service.",
    )


def _from_whom(frozen: Snapshot) -> str:
    seller = frozen.seller
    parts = [seller.name, *seller.address.split("\n"), seller.phone]
    return ", ".join(part.strip() for part in parts if part.strip())


def _logo(frozen: Snapshot) -> Logo | None:
    try:
        found = brand.logo(frozen.brand.logo) if frozen.brand.logo else None
    except NotFound:
        found = None
    return Logo(found.content, found.media_type) if found else None


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("branded.html")
