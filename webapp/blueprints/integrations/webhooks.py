"""Webhooks: the URLs that are notified about quotes."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from webapp.blueprints.confirming import confirmed
from webapp.blueprints.integrations import integrations
from webapp.blueprints.integrations.webhook_form import WebhookForm
from webapp.blueprints.support import (
    SAVED,
    actor,
    ask,
    back_to,
    integrator_required,
    is_htmx,
    page_number,
    runtime,
    submit,
)
from webapp.models import WebhookEndpoint
from webapp.services.core.errors import Invalid
from webapp.services.integrations.webhook import endpoints, log, snippet


@integrations.get("/webhooks")
@integrator_required
def webhooks() -> ResponseReturnValue:
    """All webhooks."""
    return render_template("integrations/webhooks/index.html", summaries=log.summaries(endpoints.every()))


@integrations.route("/webhooks/new", methods=["GET", "POST"])
@integrator_required
@confirmed
def new_webhook() -> ResponseReturnValue:
    """The dialog's form; without JavaScript, a page. Only this response shows the secret."""
    form = WebhookForm(data={"events": ["quote.published", "quote.accepted", "quote.lost"]})
    added, status = submit(form, lambda: endpoints.add(runtime(), actor(), form.data, form.events.data or []))
    if added is not None:
        return _secret(*added, "new")
    name = "_form" if is_htmx() else "new"
    return render_template(f"integrations/webhooks/{name}.html", form=form, endpoint=None), status


@integrations.route("/webhooks/<int:endpoint_id>", methods=["GET", "POST"])
@integrator_required
@confirmed
def webhook(endpoint_id: int) -> ResponseReturnValue:
    """Settings and log of one webhook."""
    endpoint = endpoints.get(endpoint_id)
    form = _form_of(endpoint)
    _, status = submit(
        form,
        lambda: endpoints.change(runtime(), actor(), endpoint_id, form.entered, form.events.data or []),
        lambda: _form_of(endpoints.get(endpoint_id), formdata=None),
    )
    if status == SAVED:
        return back_to("integrations.webhook", "Webhook saved.", endpoint_id=endpoint_id)
    state = request.args.get("state", "")
    return render_template(
        "integrations/webhooks/page.html",
        endpoint=endpoints.get(endpoint_id),
        form=form,
        seen_secret=endpoints.seen_secret(endpoints.get(endpoint_id)),
        page=log.page(endpoint, page_number(), state),
        state=state if state in log.STATES else "",
        states=log.STATES,
        snippet=snippet.VERIFY,
    ), status


@integrations.post("/webhooks/<int:endpoint_id>/rotate")
@integrator_required
@confirmed
def rotate_webhook(endpoint_id: int) -> ResponseReturnValue:
    """A new secret, shown only in this response."""
    endpoints.get(endpoint_id)
    asked = ask(
        "Replace the secret? The new secret is shown once. The old one keeps signing for a day.",
        "Replace secret",
    )
    if asked is not None:
        return asked
    endpoint, secret = endpoints.rotate(runtime(), actor(), endpoint_id, request.form.get("seen", ""))
    return _secret(endpoint, secret, "rotated")


@integrations.post("/webhooks/<int:endpoint_id>/pause")
@integrator_required
@confirmed
def pause_webhook(endpoint_id: int) -> ResponseReturnValue:
    """Stop sending for a while."""
    endpoints.pause(actor(), endpoint_id)
    return back_to(
        "integrations.webhook", "Paused. Messages are kept until you resume.", endpoint_id=endpoint_id
    )


@integrations.post("/webhooks/<int:endpoint_id>/resume")
@integrator_required
@confirmed
def resume_webhook(endpoint_id: int) -> ResponseReturnValue:
    """Send messages again, waiting messages first."""
    endpoints.resume(actor(), endpoint_id)
    return back_to(
        "integrations.webhook", "Resumed. Waiting messages are being sent.", endpoint_id=endpoint_id
    )


@integrations.post("/webhooks/<int:endpoint_id>/remove")
@integrator_required
@confirmed
def remove_webhook(endpoint_id: int) -> ResponseReturnValue:
    """Delete the webhook, its secret and its log."""
    endpoints.get(endpoint_id)
    asked = ask("Remove this webhook, its secret and all its messages?", "Remove webhook")
    if asked is not None:
        return asked
    endpoints.remove(actor(), endpoint_id)
    return back_to("integrations.webhooks", "Webhook removed, with its secret and its log.")


@integrations.post("/webhooks/<int:endpoint_id>/test")
@integrator_required
def test_webhook(endpoint_id: int) -> ResponseReturnValue:
    """Send a test message and show its progress."""
    delivery = log.send_test(actor(), endpoint_id)
    return back_to("integrations.webhook_delivery", delivery_id=delivery.id)


@integrations.get("/webhooks/deliveries/<int:delivery_id>")
@integrator_required
def webhook_delivery(delivery_id: int) -> ResponseReturnValue:
    """One message and its attempts; htmx polls the part that changes while it is being sent."""
    name = "_delivery" if is_htmx() else "delivery"
    delivery = log.get(delivery_id)
    return render_template(
        f"integrations/webhooks/{name}.html",
        delivery=delivery,
        endpoint=log.endpoint_of(delivery),
        pretty=log.pretty(delivery),
    )


@integrations.post("/webhooks/deliveries/<int:delivery_id>/again")
@integrator_required
def send_webhook_again(delivery_id: int) -> ResponseReturnValue:
    """Resend a message."""
    try:
        log.send_again(actor(), delivery_id)
    except Invalid as error:
        flash(str(error), "warning")
    return back_to("integrations.webhook_delivery", delivery_id=delivery_id)


def _form_of(endpoint: WebhookEndpoint, **arguments: Any) -> WebhookForm:
    shown = endpoints.shown(runtime(), endpoint)
    return WebhookForm(data=shown, seen=endpoints.seen(runtime(), endpoint), **arguments)


def _secret(endpoint: WebhookEndpoint, secret: str, why: str) -> ResponseReturnValue:
    name = "_secret" if is_htmx() else "secret"
    return render_template(f"integrations/webhooks/{name}.html", endpoint=endpoint, secret=secret, why=why)
