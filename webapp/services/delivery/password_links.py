"""Mail with a link to choose a password: to who forgot it, and to who is invited.

The link is made here, in the worker, and is nowhere else.
"""

from __future__ import annotations

from webapp.models import Delivery, User, utc_now
from webapp.services.accounts import account_links, forgotten
from webapp.services.company import mail_server, mail_texts
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import branded
from webapp.services.delivery.mail import Letter

REASON, INVITED = "reset_asked", "invitation"
SUBJECT = "Choose a new password"


def letter(runtime: Runtime, delivery: Delivery, user: User | None) -> Letter | None:
    """The mail; None where there is nothing to send: no account, no mail server, or it was asked too long ago."""
    is_late = delivery.created_at < utc_now() - forgotten.LASTS
    if user is None or is_late or not mail_server.is_configured(runtime):
        return None
    base = runtime.config.public_base_url
    token = forgotten.new_link(user, again=delivery.attempt > 0)
    if token:
        return _with_link(
            mail_texts.RESET, user, f"{base}/join/{token}", f"{forgotten.LASTS.seconds // 60} minutes"
        )
    if user.is_active and forgotten.must_use_provider(user) and forgotten.refuse(user):
        return Letter(
            user.email,
            SUBJECT,
            "Someone asked for a link to choose a new password. You sign in at your company's sign-in provider, so "
            f"there is none: {base}/login\n\nIf you didn't ask for this, do nothing.\n",
        )
    return None


def invitation(runtime: Runtime, user: User | None) -> Letter | None:
    """The mail to a user who hasn't joined yet; None for who has, or may not. Its link ends the one before."""
    if user is None or not user.is_invited or not user.is_active:
        return None
    token = account_links.issue(None, user)
    within = f"{account_links.INVITATION.days} days"
    return _with_link(mail_texts.INVITATION, user, f"{runtime.config.public_base_url}/join/{token}", within)


def _with_link(kind: str, user: User, link: str, within: str) -> Letter:
    sender = branded.of_company()
    values = {"name": user.name, "company": sender.name, "link": link, "within": within}
    filled = mail_texts.fill(kind, values)
    made = Letter(user.email, filled.subject, filled.text, kind=kind, is_secret=True)
    return branded.with_html(made, sender, link)
