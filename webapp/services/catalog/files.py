"""The image of an item, and files attached to it, such as data sheets. They are kept in the database.

An image is kept as ``core.images`` encodes it again. A file is taken by what its name ends with and
what it starts with, and is only ever downloaded.
"""

from __future__ import annotations

import hashlib

from webapp.models import Item, ItemFile, User, db
from webapp.services.catalog import pictures
from webapp.services.core import images, records, work
from webapp.services.core.errors import Invalid, NotFound
from webapp.services.core.fields import clean_text
from webapp.services.diary import diary

IMAGE, FILE = "image", "file"
MAX_SIZE = 5 * images.MEGABYTE
MAX_FILES = 10
MAX_NAME = 150
# The longest side of what is kept.
MAX_SIDE = 1200
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIP = b"PK\x03\x04"
# By the end of the name: the type, and what such a file starts with; text starts with anything.
TYPES = {
    "pdf": ("application/pdf", b"%PDF-"),
    "docx": (_OFFICE + "wordprocessingml.document", _ZIP),
    "xlsx": (_OFFICE + "spreadsheetml.sheet", _ZIP),
    "pptx": (_OFFICE + "presentationml.presentation", _ZIP),
    "csv": ("text/csv", b""),
    "txt": ("text/plain", b""),
}


def of_item(item: Item) -> list[ItemFile]:
    """The files attached to the item, by name, without their content."""
    query = db.select(ItemFile).filter_by(item_id=item.id, kind=FILE).order_by(ItemFile.name, ItemFile.id)
    return list(db.session.scalars(query))


def image_of(item: Item) -> ItemFile | None:
    """The image of the item, without its content."""
    query = db.select(ItemFile).filter_by(item_id=item.id, kind=IMAGE).order_by(ItemFile.id.desc()).limit(1)
    image: ItemFile | None = db.session.scalar(query)
    return image


def get(item: Item, file_id: int) -> ItemFile:
    """An attached file. Raises NotFound with a sentence."""
    found = records.find(ItemFile, file_id)
    if found is None or found.item_id != item.id or found.kind != FILE:
        raise NotFound("This file is no longer attached to the item.")
    return found


@work.command
def set_image(actor: User | None, item: Item, content: bytes) -> ItemFile:
    """Make ``content`` the image of the item. Raises Invalid with a sentence; the image before stays then."""
    images.check_size(content, MAX_SIZE, "image")
    decoded = images.read(content, MAX_SIDE)
    _lock(item)
    _forget_image(item)
    image = _stored(item, IMAGE, "image", decoded.media_type, decoded.content)
    pictures.keep(image)
    diary.write(actor, "item.image_changed", "item", item.id, name=item.name)
    return image


@work.command
def remove_image(actor: User | None, item: Item) -> None:
    """Remove the image, if there is one."""
    if image_of(item) is not None:
        _forget_image(item)
        diary.write(actor, "item.image_removed", "item", item.id, name=item.name)


@work.command
def attach(actor: User | None, item: Item, name: str, content: bytes) -> ItemFile:
    """Attach a file. Raises Invalid with a sentence; nothing is attached then."""
    images.check_size(content, MAX_SIZE, "file")
    name = _name(name)
    media_type = _type(name, content)
    _lock(item)
    there = of_item(item)
    digest = hashlib.sha256(content).hexdigest()
    same = next((one for one in there if one.sha256 == digest), None)
    if same is not None:
        raise Invalid(f"“{name}” wasn't attached, because “{same.name}” has the same content.")
    if len(there) >= MAX_FILES:
        raise Invalid(f"“{name}” wasn't attached. An item can have {MAX_FILES} files. Remove one first.")
    file = _stored(item, FILE, name, media_type, content)
    diary.write(actor, "item.file_attached", "item", item.id, name=item.name, file=name)
    return file


@work.command
def detach(actor: User | None, item: Item, file: ItemFile) -> None:
    """Remove an attached file."""
    diary.write(actor, "item.file_removed", "item", item.id, name=item.name, file=file.name)
    db.session.delete(file)


def _lock(item: Item) -> None:
    """One after the other: two uploads at once can't pass a limit, or leave two images."""
    db.session.refresh(item, with_for_update={"key_share": True})


def _forget_image(item: Item) -> None:
    db.session.execute(db.delete(ItemFile).where(ItemFile.item_id == item.id, ItemFile.kind == IMAGE))


def _stored(item: Item, kind: str, name: str, media_type: str, content: bytes) -> ItemFile:
    file = ItemFile(
        item_id=item.id,
        kind=kind,
        name=name,
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )
    db.session.add(file)
    db.session.flush()
    return file


def _name(name: str) -> str:
    """The name alone, without a folder, short enough and with its end."""
    alone = " ".join(clean_text(name.replace("\\", "/").rpartition("/")[2]).split())
    stem, dot, end = alone.rpartition(".")
    return f"{stem[: MAX_NAME - len(end) - 1]}{dot}{end}" if dot and len(end) < MAX_NAME else alone[:MAX_NAME]


def _type(name: str, content: bytes) -> str:
    """The type, by the end of the name; it has to fit the content. Raises Invalid with a sentence."""
    end = name.rpartition(".")[2].lower()
    if end not in TYPES or not name.rpartition(".")[0]:
        listed = ", ".join(one.upper() for one in TYPES)
        raise Invalid(f"“{name}” wasn't attached. Attach one of these: {listed}.")
    media_type, start = TYPES[end]
    fits = content.startswith(start) if start else _is_text(content)
    if not fits:
        raise Invalid(
            f"“{name}” wasn't attached, because its content isn't {end.upper()}. Save it again as {end.upper()}."
        )
    return media_type


def _is_text(content: bytes) -> bool:
    try:
        return "\x00" not in content.decode()
    except UnicodeDecodeError:
        return False
