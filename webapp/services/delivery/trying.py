"""Try the mail settings out: a test email, and how a text looks.

Owns its transactions: none is open while a mail is sent.
"""

from __future__ import annotations

from webapp.models import User, db
from webapp.services.company import mail_server, mail_texts
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import clean_text
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import branded, mail
from webapp.services.delivery.mail import Letter

SUBJECT = "Test of Quotewright's mail settings"
TEXT = "Hello,\n\nYour mail settings work: this email was sent by Quotewright.\n"
# The sample quote that a text is shown with.
SAMPLE = {
    "customer": "Dana Whitfield",
    "first_name": "Dana",
    "quote": "1042",
    "title": "Office move and managed IT",
    "total": "$4,318.20 + $642.00/mo",
    "expires": "December 31",
    "rep": "Sam Ortiz",
    "rep_email": "sam@example.com",
    "link": "https://quotes.example.com/q/sample",
    "reason": "No budget",
    "name": "Sam Ortiz",
    "within": "3 days",
    "deposit": "A deposit of $1,295.46 is due before work starts. Pay it here: https://pay.example.com/?invoice=1042",
}


def send_test(runtime: Runtime, actor: User) -> str:
    """Send a test to the admin; returns a sentence. Raises Invalid with what is wrong."""
    server = mail_server.load(runtime)
    if server is None:
        raise Invalid("There's no mail server yet. Enter one and save it, then test.")
    to = actor.email
    letter = branded.with_html(Letter(to, SUBJECT, TEXT, kind="test"), branded.of_company())
    # No transaction is open while the server is asked.
    db.session.commit()
    try:
        mail.send(server, letter)
    except mail.MailNotSent as error:
        raise Invalid(str(error)) from error
    return f"{server.host} took the test email to {to}. Look into your inbox, and into spam."


def sample(kind: str, subject: str, text: str) -> str:
    """A text as it looks with a sample quote; empty parts are as stored. Raises NotFound for no kind."""
    if kind not in mail_texts.KINDS:
        raise NotFound("There's no such email.")
    sender = branded.of_company()
    values = {**SAMPLE, "company": sender.name or "Your company"}
    filled = mail_texts.fill(kind, values, subject=clean_text(subject), text=clean_text(text))
    logo = branded.ATTACHED if branded.logo_of(sender.brand) else ""
    return branded.html_of_text(filled.subject, filled.text, sender, logo, filled.link, branded.button(kind))


def with_logo(html: str) -> str:
    """The HTML with its logo in it, as mail programs show it."""
    found = branded.logo_of(branded.of_company().brand) if branded.ATTACHED in html else None
    return html.replace(branded.ATTACHED, branded.address_of(found)) if found else html
