"""Settings > Mail: server, texts, outbox; and the form that emails a quote."""

from __future__ import annotations

import pytest
from flask import Flask

from smoke.forms import Form, read_forms
from tests.support.visitor import Visitor, errors, text
from tests.web.conftest import Ids
from webapp.models import Delivery, MailMessage, MailServer, User, db
from webapp.services.core.runtime import Runtime
from webapp.services.delivery import attempt
from webapp.services.quoting.lifecycle import publishing

PAGE = "/settings/mail"


def server_form(admin: Visitor) -> Form:
    return next(one for one in read_forms(admin.client.get(PAGE).text) if "host" in one.names())


def test_a_password_is_stored_encrypted_and_goes_to_no_other_server(app: Flask, admin: Visitor) -> None:
    def save(**values: str) -> int:
        filled: dict[str, str | bool] = dict(values)
        return admin.send(server_form(admin), filled).status_code

    good = {"host": "smtp.example.com", "username": "desk", "from_address": "desk@example.com"}
    assert save(**good) == 422
    assert save(**good, password="hunter2-long") == 303
    with app.app_context():
        row = db.session.get_one(MailServer, 1)
        runtime: Runtime = app.extensions["quotewright"]
        assert runtime.vault.decrypt(row.password_encrypted) == "hunter2-long"
    assert "hunter2-long" not in admin.client.get(PAGE).text
    assert save(from_name="Acme IT") == 303
    assert save(host="smtp.elsewhere.example") == 422
    with app.app_context():
        assert db.session.get_one(MailServer, 1).host == "smtp.example.com"
    assert save(host="smtp.elsewhere.example", password="another-one") == 303


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("host", "10.0.0.1", "internal address"),
        ("host", "smtp://x", "name of the server"),
        ("host", "smtp..example.com", "name of the server"),
        ("host", f"{'a' * 64}.example.com", "name of the server"),
        ("host", "a" * 256, "Use up to 255 characters."),
        ("port", "0", "whole number from 1 to 65535"),
        ("port", "²", "whole number"),
        ("from_address", "nobody", "valid email"),
        ("remind_silent_days", "-1", "from 1 to 90"),
    ],
)
def test_wrong_input_has_a_sentence(admin: Visitor, field: str, value: str, sentence: str) -> None:
    good = {"host": "smtp.example.com", "from_address": "desk@example.com"}
    answer = admin.send(server_form(admin), {**good, field: value})
    assert answer.status_code == 422
    assert sentence in errors(answer)[field]


def test_texts_refuse_words_that_stand_for_nothing_and_show_what_is_typed(admin: Visitor) -> None:
    page = f"{PAGE}/texts"
    answer = admin.send(admin.form(page, page), {"send_text": "Hello {frist_name}\n\n{link}"})
    assert answer.status_code == 422
    assert "{frist_name} stands for nothing" in text(answer)
    assert admin.send(admin.form(page, page), {"send_text": "Hi {first_name}!\n\n{link}"}).status_code == 303
    look = admin.client.get(f"{page}/send/look")
    assert "Hi Dana!" in text(look)
    token = dict(admin.form(page, page).fields)["csrf_token"]
    typed = {"csrf_token": token, "subject": "S", "text": "One.\r\n\r\n{link}\r\n\r\nTwo."}
    assert "Open the quote" in admin.client.post(f"{page}/send/look", data=typed).text
    assert "sandbox" in look.headers["Content-Security-Policy"]
    assert admin.client.get(f"{page}/nonsense/look").status_code == 404


def test_a_rep_emails_a_quote_and_an_admin_reads_it_in_the_outbox(
    app: Flask, admin: Visitor, ids: Ids
) -> None:
    quote_id = ids.quote
    with app.app_context():
        rep = db.session.scalars(db.select(User).filter_by(email="rep@desk.example")).one()
        publishing.publish(rep, quote_id)
    page, address = f"/quotes/{quote_id}", f"/quotes/{quote_id}/send"
    # The page has only what opens the form.
    assert "send-recipients" not in admin.client.get(page).text
    part = admin.client.get(address, headers={"HX-Request": "true"})
    assert ("send-recipients" in part.text, "<html" in part.text) == (True, False)
    form = admin.form(address, address)
    answer = admin.send(form, {"recipients": "nobody"})
    assert answer.status_code == 422
    assert "“nobody” isn't an email" in text(answer)
    assert admin.send(form, {"copies": "bo@customer.example"}).status_code == 303
    with app.app_context():
        due = db.session.scalars(db.select(Delivery.id).filter_by(reader="mail", reason="send")).one()
        attempt.perform(app.extensions["quotewright"], due)
        message_id = db.session.scalars(db.select(MailMessage.id)).one()
    assert "No mail server" in text(admin.client.get(page))
    assert "bo@customer.example" in text(admin.client.get(f"{PAGE}/outbox"))
    shown = admin.client.get(f"{PAGE}/outbox/{message_id}")
    assert "ann@customer.example" in text(shown)
    assert "Open the quote" in admin.client.get(f"{PAGE}/outbox/{message_id}/look").text
