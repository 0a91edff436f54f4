"""The order of a quote's items after a push, where Autotask had other numbers than those we last wrote.

Someone who drags a line in Autotask may renumber all of them. A line that we then put between two others would stand
elsewhere, so its place is checked with everything else after the push, and corrected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from webapp.services.autotask.known import links
from webapp.services.autotask.push.plan import CREATE, UPDATE, Step
from webapp.services.autotask.push.reconcile import Report
from webapp.services.autotask.wanted import keys, positions
from webapp.services.autotask.wanted.desired import Desired
from webapp.services.autotask.wanted.keys import RecordKey


def corrections(
    desired: Desired, ids: Mapping[RecordKey, int], report: Report, steps: Sequence[Step]
) -> list[Step]:
    """The steps that put our items in our order; none unless this push ordered some of them.

    An order that someone changed in Autotask is theirs until ours changes.
    """
    if report.is_in_order or not any(_orders(step) for step in steps):
        return []
    last = {step.key: step for step in steps}
    wanted = dict(zip(report.numbers, positions.assign(list(report.numbers.values())), strict=True))
    return [
        Step(
            key=item.key.step(keys.PLACE),
            action=UPDATE,
            entity=item.entity,
            title=item.title,
            where=item.where or item.title,
            local=item.local,
            fields={positions.FIELD: wanted[item.key]},
            before={positions.FIELD: report.numbers[item.key]},
            all_fields={**last[item.key].all_fields, positions.FIELD: wanted[item.key]},
            remote_id=ids[item.key],
            parent=item.parent,
        )
        for item in desired.items
        if item.key in wanted and wanted[item.key] != report.numbers[item.key]
    ]


def note(desired: Desired, report: Report, steps: Sequence[Step]) -> None:
    """Keep the numbers that Autotask has, for the next push, if the order is ours. In the open transaction."""
    if not report.is_in_order:
        return
    pushed = {step.key: step.all_fields for step in steps}
    for item in desired.items:
        number = report.numbers.get(item.key)
        if number is None or pushed[item.key].get(positions.FIELD) == number:
            continue
        link = links.find(links.key_of(item))
        if link is not None:
            link.pushed = {**link.pushed, positions.FIELD: number}


def _orders(step: Step) -> bool:
    return step.action in (CREATE, UPDATE) and positions.FIELD in step.fields
