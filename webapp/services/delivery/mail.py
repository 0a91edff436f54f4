"""Email on the wire: what a letter is, and how a mail server is asked to take it."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime

from webapp.services.company.mail_server import TLS, VARIABLE, Server
from webapp.services.core import deadline, hosts, metrics, outward

# A server that greets for a minute is cut off: the job has 60 seconds.
LONGEST_SECONDS = 40.0
CID = "logo"
IN_DOUBT = "{host} broke off while it took the mail, so it may have been sent. It isn't sent again by itself."


class MailNotSent(Exception):
    """The server couldn't be reached, or refused. ``is_final``: it will say the same next time, or a second try might
    send it twice.
    """

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.is_final = is_final


@dataclass(frozen=True)
class Logo:
    """An image that the HTML of a mail shows, as ``cid:logo``."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class Letter:
    """One email. ``html``: the same as HTML, empty for plain text alone. ``kind``: of its text, for the outbox.

    ``reply_to`` and ``by``: whom the answer goes to, and whose name the sender has. ``pdf``: the attachment, called
    ``pdf_name``. ``message_id``: empty for a new one. ``logo``: what the HTML shows as ``cid:logo``. ``is_secret``: it
    has a link to sign in, and is never kept. ``private``: what is left out where it is kept, such as the reader's own
    token. ``is_automatic``: no person sent it.
    """

    to: str
    subject: str
    text: str
    kind: str = "notice"
    copies: tuple[str, ...] = ()
    by: str = ""
    reply_to: str = ""
    html: str = ""
    pdf: bytes | None = None
    pdf_name: str = ""
    message_id: str = ""
    logo: Logo | None = None
    is_secret: bool = False
    private: str = ""
    is_automatic: bool = False


def sender(server: Server, by: str = "") -> str:
    """The From of a mail: “Ann Lee via Acme <quotes@acme.com>”, or the name of the settings."""
    name = f"{by} via {server.from_name}" if by and server.from_name else by or server.from_name
    local, _, domain = server.from_address.rpartition("@")
    return str(Address(_plain(name), local, domain)) if name else server.from_address


def message(server: Server, letter: Letter) -> EmailMessage:
    """The letter as it goes over the wire."""
    made = EmailMessage()
    made["From"], made["To"] = sender(server, letter.by), ", ".join(map(_ascii, letter.to.split(", ")))
    if letter.copies:
        made["Cc"] = ", ".join(map(_ascii, letter.copies))
    if letter.reply_to:
        made["Reply-To"] = letter.reply_to
    made["Subject"] = _plain(letter.subject)
    made["Date"] = localtime()
    if letter.is_automatic:
        made["Auto-Submitted"] = "auto-generated"
    if letter.message_id:
        made["Message-ID"] = letter.message_id
    made.set_content(letter.text)
    if letter.html:
        made.add_alternative(letter.html, subtype="html")
        if letter.logo is not None:
            # Shown where the HTML names it; no server is asked for it, so nobody is watched reading.
            kind, _, of_kind = letter.logo.media_type.partition("/")
            html = list(made.iter_parts())[-1]
            html.add_related(letter.logo.content, kind, of_kind, cid=f"<{CID}>", disposition="inline")
    if letter.pdf is not None:
        made.add_attachment(letter.pdf, maintype="application", subtype="pdf", filename=letter.pdf_name)
    return made


@dataclass
class _Progress:
    """How far it came: ``is_handed``: the server is taking it; ``is_taken``: it said that it has it."""

    is_handed: bool = False
    is_taken: bool = False
    refused: tuple[str, ...] = ()


@metrics.timed(metrics.MAIL_SECONDS)
def send(server: Server, letter: Letter, handing: Callable[[], None] = lambda: None) -> tuple[str, ...]:
    """Send one email; returns the addresses that the server refused while it took it for the others.

    ``handing`` is called when the server is about to take it. Raises MailNotSent, whose text holds neither the password
    nor the message, and OutOfTime in a job, before anything is sent.
    """
    deadline.check()
    progress = _Progress()
    try:
        _exchange(server, letter, handing, progress)
    except MailNotSent:
        # What goes wrong afterwards, such as a goodbye that isn't answered, changes nothing.
        if not progress.is_taken:
            raise
    return progress.refused


def _exchange(server: Server, letter: Letter, handing: Callable[[], None], progress: _Progress) -> None:
    """``send``, with its errors as sentences."""
    try:
        _deliver(server, message(server, letter), handing, progress)
    except outward.NotSent as error:
        raise MailNotSent(str(error)) from None
    except smtplib.SMTPAuthenticationError:
        raise MailNotSent(f"{server.host} refused the user name or password.") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        refused = ", ".join(sorted(error.recipients))
        raise MailNotSent(
            f"{server.host} refused the address {refused}.", is_final=all(code >= 500 for code in codes)
        ) from None
    except smtplib.SMTPResponseException as error:
        raise MailNotSent(
            f"{server.host} refused the mail (code {error.smtp_code}).", is_final=error.smtp_code >= 500
        ) from None
    except ssl.SSLError:
        raise MailNotSent(f"No secure connection to {server.host} could be made.") from None
    except UnicodeError:
        raise MailNotSent(
            f"{server.host} can't be given this user name, password or address: it has letters beyond ASCII.",
            is_final=True,
        ) from None
    except smtplib.SMTPNotSupportedError as error:
        if "STARTTLS" in str(error):
            raise MailNotSent(f"{server.host} doesn't offer TLS, so nothing was sent to it.") from None
        raise MailNotSent(f"{server.host} can't take this: {error}", is_final=True) from None
    except (OSError, smtplib.SMTPException) as error:
        if progress.is_handed:
            raise MailNotSent(IN_DOUBT.format(host=server.host), is_final=True) from None
        raise MailNotSent(f"{server.host} broke off or was too slow ({type(error).__name__}).") from None


def _deliver(server: Server, made: EmailMessage, handing: Callable[[], None], progress: _Progress) -> None:
    end = time.monotonic() + LONGEST_SECONDS
    plain = outward.connect(server.host, server.port, None if server.is_operators else VARIABLE, end)
    context = ssl.create_default_context()
    with outward.cut_at(end, plain), _Connected(plain, server, context) as connection:
        connection.ehlo()
        # Only a server on this machine may do without TLS, and no password is ever sent in plain text.
        # starttls() raises if the server doesn't offer TLS.
        optional = (
            hosts.is_loopback(server.host) and not server.username and not connection.has_extn("starttls")
        )
        if server.security != TLS and not optional:
            connection.starttls(context=context)
            connection.ehlo()
        if server.username:
            connection.login(server.username, server.password)
        handing()
        progress.is_handed = True
        progress.refused = tuple(sorted(connection.send_message(made)))
        progress.is_taken = True


class _Connected(smtplib.SMTP):
    """SMTP over a connection that was made already, to an address that was checked."""

    def __init__(self, plain: socket.socket, server: Server, context: ssl.SSLContext) -> None:
        self._plain, self._server, self._context = plain, server, context
        super().__init__(server.host, server.port, timeout=LONGEST_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self._plain.settimeout(timeout)
        if self._server.security == TLS:
            return self._context.wrap_socket(self._plain, server_hostname=host)
        return self._plain


def _ascii(address: str) -> str:
    """The address with its domain as every server takes it."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('idna').decode()}"
    except UnicodeError:
        return address


def _plain(text: str) -> str:
    return " ".join(text.split())
