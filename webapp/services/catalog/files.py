"""The image of an item, and files attached to it, such as data sheets. They are kept in the database.

An image is decoded and encoded again, so nothing hidden in one is kept. A file is taken by what its name ends with and
what it starts with, and is only ever downloaded.
"""

from __future__ import annotations

import hashlib
import struct
import threading
from io import BytesIO

from PIL import ExifTags, Image

from webapp.models import Item, ItemFile, User, db
from webapp.services.core import records, work
from webapp.services.core.errors import Busy, Invalid, NotFound
from webapp.services.core.fields import clean_text
from webapp.services.diary import diary

IMAGE, FILE = "image", "file"
MEGABYTE = 1024 * 1024
MAX_SIZE = 5 * MEGABYTE
MAX_FILES = 10
MAX_NAME = 150
# Refused before a pixel is decoded: a small file can hold very many.
MAX_PIXELS = 25_000_000
# The longest side of what is kept.
MAX_SIDE = 1200
_IMAGES = ("PNG", "JPEG", "WEBP")
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
# What Pillow raises for broken images.
_BROKEN = (
    OSError,
    TypeError,
    OverflowError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    struct.error,
)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


# By EXIF orientation: how to turn the image.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# One image can take some hundred megabytes of memory while it is decoded.
_DECODING = threading.BoundedSemaphore()
_PATIENCE_SECONDS = 20


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
    _check_size(content, "image")
    if not _DECODING.acquire(timeout=_PATIENCE_SECONDS):
        raise Busy("Nothing was saved, because other images are being read. Try again in a minute.")
    try:
        encoded, media_type = _again(content)
    finally:
        _DECODING.release()
    _lock(item)
    _forget_image(item)
    image = _stored(item, IMAGE, "image", media_type, encoded)
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
    _check_size(content, "file")
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


def _check_size(content: bytes, what: str) -> None:
    if not content:
        raise Invalid(
            f"Nothing was saved. Choose {'an image' if what == 'image' else 'a file'} that isn't empty."
        )
    if len(content) > MAX_SIZE:
        size, limit = len(content) / MEGABYTE, MAX_SIZE // MEGABYTE
        raise Invalid(f"Nothing was saved. The {what} has {size:.1f} MB. Choose one of up to {limit} MB.")


def _again(content: bytes) -> tuple[bytes, str]:
    """The image decoded, made smaller and encoded again, and its type. Raises Invalid with a sentence."""
    try:
        with Image.open(BytesIO(content), formats=_IMAGES) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_many_pixels()
            image.thumbnail((2 * MAX_SIDE, 2 * MAX_SIDE))
            # By hand, as Pillow's own way writes the rest of the EXIF again, and fails where that is odd.
            turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
            upright = image.transpose(turn) if turn is not None else image
            if upright.mode.startswith("I"):
                # 16 bits of gray; converted as they are, they would all be white.
                upright = upright.point(lambda value: value / 256).convert("L")
            is_clear = upright.has_transparency_data
            kept = upright.convert("RGBA" if is_clear else "RGB")
    except _BOMBS as bomb:
        raise _too_many_pixels() from bomb
    except _BROKEN as broken:
        raise Invalid(
            "Nothing was saved. This isn't an image we can read. Choose a PNG, JPEG or WebP."
        ) from broken
    kept.thumbnail((MAX_SIDE, MAX_SIDE))
    # What Pillow would carry over, such as a profile or a comment.
    kept.info.clear()
    out = BytesIO()
    kept.save(out, "PNG" if is_clear else "JPEG", optimize=True)
    return out.getvalue(), "image/png" if is_clear else "image/jpeg"


def _too_many_pixels() -> Invalid:
    return Invalid(
        f"Nothing was saved. The image has more than {MAX_PIXELS // 1_000_000} megapixels. Make it smaller first."
    )


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
