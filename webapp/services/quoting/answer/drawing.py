"""A drawn signature: read from what the page sent, cut to the ink, and encoded again, so that nothing else is kept."""

from __future__ import annotations

import base64
from io import BytesIO

from PIL import Image, ImageChops

from webapp.services.core import images
from webapp.services.core.errors import Busy, Invalid

PREFIX = "data:image/png;base64,"
LARGEST = 200_000
LONGEST = 900
# Less ink than this, in pixels, is a slip of the finger.
FEWEST = 60
# How dark a pixel must be to be ink.
INK = 32
NOT_READ = "Your drawn signature couldn't be read. Draw it again, or type your name instead."
MISSING = "Draw your signature, or type your name instead."


def read(sent: str) -> bytes:
    """The PNG of a signature, black on white. ``sent``: a data address. Raises ValueError with a sentence."""
    if not sent:
        raise ValueError(MISSING)
    if not sent.startswith(PREFIX) or len(sent) > LARGEST:
        raise ValueError(NOT_READ)
    try:
        raw = base64.b64decode(sent[len(PREFIX) :], validate=True)
        decoded = images.read(raw, LONGEST, is_drawing=True)
    except (ValueError, Invalid, Busy) as error:
        raise ValueError(NOT_READ) from error
    # Whatever it says that it is.
    if decoded.media_type != "image/png":
        raise ValueError(NOT_READ)
    with Image.open(BytesIO(decoded.content), formats=("PNG",)) as image:
        drawn = image.convert("RGBA")
    paper = Image.new("RGBA", drawn.size, "white")
    gray = Image.alpha_composite(paper, drawn).convert("L")
    ink = ImageChops.invert(gray).point(lambda value: 255 if value > INK else 0)
    box = ink.getbbox()
    if box is None or sum(ink.histogram()[255:]) < FEWEST:
        raise ValueError(MISSING)
    out = BytesIO()
    gray.crop(box).save(out, "PNG", optimize=True)
    return out.getvalue()
