"""The pictures on paper: the logo, and those of items."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from webapp.services.catalog import pictures as kept
from webapp.services.company.brand import brand
from webapp.services.core import images
from webapp.services.quoting.paper.pen import Pen
from webapp.services.quoting.revisions.snapshot import Snapshot

# Points: of a picture and of its corners; ``columns.PICTURE`` is its column.
SIZE, RADIUS = 30.0, 3.0


@dataclass(frozen=True)
class Picture:
    """A picture of an item. ``name``: of the item, for those who can't see it."""

    content: bytes
    name: str = ""

    def draw(self, pen: Pen, x: float, top: float) -> None:
        """Draw with the upper left corner at ``x`` and ``top``."""
        canvas = pen.canvas
        with pen.tagged("Figure", self.name or "Picture"):
            canvas.saveState()
            clip = canvas.beginPath()
            clip.roundRect(x, top - SIZE, SIZE, SIZE, RADIUS)
            canvas.clipPath(clip, stroke=0)
            canvas.drawImage(self._read(canvas), x, top - SIZE, SIZE, SIZE)
            canvas.restoreState()

    def _read(self, canvas: Any) -> Any:
        from reportlab.lib.utils import ImageReader

        # Read once a document, however many lines have it.
        known = vars(canvas).setdefault("_pictures", {})
        if self.content not in known:
            known[self.content] = ImageReader(io.BytesIO(images.jpeg(self.content)))
        return known[self.content]


class Pictures(NamedTuple):
    """What an offer shows, without what is lost. ``logo``: ``brand.logo_address``; ``items``: by the hash in a line."""

    logo: str = ""
    items: Mapping[str, bytes] = MappingProxyType({})


NONE = Pictures()


def of(frozen: Snapshot) -> Pictures:
    """The pictures of an offer. Asks the database."""
    return Pictures(brand.logo_address(frozen.brand.logo), kept.contents(frozen.images))
