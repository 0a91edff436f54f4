"""The entities as data: fields, routes and parents, one JSON file each, and their reader."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

# The entities that have webhooks, and what the names of their webhook entities begin with.
WEBHOOKS = {"Companies": "CompanyWebhook", "Contacts": "ContactWebhook"}


@dataclass(frozen=True)
class Field:
    """One field. ``type``: integer, decimal, boolean, datetime, string or bytes.

    ``indexed``: looked up so often that its index is kept from the beginning; others get one when first asked for.
    """

    name: str
    type: str
    length: int = 0
    required: bool = False
    read_only: bool = False
    picklist: bool = False
    reference: str = ""
    queryable: bool = True
    indexed: bool = False


@dataclass(frozen=True)
class Parent:
    """Where a child is written: ``/{entity}/{id}/{collection}``; ``key`` is the child's field with the id."""

    entity: str
    collection: str
    key: str


@dataclass(frozen=True)
class Entity:
    """One entity; ``routes``: the HTTP verbs of each kind of address, ``singular``: what one record is called."""

    name: str
    singular: str
    routes: dict[str, list[str]]
    fields: dict[str, Field]
    parent: Parent | None = None
    by_lower: dict[str, Field] = field(default_factory=dict)

    @cached_property
    def blank(self) -> dict[str, None]:
        """Every field without a value, in order."""
        return dict.fromkeys(self.fields)

    @cached_property
    def hidden(self) -> list[str]:
        """Fields that are shown in the answer about one record below its parent only."""
        return [name for name, field in self.fields.items() if field.type == "bytes"]

    def find(self, name: str) -> Field | None:
        """The field of that name, whatever its case."""
        return self.by_lower.get(name.lower())

    @property
    def can_create(self) -> bool:
        """True when some address takes POST."""
        return "POST" in self.routes["root"] or "POST" in self.routes.get("child", [])

    @property
    def can_update(self) -> bool:
        """True when some address takes PATCH."""
        return "PATCH" in self.routes["root"] or "PATCH" in self.routes.get("child", [])

    @property
    def can_delete(self) -> bool:
        """True when some address takes DELETE."""
        return "DELETE" in self.routes["item"] or "DELETE" in self.routes.get("childItem", [])


def _read(path: Path) -> Entity:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    fields = {
        entry["name"]: Field(
            name=entry["name"],
            type=entry["type"],
            length=entry.get("length", 0),
            required=entry.get("required", False),
            read_only=entry.get("readOnly", False),
            picklist=entry.get("picklist", False),
            reference=entry.get("reference", ""),
            queryable=entry.get("queryable", True),
            indexed=entry.get("indexed", False),
        )
        for entry in data["fields"]
    }
    parent = data.get("parent")
    return Entity(
        name=data["entity"],
        singular=data["singular"],
        routes=data["routes"],
        fields=fields,
        parent=Parent(parent["entity"], parent["collection"], parent["key"]) if parent else None,
        by_lower={name.lower(): entry for name, entry in fields.items()},
    )


@cache
def entities() -> dict[str, Entity]:
    """All entities by name."""
    found = [_read(path) for path in sorted(Path(__file__).parent.glob("*.json"))]
    return {entity.name: entity for entity in found}


@cache
def _by_lower() -> dict[str, Entity]:
    return {name.lower(): entity for name, entity in entities().items()}


def find(name: str) -> Entity | None:
    """The entity of that name, whatever its case."""
    return _by_lower().get(name.lower())


def child_of(parent: Entity, collection: str) -> Entity | None:
    """The entity under ``/{parent}/{id}/{collection}``."""
    for entity in entities().values():
        at = entity.parent
        if at and at.entity == parent.name and at.collection.lower() == collection.lower():
            return entity
    return None


@cache
def webhook_fields(entity_name: str) -> dict[int, str]:
    """The fields whose change can call back, by the number that a webhook's field names them with."""
    fields = entities()[entity_name].fields.values()
    return dict(enumerate((field.name for field in fields if not field.read_only), start=1))
