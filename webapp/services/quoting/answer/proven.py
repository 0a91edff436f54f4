"""Which address a browser proved with a code by mail (``codes``), where the company demands that before signing."""

from __future__ import annotations

from datetime import timedelta

from webapp.models import SigningCode, db, utc_now
from webapp.services.company import signing
from webapp.services.core.errors import Invalid
from webapp.services.quoting.answer.opened import Opened

# For so long the browser that entered the right code can sign.
LASTS = timedelta(hours=1)
MISSING = "Confirm your email with the code first. Nothing was signed."


def email(link: Opened, session: str) -> str:
    """The address that this browser proved for this link; empty where it didn't, or needn't."""
    if not signing.demands_code() or not session:
        return ""
    query = db.select(SigningCode).where(
        SigningCode.quote_id == link.quote.id,
        SigningCode.session == session[:80],
        SigningCode.confirmed_at > utc_now() - LASTS,
    )
    if link.person is not None and link.person.email:
        query = query.where(SigningCode.email == link.person.email)
    found = db.session.scalars(query.order_by(SigningCode.confirmed_at.desc()).limit(1)).first()
    return found.email if found is not None else ""


def required(link: Opened, session: str) -> str:
    """Like ``email``; raises Invalid where one is demanded and none was proved."""
    found = email(link, session)
    if signing.demands_code() and not found:
        raise Invalid(MISSING)
    return found
