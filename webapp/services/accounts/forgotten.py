"""A person who forgot the password asks for a link by mail. Nothing that one sees or measures says who has an account.

The web process only writes down that someone asked, for an account or for none. The worker makes the link when it mails
it, so that its token is nowhere else.
"""

from __future__ import annotations

from datetime import timedelta

from webapp.models import AccountLink, DiaryEntry, User, db, utc_now
from webapp.services.accounts import account_links, guessing, local_sign_in
from webapp.services.core import work
from webapp.services.diary import diary

# The diary's action.
ASKED, REFUSED = "user.reset_asked", "user.reset_refused"
# In place of a user's id: the email is no account's.
NO_ONE = 0
LASTS = account_links.MAILED
# So soon after a link was mailed, no other is.
PAUSE = timedelta(minutes=5)


def ask(email: str, address: str) -> None:
    """Write down that someone asks. Raises ``guessing.TooMany`` with a sentence when that happens too often."""
    guessing.begin_asking(email, address)
    with work.unit():
        # Not what was typed: in a hurry, people type their password here.
        found = db.session.scalar(db.select(User.id).filter_by(email=email.strip().lower()))
        diary.write(None, ASKED, "user", found or NO_ONE)


@work.command
def new_link(user: User, *, again: bool) -> str:
    """The token of a link to mail; empty if none is mailed now. ``again``: the last one couldn't be sent."""
    db.session.refresh(user, with_for_update={"key_share": True})
    # Who hasn't joined yet has an invitation, which this would end.
    if not user.is_active or user.is_invited or user.anonymized_at is not None:
        return ""
    if must_use_provider(user):
        return ""
    earlier = db.session.get(AccountLink, user.id)
    if earlier is not None and _is_an_admins(earlier):
        return ""
    if earlier is not None and not again and _was_just_mailed(earlier):
        return ""
    return account_links.issue(None, user, LASTS)


@work.command
def refuse(user: User) -> bool:
    """Note that someone who must use the provider asked. False if that was noted a short time ago."""
    earlier = db.session.scalar(
        db.select(db.func.max(DiaryEntry.at)).filter_by(
            action=REFUSED, object_type="user", object_id=str(user.id)
        )
    )
    if earlier is not None and earlier > utc_now() - PAUSE:
        return False
    diary.write(None, REFUSED, "user", user.id)
    return True


def must_use_provider(user: User) -> bool:
    """True for someone who has no password here, or may not use it."""
    return not user.is_invited and (not user.has_password or not local_sign_in.may_sign_in_locally(user))


def _is_an_admins(link: AccountLink) -> bool:
    """True for a link that someone hands over: a stranger's asking must not end it."""
    return link.expires_at - utc_now() > LASTS


def _was_just_mailed(link: AccountLink) -> bool:
    left = link.expires_at - utc_now()
    return LASTS - PAUSE < left <= LASTS
