"""The links' page and ``flask autotask links``."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import Result
from werkzeug.test import TestResponse

from smoke.forms import Form, read_forms
from tests.links.test_file import HEADER, as_stored, file, read
from tests.links.test_rebuild import lose_links, pushed
from tests.support.connected_desk import PASSWORD, Desk
from tests.support.visitor import Visitor, text
from webapp.models import UserSession, db
from webapp.services.autotask.connection import connection

PAGE = "/settings/integrations/autotask/links"


def send(visitor: Visitor, data: bytes, do: str) -> TestResponse:
    """Choose a file and press a button."""
    form = visitor.form(PAGE, "/links/import")
    token = dict(form.fill({}))["csrf_token"]
    values = {"csrf_token": token, "do": do, "file": (io.BytesIO(data), "links.csv")}
    return visitor.client.post(form.action, data=values, content_type="multipart/form-data")


def rebuild(visitor: Visitor, do: str) -> TestResponse:
    form = visitor.form(PAGE, "/links/rebuild")
    token = dict(form.fill({}))["csrf_token"]
    return visitor.client.post(form.action, data={"csrf_token": token, "do": do})


def command(desk: Desk, *arguments: str, stdin: bytes | None = None) -> Result:
    result = desk.app.test_cli_runner().invoke(args=["autotask", "links", *arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_page_counts_and_the_file_can_be_downloaded(desk: Desk, admin: Visitor) -> None:
    pushed(desk)
    said = text(admin.client.get(PAGE))
    assert "Quote items 2" in said
    answer = admin.client.get(f"{PAGE}.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="autotask-links-')
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(read(answer.text)) == len(as_stored())


def test_a_file_is_checked_then_imported(desk: Desk, admin: Visitor) -> None:
    pushed(desk)
    before = as_stored()
    data = admin.client.get(f"{PAGE}.csv").data
    lose_links()
    answer = send(admin, data, "check")
    assert answer.status_code == 200
    assert f"The file is valid. Importing it would give: {len(before)} new" in text(answer)
    assert as_stored() == []
    assert f"Imported: {len(before)} new" in text(send(admin, data, "import"))
    assert as_stored() == before


def unconfirm() -> None:
    db.session.execute(db.update(UserSession).values(confirmed_at=None))
    db.session.commit()


def asking(answer: TestResponse) -> Form:
    assert answer.status_code == 422
    return next(one for one in read_forms(answer.text) if "confirm_password" in one.names())


def test_later_the_import_asks_for_the_password_first(desk: Desk, admin: Visitor) -> None:
    pushed(desk)
    before = as_stored()
    data = admin.client.get(f"{PAGE}.csv").data
    lose_links()
    unconfirm()
    asked = send(admin, data, "import")
    assert "except the file. Choose it again afterwards" in text(asked)
    assert as_stored() == []
    wrong = admin.send(asking(asked), {"confirm_password": "a guess"})
    answer = admin.send(asking(wrong), {"confirm_password": PASSWORD})
    assert (answer.status_code, "choose the file again" in text(answer)) == (422, True)
    assert as_stored() == []
    assert f"Imported: {len(before)} new" in text(send(admin, data, "import"))
    assert as_stored() == before


def test_later_the_export_asks_for_the_password_first(desk: Desk, admin: Visitor) -> None:
    pushed(desk)
    unconfirm()
    asked = admin.client.get(f"{PAGE}.csv")
    assert "attachment" not in asked.headers.get("Content-Disposition", "")
    answer = admin.send(asking(asked), {"confirm_password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, f"{PAGE}.csv")
    assert len(read(admin.client.get(f"{PAGE}.csv").text)) == len(as_stored())


def test_a_wrong_file_is_answered_with_a_sentence_for_each_row(desk: Desk, admin: Visitor) -> None:
    rows = [f"quote/{number},<script>alert(1)</script>,Quotes,5," for number in range(5000, 5150)]
    answer = send(admin, file(*rows, "<script>,,x,y,"), "import")
    assert answer.status_code == 422
    said = text(answer)
    assert "Nothing was imported. Fix 151 problems in the file:" in said
    assert "Line 2: There's no quote with ID 5000." in said
    assert "… and 51 more." in said
    assert "<script>alert" not in answer.text
    assert as_stored() == []


@pytest.mark.strangers
@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe", b"PK\x03\x04", HEADER.encode(), b'"' * 100_000])
def test_no_file_and_no_text_are_refused_with_a_sentence(desk: Desk, admin: Visitor, data: bytes) -> None:
    answer = send(admin, data, "import")
    assert answer.status_code == 422
    assert "Traceback" not in answer.text


def test_a_form_without_a_file_is_refused_with_a_sentence(desk: Desk, admin: Visitor) -> None:
    answer = admin.send(admin.form(PAGE, "/links/import"))
    assert answer.status_code == 422
    assert "Choose a file" in text(answer)


def test_lost_links_are_shown_before_they_are_stored(desk: Desk, admin: Visitor) -> None:
    pushed(desk, title="Über <b>Büro</b>")
    before = as_stored()
    lose_links()
    answer = rebuild(admin, "look")
    assert answer.status_code == 200
    said = text(answer)
    assert f"{len(before)} links found" in said
    assert f"Save {len(before)} links" in said
    assert "<b>" not in answer.text
    assert as_stored() == []
    assert f"{len(before)} links were saved." in text(rebuild(admin, "store"))
    assert as_stored() == before
    assert "All published quotes are linked" in text(rebuild(admin, "look"))


def test_without_autotask_a_sentence_says_that_nothing_changed(desk: Desk, admin: Visitor) -> None:
    pushed(desk)
    connection.disconnect(desk.rep)
    answer = rebuild(admin, "store")
    assert answer.status_code == 422
    assert "no link was changed" in text(answer)


def test_reps_may_not_touch_links(desk: Desk, seller: Visitor) -> None:
    for address in (PAGE, f"{PAGE}.csv"):
        assert seller.client.get(address).status_code == 403
    for address in (f"{PAGE}/import", f"{PAGE}/rebuild"):
        assert seller.client.post(address).status_code in (400, 403)


def test_the_command_line_exports_checks_and_imports(desk: Desk, tmp_path: Path) -> None:
    pushed(desk)
    before = as_stored()
    target = tmp_path / "links.csv"
    assert command(desk, "export", str(target)).exit_code == 0
    assert command(desk, "export").stdout_bytes == target.read_bytes()
    lose_links()
    assert f"Would import: {len(before)} new" in command(desk, "import", str(target), "--check").stdout
    assert as_stored() == []
    assert f"Imported: {len(before)} new" in command(desk, "import", str(target)).stdout
    assert as_stored() == before
    assert "0 new" in command(desk, "import", "-", stdin=target.read_bytes()).stdout


def test_the_command_line_names_every_wrong_row_and_fails(desk: Desk, tmp_path: Path) -> None:
    target = tmp_path / "links.csv"
    target.write_bytes(file("quote/4711,,Quotes,5,", "quote/x,,Quotes,5,"))
    result = command(desk, "import", str(target))
    assert result.exit_code == 1
    assert "Line 2: There's no quote with ID 4711." in result.stderr
    assert "Nothing was imported. Fix 2 problems first." in result.stderr
    assert command(desk, "import", str(tmp_path / "none.csv")).exit_code == 2
    assert command(desk, "export", str(tmp_path / "no" / "folder.csv")).exit_code == 1
    assert as_stored() == []


def test_the_command_line_looks_first_and_stores_when_asked(desk: Desk) -> None:
    quote = pushed(desk)
    before = as_stored()
    lose_links()
    result = command(desk, "rebuild")
    assert result.exit_code == 0
    assert f"{len(before)} links for 1 quotes, 0 uncertain. Nothing was saved" in result.stdout
    assert as_stored() == []
    assert f"Saved {len(before)} links" in command(desk, "rebuild", "--store").stdout
    assert as_stored() == before
    connection.disconnect(desk.rep)
    result = command(desk, "rebuild")
    assert result.exit_code == 1
    assert "disconnected" in result.stderr
    assert quote.number is not None
