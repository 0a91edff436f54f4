"""Notice when the connected Autotask isn't the one that the links belong to.

The same ids stand for different records there, and a push that follows the links would overwrite them. Autotask's
databases have no name to compare, so we look for the linked quotes.
"""

from __future__ import annotations

from typing import Any

from webapp.models import Link, PushQuestion, Quote, User, db
from webapp.models.drift import DriftCheck, DriftFinding
from webapp.models.integration import AUTOTASK
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.api.client import Client, condition
from webapp.services.autotask.api.errors import AutotaskError
from webapp.services.autotask.connection import pausing
from webapp.services.diary import diary
from webapp.services.quoting.revisions import former_ids

SAMPLE = 200
REASON = (
    "the connected Autotask has none of the synced quotes. If it's a different Autotask, forget the links "
    "(Settings > Integrations > Links) before you resume"
)


def is_other(client: Client) -> bool:
    """True when there are linked quotes and this Autotask has none of them. Commits before it asks.

    False when Autotask doesn't allow reading quotes.
    """
    query = (
        db.select(Link.remote_id, Link.pushed, Quote.number)
        .join(Quote, Link.quote_id == Quote.id)
        .where(Link.integration == AUTOTASK, Link.remote_entity == "Quotes")
        .order_by(Link.id.desc())
        .limit(SAMPLE)
    )
    known = db.session.execute(query).all()
    db.session.commit()  # no transaction stays open while Autotask is asked
    if not known:
        return False
    try:
        rows = client.query("Quotes", [condition("in", "id", [remote_id for remote_id, _, _ in known])])
    except AutotaskError:
        return False
    remote = {int(row["id"]): row for row in rows}
    return not any(_is_ours(remote.get(remote_id, {}), pushed, number) for remote_id, pushed, number in known)


def pause() -> None:
    """Pause pushing, since this is another Autotask."""
    pausing.pause(None, REASON)


def forget_links(actor: User) -> int:
    """Delete all links to Autotask, all answers to questions, drift, and the ids of records that were pulled or picked.

    Returns the number of links. Commits. The next push of each quote matches its records again.
    """
    permissions.require_now(actor, Permission.INTEGRATE)
    count = db.session.scalar(db.select(db.func.count(Link.id)).where(Link.integration == AUTOTASK)) or 0
    db.session.execute(db.delete(Link).where(Link.integration == AUTOTASK))
    for model in (PushQuestion, DriftFinding, DriftCheck):
        db.session.execute(db.delete(model))
    former_ids.forget(actor)
    diary.write(actor, "links.forgotten", "integration", AUTOTASK, links=count)
    db.session.commit()
    return int(count)


def _is_ours(row: dict[str, Any], pushed: dict[str, Any], number: int | None) -> bool:
    """True when a quote there has the number or the name of ours."""
    same_number = str(row.get("externalQuoteNumber") or "") == str(number)
    return same_number or bool(row.get("name") and row["name"] == pushed.get("name"))
