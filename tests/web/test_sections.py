"""Sections without JavaScript: added, changed, moved and filled by plain forms, and chosen from by the customer."""

from __future__ import annotations

from flask import Flask

from smoke.forms import Form, read_forms
from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import Quote, QuoteSection, db
from webapp.services.quoting.draft import lines, sections
from webapp.services.quoting.lifecycle import publishing


def add(visitor: Visitor, page: str, title: str) -> str:
    """Add a section; returns the address of its page."""
    answer = visitor.send(visitor.form(f"{page}?plain=1", "/sections"), {"title": title})
    assert answer.status_code == 303, text(answer)
    with visitor.client.application.app_context():
        uid = db.session.scalars(db.select(QuoteSection.uid).filter_by(title=title)).one()
    return f"{page}/sections/{uid}"


def headings(app: Flask) -> list[tuple[str, list[str]]]:
    """Each section with its lines; those without one come first."""
    with app.app_context():
        quote = db.session.get_one(Quote, 1)
        return [
            (title, [line.name for line in quote.lines if line.section_uid == uid])
            for uid, title in (("", ""), *((section.uid, section.title) for section in quote.sections))
        ]


def test_sections_are_added_filled_moved_and_deleted_by_forms(app: Flask, rep: Visitor, ids: Ids) -> None:
    network, care = add(rep, ids.quote_page, "Network"), add(rep, ids.quote_page, "Care")
    filling = rep.form(network, "/lines/section")
    name = headings(app)[0][1][0]
    assert name in rep.client.get(network).text
    assert rep.send(filling, {"uids": True}).status_code == 303
    assert headings(app) == [("", []), ("Network", [name]), ("Care", [])]
    page = rep.client.get(f"{ids.quote_page}?plain=1").text
    assert network in page
    assert care in page
    saved = rep.send(
        rep.form(network, network), {"title": "Cables", "text": "In both rooms.", "choice": "whole"}
    )
    assert saved.status_code == 303
    assert rep.send(rep.form(network, network), {"do": "down"}).status_code == 303
    assert [title for title, _ in headings(app)] == ["", "Care", "Cables"]
    assert rep.send(rep.form(network, network), {"do": "ungroup"}).status_code == 303
    assert headings(app) == [("", []), ("Care", [name])]
    assert rep.send_and_confirm(_deleting(rep, care)).status_code == 303
    assert headings(app) == [("", [])]


def _deleting(visitor: Visitor, page: str) -> Form:
    form = visitor.form(page, page)
    form.fields = [*form.fields, ("do", "delete")]
    return form


def test_what_is_refused_says_why_and_keeps_what_was_typed(rep: Visitor, ids: Ids) -> None:
    refused = rep.send(rep.form(f"{ids.quote_page}?plain=1", "/sections"), {"title": " "})
    assert refused.status_code == 422
    assert "Enter a heading. The customer sees it." in text(refused)
    network = add(rep, ids.quote_page, "Network")
    refused = rep.send(rep.form(network, network), {"title": "", "text": "Kept text"})
    assert refused.status_code == 422
    assert "Enter a heading. The customer sees it." in text(refused)
    assert "Kept text" in refused.text
    assert rep.client.get(f"{ids.quote_page}/sections/none").status_code == 404


def test_the_customer_takes_a_section_or_chooses_one_line(app: Flask) -> None:
    with app.app_context():
        actor = samples.rep()
        quote = samples.quote(actor, {"name": "Firewall", "unit_price": "100"})
        for title, choice, names in (("Care", "whole", ("Desk",)), ("Backup", "one", ("Daily", "Hourly"))):
            sections.add(actor, quote.id, {"title": title, "choice": choice, "text": f"About {title}."})
            for name in names:
                lines.add_ad_hoc(actor, quote.id, {"name": name, "unit_price": "10"})
        publishing.publish(actor, quote.id)
        link = f"/q/{quote.public_token}"
        uids = {line.name: line.uid for line in quote.lines}
        care, backup = (section.uid for section in quote.sections)
    client = app.test_client()
    form = next(one for one in read_forms(client.get(link).text) if "/accept" in one.action)
    assert "About Care." in client.get(link).text
    assert f"choose:{backup}" in form.names()
    sent = [(name, value) for name, value in form.fields if not name.startswith("choose")]
    sent += [("choose", care), (f"choose:{backup}", uids["Hourly"])]
    shown = client.post(f"{link}/choose", data=dict(sent))
    assert "$120.00" in shown.text
    again = next(one for one in read_forms(shown.text) if "/accept" in one.action)
    signed = dict(again.fill({"name": "Ann Lee", "signature": "Ann Lee", "title": "Buyer", "terms": True}))
    assert (signed["choose"], signed[f"choose:{backup}"]) == (care, uids["Hourly"])
    assert client.post(again.action, data=signed).status_code == 303
    with app.app_context():
        quote = db.session.scalars(db.select(Quote)).one()
        assert quote.status == "accepted"
        assert [line.name for line in quote.lines if line.counts] == ["Firewall", "Desk", "Hourly"]
