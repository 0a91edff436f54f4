"""The first account of a fresh installation, which only somebody with the operator's set-up token can make.

The token is kept as a digest, in one row. Using it deletes that row in the transaction that makes the account: of any
number who try at once the database lets one through.
"""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy.exc import IntegrityError

from webapp.models import AppSetting, User, db
from webapp.models.account import OWNER
from webapp.services.accounts import users
from webapp.services.company import profile
from webapp.services.core import work
from webapp.services.core.errors import Conflict, Invalid

KEY = "setup_token"
SET_UP = "Quotewright is already set up. Sign in, or ask an admin for an account."
WRONG = (
    "This is not the set-up token. The operator of the server gets one with flask setup-token, which ends the one "
    "before; make run prints one at each start."
)


@work.command
def issue_token() -> str:
    """A new token; the one before does not count any more. Raises Conflict when there is an account already."""
    if users.any_user():
        raise Conflict(SET_UP)
    token = secrets.token_urlsafe(24)
    try:
        row = db.session.get(AppSetting, KEY, with_for_update=True) or AppSetting(key=KEY, version=0)
        row.value = {"digest": _digest(token)}
        row.version += 1
        db.session.add(row)
        db.session.flush()
    except IntegrityError as error:
        raise Conflict("Another set-up token was made at the same moment. Ask for one again.") from error
    return token


@work.command
def create(
    *,
    token: str,
    email: str,
    name: str,
    password: str,
    time_zone: str = "",
    company: str = "",
    address: str = "",
) -> User:
    """Make the first account, the owner's.

    Raises Conflict when there is one already, Invalid for a wrong token or value; the token counts on then.
    ``time_zone``: that of the browser, for the company, whose name and ``address`` stand on every quote.
    """
    wrong = users.problems(email=email, name=name, password=password, role=OWNER)
    try:
        _use(token.strip())
    except Invalid as error:
        raise Invalid(str(error), {**error.fields, **wrong}) from error
    profile.begin(name=company, address=address, time_zone=time_zone)
    return users.create_user(None, email=email, name=name, password=password, role=OWNER)


def _use(token: str) -> None:
    """In the open transaction: end the token. Raises Conflict or Invalid."""
    right = AppSetting.value["digest"].as_string() == _digest(token)
    ended = db.session.execute(
        db.delete(AppSetting).where(AppSetting.key == KEY, right).returning(AppSetting.key)
    )
    was_right = ended.first() is not None
    # Whoever waited here for another's transaction sees its account only now.
    if users.any_user():
        raise Conflict(SET_UP)
    if not was_right:
        raise Invalid("The account wasn't created. Fix the highlighted fields.", {"token": WRONG})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
