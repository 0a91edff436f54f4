"""Plan the steps from the known to the desired state, in order. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from webapp.models.local_key import LocalKey
from webapp.services.autotask.api.values import equals_pushed, plain
from webapp.services.autotask.known import quote_items
from webapp.services.autotask.known.links import LinkKey, records_of
from webapp.services.autotask.known.observation import RemoteRecord
from webapp.services.autotask.wanted import keys, positions
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord, Ref
from webapp.services.autotask.wanted.keys import RecordKey

CREATE, UPDATE, DELETE, KEEP = "create", "update", "delete", "keep"


@dataclass(frozen=True)
class Step:
    """One record to create, update, delete or keep. ``fields`` may hold Refs.

    ``before``: the changing fields as last pushed. ``needs``: keys that must have an id first; with ``goes_last`` their
    steps must be done too. ``all_fields``, ``force_fields``: what the link stores afterwards. ``where``: the beginning
    of a sentence about a failure. ``place``: an item's place in the quote, counted from 1.
    """

    key: RecordKey
    action: str
    entity: str
    title: str
    local: LocalKey
    fields: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    all_fields: dict[str, Any] = field(default_factory=dict)
    remote_id: int | None = None
    parent: RecordKey | None = None
    parent_id: int | None = None
    needs: frozenset[RecordKey] = frozenset()
    goes_last: bool = False
    where: str = ""
    place: int = 0
    force_fields: tuple[str, ...] = ()

    @property
    def link_key(self) -> LinkKey:
        """The key of the record's link."""
        return LinkKey(self.local, self.entity)

    @property
    def changes(self) -> dict[str, list[Any]]:
        """``{field: [before, after]}`` as JSON, for people; a Ref is shown as its key."""
        after = plain(
            {
                name: f"({value.key})" if isinstance(value, Ref) else value
                for name, value in self.fields.items()
            }
        )
        return {name: [self.before.get(name), value] for name, value in after.items()}


def build(
    desired: Desired,
    known: Mapping[RecordKey, RemoteRecord],
    removed_lines: Mapping[LocalKey, RemoteRecord],
) -> list[Step]:
    """The steps that bring Autotask to the desired state, in an order in which they could run one by one.

    ``known``: by the desired record's key. ``removed_lines``: items whose line the quote no longer has, by local key. A
    record that already matches gets a ``keep`` step, so that people see it too.
    """
    steps: list[Step] = []
    numbers = quote_items.numbers(desired, known)
    places = {item.key: place for place, item in enumerate(desired.items, start=1)}
    for record in records_of(desired):
        if record.key in numbers:
            record = replace(record, fields={**record.fields, positions.FIELD: numbers[record.key]})
        remote = known.get(record.key)
        if remote and remote.is_kept_deleted:
            steps.append(_keep(record, remote))
            continue
        old_type = remote.pushed.get("quoteItemType") if remote else None
        if remote and record.entity == "QuoteItems" and not _has_type(record, old_type):
            # An item can't change its type, so the old item is deleted and a new one is created. The old one gets a
            # link of its own first, which stays until it is gone.
            retired = quote_items.retired(desired.quote_id, remote.remote_id)
            steps.append(delete(retired, remote, f"{record.title} (old version)"))
            remote = None
        if remote is None:
            steps += _create_and_finish(record)
        else:
            steps.append(_update(record, remote, known))
    steps = [replace(step, place=places.get(step.key, 0)) for step in steps]
    steps += [delete(local, remote, _removed_title(remote)) for local, remote in removed_lines.items()]
    return _in_order(steps)


def writes(steps: list[Step]) -> list[Step]:
    """The steps that write."""
    return [step for step in steps if step.action != KEEP]


def _has_type(record: DesiredRecord, old: Any) -> bool:
    return old is None or equals_pushed(record.fields.get("quoteItemType"), old)


def _refs(fields: Mapping[str, Any]) -> set[RecordKey]:
    return {value.key for value in fields.values() if isinstance(value, Ref)}


