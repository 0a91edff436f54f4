"""Send email through the SMTP server that the operator configured, if any."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from config import Config
from webapp.services.core import hosts, metrics

TIMEOUT_SECONDS = 10.0
PORTS = {"smtp": 25, "smtps": 465}


class MailNotSent(Exception):
    """The server couldn't be reached, or refused. Worth retrying later."""


@dataclass(frozen=True)
class Logo:
    """An image that the HTML of a mail shows, as ``cid:logo``."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class Letter:
    """One email. ``html``: says the same as ``text``; ``reply_to``: who gets an answer, where that's not the sender."""

    to: str
    subject: str
    text: str
    html: str = ""
    logo: Logo | None = None
    reply_to: str = ""


def is_configured(config: Config) -> bool:
    """True when an SMTP server is configured."""
    return bool(config.smtp_url)


@metrics.timed(metrics.MAIL_SECONDS)
def send(config: Config, letter: Letter) -> None:
    """Send one email. Raises MailNotSent, whose text holds neither the password nor the message."""
    message = EmailMessage()
    message["From"], message["To"] = config.mail_from, letter.to
    if letter.reply_to:
        message["Reply-To"] = letter.reply_to
    message["Subject"] = " ".join(letter.subject.split())
    message.set_content(letter.text)
    if letter.html:
        message.add_alternative(letter.html, subtype="html")
        if letter.logo:
            kind, _, of_kind = letter.logo.media_type.partition("/")
            html = list(message.iter_parts())[-1]
            html.add_related(letter.logo.content, kind, of_kind, cid="<logo>", disposition="inline")
    try:
        _deliver(config.smtp_url, message)
    except (OSError, smtplib.SMTPException) as error:
        raise MailNotSent(type(error).__name__) from None


def _deliver(url: str, message: EmailMessage) -> None:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    context = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    )
    with server:
        server.ehlo()
        # Only a server on this machine may do without TLS, and no password is ever sent in plain text.
        # starttls() raises if the server doesn't offer TLS.
        optional = hosts.is_loopback(host) and not parts.username and not server.has_extn("starttls")
        if parts.scheme == "smtp" and not optional:
            server.starttls(context=context)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
