"""Roles: whose quotes a person sees and changes, who sees costs, how large a discount may be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from tests.support import samples
from tests.support.visitor import HTMX, Visitor, walk
from webapp.models import User, db
from webapp.models.account import ROLES
from webapp.services.accounts import changing_rules, permissions, users
from webapp.services.accounts.permissions import Permission
from webapp.services.accounts.sso import people as sso_people
from webapp.services.accounts.two_step import changing
from webapp.services.autotask.push import reconcile
from webapp.services.catalog import categories, costs
from webapp.services.core import work
from webapp.services.core.errors import Forbidden, Invalid
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing


def people() -> dict[str, User]:
    samples.company()
    return {
        role: users.create_user(
            None, email=f"{role}@desk.example", name=f"The {role}", password=samples.PASSWORD, role=role
        )
        for role in ROLES
    }


def _walk(app: Flask, client: FlaskClient, quote_id: str, role: str) -> None:
    """Every address of the quote, and every settings page, refuses someone who can't see the quote."""
    for rule in app.url_map.iter_rules():
        settings = not rule.arguments and rule.rule.startswith("/settings")
        if not settings and rule.arguments != {"quote_id"}:
            continue
        refused = (403,) if settings else (403, 404) if rule.endpoint == "activity.bulk_dry_run" else (404,)
        address = rule.rule.replace("<int:quote_id>", quote_id)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            for headers in ({}, HTMX):
                answer = client.open(address, method=method, headers=headers)
                assert answer.status_code in refused, (role, method, address)


def test_a_colleagues_quote_on_every_address(app: Flask) -> None:
    with app.app_context():
        everyone = people()
        quote = samples.quote(
            samples.rep("other@desk.example"), {"name": "Rack", "unit_price": "100", "unit_cost": "61.37"}
        )
        place, uid = f"/quotes/{quote.id}", quote.lines[0].uid
        db.session.commit()
        assert everyone
    changing = [
        f"{place}/{name}" for name in ("header", "lines", f"lines/{uid}", "publish", "status", "delete")
    ]
    for role in ROLES:
        client = Visitor(app.test_client()).sign_in(f"{role}@desk.example", samples.PASSWORD).client
        app.config["WTF_CSRF_ENABLED"] = False
        shown = client.get(place)
        assert shown.status_code == 200, role
        assert ("61.37" in shown.text) == (role != "read_only"), role
        assert client.get("/settings/users").status_code == (200 if role in ("owner", "admin") else 403)
        integrates = role in ("owner", "admin", "integration_admin")
        assert client.get("/settings/integrations/").status_code == (200 if integrates else 403)
        if role in ("rep", "read_only", "integration_admin"):
            for address in changing:
                for headers in ({}, HTMX):
                    assert client.post(address, headers=headers).status_code == 403, (role, address)
        app.config["WTF_CSRF_ENABLED"] = True
    with app.app_context():
        rules = {"reps_see": "own", "reps_change": "own", "read_only_see": "team"}
        changing_rules.save(None, rules)
        db.session.commit()
    for role in ("rep", "read_only"):
        client = Visitor(app.test_client()).sign_in(f"{role}@desk.example", samples.PASSWORD).client
        app.config["WTF_CSRF_ENABLED"] = False
        for address in (place, f"{place}/preview", f"{place}/preview.pdf", f"/activity/quotes/{place[8:]}"):
            assert client.get(address).status_code == 404, (role, address)
        _walk(app, client, place[8:], role)
        assert place not in client.get("/quotes/").text
        assert place not in client.get("/?who=everybody").text
        app.config["WTF_CSRF_ENABLED"] = True


@pytest.mark.parametrize("see_cost", ["", "1"])
def test_no_link_leads_to_a_refusal(app: Flask, see_cost: str) -> None:
    with app.app_context():
        rep = people()["rep"]
        samples.tax_code(rep)
        samples.item(rep)
        categories.ensure(("Hardware", "Racks"))
        sent = samples.quote(rep)
        samples.quote(samples.rep("other@desk.example"), customer=sent.person)
        publishing.publish(rep, sent.id)
        changing_rules.save(
            None, {"reps_see": "all", "reps_change": "own", "read_only_see": "own", "reps_see_cost": see_cost}
        )
        db.session.commit()
        page = f"/quotes/{sent.id}"
    for role in ROLES:
        client = Visitor(app.test_client()).sign_in(f"{role}@desk.example", samples.PASSWORD).client
        found = walk(client, "/", *(() if role == "read_only" else (page,)))
        assert not {address: status for address, status in found.items() if status >= 400}, role
        assert {"/quotes/", "/people/", "/items/"} <= {one.partition("?")[0] for one in found}, role
        shown = client.get("/items/1").text + client.get("/quotes/").text + client.get("/people/1").text
        sells = role not in ("read_only", "integration_admin")
        assert ("New quote" in shown and ">Save<" in shown) == sells
        assert shown.count("<fieldset disabled>") == (0 if sells else 2), role


