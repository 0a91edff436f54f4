"""Mail to customers has the look of the quote's brand, and says the same in text and HTML."""

from __future__ import annotations

import html
import re
from email.message import EmailMessage

from flask import Flask

from tests.activity.mailbox import Mailbox, words
from tests.delivery.test_conversation import mailbox, send  # noqa: F401  a fixture
from tests.quoting.test_brand import DARKER, ORANGE, picture, save
from tests.support import samples
from webapp.services.company.brand import brand as brands
from webapp.services.quoting.answer import comments
from webapp.services.quoting.lifecycle import publishing

HOSTILE = "<script>alert(1)</script>\nSecond line & more"


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_an_answer_comes_in_the_brand_that_the_quote_has(
    app: Flask,
    mailbox: Mailbox,  # noqa: F811
) -> None:
    with app.app_context():
        rep = samples.rep()
        save(rep, picture(), color=ORANGE)
        quote = samples.quote(rep)
        publishing.publish(rep, quote.id)
        logo = brands.logo(brands.of_company().logo).content
        save(rep, color="#0B5D44", remove_logo="1")
        comments.answer(rep, quote.id, {"text": HOSTILE})
        token = quote.public_token
    (mail,) = send(app, mailbox)
    assert mail["Reply-To"] == "rep@desk.example"
    page = part(mail, "html")
    assert f"border-top: 4px solid {ORANGE}" in page
    assert f'bgcolor="{DARKER}"' in page
    assert "#0B5D44" not in page
    assert "<script" not in page
    assert f"/q/{token}#talk-whole" in page
    assert "48 Harbor Street, Albany, NY 12207" in page
    (image,) = [one for one in mail.walk() if one.get_content_maintype() == "image"]
    assert (image["Content-ID"], image.get_content()) == ("<logo>", logo)
    assert 'src="cid:logo"' in page
    # Each paragraph of the text is in the HTML.
    seen = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    for paragraph in words(mail).strip().split("\n\n"):
        for said in paragraph.replace(": http", "\nhttp").split("\n"):
            assert " ".join(said.split()) in seen
