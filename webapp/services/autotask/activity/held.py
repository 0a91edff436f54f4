"""Which revision of a quote Autotask has now: proven by the last complete push, and by the fence of the lease."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.models import PushLease, PushRun, Quote, Revision, db
from webapp.models.push import RunState

COMPLETE = (RunState.SYNCED, RunState.OUT_OF_SYNC)


@dataclass(frozen=True)
class Held:
    """``revision``: the newest that a push wrote completely; None: none yet. ``begun``: the newest that a push took up.

    Nothing older than ``begun`` can be written any more.
    """

    revision: int | None
    begun: int

    @property
    def is_certain(self) -> bool:
        """True when Autotask has exactly ``revision``: no push of a newer one has begun."""
        return self.revision is not None and self.begun <= self.revision

    @property
    def sentence(self) -> str:
        """What Autotask has, for the quote's page; empty when it has nothing yet."""
        if self.is_certain:
            return f"Autotask has revision {self.revision}."
        if self.revision is not None:
            return f"Autotask has revision {self.revision} and a part of revision {self.begun}."
        return f"Autotask may have a part of revision {self.begun}." if self.begun else ""


def of_quote(quote: Quote) -> Held:
    """What Autotask has of ``quote``."""
    newest = db.session.scalar(
        db.select(Revision.number)
        .join(PushRun, PushRun.revision_id == Revision.id)
        .where(PushRun.quote_id == quote.id, PushRun.state.in_(COMPLETE))
        .order_by(PushRun.id.desc())
        .limit(1)
    )
    begun = db.session.scalar(db.select(PushLease.revision).filter_by(quote_id=quote.id))
    return Held(newest, begun or 0)
