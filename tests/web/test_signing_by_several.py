"""Several people sign a quote: what each link shows, what the rep sees, and what a second click does."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from pypdf import PdfReader
from werkzeug.test import TestResponse

from smoke.forms import Form, read_forms
from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import Quote, db
from webapp.services.quoting.answer import signers, turns
from webapp.services.quoting.lifecycle import publishing

SIGNED: dict[str, str | bool] = {"title": "Director", "terms": True}
WHO = {
    "name-0": "Carla Khan",
    "email-0": "carla@customer.example",
    "order-0": "2",
    "name-1": "Theo Lind",
    "email-1": "theo@customer.example",
    "order-1": "1",
}


def form_of(page: TestResponse, ends: str) -> Form:
    return next(form for form in read_forms(page.text) if form.action.partition("#")[0].endswith(ends))


@pytest.fixture
def links(app: Flask, rep: Visitor, ids: Ids) -> list[str]:
    """The quote's own link, and those of Theo, who signs first, and Carla."""
    page = rep.client.get(f"{ids.quote_page}/signers")
    form = form_of(page, "/signers")
    saved = rep.client.post(
        form.action, data=dict(form.fill({**WHO, "in_order": True, "countersign": "yes"}))
    )
    assert saved.status_code == 303
    with app.app_context():
        quote = db.session.get_one(Quote, ids.quote)
        publishing.publish(quote.owner, quote.id)
        runtime = app.extensions["quotewright"]
        own = [signers.token_of(runtime, one) for one in turns.signers_of(quote)]
        return [f"/q/{token}" for token in (quote.public_token, *own)]


def test_each_link_says_what_it_is_good_for(app: Flask, links: list[str], rep: Visitor, ids: Ids) -> None:
    client = app.test_client()
    contact, theo, carla = (client.get(link) for link in links)
    assert "This quote is signed by several people" in text(contact)
    assert "Carla Khan" in text(contact)
    assert "Theo Lind signs first" in text(carla)
    assert "This link is for Theo Lind" in text(theo)
    for page in (contact, carla):
        assert not [form for form in read_forms(page.text) if "/accept" in form.action]
    sign = form_of(theo, "/accept")
    refused = client.post(sign.action, data=dict(sign.fill({"terms": True, "signature": "Theo Lind"})))
    assert refused.status_code == 422
    assert "Enter your job title." in text(refused)
    data = dict(sign.fill({**SIGNED, "signature": "Theo Lind"}))
    assert client.post(sign.action, data=data).status_code == 303
    # The second click.
    again = client.post(sign.action, data=data)
    assert again.status_code == 409
    assert "You signed. Carla Khan signs next" in text(client.get(links[1]))
    carlas = client.get(links[2])
    assert "It's your turn to sign, Carla Khan" in text(carlas)
    page = rep.client.get(f"{ids.quote_page}/signers")
    assert "1 of 2 signed" in text(page)
    assert not [form for form in read_forms(page.text) if "name-0" in dict(form.fill({}))]
    last = form_of(carlas, "/accept")
    assert (
        client.post(last.action, data=dict(last.fill({**SIGNED, "signature": "Carla Khan"}))).status_code
        == 303
    )
    done = text(client.get(links[1]))
    assert "Thank you, Theo Lind . Your order is in." in done
    assert "accepted by Theo Lind and Carla Khan" in done
    assert "Brightwater IT countersigns next." in done
    assert "Signed PDF" not in done
    assert "our countersignature is missing" in text(rep.client.get(ids.quote_page))
    assert "A sales manager or an admin countersigns" in text(rep.client.get(f"{ids.quote_page}/countersign"))


def test_a_manager_countersigns(app: Flask, links: list[str], ids: Ids) -> None:
    client = app.test_client()
    for link, name in ((links[1], "Theo Lind"), (links[2], "Carla Khan")):
        form = form_of(client.get(link), "/accept")
        client.post(form.action, data=dict(form.fill({**SIGNED, "signature": name})))
    admin = Visitor(app.test_client()).sign_in("admin@desk.example", samples.PASSWORD)
    form = form_of(admin.client.get(f"{ids.quote_page}/countersign"), "/countersign")
    refused = admin.client.post(form.action, data=dict(form.fill({"signature": "Someone Else"})))
    assert refused.status_code == 422
    assert "The signature must match the name above." in text(refused)
    signed = admin.client.post(form.action, data=dict(form.fill({**SIGNED, "signature": "Ada Admin"})))
    assert signed.status_code == 303
    evidence = text(admin.client.get(f"{ids.quote_page}/evidence"))
    assert "Countersigned by Ada Admin , Director" in evidence
    assert "Download bundle" in evidence
    assert "Signed PDF" in text(client.get(links[0]))


def test_the_pdf_of_a_draft_has_a_line_to_sign_on_for_each(rep: Visitor, ids: Ids, links: list[str]) -> None:
    for place in ("published", "draft"):
        if place == "draft":
            header = form_of(rep.client.get(ids.quote_page), "/header")
            rep.client.post(header.action, data=dict(header.fill({"title": "Another rack"})))
        pdf = PdfReader(io.BytesIO(rep.client.get(f"{ids.quote_page}/preview.pdf").data))
        words = " ".join(page.extract_text() for page in pdf.pages)
        assert ("Another rack" in words) == (place == "draft")
        assert "Theo Lind" in words
        assert "Carla Khan" in words


def test_bad_signers_stay_in_the_form(rep: Visitor, ids: Ids) -> None:
    form = form_of(rep.client.get(f"{ids.quote_page}/signers"), "/signers")
    refused = rep.client.post(form.action, data=dict(form.fill({"name-0": "Carla Khan", "email-0": "carla"})))
    assert refused.status_code == 422
    assert 'value="Carla Khan"' in refused.text
    assert "Nothing was changed. Fix the highlighted fields." in text(refused)


def test_an_old_form_of_signers_is_asked_about(rep: Visitor, ids: Ids) -> None:
    address = f"{ids.quote_page}/signers"
    old = form_of(rep.client.get(address), "/signers")
    assert rep.client.post(old.action, data=dict(old.fill(WHO))).status_code == 303
    refused = rep.client.post(old.action, data=dict(old.fill({"name-0": "Ann", "email-0": "ann@x.example"})))
    assert refused.status_code == 409
    assert "Someone else changed the signers while you were editing" in text(refused)
    assert "Theo Lind" in text(refused)
    again = form_of(refused, "/signers")
    assert dict(again.fields)["name-0"] == "Ann"
    assert rep.client.post(again.action, data=dict(again.fill({}))).status_code == 303
    assert "Theo Lind" not in text(rep.client.get(address))
