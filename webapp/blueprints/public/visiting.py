"""Who calls the customer's page, as far as the request says."""

from __future__ import annotations

from flask import request, session
from flask_login import current_user

from webapp.services.quoting.answer.opened import Opened
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.evidence import visits
from webapp.services.quoting.evidence.visits import Visitor


def visitor(found: Opened) -> Visitor:
    """Who stands before the page, or which program fetched it."""
    fetches_ahead = "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    return Visitor(
        address=request.remote_addr or "",
        agent=request.user_agent.string,
        session=session.get("sid", ""),
        user=current_user.user if current_user.is_authenticated else None,
        share=found.share,
        name=found.signer.name if found.signer else "",
        is_program=fetches_ahead,
    )


def is_program(one: Visitor) -> bool:
    """Whether no one looks at what it fetches."""
    return one.user is None and (one.is_program or visits.is_scanner(one.agent))


def evidence() -> Evidence:
    """Where an answer comes from."""
    return Evidence(
        request.remote_addr or "",
        request.user_agent.string,
        session.get("sid", ""),
        request.form.get("time_zone", ""),
        current_user.user.email if current_user.is_authenticated else "",
    )