def test_what_a_sync_says_of_costs(app: Flask) -> None:
    report, here = reconcile.Report(), {"yearlyCost": Decimal("61.37"), "monthlyRevenue": Decimal("7.00")}
    reconcile._report_amounts(report, {"yearlyCost": -50.5, "monthlyRevenue": 3}, here)
    text = " ".join(report.differences)
    with app.app_context():
        everyone = people()
        assert "yearly cost is -50.50 in Autotask and 61.37 here." in costs.said(everyone["rep"], text)
        assert costs.said(everyone["read_only"], text) == (
            "The opportunity's yearly cost differs. "
            "The opportunity's monthly revenue is 3.00 in Autotask and 7.00 here."
        )


@pytest.mark.both_databases
def test_a_transaction_reads_the_rules_once_and_they_are_never_old(app: Flask) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT app_setting"):
            asked.append(statement)

    def deletes() -> int:
        """How often the rules were read for three answers, which say the same."""
        asked.clear()
        assert len({permissions.may(rep, Permission.DELETE) for _ in range(3)}) == 1
        return len(asked)

    def save_and_fail(rep: User) -> None:
        with work.unit():
            changing_rules.save(None, {"reps_see": "all"})
            assert not permissions.may(rep, Permission.DELETE)
            raise ZeroDivisionError

    with app.app_context():
        rep = people()["rep"]
        event.listen(db.engine, "before_cursor_execute", note)
        assert (deletes(), permissions.may(rep, Permission.DELETE)) == (1, True)
        with pytest.raises(ZeroDivisionError):
            save_and_fail(rep)
        assert permissions.may(rep, Permission.DELETE)
        changing_rules.save(None, {"reps_see": "all"})
        assert not permissions.may(rep, Permission.DELETE)
        assert deletes() == 0
        db.session.rollback()
        rep = db.session.get_one(User, rep.id)
        assert (deletes(), permissions.may(rep, Permission.DELETE)) == (1, False)


def test_cost_discount_and_ownership(app: Flask) -> None:
    with app.app_context():
        everyone = people()
        rep = everyone["rep"]
        changing_rules.save(None, {"reps_see": "all", "discount_rep": "20"})
        quote = samples.quote(rep)
        uid = quote.lines[0].uid
        same = {"name": "Firewall", "unit_price": "100"}
        with pytest.raises(Forbidden, match="doesn't include costs"):
            lines.change(rep, quote.id, uid, {**same, "unit_cost": "1"})
        lines.change(rep, quote.id, uid, {**same, "discount_value": "20%"})
        with pytest.raises(Invalid) as refused:
            lines.change(rep, quote.id, uid, {**same, "discount_value": "21%"})
        assert "Your limit is 20%" in refused.value.fields["discount_value"]
        lines.change(everyone["sales_manager"], quote.id, uid, {**same, "discount_value": "30%"})
        with pytest.raises(Invalid, match="The admin or The owner or The sales_manager can publish it"):
            publishing.publish(rep, quote.id)
        assert publishing.publish(everyone["sales_manager"], quote.id).is_new
        assert editing.get(quote.id).number
        admin, owner = everyone["admin"], everyone["owner"]
        with pytest.raises(Forbidden):
            users.update_user(admin, owner, name="X", role="rep", is_active=True)
        with pytest.raises(Invalid, match="only owner"):
            users.update_user(owner, owner, name="X", role="admin", is_active=True)
        users.update_user(owner, admin, name="A", role="owner", is_active=True)
        users.update_user(owner, owner, name="X", role="admin", is_active=True)
        assert (owner.role, admin.role) == ("admin", "owner")


def test_a_quote_that_a_form_names_is_checked_wherever_it_stands(app: Flask) -> None:
    with app.app_context():
        rep = people()["rep"]
        changing_rules.save(None, {"reps_see": "all", "reps_change": "own"})
        other = samples.rep("other@desk.example")
        bo = samples.person(other, email="bo@other.example", organization="Other Ltd")
        mine, theirs = samples.quote(rep).id, samples.quote(other, customer=bo).id
        customer = bo.id
    client = Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD).client
    app.config["WTF_CSRF_ENABLED"] = False
    person = {"first_name": "Eve", "last_name": "Moss", "email": "eve@moss.example", "quote_id": str(theirs)}
    for query in ({}, {"quote_id": str(mine)}, {"quote_id": "x"}):
        for place in ("/quotes/new/person", "/quotes/autotask/contact"):
            assert client.post(place, data=person, query_string=query).status_code == 403, (place, query)
    with app.app_context():
        assert editing.get(theirs).person_id == customer


def test_an_admin_cannot_change_how_an_owner_signs_in(app: Flask) -> None:
    with app.app_context():
        everyone = people()
        admin, owner = everyone["admin"], everyone["owner"]
        for change in (changing.reset, sso_people.unlink):
            with pytest.raises(Forbidden, match="Only an owner"):
                change(admin, owner)
