"""Small pictures of items on offers: made of the item's image, and kept by the image's hash.

A revision names the hash, so that it keeps its pictures when an item gets another image.
"""

from __future__ import annotations

from collections.abc import Collection

from webapp.models import ItemFile, Picture, db
from webapp.services.core import images, upsert
from webapp.services.core.errors import NotFound

# Pixels: shown half as wide, for sharp screens.
SIDE = 96
LARGEST = 6 * 1024
# Parameters of one query, within what SQLite takes.
AT_ONCE = 500


def keep(image: ItemFile) -> None:
    """Keep the picture of an item's image, in the open transaction."""
    made = images.square(image.content, SIDE, LARGEST)
    values = {"sha256": image.sha256, "content": made}
    db.session.execute(upsert.insert(Picture).values(values).on_conflict_do_nothing())


def keep_all(hashes: Collection[str]) -> None:
    """Keep the pictures that are still missing: of images that were there before pictures were."""
    missing = set(hashes) - set(_kept(hashes))
    for image in _images(missing).values():
        keep(image)


def of_items(item_ids: Collection[int]) -> dict[int, str]:
    """The hash of the image of each item that has one."""
    found: dict[int, str] = {}
    wanted = sorted(set(item_ids))
    for start in range(0, len(wanted), AT_ONCE):
        some = ItemFile.item_id.in_(wanted[start : start + AT_ONCE])
        query = db.select(ItemFile.item_id, ItemFile.sha256).where(ItemFile.kind == "image", some)
        found |= {row.item_id: row.sha256 for row in db.session.execute(query.order_by(ItemFile.id))}
    return found


def contents(hashes: Collection[str]) -> dict[str, bytes]:
    """The pictures by hash, as WebP; those of drafts may have to be made first, which stores nothing."""
    found = _kept(hashes)
    for sha256, image in _images(set(hashes) - set(found)).items():
        found[sha256] = images.square(image.content, SIDE, LARGEST)
    return found


def content(sha256: str) -> bytes:
    """One picture. Raises NotFound with a sentence."""
    found = contents([sha256])
    if sha256 not in found:
        raise NotFound("There's no such picture.")
    return found[sha256]


def _kept(hashes: Collection[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    wanted = sorted(set(hashes))
    for start in range(0, len(wanted), AT_ONCE):
        query = db.select(Picture.sha256, Picture.content).where(
            Picture.sha256.in_(wanted[start : start + AT_ONCE])
        )
        found |= {row.sha256: row.content for row in db.session.execute(query)}
    return found


def _images(hashes: Collection[str]) -> dict[str, ItemFile]:
    """An image of items for each hash that one has."""
    query = db.select(ItemFile).where(ItemFile.kind == "image", ItemFile.sha256.in_(sorted(hashes)))
    return {image.sha256: image for image in db.session.scalars(query)} if hashes else {}
