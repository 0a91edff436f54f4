"""Images are decoded again or refused, and files are only ever downloaded."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from flask import Flask
from PIL import ExifTags, Image

from tests.support import samples
from tests.support.visitor import Visitor, text
from webapp.models import DiaryEntry, Item, ItemFile, User, db
from webapp.services.catalog import files, items
from webapp.services.core.errors import Invalid, NotFound

PDF = b"%PDF-1.7\n%%EOF"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **more: object) -> bytes:
    out = BytesIO()
    Image.new(mode, size, (255, 0, 0, 90) if mode == "RGBA" else "red").save(out, kind, **more)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has very many pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("kind", "mode", "kept"),
    [("PNG", "RGB", "jpeg"), ("JPEG", "RGB", "jpeg"), ("WEBP", "RGBA", "png"), ("PNG", "P", "jpeg")],
)
def test_an_image_is_encoded_again_and_made_smaller(app: Flask, kind: str, mode: str, kept: str) -> None:
    with app.app_context():
        rep = samples.rep()
        item = samples.item(rep)
        files.set_image(rep, item, picture(size=(10, 10)))
        sent = picture(kind, (1500, 300), mode)
        image = files.set_image(rep, item, sent + b"<script>alert(1)</script>")
        db.session.expire_all()
        assert image.media_type == f"image/{kept}"
        assert b"script" not in image.content
        with Image.open(BytesIO(image.content)) as again:
            assert again.size == (1200, 240)
        assert db.session.scalars(db.select(ItemFile)).all() == [image]
        files.remove_image(rep, item)
        assert files.image_of(item) is None
        actions = db.session.scalars(
            db.select(DiaryEntry.action).order_by(DiaryEntry.id.desc()).limit(3)
        ).all()
        assert actions == ["item.image_removed", "item.image_changed", "item.image_changed"]


def test_what_hides_in_an_image_is_gone(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        exif = Image.Exif()
        exif[0x010E] = "Secret place"
        sent = picture("JPEG", exif=exif, comment=b"hidden")
        assert b"Secret place" in sent
        image = files.set_image(rep, samples.item(rep), sent)
        assert b"Secret place" not in image.content
        assert b"hidden" not in image.content


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Choose an image that isn't empty."),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "isn't an image we can read"),
        (b"GIF89a" + b"\0" * 40, "isn't an image we can read"),
        (picture()[:60], "isn't an image we can read"),
        (b"\x89PNG\r\n\x1a\n", "isn't an image we can read"),
        (PDF, "isn't an image we can read"),
        (bomb(8000, 5000), "more than 25 megapixels"),
        (bomb(12000, 9000), "more than 25 megapixels"),
        (bomb(60000, 60000), "more than 25 megapixels"),
        (b"x" * (files.MAX_SIZE + 1), "The image has 5.0 MB. Choose one of up to 5 MB."),
    ],
)
def test_anything_else_is_refused_with_a_sentence(app: Flask, content: bytes, sentence: str) -> None:
    with app.app_context():
        rep = samples.rep()
        item = samples.item(rep)
        before = files.set_image(rep, item, picture())
        with pytest.raises(Invalid, match=sentence):
            files.set_image(rep, item, content)
        assert files.image_of(item) is before


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("sheet.html", b"<script>", "“sheet.html” wasn't attached. Attach one of these: PDF, DOCX"),
        ("sheet.pdf.exe", PDF, "Attach one of these"),
        ("sheet.svg", b"<svg/>", "Attach one of these"),
        (".pdf", PDF, "Attach one of these"),
        ("", PDF, "Attach one of these"),
        ("sheet.pdf", b"<html>", "its content isn't PDF"),
        ("sheet.xlsx", PDF, "its content isn't XLSX"),
        ("notes.txt", b"\xff\xfe\x00", "its content isn't TXT"),
        ("sheet.pdf", b"", "Choose a file that isn't empty."),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(
    app: Flask, name: str, content: bytes, sentence: str
) -> None:
    with app.app_context():
        rep = samples.rep()
        item = samples.item(rep)
        with pytest.raises(Invalid, match=sentence):
            files.attach(rep, item, name, content)
        assert files.of_item(item) == []


@pytest.mark.both_databases
def test_files_are_attached_up_to_a_limit(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        item, other = samples.item(rep), samples.item(rep, name="Other")
        first = files.attach(rep, item, "C:\\Data\\sheets/Data  sheet.PDF", PDF)
        assert (first.name, first.media_type, first.size) == ("Data sheet.PDF", "application/pdf", len(PDF))
        with pytest.raises(Invalid, match="has the same content"):
            files.attach(rep, item, "again.pdf", PDF)
        long = files.attach(rep, item, "l" * 400 + ".csv", b"a,b")
        assert len(long.name) == files.MAX_NAME
        assert long.name.endswith("l.csv")
        for number in range(files.MAX_FILES - 2):
            files.attach(rep, item, "n.txt", str(number).encode())
        with pytest.raises(Invalid, match="An item can have 10 files"):
            files.attach(rep, item, "more.txt", b"more")
        with pytest.raises(NotFound):
            files.get(other, first.id)
        files.detach(rep, item, first)
        assert first not in files.of_item(item)


def test_the_pages_show_and_send_them(app: Flask) -> None:
    with app.app_context():
        samples.item(samples.rep())
    visitor = Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    image, attach = visitor.form("/items/1", "/image"), visitor.form("/items/1", "/files")
    for form, name, content in ((image, "a.png", picture()), (attach, "Datenblatt ü.pdf", PDF)):
        sent = {**dict(form.fields), "file": (BytesIO(content), name)}
        assert visitor.client.post(form.action, data=sent).status_code == 303
        refused = visitor.client.post(
            form.action, data={**dict(form.fields), "file": (BytesIO(b"<svg/>"), "a.svg")}
        )
        assert refused.status_code == 422
        assert visitor.client.post(form.action, data=dict(form.fields)).status_code == 422
    page = visitor.client.get("/items/1")
    assert "Datenblatt ü.pdf" in text(page)
    shown = visitor.client.get("/items/1/image")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    with app.app_context():
        file = files.of_item(items.get(1))[0]
    sheet = visitor.client.get(f"/items/1/files/{file.id}")
    assert sheet.data == PDF
    assert sheet.headers["Content-Disposition"].startswith("attachment;")
    assert sheet.headers["X-Content-Type-Options"] == "nosniff"
    assert sheet.headers["ETag"] == f'"{file.sha256}"'
    assert "default-src 'none'" in sheet.headers["Content-Security-Policy"]
    gone = visitor.send_and_confirm(visitor.form("/items/1", f"/files/{file.id}/delete"))
    assert gone.status_code == 303
    assert visitor.client.get(f"/items/1/files/{file.id}").status_code == 404
    assert visitor.send_and_confirm(visitor.form("/items/1", "/image/delete")).status_code == 303
    assert visitor.client.get("/items/1/image").status_code == 404
    assert Visitor(app.test_client()).client.get("/items/1/image").status_code in (302, 303)


def test_an_image_with_odd_exif_or_16_bits_of_gray_is_kept_as_it_looks(app: Flask) -> None:
    with app.app_context():
        admin = samples.admin()
        _try_images(admin, samples.item(admin))


def _try_images(admin: User, item: Item) -> None:
    odd = Image.new("RGB", (4, 8), "red")
    exif = odd.getexif()
    exif[ExifTags.Base.Orientation] = 6
    out = BytesIO()
    odd.save(out, "JPEG", exif=exif)
    files.set_image(admin, item, out.getvalue())
    turned = Image.open(BytesIO(_content(item)))
    assert turned.size == (8, 4)
    out = BytesIO()
    Image.new("I;16", (4, 4), 30000).save(out, "PNG")
    files.set_image(admin, item, out.getvalue())
    assert Image.open(BytesIO(_content(item))).convert("L").getpixel((1, 1)) in range(113, 122)


def _content(item: Item) -> bytes:
    image = files.image_of(item)
    assert image is not None
    return image.content
