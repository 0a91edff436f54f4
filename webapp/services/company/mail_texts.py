"""The texts of the emails that customers and users get: one source for plain text and HTML.

A text has paragraphs, and words in braces that are filled in. ``{link}`` on a line by itself is a button in HTML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from webapp.models import User
from webapp.services.company import app_settings
from webapp.services.core import merge, work
from webapp.services.core.fields import Reader

SEND, REMINDER, ACCEPTED = "send", "reminder", "accepted"
REP_ACCEPTED, REP_DECLINED = "rep_accepted", "rep_declined"
INVITATION, RESET = "invitation", "reset"
SIGN, REP_SIGNED, COUNTERSIGN = "sign", "rep_signed", "countersign"
MAX_SUBJECT, MAX_TEXT = 200, 4000
# A subject with its words filled in.
MAX_FILLED = 300
PLACE = re.compile(r"\{([^{}\n]{0,40})\}")

# What each word in braces stands for, as the page explains it.
WORDS = {
    "customer": "the customer's name",
    "first_name": "the customer's first name",
    "quote": "the quote's number",
    "title": "the quote's title",
    "total": "what is due first, with tax",
    "expires": "the last day to accept",
    "rep": "the rep's name",
    "rep_email": "the rep's email",
    "company": "your company's name",
    "link": "the link to the quote",
    "reason": "why the customer declined",
    "name": "the user's name",
    "within": "how long the link works",
    "deposit": "the deposit that is due and where to pay it, or nothing",
}
OF_CUSTOMER = (
    "customer",
    "first_name",
    "quote",
    "title",
    "total",
    "expires",
    "rep",
    "rep_email",
    "company",
    "link",
)

OF_USER = ("name", "company", "link", "within")


@dataclass(frozen=True)
class Kind:
    """``name`` as the settings call it; ``to``: who gets it; ``words``: what may stand in braces."""

    name: str
    to: str
    subject: str
    text: str
    words: tuple[str, ...] = OF_CUSTOMER


KINDS = {
    SEND: Kind(
        "Send a quote",
        "the customer",
        "Quote {quote}: {title}",
        "Hello {first_name},\n\nHere is our quote “{title}”. You can read it, ask questions and accept it online:\n\n"
        "{link}\n\nIt is good through {expires}. Just reply to this email if you have questions.\n\n{rep}\n{company}",
    ),
    REMINDER: Kind(
        "Remind the customer",
        "the customer",
        "Reminder: quote {quote}, {title}",
        "Hello {first_name},\n\nA short reminder: our quote “{title}” is waiting for your answer, and is good through "
        "{expires}.\n\n{link}\n\nJust reply to this email if you have questions.\n\n{rep}\n{company}",
    ),
    SIGN: Kind(
        "Ask to sign",
        "a named signer, on their turn",
        "Please sign quote {quote}: {title}",
        "Hello {first_name},\n\nPlease read and sign our quote “{title}”. This link is yours alone:\n\n{link}\n\nIt is "
        "good through {expires}. Just reply to this email if you have questions.\n\n{rep}\n{company}",
    ),
    ACCEPTED: Kind(
        "Thank for an acceptance",
        "everyone who signed, with the signed PDF",
        "You accepted quote {quote}: {title}",
        "Hello {first_name},\n\nThank you for accepting our quote “{title}”. The signed PDF is attached, and you find "
        "the quote here at any time:\n\n{link}\n\n{deposit}\n\n{rep} will contact you about what comes next.\n\n"
        "{company}",
        (*OF_CUSTOMER, "deposit"),
    ),
    REP_ACCEPTED: Kind(
        "A quote was accepted",
        "the rep",
        "{customer} accepted quote {quote}",
        "{customer} accepted quote {quote} “{title}” ({total}).\n\n{link}",
    ),
    REP_SIGNED: Kind(
        "One of several signed",
        "the rep",
        "{customer} signed quote {quote}",
        "{customer} signed quote {quote} “{title}” ({total}). Others still have to sign.\n\n{link}",
    ),
    COUNTERSIGN: Kind(
        "Ready to countersign",
        "the rep",
        "Quote {quote} waits for your countersignature",
        "{customer} accepted quote {quote} “{title}” ({total}). A sales manager or an admin countersigns it here, and "
        "then the signed PDF goes out.\n\n{link}",
    ),
    REP_DECLINED: Kind(
        "A quote was declined",
        "the rep",
        "{customer} declined quote {quote}",
        "{customer} declined quote {quote} “{title}”.\n\nReason: {reason}\n\n{link}",
        (*OF_CUSTOMER, "reason"),
    ),
    INVITATION: Kind(
        "Invite a user",
        "the new user",
        "Your account for quotes at {company}",
        "Hello {name},\n\nYou're invited to write quotes for {company}. Choose a password to begin. The link works "
        "once, within {within}:\n\n{link}",
        OF_USER,
    ),
    RESET: Kind(
        "Reset a password",
        "a user who forgot the password",
        "Choose a new password",
        "Hello {name},\n\nChoose a new password with this link. It works once, within {within}, and signs you out "
        "everywhere:\n\n{link}\n\nIf you didn't ask for this, do nothing: your password stays as it is.",
        OF_USER,
    ),
}


@dataclass(frozen=True)
class Filled:
    """A text with its words filled in. ``link``: the address that the button opens."""

    subject: str
    text: str
    link: str


def current() -> dict[str, dict[str, str]]:
    """The texts in force, by kind: ``subject`` and ``text``."""
    document, _ = app_settings.get(app_settings.MAIL_TEXTS)
    return {
        kind: {
            "subject": document.get(f"{kind}_subject") or of.subject,
            "text": document.get(f"{kind}_text") or of.text,
        }
        for kind, of in KINDS.items()
    }


def shown() -> dict[str, str]:
    """What the form shows."""
    return {f"{kind}_{part}": text for kind, parts in current().items() for part, text in parts.items()}


def seen() -> str:
    """The ``seen`` of the form (``core.merge``)."""
    return merge.seen(shown())


@work.command
def save(actor: User | None, values: Mapping[str, object]) -> None:
    """Store the texts from form input; one that is empty is the usual one again.

    Raises Invalid with a sentence by field, or Conflict where another admin changed the same; stores nothing then.
    """
    reader = Reader(values)
    mine: dict[str, str] = {}
    for kind, of in KINDS.items():
        mine[f"{kind}_subject"] = reader.text(f"{kind}_subject", MAX_SUBJECT) or of.subject
        mine[f"{kind}_text"] = reader.text(f"{kind}_text", MAX_TEXT, one_line=False) or of.text
        for part in ("subject", "text"):
            check(reader, f"{kind}_{part}", mine[f"{kind}_{part}"], of.words)
        if "{link}" not in mine[f"{kind}_text"]:
            reader.fail(f"{kind}_text", "Put {link} in the text: it opens what the email is about.")
    reader.check()
    key = app_settings.MAIL_TEXTS
    fields, document, version = app_settings.merged(key, actor, values, mine, lambda _document: shown())
    usual = {
        f"{kind}_{part}": getattr(of, part) for kind, of in KINDS.items() for part in ("subject", "text")
    }
    kept = {name: "" if text == usual[name] else text for name, text in fields.items()}
    app_settings.put(key, {**document, **kept}, version, actor)


def check(reader: Reader, field: str, text: str, words: tuple[str, ...]) -> None:
    """Refuse a word in braces that stands for nothing."""
    unknown = [word for word in PLACE.findall(text) if word not in words]
    if unknown:
        known = ", ".join(f"{{{word}}}" for word in words)
        reader.fail(field, f"{{{unknown[0]}}} stands for nothing. Use {known}.")


def fill(kind: str, values: Mapping[str, str], *, subject: str = "", text: str = "") -> Filled:
    """The company's text of this kind for ``values``, which has all its words.

    ``subject``, ``text``: in place of the stored ones, for a look at them.
    """
    texts = current()[kind]
    return Filled(
        _with(subject or texts["subject"], values)[:MAX_FILLED],
        _with(text or texts["text"], values),
        values["link"],
    )


def _with(text: str, values: Mapping[str, str]) -> str:
    # A paragraph of which nothing is left goes.
    for name in (name for name in PLACE.findall(text) if values.get(name) == ""):
        text = text.replace(f"\n\n{{{name}}}\n\n", "\n\n")
    # In one go: what is filled in may have braces of its own.
    return PLACE.sub(lambda found: values.get(found.group(1), found.group(0)), text)
