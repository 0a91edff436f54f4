"""Pausing and resuming all pushes."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from webapp.blueprints.activity import activity
from webapp.blueprints.support import actor, back_to, integrator_required
from webapp.services.autotask.connection import pausing

PAUSED = "Autotask sync is paused. You can still publish quotes. They sync when you resume."


@activity.post("/pause")
@integrator_required
def pause() -> ResponseReturnValue:
    """Start no more pushes."""
    pausing.pause(actor(), request.form.get("reason", ""))
    return back_to("activity.index", PAUSED)


@activity.post("/resume")
@integrator_required
def resume() -> ResponseReturnValue:
    """Let pushes start again."""
    pausing.resume(actor())
    return back_to("activity.index", "Autotask sync resumed. Waiting quotes are syncing now.")
