"""Holding every push back, and letting them go on."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from webapp.blueprints.activity import activity
from webapp.blueprints.support import actor, admin_required, back_to, runtime
from webapp.services.autotask.connection import pausing
from webapp.services.autotask.push import outbox

PAUSED = "Pushing is paused. Quotes can be published as ever; their pushes are kept until you resume."


@activity.post("/pause")
@admin_required
def pause() -> ResponseReturnValue:
    """Begin no further push."""
    pausing.pause(actor(), request.form.get("reason", ""))
    return back_to("activity.index", PAUSED)


@activity.post("/resume")
@admin_required
def resume() -> ResponseReturnValue:
    """Let pushes begin again."""
    pausing.resume(actor())
    outbox.nudge(runtime())
    return back_to("activity.index", "Pushing goes on. What waited is pushed now.")
