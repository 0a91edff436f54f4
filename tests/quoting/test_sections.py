"""Sections: where their lines stand, what they come to, and what the customer takes of them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.quoting.test_document import line, read
from tests.quoting.test_snapshot import make
from tests.support import samples
from webapp.models import DiaryEntry, Quote, User, db
from webapp.services.company import profile
from webapp.services.core.errors import Conflict, Invalid, NotFound
from webapp.services.quoting.answer import acceptance
from webapp.services.quoting.answer.signature import Evidence
from webapp.services.quoting.draft import bulk, copying, editing, lines, pasting, sections, steps, undo
from webapp.services.quoting.lifecycle import publishing
from webapp.services.quoting.paper import document
from webapp.services.quoting.revisions import freezing, pricing, snapshot
from webapp.services.quoting.revisions.snapshot import FrozenSection


def names(quote: Quote) -> list[tuple[str, str]]:
    """Heading and name of each line, in order, as stored."""
    db.session.expire_all()
    return [(one.section.title if one.section else "", one.name) for one in quote.lines]


def parts(rep: User) -> tuple[Quote, list[str], list[str]]:
    """A quote with a line above two sections of two lines each; the uids of its sections and lines."""
    quote = samples.quote(rep)
    for one in list(quote.lines):
        lines.remove(rep, quote.id, one.uid)
    added = [lines.add_ad_hoc(rep, quote.id, {"name": "Top", "unit_price": "10"}).uid]
    headings = []
    for heading, names_ in (("Network", ("Switch", "Router")), ("Care", ("Desk", "Backup"))):
        headings.append(sections.add(rep, quote.id, {"title": heading}).uid)
        added += [
            lines.add_ad_hoc(
                rep,
                quote.id,
                {
                    "name": name,
                    "unit_price": "100",
                    "recurrence": "monthly" if heading == "Care" else "one_time",
                },
            ).uid
            for name in names_
        ]
    return quote, headings, added


def test_new_lines_go_to_the_last_section(rep: User) -> None:
    quote, _, _ = parts(rep)
    assert names(quote) == [
        ("", "Top"), ("Network", "Switch"), ("Network", "Router"), ("Care", "Desk"), ("Care", "Backup"),
    ]  # fmt: skip


def test_a_line_joins_the_section_that_it_is_moved_into(rep: User) -> None:
    quote, _, uids = parts(rep)
    lines.move(rep, quote.id, uids[1], 4)
    assert names(quote)[1:4] == [("Network", "Router"), ("Care", "Desk"), ("Care", "Switch")]
    lines.move(rep, quote.id, uids[4], 1)
    assert names(quote)[:2] == [("", "Backup"), ("", "Top")]
    assert [one.position for one in quote.lines] == [0, 1, 2, 3, 4]


def test_lines_are_put_into_a_section_together(rep: User) -> None:
    quote, (network, _), uids = parts(rep)
    sections.put_lines(rep, quote.id, [uids[4], uids[0]], network)
    assert names(quote) == [
        ("Network", "Switch"), ("Network", "Router"), ("Network", "Top"), ("Network", "Backup"), ("Care", "Desk"),
    ]  # fmt: skip
    with pytest.raises(NotFound, match="Nothing was moved"):
        sections.put_lines(rep, quote.id, [uids[1], "gone"], "")
    with pytest.raises(NotFound, match="This section was deleted"):
        sections.put_lines(rep, quote.id, [uids[1]], "gone")


def test_a_section_moves_with_its_lines(rep: User) -> None:
    quote, (_, care), _ = parts(rep)
    sections.move(rep, quote.id, care, 1)
    assert [heading for heading, _ in names(quote)] == ["", "Care", "Care", "Network", "Network"]


def test_a_deleted_section_leaves_its_lines_to_the_one_above(rep: User) -> None:
    quote, (network, care), _ = parts(rep)
    sections.remove(rep, quote.id, care)
    assert names(quote)[3:] == [("Network", "Desk"), ("Network", "Backup")]
    sections.remove(rep, quote.id, network, with_lines=True)
    assert names(quote) == [("", "Top")]


def test_a_section_needs_a_heading_and_one_person_does_not_undo_another(rep: User) -> None:
    quote, (network, _), _ = parts(rep)
    with pytest.raises(Invalid) as caught:
        sections.change(rep, quote.id, network, {"title": " "})
    assert caught.value.fields == {"title": "Enter a heading. The customer sees it."}
    section = sections.find(editing.get(quote.id), network)
    opened = sections.seen(section)
    sections.change(rep, quote.id, network, {"title": "Cables", "seen": opened})
    with pytest.raises(Conflict):
        sections.change(rep, quote.id, network, {"title": "Wires", "seen": opened})
    sections.change(rep, quote.id, network, {"title": "Network", "text": "In both rooms.", "seen": opened})
    assert (section.title, section.text) == ("Cables", "In both rooms.")


def test_the_diary_says_which_section_and_what(rep: User) -> None:
    quote, (network, _), _ = parts(rep)
    sections.change(rep, quote.id, network, {"title": "Network", "text": "In both rooms."})
    entry = db.session.scalars(db.select(DiaryEntry).filter_by(action="quote.section_changed")).one()
    assert [(change["part"], change["field"], change["after"]) for change in entry.changes] == [
        ("Network", "text", "In both rooms.")
    ]


def test_a_copy_and_an_undone_deletion_keep_the_section(rep: User) -> None:
    quote, _, uids = parts(rep)
    copy = copying.copy(rep, quote.id)
    assert names(copy) == names(quote)
    assert {section.uid for section in copy.sections}.isdisjoint(section.uid for section in quote.sections)
    before = names(quote)
    with steps.of_session("s"):
        lines.remove(rep, quote.id, uids[2])
        undo.undo(rep, quote.id)
    assert names(quote) == before


def test_every_change_of_sections_can_be_undone_and_redone(rep: User) -> None:
    quote, (network, care), uids = parts(rep)
    changes: list[tuple[str, Callable[[], object]]] = [
        ("adding the section New", lambda: sections.add(rep, quote.id, {"title": "New"}, after=network)),
        (
            "changing the section Cables",
            lambda: sections.change(rep, quote.id, network, {"title": "Cables", "choice": "one"}),
        ),
        ("moving a section", lambda: sections.move(rep, quote.id, care, 1)),
        ("deleting the section Care", lambda: sections.remove(rep, quote.id, care)),
        ("moving Top", lambda: sections.put_lines(rep, quote.id, uids[:1], network)),
        ("deleting the section Cables", lambda: sections.remove(rep, quote.id, network, with_lines=True)),
    ]

    def state() -> tuple[object, ...]:
        order = [(section.title, section.choice) for section in editing.get(quote.id).sections]
        return names(quote), order, [one.choice for one in quote.lines]

    states = [state()]
    with steps.of_session("s"):
        for _, change in changes:
            change()
            states.append(state())
        labels = [label for label, _ in changes]
        for label, expected in zip(reversed(labels), reversed(states[:-1]), strict=True):
            assert undo.undo(rep, quote.id).label == label
            assert state() == expected
        for expected in states[1:]:
            undo.redo(rep, quote.id)
            assert state() == expected


def test_sections_that_somebody_changed_since_stay(rep: User) -> None:
    quote, (network, _), _ = parts(rep)
    with steps.of_session("mine"):
        sections.change(rep, quote.id, network, {"title": "Cables"})
    with steps.of_session("theirs"):
        sections.change(rep, quote.id, network, {"title": "Wires"})
    with steps.of_session("mine"):
        done = undo.undo(rep, quote.id)
    assert not done.is_anything
    assert done.kept == ["You (in another tab) changed the sections since, so they stay."]
    assert names(quote)[1][0] == "Wires"


def test_an_optional_section_counts_as_a_whole(rep: User) -> None:
    quote, (_, care), _ = parts(rep)
    sections.change(rep, quote.id, care, {"title": "Care", "choice": "whole"})
    assert pricing.of_quote(quote).periods["monthly"].net == 0
    revision = publishing.publish(rep, quote.id).revision
    frozen = snapshot.parse(revision.content)
    assert [one.is_optional for one in frozen.lines] == [False, False, False, True, True]
    taken = pricing.with_choices(frozen, {care})
    assert pricing.of_snapshot(taken).periods["monthly"].net == 200
    assert pricing.choices(taken) == {care}
    # One of its lines by itself can't be taken.
    assert pricing.with_choices(frozen, {frozen.lines[3].uid}) == frozen
    assert not freezing.has_changes(editing.get(quote.id), revision)


def test_what_the_customer_takes_is_frozen_and_stands_in_the_draft(rep: User) -> None:
    quote, (_, care), _ = parts(rep)
    sections.change(rep, quote.id, care, {"title": "Care", "choice": "whole"})
    revision = publishing.publish(rep, quote.id).revision
    values = {
        "name": "Cleo", "signature": "Cleo", "email": "", "title": "Buyer", "terms": "1", **samples.shown(revision),
    }  # fmt: skip
    accepted = acceptance.accept(quote.public_token, values, [care], Evidence())
    assert accepted.current_revision is not None
    frozen = snapshot.parse(accepted.current_revision.content)
    assert [section.is_selected for section in frozen.sections] == [False, True]
    assert pricing.of_quote(accepted).periods["monthly"].net == 200


def test_one_line_of_a_section_is_always_selected(rep: User) -> None:
    quote, (_, care), uids = parts(rep)
    sections.change(rep, quote.id, care, {"title": "Care", "choice": "one"})

    def flags() -> list[tuple[bool, bool]]:
        db.session.expire_all()
        return [(one.is_optional, one.is_selected) for one in quote.lines if one.section_id]

    assert flags() == [(False, False), (False, False), (True, True), (True, False)]
    sections.select(rep, quote.id, uids[4])
    assert flags()[2:] == [(True, False), (True, True)]
    lines.change(rep, quote.id, uids[4], {"name": "Backup", "unit_price": "90"})
    assert sum(selected for _, selected in flags()) == 1
    assert lines.add_ad_hoc(rep, quote.id, {"name": "Other"}).choice == (True, False)
    # The selected one leaves: another takes its place, and it isn't an alternative any more.
    chosen = next(one for one in quote.lines if one.is_selected)
    sections.put_lines(rep, quote.id, [chosen.uid], "")
    assert chosen.choice == (False, False)
    assert sum(one.is_selected for one in quote.lines) == 1
    sections.change(rep, quote.id, care, {"title": "Care"})
    assert not any(optional for optional, _ in flags())
    with pytest.raises(NotFound, match="isn't one of several"):
        sections.select(rep, quote.id, uids[3])


def test_the_customer_takes_exactly_one(rep: User) -> None:
    quote, (_, care), uids = parts(rep)
    sections.change(rep, quote.id, care, {"title": "Care", "choice": "one"})
    frozen = snapshot.parse(publishing.publish(rep, quote.id).revision.content)

    def taken(*chosen: str) -> list[str]:
        return [one.name for one in pricing.with_choices(frozen, chosen).lines if one.is_selected]

    assert taken(uids[4]) == ["Backup"]
    # Neither none nor both can be taken: what was selected stays.
    assert taken() == taken(uids[3], uids[4]) == ["Desk"]
    assert pricing.of_snapshot(pricing.with_choices(frozen, [uids[4]])).periods["monthly"].net == 100


def test_discarding_changes_brings_sections_back(rep: User) -> None:
    quote, (network, care), uids = parts(rep)
    publishing.publish(rep, quote.id)
    before = names(quote)
    sections.remove(rep, quote.id, network)
    sections.move(rep, quote.id, care, 1)
    sections.put_lines(rep, quote.id, uids[:1], care)
    editing.discard_changes(rep, quote.id)
    assert names(quote) == before


def test_the_paper_has_headings_texts_and_subtotals() -> None:
    offered = make(
        sections=(
            FrozenSection(uid="a", title="Network", text="In both rooms."),
            FrozenSection(uid="b", title="Care", choice="whole"),
            FrozenSection(uid="c", title="About us", text="Since 1998."),
        ),
        lines=(
            line("Firewall", unit_price=Decimal(100)),
            line("Switch", section_uid="a", unit_price=Decimal(211)),
            line("Router", section_uid="a", unit_price=Decimal(222)),
            line("Desk", section_uid="b", unit_price=Decimal(55), is_optional=True),
            line("Backup", section_uid="a", recurrence="monthly", unit_price=Decimal(9)),
        ),
    )
    text = " ".join("\n".join(read(document.render(offered))).split())
    first, _, monthly = text.partition("Total, one-time")
    assert first.index("Firewall") < first.index("Network $433.00 In both rooms.") < first.index("Switch")
    assert "Options not included in the totals Care adds $55.00 1 × Desk $55.00" in monthly.replace(
        "\xa0", " "
    )
    assert "About us Since 1998." in first
    # The text isn't said again where the section has lines of another period.
    assert "Network $9.00 Backup" in monthly


@pytest.mark.parametrize("before", range(10, 20))
def test_a_heading_never_stands_alone_at_the_end_of_a_page(before: int) -> None:
    many = tuple(line(f"Line {number}") for number in range(before))
    under = tuple(line(f"Under {number}", section_uid="a") for number in range(3))
    offered = make(
        sections=(FrozenSection(uid="a", title="Headed", text="With a text."),), lines=(*many, *under)
    )
    for page in read(document.render(offered)):
        assert ("Headed" in page) == ("Under 0" in page)


def test_a_section_starts_a_page_where_it_should() -> None:
    offered = make(
        sections=(FrozenSection(uid="a", title="Headed", starts_page=True),),
        lines=(line("Before"), line("Under", section_uid="a")),
    )
    first, second = read(document.render(offered))[:2]
    assert "Before" in first
    assert "Headed" not in first
    assert second.index("Headed") < second.index("Under") < second.index("Total, one-time")


def test_what_is_done_to_several_lines_keeps_the_rules_of_their_section(rep: User) -> None:
    quote, (_, care), uids = parts(rep)
    sections.change(rep, quote.id, care, {"title": "Care", "choice": "one"})
    done = bulk.change(rep, quote.id, uids[3:], "optional", {})
    assert done.sentences() == [
        "2 lines not changed: their section says what the customer chooses (Desk, Backup)."
    ]
    bulk.duplicate(rep, quote.id, [uids[1], uids[3]])
    assert names(quote)[1:] == [
        ("Network", "Switch"), ("Network", "Router"), ("Network", "Switch"),
        ("Care", "Desk"), ("Care", "Desk"), ("Care", "Backup"),
    ]  # fmt: skip
    bulk.remove(rep, quote.id, [uids[3]])
    assert [one.choice for one in quote.lines if one.section_uid == care] == [(True, True), (True, False)]
    assert [one.position for one in quote.lines] == list(range(len(quote.lines)))


def test_pasted_rows_go_to_the_last_section_with_the_company_s_tax(rep: User) -> None:
    quote, _, _ = parts(rep)
    code = samples.tax_code(rep)
    profile.save(samples.admin(), {"name": "Seller", "default_tax_code_id": str(code.id)})
    pasting.add(rep, quote.id, "Item\tPrice\nCable\t5\nTrade-in\t-3")
    assert names(quote)[-2:] == [("Care", "Cable"), ("Care", "Trade-in")]
    assert [one.tax_code_id for one in quote.lines[-2:]] == [code.id, None]
    with pytest.raises(Invalid, match="can't be read"):
        pasting.read(rep, quote, "Item\tPrice\n" + "x" * 200_000)
    assert [row.values["name"] for row in pasting.read(rep, quote, "A\t1\rB\t2\x00").rows] == ["A", "B"]


def test_a_section_that_was_added_since_does_not_stand_in_the_way_of_the_customer(rep: User) -> None:
    quote = samples.quote(rep)
    lines.add_item(rep, quote.id, samples.item(rep))
    publishing.publish(rep, quote.id)
    section = sections.add(rep, quote.id, {"title": "New"})
    sections.put_lines(rep, quote.id, [one.uid for one in quote.lines], section.uid)
    revision = quote.current_revision
    assert revision is not None
    values = {"name": "Cleo", "signature": "Cleo", "title": "Buyer", "terms": "1", **samples.shown(revision)}
    accepted = acceptance.accept(quote.public_token, values, [], Evidence())
    assert (accepted.status, names(accepted)[0][0], accepted.sections) == ("accepted", "", [])


def test_an_empty_section_is_no_choice(rep: User) -> None:
    quote = samples.quote(rep)
    sections.add(rep, quote.id, {"title": "Empty", "choice": "whole", "is_selected": "1"})
    frozen = snapshot.parse(publishing.publish(rep, quote.id).revision.content)
    assert pricing.choices(frozen) == set()
    assert pricing.with_choices(frozen, []) == frozen


def test_shipping_alone_has_its_table() -> None:
    offered = make(
        lines=(line("Care", recurrence="monthly", unit_price=Decimal(9)),), shipping_amount=Decimal(15)
    )
    html = document.html_of(offered)
    assert html.count("<table") == html.count("</table>")
    text = " ".join(read(document.render(offered))[0].split())
    assert text.index("One-time") < text.rindex("Shipping $15.00")


def test_lines_of_a_section_that_did_not_come_back_stay_deleted(rep: User) -> None:
    quote, (network, care), _ = parts(rep)
    sections.change(rep, quote.id, care, {"title": "Care", "choice": "whole"})
    with steps.of_session("mine"):
        sections.remove(rep, quote.id, care, with_lines=True)
    sections.change(rep, quote.id, network, {"title": "Cables"})
    with steps.of_session("mine"):
        done = undo.undo(rep, quote.id)
    assert not done.is_anything
    assert "The section of “Desk” is gone, so it stays deleted." in done.kept
    assert [name for _, name in names(quote)] == ["Top", "Switch", "Router"]


def test_a_sections_discount_is_its_lines(rep: User) -> None:
    with steps.of_session("here"):
        quote, (network, care), (_, switch, router, desk, _) = parts(rep)
        lines.change(rep, quote.id, router, {"name": "Router", "unit_price": "50"})
        opened = sections.seen(sections.find(editing.get(quote.id), network))
        sent = {"title": "Network", "discount_value": "100", "discount_kind": "amount", "seen": opened}
        sections.change(rep, quote.id, network, sent)
        sections.change(rep, quote.id, care, {"title": "Care", "discount_value": "5%"})
        quote = editing.get(quote.id)
        found = {
            line.uid: amounts.section_discount
            for line, amounts in zip(quote.lines, pricing.of_quote(quote).lines, strict=True)
        }
        assert (found[switch], found[router], found[desk]) == (Decimal("66.67"), Decimal("33.33"), 5)
        assert pricing.by_section(quote, pricing.of_quote(quote))[network] == {"one_time": 50}
        publishing.publish(rep, quote.id)
        frozen = freezing.live(quote)
        assert frozen is not None
        assert pricing.of_snapshot(frozen) == pricing.of_quote(quote)
        undo.undo(rep, quote.id)
        assert (quote.sections[1].discount_kind, quote.sections[0].discount_value) == ("none", 100)
        editing.discard_changes(rep, quote.id)
        assert (quote.sections[1].discount_kind, quote.sections[1].discount_value) == ("percent", 5)
        assert copying.copy(rep, quote.id).sections[0].discount_value == 100
        with pytest.raises(Invalid) as caught:
            sections.change(rep, quote.id, care, {"title": "Care", "discount_value": "500%"})
        assert caught.value.fields == {"discount_value": "A discount can't be more than 100%."}
