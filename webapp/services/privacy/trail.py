"""Take a person out of the diary: of entries about them and their quotes, and their email out of every other entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webapp.models import DiaryEntry, User
from webapp.services.diary import replacing
from webapp.services.diary.diary import CUSTOMER
from webapp.services.diary.replacing import Body
from webapp.services.privacy import frozen, knowing
from webapp.services.privacy.values import REMOVED, Known

# Of an entry about the record itself: what it was, by key.
FIELDS = {"person": knowing.FIELDS, "user": (*knowing.USER_FIELDS, "team", "time_zone")}
# ``named``: what the sign-in provider calls a user. ``name``: also of a passkey.
DETAIL = ("name", "email", "named")


def clean(actor: User, known: Known, quote_ids: Sequence[int], beside: Sequence[int] = ()) -> None:
    """In the open transaction. Called last: from here on no one else can add an entry.

    ``beside``: the ids of quotes of others that name the contact.
    """
    itself = ("user", str(known.user_id)) if known.user_id is not None else ("person", str(known.person_id))
    objects = {itself, *(("quote", str(quote_id)) for quote_id in quote_ids)}
    others, of_others = known.in_others_quotes(), {("quote", str(quote_id)) for quote_id in beside}
    revisions = frozen.of_theirs(known, quote_ids) if known.user_id is None else set()

    def replaced(entry: DiaryEntry, body: Body) -> Body:
        this = (entry.object_type, entry.object_id)
        is_own = known.user_id is not None and entry.actor_id == known.user_id
        about = is_own or this in objects
        without = known.without if about else others.without if this in of_others else known.without_emails
        content = without(body["content"])
        if this == itself:
            content = _of_record(content, FIELDS[itself[0]])
        by_them = is_own or _by_customer(entry, revisions)
        by_them = by_them or (this in of_others and entry.actor.removeprefix(CUSTOMER) in known.names)
        if is_own:
            name = known.alias
        elif by_them:
            name = CUSTOMER + known.alias
        else:
            name = without(body["actor"])
        # A sign-in that failed is by no one, but most likely from where they are.
        tried = known.user_id is not None and this == itself and entry.actor_id is None
        return {"actor": name, "address": "" if by_them or tried else body["address"], "content": content}

    replacing.bodies(actor, knowing.entries(known, objects | of_others), replaced)


def _by_customer(entry: DiaryEntry, revisions: set[tuple[str, int]]) -> bool:
    is_customer = entry.actor_id is None and entry.actor.startswith(CUSTOMER)
    answers = entry.object_type == "quote" and (entry.object_id, entry.revision) in revisions
    return is_customer and answers


def _of_record(content: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """The content of an entry about their own record, without what its fields were."""
    changes = [
        {**change, **_without(change, ("before", "after"))} if change["field"] in fields else change
        for change in content["changes"]
    ]
    detail = {**content["detail"], **_without(content["detail"], DETAIL)}
    for side in ("before", "after"):
        if isinstance(detail.get(side), dict):
            detail[side] = {**detail[side], **_without(detail[side], fields)}
    return {**content, "changes": changes, "detail": detail}


def _without(values: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: REMOVED for name in names if values.get(name)}
