"""From the desired and the known to an ordered list of steps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from webapp.services.autotask.api.values import equals_pushed, plain
from webapp.services.autotask.known.links import records_of
from webapp.services.autotask.known.observation import AGAIN, LEFT_AWAY, RemoteRecord
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord, Ref

CREATE, UPDATE, DELETE, KEEP = "create", "update", "delete", "keep"


@dataclass(frozen=True)
class Step:
    """One call to make. ``fields`` may hold Refs. ``before``: as last pushed, for the fields that change.

    ``needs``: keys that must have an id first; with ``goes_last`` their own steps must be done too.
    ``all_fields``: what the link remembers afterwards. ``where``: what a sentence about a failure begins with.
    """

    key: str
    action: str
    entity: str
    title: str
    local: tuple[str, str]
    fields: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    all_fields: dict[str, Any] = field(default_factory=dict)
    remote_id: int | None = None
    parent: str = ""
    parent_id: int | None = None
    needs: frozenset[str] = frozenset()
    goes_last: bool = False
    where: str = ""

    @property
    def changes(self) -> dict[str, list[Any]]:
        """``{field: [before, after]}``, as JSON, for people; a Ref is shown as what it stands for."""
        after = plain(
            {
                name: f"({value.key})" if isinstance(value, Ref) else value
                for name, value in self.fields.items()
            }
        )
        return {name: [self.before.get(name), value] for name, value in after.items()}


def build(
    desired: Desired, known: Mapping[str, RemoteRecord], stale: Mapping[tuple[str, str], RemoteRecord]
) -> list[Step]:
    """The steps that bring Autotask from what is known to what is desired, in an order that could be run one by one.

    ``known`` by the wish's key; ``stale``: lines of ours that the quote has no more, by their local key. What is as it
    should be gives a ``keep`` step, so that a person sees it too.
    """
    steps: list[Step] = []
    for wish in records_of(desired):
        found = known.get(wish.key)
        if found and found.pushed.get(LEFT_AWAY):
            steps.append(_keep(wish, found))
            continue
        old_type = found.pushed.get("quoteItemType") if found else None
        if found and wish.entity == "QuoteItems" and not _same_type(wish, old_type):
            # Another kind of item is another record: the old one goes, a new one comes.
            steps.append(_delete(wish.local, found, f"{wish.title}, as it was"))
            found = None
        steps.append(_create(wish) if found is None else _update(wish, found, known))
    steps += [_delete(local, gone, _stale_title(gone)) for local, gone in stale.items()]
    return _in_order(steps)


def writes(steps: list[Step]) -> list[Step]:
    """The steps that write."""
    return [step for step in steps if step.action != KEEP]


def _same_type(wish: DesiredRecord, old: Any) -> bool:
    return old is None or equals_pushed(wish.fields.get("quoteItemType"), old)


def _refs(fields: Mapping[str, Any]) -> set[str]:
    return {value.key for value in fields.values() if isinstance(value, Ref)}


def _create(wish: DesiredRecord) -> Step:
    fields = {**wish.initial, **wish.fields}
    return Step(
        key=wish.key,
        action=CREATE,
        entity=wish.entity,
        title=wish.title,
        where=wish.where or wish.title,
        local=wish.local,
        fields={name: value for name, value in fields.items() if value is not None},
        all_fields=fields,
        parent=wish.parent,
        needs=frozenset(_refs(fields) | ({wish.parent} if wish.parent else set())),
    )


def _update(wish: DesiredRecord, found: RemoteRecord, known: Mapping[str, RemoteRecord]) -> Step:
    wanted = dict(wish.fields)
    if found.pushed.get("_read"):
        wanted |= {name: value for name, value in wish.fill.items() if not found.pushed.get(name)}
    wanted |= {name: wish.initial[name] for name in found.pushed.get(AGAIN, ()) if name in wish.initial}
    changed = {}
    for name, value in wanted.items():
        resolved = known[value.key].remote_id if isinstance(value, Ref) and value.key in known else value
        if isinstance(resolved, Ref) or not equals_pushed(resolved, found.pushed.get(name)):
            changed[name] = value
    return Step(
        key=wish.key,
        action=UPDATE if changed else KEEP,
        entity=wish.entity,
        title=wish.title,
        where=wish.where or wish.title,
        local=wish.local,
        fields=changed,
        before=plain({name: found.pushed.get(name) for name in changed}),
        all_fields={**{k: v for k, v in found.pushed.items() if k not in ("_read", AGAIN)}, **wanted},
        remote_id=found.remote_id,
        parent=wish.parent,
        parent_id=found.parent_id,
        needs=frozenset(_refs(changed) | ({wish.parent} if wish.parent else set())),
    )


def _keep(wish: DesiredRecord, found: RemoteRecord) -> Step:
    return Step(
        key=wish.key,
        action=KEEP,
        entity=wish.entity,
        title=wish.title,
        where=wish.where or wish.title,
        local=wish.local,
        all_fields=found.pushed,
        remote_id=found.remote_id,
        parent=wish.parent,
        parent_id=found.parent_id,
    )


def _delete(local: tuple[str, str], gone: RemoteRecord, title: str) -> Step:
    return Step(
        key=f"remove:{gone.remote_id}",
        action=DELETE,
        entity="QuoteItems",
        title=title,
        where=title,
        local=local,
        before=plain(gone.pushed),
        remote_id=gone.remote_id,
        parent="quote",
        parent_id=gone.parent_id,
    )


def _stale_title(gone: RemoteRecord) -> str:
    name = gone.pushed.get("name")
    return f"“{name}”, which the quote has no more" if name else "a line that the quote has no more"


def _in_order(steps: list[Step]) -> list[Step]:
    """An update of the opportunity goes last, so that what it says (won, lost) is said of a complete quote."""
    late = [step for step in steps if step.key == "opportunity" and step.action == UPDATE]
    if not late:
        return steps
    items = frozenset(step.key for step in steps if step.entity == "QuoteItems" and step.action != KEEP)
    last = [replace(step, needs=step.needs | items, goes_last=True) for step in late]
    return [step for step in steps if step not in late] + last
