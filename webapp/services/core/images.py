"""Images that people upload: decoded and encoded again, so that nothing hidden in one is kept."""

from __future__ import annotations

import base64
import struct
import threading
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image, ImageChops

from webapp.services.core.errors import Busy, Invalid

MEGABYTE = 1024 * 1024
# Refused before a pixel is decoded: a small file can hold very many.
MAX_PIXELS = 25_000_000
# What a small picture stands on, where the image is narrower or is clear; white becomes this too.
WASH = "#F6F7F8"
# From the first on, until the picture is small enough.
_QUALITIES = (82, 70, 55, 40)
_IMAGES = ("PNG", "JPEG", "WEBP")
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


@dataclass(frozen=True)
class Decoded:
    """An image as it is kept. ``width`` and ``height`` in pixels."""

    content: bytes
    media_type: str
    width: int
    height: int


def read(content: bytes, longest: int, *, is_drawing: bool = False) -> Decoded:
    """The image with sides of up to ``longest`` pixels, upright. Raises Invalid with a sentence, or Busy.

    ``is_drawing``: what came as PNG stays PNG, since JPEG blurs lines and letters.
    """
    if not _DECODING.acquire(timeout=_PATIENCE_SECONDS):
        raise Busy("Nothing was saved, because other images are being read. Try again in a minute.")
    try:
        return _again(content, longest, is_drawing=is_drawing)
    finally:
        _DECODING.release()


def square(content: bytes, side: int, largest: int) -> bytes:
    """The image as a square WebP of ``side`` pixels, of up to ``largest`` bytes where that can be.

    ``content``: as ``read`` gave it. Raises Invalid with a sentence.
    """
    try:
        with Image.open(BytesIO(content), formats=_IMAGES) as image:
            small = image.convert("RGBA")
    except _BROKEN as broken:
        raise Invalid("This image can't be read.") from broken
    small.thumbnail((side, side))
    over = Image.new("RGB", (side, side), "white")
    over.paste(small, ((side - small.width) // 2, (side - small.height) // 2), small)
    made = ImageChops.multiply(over, Image.new("RGB", (side, side), WASH))
    out = b""
    for quality in _QUALITIES:
        out = _saved(made, "WEBP", quality=quality, method=6)
        if len(out) <= largest:
            break
    return out


def jpeg(content: bytes) -> bytes:
    """A picture of ours as JPEG, which a PDF takes as it is."""
    with Image.open(BytesIO(content), formats=_IMAGES) as image:
        return _saved(image.convert("RGB"), "JPEG", quality=88, optimize=True)


def address(media_type: str, content: bytes) -> str:
    """An image as a ``data:`` address, which needs no request."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def check_size(content: bytes, largest: int, what: str) -> None:
    """Raises Invalid with a sentence when there is nothing, or more than ``largest`` bytes."""
    if not content:
        raise Invalid(
            f"Nothing was saved. Choose {'an image' if what == 'image' else 'a file'} that isn't empty."
        )
    if len(content) > largest:
        size, limit = len(content) / MEGABYTE, largest // MEGABYTE
        raise Invalid(f"Nothing was saved. The {what} has {size:.1f} MB. Choose one of up to {limit} MB.")


def _again(content: bytes, longest: int, *, is_drawing: bool) -> Decoded:
    try:
        with Image.open(BytesIO(content), formats=_IMAGES) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_many_pixels()
            image.thumbnail((2 * longest, 2 * longest))
            # By hand, as Pillow's own way writes the rest of the EXIF again, and fails where that is odd.
            turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
            upright = image.transpose(turn) if turn is not None else image
            if upright.mode.startswith("I"):
                # 16 bits of gray; converted as they are, they would all be white.
                upright = upright.point(lambda value: value / 256).convert("L")
            is_clear = upright.has_transparency_data
            is_png = is_clear or (is_drawing and image.format == "PNG")
            kept = upright.convert("RGBA" if is_clear else "RGB")
    except _BOMBS as bomb:
        raise _too_many_pixels() from bomb
    except _BROKEN as broken:
        raise Invalid(
            "Nothing was saved. This isn't an image we can read. Choose a PNG, JPEG or WebP."
        ) from broken
    kept.thumbnail((longest, longest))
    # What Pillow would carry over, such as a profile or a comment.
    kept.info.clear()
    out = _saved(kept, "PNG" if is_png else "JPEG", optimize=True)
    return Decoded(out, "image/png" if is_png else "image/jpeg", kept.width, kept.height)


def _saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def _too_many_pixels() -> Invalid:
    return Invalid(
        f"Nothing was saved. The image has more than {MAX_PIXELS // 1_000_000} megapixels. Make it smaller first."
    )
