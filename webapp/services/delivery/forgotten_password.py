"""The mail to someone who forgot the password. Its link is made here, in the worker, and is nowhere else."""

from __future__ import annotations

from webapp.models import Delivery, User, utc_now
from webapp.services.accounts import forgotten
from webapp.services.company import mail_server
from webapp.services.core.runtime import Runtime
from webapp.services.delivery.mail import Letter

REASON = "reset_asked"
SUBJECT = "Choose a new password"


def letter(runtime: Runtime, delivery: Delivery, user: User | None) -> Letter | None:
    """The mail; None where there is nothing to send: no account, no mail server, or it was asked too long ago."""
    is_late = delivery.created_at < utc_now() - forgotten.LASTS
    if user is None or is_late or not mail_server.is_configured(runtime):
        return None
    base = runtime.config.public_base_url
    token = forgotten.new_link(user, again=delivery.attempt > 0)
    if token:
        return Letter(
            user.email,
            SUBJECT,
            f"Choose a new password with this link. It works once, within {forgotten.LASTS.seconds // 60} minutes, and "
            f"signs you out everywhere: {base}/join/{token}\n\nIf you didn't ask for this, do nothing: your password "
            "stays as it is.\n",
            kind="reset",
            is_secret=True,
        )
    if user.is_active and forgotten.must_use_provider(user) and forgotten.refuse(user):
        return Letter(
            user.email,
            SUBJECT,
            "Someone asked for a link to choose a new password. You sign in at your company's sign-in provider, so "
            f"there is none: {base}/login\n\nIf you didn't ask for this, do nothing.\n",
        )
    return None
