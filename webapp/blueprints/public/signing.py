"""Whose turn it is, as the customer's page shows it, and whether the email is confirmed."""

from __future__ import annotations

from typing import Any

from flask import request, session

from webapp.blueprints.support import runtime
from webapp.services.company import mail_server
from webapp.services.company import signing as company_signing
from webapp.services.quoting.answer import codes, proven, turns
from webapp.services.quoting.answer.opened import Opened
from webapp.services.quoting.answer.turns import Turn


def of_page(found: Opened, closed: str) -> dict[str, Any]:
    """``signing``: whether this link can sign now; ``choosing``: and choose, as no one signed yet.

    ``proving``: before that, the email is confirmed; ``code``: the code that was sent, and whether it
    ``code_works``; ``proven``: the email.
    """
    turn = turns.round_of(found.quote)
    state = turn.turn(found.signer)
    is_open = not closed and state is Turn.OPEN
    email = proven.email(found, session.get("sid", "")) if is_open else ""
    is_proving = is_open and company_signing.demands_code() and not email
    code = codes.asked(found, request.form.get("email", "")) if is_proving else None
    return {
        "turn": turn,
        "turn_state": state.value,
        "turn_names": turns.listed([one.name for one in turn.due]) if turn.due else "",
        "signer": found.signer,
        "signing": is_open,
        "choosing": is_open and not turn.given,
        "declining": not closed and state in (Turn.OPEN, Turn.LATER),
        "proving": is_proving,
        "code": code,
        "code_works": code is not None and codes.works(code),
        "proven": email,
        "mails": mail_server.is_configured(runtime()),
    }
