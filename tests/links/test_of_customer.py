"""A wrong link is seen and undone on the organization's page."""

from __future__ import annotations

from tests.push.test_parties import customer, their_opportunity
from tests.support.connected_desk import Desk
from tests.support.visitor import Visitor, text
from webapp.models import Link, db


def linked(desk: Desk) -> tuple[int, int]:
    """An organization that is linked to a company of another name; their ids."""
    person = customer(desk, "Quillon & Co")
    quote = desk.quote({"name": "Rack"}, person=person, organization=person.organization)
    assert desk.push(quote).state == "synced"
    wrong = their_opportunity(desk, "Alder Ltd")["companyID"]
    assert person.organization_id is not None
    link = db.session.scalars(
        db.select(Link).filter_by(local_type="organization", local_id=str(person.organization_id))
    ).one()
    link.remote_id, link.pushed = wrong, {"companyName": "Alder Ltd"}
    contact = db.session.scalars(db.select(Link).filter_by(local_type="person")).one()
    contact.remote_parent_id = wrong
    db.session.commit()
    return person.organization_id, wrong


def test_the_page_shows_the_company_and_undoes_the_link(desk: Desk, desk_admin: Visitor) -> None:
    organization_id, wrong = linked(desk)
    address = f"/people/organizations/{organization_id}"
    assert f"Linked to company {wrong}, “Alder Ltd”." in text(desk_admin.client.get(address))
    answer = desk_admin.send(desk_admin.form(address, "unlink"))
    assert answer.status_code == 303
    assert "Linked to company" not in text(desk_admin.client.get(address))
    assert (
        db.session.scalars(db.select(Link).where(Link.local_type.in_(("organization", "person")))).all() == []
    )
    person = customer(desk, "Other Quillon")
    person.organization_id = organization_id
    db.session.commit()
    quote = desk.quote({"name": "Box"}, person=person, organization=person.organization, title="Later")
    assert desk.push(quote).state == "synced"
    (row,) = desk.tenant.query("Companies", {"op": "eq", "field": "companyName", "value": "Quillon & Co"})
    assert f"Linked to company {row['id']}, “Quillon & Co”." in text(desk_admin.client.get(address))


def test_a_link_that_changed_since_is_not_undone(desk: Desk, desk_admin: Visitor) -> None:
    organization_id, wrong = linked(desk)
    form = desk_admin.form(f"/people/organizations/{organization_id}", "unlink")
    db.session.execute(db.update(Link).where(Link.remote_id == wrong).values(remote_id=wrong + 1))
    db.session.commit()
    assert desk_admin.send(form).status_code == 409
    assert db.session.scalar(db.select(Link.id).filter_by(remote_id=wrong + 1)) is not None