def _create_and_finish(record: DesiredRecord) -> list[Step]:
    """The create, and for a record that is created open the update that closes it."""
    create = _create(record)
    after = {name: value for name, value in record.fields.items() if name in record.opening}
    if not after or all(equals_pushed(value, create.all_fields.get(name)) for name, value in after.items()):
        return [create]
    finish = replace(
        create,
        key=record.key.step(keys.END),
        action=UPDATE,
        fields=after,
        before=plain({name: create.all_fields.get(name) for name in after}),
        all_fields={**create.all_fields, **after},
        needs=frozenset({record.key}),
        goes_last=True,
    )
    return [create, finish]


def _step(record: DesiredRecord, action: str, remote: RemoteRecord | None = None, **rest: Any) -> Step:
    """A step for ``record``; ``remote``: its record in Autotask, if it exists."""
    return Step(
        key=record.key,
        action=action,
        entity=record.entity,
        title=record.title,
        where=record.where or record.title,
        local=record.local,
        parent=record.parent,
        remote_id=remote.remote_id if remote else None,
        parent_id=remote.parent_id if remote else None,
        **rest,
    )


def _needs(record: DesiredRecord, fields: Mapping[str, Any]) -> frozenset[RecordKey]:
    return frozenset(_refs(fields) | ({record.parent} if record.parent else set()))


def _create(record: DesiredRecord) -> Step:
    fields = {**record.initial, **record.fields, **record.opening}
    return _step(
        record,
        CREATE,
        fields={name: value for name, value in fields.items() if value is not None},
        all_fields=fields,
        needs=_needs(record, fields),
    )


def _update(record: DesiredRecord, remote: RemoteRecord, known: Mapping[RecordKey, RemoteRecord]) -> Step:
    wanted = dict(record.fields)
    if remote.is_just_matched:
        wanted |= {name: value for name, value in record.fill.items() if not remote.pushed.get(name)}
    wanted |= {name: record.initial[name] for name in remote.force_fields if name in record.initial}
    for name, (earlier, value) in record.replaces.items():
        # What was read when it was matched was written by people, unless another quote of ours did.
        is_ours = not remote.is_just_matched or name in remote.ours
        if is_ours and any(equals_pushed(old, remote.pushed.get(name)) for old in earlier):
            wanted[name] = value
    changed = {}
    for name, value in wanted.items():
        resolved = known[value.key].remote_id if isinstance(value, Ref) and value.key in known else value
        if isinstance(resolved, Ref) or not equals_pushed(resolved, remote.pushed.get(name)):
            changed[name] = value
    return _step(
        record,
        UPDATE if changed else KEEP,
        remote,
        fields=changed,
        before=plain({name: remote.pushed.get(name) for name in changed}),
        all_fields={**remote.pushed, **wanted},
        needs=_needs(record, changed),
    )


def _keep(record: DesiredRecord, remote: RemoteRecord) -> Step:
    return _step(record, KEEP, remote, all_fields=remote.pushed)


def delete(local: LocalKey, remote: RemoteRecord, title: str) -> Step:
    """The step that deletes an item of ours."""
    return Step(
        key=keys.removal(remote.remote_id),
        action=DELETE,
        entity="QuoteItems",
        title=title,
        where=title,
        local=local,
        before=plain(remote.pushed),
        remote_id=remote.remote_id,
        parent=keys.QUOTE,
        parent_id=remote.parent_id,
    )


def _removed_title(remote: RemoteRecord) -> str:
    name = remote.pushed.get("name")
    return f"“{name}”, removed from the quote" if name else "a line removed from the quote"


def _in_order(steps: list[Step]) -> list[Step]:
    """The opportunity's update goes last, so that it is won or lost only with a complete quote."""
    late = [step for step in steps if step.action == UPDATE and step.key.record == keys.OPPORTUNITY]
    if not late:
        return steps
    items = frozenset(step.key for step in steps if step.entity == "QuoteItems" and step.action != KEEP)
    last = [replace(step, needs=step.needs | items, goes_last=True) for step in late]
    return [step for step in steps if step not in late] + last
