"""The views of the list of quotes that a person saved: filters and an order, under a name. Only they have them."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.models import SavedView, User, db
from webapp.services.core import work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import Reader
from webapp.services.diary import diary
from webapp.services.quoting.lists.filters import Filters

MOST = 20
MAX_NAME = 60
GONE = "This view was deleted in another tab. Nothing was changed."


def of_user(user: User) -> list[SavedView]:
    """By name."""
    query = db.select(SavedView).filter_by(user_id=user.id).order_by(SavedView.name, SavedView.id)
    return list(db.session.scalars(query))


def filters_of(view: SavedView) -> Filters:
    """What it shows."""
    return Filters(view.text, view.stage, view.owner, view.sort)


def default_of(user: User) -> SavedView | None:
    """The view that the list opens with, if there is one."""
    view: SavedView | None = db.session.scalar(
        db.select(SavedView).filter_by(user_id=user.id, is_default=True)
    )
    return view


@work.command
def save(actor: User, values: Mapping[str, object], shown: Filters) -> SavedView:
    """Keep what is shown under ``name``; a view that has the name shows it from now on. ``is_default``: opens the list.

    Raises Invalid with a sentence.
    """
    _lock(actor)
    reader = Reader(values)
    name = _read_name(reader)
    reader.check("The view wasn't saved.")
    mine = of_user(actor)
    view = next((one for one in mine if one.name == name), None)
    if view is None:
        if len(mine) >= MOST:
            raise Invalid(
                f"You have {MOST} saved views already, so this one wasn't saved. Delete another first."
            )
        view = SavedView(user_id=actor.id, name=name)
        db.session.add(view)
    view.text, view.stage, view.owner, view.sort = shown.text, shown.stage, shown.owner, shown.sort
    if reader.flag("is_default"):
        _make_default(mine, view)
    db.session.flush()
    diary.write(actor, "view.saved", "view", view.id, name=name)
    return view


@work.command
def rename(actor: User, view_id: int, values: Mapping[str, object]) -> SavedView:
    """Give it another name. Raises Invalid with a sentence, NotFound."""
    view = _mine(actor, view_id)
    reader = Reader(values)
    name = _read_name(reader)
    if any(one.name == name and one is not view for one in of_user(actor)):
        reader.fail("name", f"You have another view “{name}”. Choose another name.")
    reader.check("The view wasn't renamed.")
    view.name = name
    diary.write(actor, "view.renamed", "view", view.id, name=name)
    return view


@work.command
def set_default(actor: User, view_id: int, *, wanted: bool) -> SavedView:
    """Open the list with it, or no longer. Raises NotFound."""
    view = _mine(actor, view_id)
    if wanted:
        _make_default(of_user(actor), view)
    else:
        view.is_default = False
    diary.write(actor, "view.default_set", "view", view.id, name=view.name, wanted=wanted)
    return view


@work.command
def remove(actor: User, view_id: int) -> str:
    """Delete it; returns its name. Raises NotFound."""
    view = _mine(actor, view_id)
    db.session.delete(view)
    diary.write(actor, "view.deleted", "view", view.id, name=view.name)
    return view.name


def _lock(actor: User) -> None:
    # One after the other: a name is given once, and one view is the default.
    db.session.refresh(actor, with_for_update={"key_share": True})


def _mine(actor: User, view_id: int) -> SavedView:
    _lock(actor)
    view: SavedView | None = db.session.scalar(db.select(SavedView).filter_by(id=view_id, user_id=actor.id))
    if view is None:
        raise NotFound(GONE)
    return view


def _read_name(reader: Reader) -> str:
    return reader.text("name", MAX_NAME, missing="Enter a name for this view.")


def _make_default(mine: list[SavedView], view: SavedView) -> None:
    for one in mine:
        one.is_default = False
    view.is_default = True
