"""Whether this process can work."""

from __future__ import annotations

from webapp.models import db


def database_answers() -> bool:
    """True when the database answers a query."""
    try:
        db.session.execute(db.text("SELECT 1"))
    except db.exc.SQLAlchemyError:
        return False
    return True
