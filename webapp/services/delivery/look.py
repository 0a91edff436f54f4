"""How an email looks as HTML: made from its plain text, in the company's brand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webapp.services.company import profile
from webapp.services.company.brand import brand
from webapp.services.core.errors import NotFound

TEMPLATES = Path(__file__).parents[2] / "templates"
CID = "logo"
LOGO = f"cid:{CID}"
WIDEST, HIGHEST = 180, 48
BUTTON = "Open the quote"


@dataclass(frozen=True)
class _Part:
    lines: list[str]
    is_link: bool


@dataclass(frozen=True)
class Picture:
    """The logo. ``width``, ``height``: as shown, in pixels."""

    width: int
    height: int
    media_type: str
    content: bytes


def html_of(subject: str, text: str, link: str = "", button: str = BUTTON) -> str:
    """The HTML of an email; a paragraph that is ``link`` alone becomes a button."""
    document, _ = profile.current()
    colors = brand.of_company().palette
    parts = [
        _Part(lines, is_link=bool(link) and lines == [link])
        for paragraph in text.split("\n\n")
        if (lines := [line.strip() for line in paragraph.strip().splitlines()])
    ]
    small = [line for line in (document["name"], *str(document["address"]).splitlines()) if line]
    return (
        _environment()
        .get_template("mail/letter.html")
        .render(
            subject=subject,
            parts=parts,
            link=link,
            button=button,
            color=colors.accent,
            logo=logo(),
            company=document["name"],
            small=small,
        )
    )


def logo() -> Picture | None:
    """The company's logo as it is shown in mails."""
    of = brand.of_company()
    try:
        stored = brand.logo(of.logo)
    except NotFound:
        return None
    scale = min(WIDEST / stored.width, HIGHEST / stored.height, 1)
    return Picture(
        round(stored.width * scale), round(stored.height * scale), stored.media_type, stored.content
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
