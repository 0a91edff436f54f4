"""Mail in the look of a brand, to customers that of their quote: one source for its text and its HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webapp.services.company import mail_texts, profile
from webapp.services.company.brand import brand
from webapp.services.company.brand.brand import Brand
from webapp.services.core import images
from webapp.services.core.errors import NotFound
from webapp.services.delivery.mail import CID, Letter, Logo
from webapp.services.quoting.paper import logos
from webapp.services.quoting.paper.sheet import INK, MUTED
from webapp.services.quoting.revisions.snapshot import Snapshot

TEMPLATES = Path(__file__).parents[2] / "templates" / "mail"
WASH = "#F6F7F8"
# Where the HTML finds the logo that the mail brings along.
ATTACHED = f"cid:{CID}"
BUTTON, JOIN = "Open the quote", "Choose a password"


@dataclass(frozen=True)
class Said:
    """What a mail says. ``quoted``: a person's own words; ``button`` leads to ``address``; ``closing``: in small."""

    heading: str
    lead: str
    button: str
    address: str
    closing: str
    quoted: str = ""


@dataclass(frozen=True)
class Sender:
    """Who writes: ``name`` of the company, ``from_whom`` its address in one line, and its brand."""

    name: str
    from_whom: str
    brand: Brand


def of_offer(frozen: Snapshot) -> Sender:
    """The seller as the quote was published."""
    seller = frozen.seller
    parts = (seller.name, *seller.address.split("\n"), seller.phone)
    return Sender(seller.name, _joined(parts), frozen.brand)


def of_company() -> Sender:
    """The company as it is now, for mail that is about no quote."""
    chosen = brand.default()
    document = brand.seller(profile.current()[0], brand.fields_of(chosen) if chosen else None)
    parts = (document["name"], *str(document["address"]).split("\n"), document["phone"])
    return Sender(document["name"], _joined(parts), brand.of_record(chosen))


def letter(to: str, subject: str, said: Said, frozen: Snapshot, reply_to: str) -> Letter:
    """The mail, with the logo of the quote's brand."""
    logo = logo_of(frozen.brand)
    return Letter(
        to,
        subject,
        text_of(said, frozen),
        html=html_of(said, frozen, ATTACHED if logo else ""),
        logo=logo,
        reply_to=reply_to,
    )


def button(kind: str) -> str:
    """What the button of a text of this kind says."""
    return JOIN if kind in (mail_texts.INVITATION, mail_texts.RESET) else BUTTON


def with_html(made: Letter, sender: Sender, link: str = "") -> Letter:
    """A letter of plain text with its HTML, whose button opens ``link``."""
    logo = logo_of(sender.brand)
    html = html_of_text(made.subject, made.text, sender, ATTACHED if logo else "", link, button(made.kind))
    return replace(made, html=html, logo=logo)


def text_of(said: Said, frozen: Snapshot) -> str:
    """The mail as plain text."""
    from_whom = of_offer(frozen).from_whom
    parts = [said.lead, said.quoted, f"{said.button}: {said.address}", said.closing, from_whom]
    return "\n\n".join(part for part in parts if part) + "\n"


def html_of(said: Said, frozen: Snapshot, logo: str) -> str:
    """The mail as HTML. ``logo``: the address of the logo; empty for the seller's name."""
    return _rendered("branded.html", of_offer(frozen), logo, heading=said.heading, said=said)


def html_of_text(
    subject: str, text: str, sender: Sender, logo: str, link: str = "", button: str = BUTTON
) -> str:
    """A text as HTML; a paragraph that is ``link`` alone becomes a button."""
    parts = [part for paragraph in text.split("\n\n") if (part := paragraph.strip())]
    return _rendered("text.html", sender, logo, heading=subject, parts=parts, link=link, button=button)


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


def logo_of(of: Brand) -> Logo | None:
    """The logo of a brand; None without one, or where it is lost."""
    try:
        found = brand.logo(of.logo)
    except NotFound:
        return None
    return Logo(found.content, found.media_type)


def address_of(logo: Logo | None) -> str:
    """The logo as an address that needs no request, for a mail that is shown in a frame; empty for None."""
    return images.address(logo.media_type, logo.content) if logo else ""


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part.strip() for part in parts if part.strip())


def _rendered(template: str, sender: Sender, logo: str, **more: object) -> str:
    return (
        _environment()
        .get_template(template)
        .render(
            company=sender.name,
            from_whom=sender.from_whom,
            colors=sender.brand.palette,
            logo=logo,
            logo_size=[round(side) for side in logos.size(sender.brand)],
            ink=INK,
            muted=MUTED,
            wash=WASH,
            **more,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
