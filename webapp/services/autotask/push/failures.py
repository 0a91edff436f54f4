"""How a step of a push fails, and whether that shows a plan that Autotask has outdated."""

from __future__ import annotations

from webapp.services.autotask.api.errors import AutotaskError, Refused
from webapp.services.autotask.push.plan import CREATE, UPDATE, Step
from webapp.services.core.errors import ServiceError


class StepFailed(ServiceError):
    """A step failed. ``cause`` says whether a retry makes sense."""

    def __init__(self, step: Step, cause: AutotaskError) -> None:
        super().__init__(f"{step.where[:1].upper()}{step.where[1:]}: {cause}")
        self.step = step
        self.cause = cause


class PlanOutdated(Exception):
    """A record was deleted or created in Autotask since it was observed, so a new plan is needed."""

    def __init__(self, step: Step, cause: AutotaskError) -> None:
        super().__init__(step.title)
        self.step = step
        self.cause = cause


def shows_outdated_plan(step: Step, error: Refused) -> bool:
    """True when the record or its parent was deleted, or someone just created a service with the same name."""
    if step.action == UPDATE or (step.action == CREATE and step.parent):
        return error.status == 404
    return step.action == CREATE and "unique key" in str(error).lower()
