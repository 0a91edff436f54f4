"""Who must sign a quote, and our countersignature."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import answered
from webapp.blueprints.public import visiting
from webapp.blueprints.quotes import quotes
from webapp.blueprints.support import actor, ask, back_to, may, runtime
from webapp.models import Quote, QuoteSigner
from webapp.services.accounts.permissions import Permission
from webapp.services.company import mail_server
from webapp.services.company import signing as company_signing
from webapp.services.core.errors import NotFound, ServiceError
from webapp.services.quoting.answer import consent, countersigning, links, signers, turns
from webapp.services.quoting.answer.turns import Turn
from webapp.services.quoting.draft import editing
from webapp.services.quoting.revisions import snapshot

COUNTERSIGN = ("title", "signature", "how", "drawing", "terms")
START_OVER = (
    "Start the signing over? The signatures so far no longer count, and everyone signs again. They stay in the "
    "evidence."
)
# Rows without a name that the page has besides.
SPARE = 2


@quotes.route("/<int:quote_id>/signers", methods=["GET", "POST"])
@login_required
def signer_list(quote_id: int) -> ResponseReturnValue:
    """Who must sign, in which order, and with which link."""
    if request.method == "GET":
        return _page(editing.get(quote_id))
    _, form = answered.attempt(
        lambda: signers.save(runtime(), actor(), quote_id, request.form),
        lambda: _stored(editing.get(quote_id)),
    )
    if form.is_refused:
        return _page(editing.get(quote_id), form), form.status
    return back_to("quotes.signer_list", "Saved.", quote_id=quote_id)


@quotes.post("/<int:quote_id>/signers/<int:signer_id>/ask")
@login_required
def ask_signer(quote_id: int, signer_id: int) -> ResponseReturnValue:
    """Mail a signer the link."""
    asked = signers.ask(runtime(), actor(), quote_id, signer_id)
    return back_to("quotes.signer_list", f"The email to {asked.email} is on its way.", quote_id=quote_id)


@quotes.post("/<int:quote_id>/signers/restart")
@login_required
def restart_signing(quote_id: int) -> ResponseReturnValue:
    """Signatures so far no longer count."""
    if (asked := ask(START_OVER, "Start over")) is not None:
        return asked
    signers.start_over(actor(), quote_id)
    return back_to("quotes.signer_list", "Started over. Everyone can sign again.", quote_id=quote_id)


@quotes.route("/<int:quote_id>/countersign", methods=["GET", "POST"])
@login_required
def countersign(quote_id: int) -> ResponseReturnValue:
    """Sign what the customer signed."""
    quote = editing.get(quote_id)
    if request.method == "GET":
        return _countersign_page(quote)
    _, form = answered.attempt(
        lambda: countersigning.sign(actor(), quote_id, request.form, visiting.evidence()),
        lambda: dict.fromkeys(COUNTERSIGN, ""),
    )
    if form.is_refused:
        return _countersign_page(editing.get(quote_id), form), form.status
    return back_to("quotes.show", "Countersigned. The signed PDF goes out now.", quote_id=quote_id)


def _stored(quote: Quote) -> dict[str, str]:
    """What the form shows of what is stored."""
    ways = turns.ways_of(quote)
    values = {"in_order": "1" if ways.is_ordered else "", "countersign": ways.countersign}
    for number in range(signers.MOST + 1):
        values |= dict.fromkeys((f"{part}-{number}" for part in ("order", "name", "email", "title")), "")
    for number, one in enumerate(turns.signers_of(quote)):
        values |= {f"order-{number}": str(one.position), f"name-{number}": one.name}
        values |= {f"email-{number}": one.email, f"title-{number}": one.title}
    return values


def _page(quote: Quote, form: answered.Answered | None = None) -> str:
    turn = turns.round_of(quote)
    form = form or answered.opened(signers.seen(quote), _stored(quote))
    filled = [n for n in range(signers.MOST + 1) if form.values[f"name-{n}"] or form.values[f"email-{n}"]]
    last = max(filled, default=-1)
    shows_links = may(Permission.CHANGE, quote)
    return render_template(
        "quotes/signers.html",
        quote=quote,
        turn=turn,
        form=form,
        rows=range(max(last + 1, min(last + 1 + SPARE, signers.MOST))),
        links={one.id: _link(one) for one in turn.signers if shows_links},
        can_ask={one.id for one in turn.signers if turn.turn(one) is Turn.OPEN},
        may_change=shows_links and quote.status == "pending",
        countersigns=company_signing.countersigns(),
        mails=mail_server.is_configured(runtime()),
    )


def _link(signer: QuoteSigner) -> str:
    """The signer's link; empty where no key decrypts it anymore."""
    with suppress(ServiceError):
        return links.to_page(runtime().config.public_base_url, signers.token_of(runtime(), signer))
    return ""


def _countersign_page(quote: Quote, form: answered.Answered | None = None) -> str:
    acceptance = quote.acceptance
    if acceptance is None:
        raise NotFound(countersigning.NOT_WON)
    revision = next(one for one in quote.revisions if one.id == acceptance.revision_id)
    frozen = snapshot.parse(revision.content)
    sentence = consent.of_seller(frozen)
    context: dict[str, Any] = {
        "quote": quote,
        "acceptance": acceptance,
        "frozen": frozen,
        "consent": sentence,
        "consent_sha256": consent.sha256(sentence),
        "is_due": countersigning.is_due(quote),
        "may_sign": may(Permission.MANAGE),
        "form": form or answered.opened("", dict.fromkeys(COUNTERSIGN, "")),
        "user": actor(),
    }
    return render_template("quotes/countersign.html", **context)
