"""Another Autotask is connected: no push writes over its records by links that speak of the one before."""

from __future__ import annotations

from tests.support import samples
from tests.support.connected_desk import Desk
from tests.support.sandbox import Tenant, new_tenant
from tests.support.visitor import Visitor, text
from webapp.models import DraftStep, DriftCheck, Link, PushQuestion, Quote, db
from webapp.services.autotask.connection import connection, other_autotask, pausing
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.push import gate
from webapp.services.quoting.draft import editing, lines
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.revisions import former_ids, freezing

PAGE = "/settings/integrations/autotask/links"


def connect(desk: Desk, tenant: Tenant) -> None:
    connection.connect(
        desk.runtime,
        user_name=tenant.user,
        secret=tenant.secret,
        integration_code=tenant.code,
        actor=desk.rep,
    )


def pushed(desk: Desk) -> Quote:
    quote = desk.quote({"name": "Rack"})
    assert desk.push(quote).state == "synced"
    return quote


def links() -> int:
    return db.session.scalar(db.select(db.func.count(Link.id))) or 0


def test_the_same_autotask_again_pauses_nothing(desk: Desk) -> None:
    connect(desk, desk.tenant)
    assert pausing.current() is None, "nothing is linked yet"
    quote = pushed(desk)
    connection.disconnect(desk.rep)
    connect(desk, desk.tenant)
    assert pausing.current() is None
    remote = next(
        row for row in desk.tenant.state()["Quotes"] if row["externalQuoteNumber"] == str(quote.number)
    )
    desk.tenant.edit("Quotes", remote["id"], externalQuoteNumber="changed there")
    connect(desk, desk.tenant)
    assert pausing.current() is None, "it is still known by its name"


def test_another_autotask_pauses_pushing_before_anything_is_written(desk: Desk, admin: Visitor) -> None:
    quote = pushed(desk)
    drift_check.check_one(desk.runtime, quote)
    other = new_tenant(desk.tenant.sandbox_url)
    # A stranger's quote under the same id.
    strangers = other.state()["Quotes"]
    connect(desk, other)
    paused = pausing.current()
    assert paused is not None
    assert "the connected Autotask has none of the synced quotes" in paused.sentence
    assert gate.current() is not None
    assert other.stats()["writes"] == 0
    assert other.state()["Quotes"] == strangers

    assert links() > 0
    answer = admin.send_and_confirm(admin.form(PAGE, "/forget"))
    assert "The next sync of a quote searches Autotask again." in text(admin.client.get(answer.location))
    assert links() == 0
    assert db.session.scalar(db.select(db.func.count()).select_from(DriftCheck)) == 0
    assert db.session.scalar(db.select(db.func.count(PushQuestion.id))) == 0


def test_reps_may_not_forget_links(desk: Desk, seller: Visitor) -> None:
    pushed(desk)
    token = dict(seller.form("/", "logout").fields)
    assert seller.client.post(f"{PAGE}/forget", data=token).status_code == 403
    assert links() > 0


def test_without_links_no_id_of_the_former_autotask_means_anything(desk: Desk) -> None:
    pulled = desk.tenant.state()["Products"][0]["id"]
    item = samples.item(desk.rep, name="Firewall 60F", unit_price="900")
    item.origin_entity, item.origin_id = "Products", pulled
    db.session.commit()
    quotes = []
    for title in ("Draft", "Published"):
        quote = desk.quote({"name": "Rack"}, title=title)
        lines.add_item(desk.rep, quote.id, item)
        editing.set_opportunity(desk.rep, quote.id, (4711, "Theirs"))
        quotes.append(quote)
    _, published = quotes
    revision = publishing.publish(desk.rep, published.id).revision
    other_autotask.forget_links(desk.rep)
    # That id is another product now.
    desk.tenant.edit("Products", pulled, name="Completely different thing")
    assert former_ids.read(revision).lines[-1].origin_id is None
    assert not freezing.has_changes(published, revision)
    assert db.session.scalar(db.select(db.func.count(DraftStep.id))) == 0
    for quote in quotes:
        assert quote.autotask_opportunity_id is None
        run = desk.process(quote) if quote is published else desk.push(quote)
        assert run.state == "synced", run.sentence
    pushed_items = desk.tenant.query("QuoteItems", {"op": "eq", "field": "name", "value": "Firewall 60F"})
    assert len(pushed_items) == 2
    assert pulled not in {row["productID"] for row in pushed_items}
    # What is picked afterwards counts.
    editing.set_opportunity(desk.rep, published.id, (4712, "Ours"))
    assert (
        former_ids.read(publishing.publish(desk.rep, published.id).revision).autotask_opportunity_id == 4712
    )
