"""The image of an item and the files attached to it: upload, show, download, remove."""

from __future__ import annotations

from io import BytesIO

from flask import Response, request, send_file
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.blueprints import branding
from webapp.blueprints.items import items
from webapp.blueprints.support import actor, ask, back_to
from webapp.models import ItemFile
from webapp.services.catalog import files
from webapp.services.catalog import items as catalog_items
from webapp.services.core.errors import NotFound

FIELD = "file"


@items.get("/<int:item_id>/image")
@login_required
def image(item_id: int) -> ResponseReturnValue:
    """The image. Its address names its content, so browsers may keep it."""
    found = files.image_of(catalog_items.get(item_id))
    if found is None:
        raise NotFound("This item has no image.")
    return _sent(found, as_attachment=False)


@items.get("/pictures/<sha256>")
@login_required
def picture(sha256: str) -> ResponseReturnValue:
    """The small picture of an item, as offers show it."""
    return branding.picture(sha256)


@items.post("/<int:item_id>/image")
@login_required
def set_image(item_id: int) -> ResponseReturnValue:
    """Make the file that was sent the image of the item."""
    files.set_image(actor(), catalog_items.get(item_id), _uploaded()[1])
    return back_to("items.item", "Image saved.", item_id=item_id)


@items.post("/<int:item_id>/image/delete")
@login_required
def remove_image(item_id: int) -> ResponseReturnValue:
    """Remove the image."""
    record = catalog_items.get(item_id)
    asked = ask("Remove the image of this item?", "Remove")
    if asked:
        return asked
    files.remove_image(actor(), record)
    return back_to("items.item", "Image removed.", item_id=item_id)


@items.post("/<int:item_id>/files")
@login_required
def attach(item_id: int) -> ResponseReturnValue:
    """Attach the file that was sent."""
    name, content = _uploaded()
    file = files.attach(actor(), catalog_items.get(item_id), name, content)
    return back_to("items.item", f"{file.name} attached.", item_id=item_id)


@items.get("/<int:item_id>/files/<int:file_id>")
@login_required
def attached(item_id: int, file_id: int) -> ResponseReturnValue:
    """Download a file; no browser shows it as a page of ours."""
    return _sent(files.get(catalog_items.get(item_id), file_id), as_attachment=True)


@items.post("/<int:item_id>/files/<int:file_id>/delete")
@login_required
def detach(item_id: int, file_id: int) -> ResponseReturnValue:
    """Remove a file."""
    record = catalog_items.get(item_id)
    file = files.get(record, file_id)
    asked = ask(f"Remove {file.name}?", "Remove")
    if asked:
        return asked
    files.detach(actor(), record, file)
    return back_to("items.item", f"{file.name} removed.", item_id=item_id)


def _uploaded() -> tuple[str, bytes]:
    """Name and content, with one byte more than is taken at most."""
    sent = request.files.get(FIELD)
    return (sent.filename or "", sent.stream.read(files.MAX_SIZE + 1)) if sent else ("", b"")


def _sent(file: ItemFile, *, as_attachment: bool) -> Response:
    answer = send_file(
        BytesIO(file.content),
        mimetype=file.media_type,
        as_attachment=as_attachment,
        download_name=file.name,
        etag=file.sha256,
        last_modified=file.created_at,
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
