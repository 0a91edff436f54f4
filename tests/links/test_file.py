"""Links as a file: out, and in again, with every hostile or broken file refused whole."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from tests.support.connected_desk import Desk, every_kind
from webapp.models import DiaryEntry, Link, Quote, db, local_key
from webapp.models.local_key import LocalKey
from webapp.services.autotask.connection import connection
from webapp.services.autotask.drift import check as drift_check
from webapp.services.autotask.links import file as links_file
from webapp.services.autotask.links import rows as link_rows

HEADER = "ours,name,autotask,autotask_id,autotask_parent_id"


def as_stored() -> list[tuple[Any, ...]]:
    db.session.expire_all()
    query = db.select(Link).order_by(Link.local_type, Link.local_id, Link.remote_entity)
    return [
        (one.local_type, one.local_id, one.remote_entity, one.remote_id, one.remote_parent_id)
        for one in db.session.scalars(query)
    ]


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def file(*rows: str, header: str = HEADER) -> bytes:
    return "\r\n".join([header, *rows, ""]).encode()


@pytest.fixture
def quote(desk: Desk) -> Quote:
    """A quote of every kind of line that Autotask has."""
    quote = desk.quote(*every_kind(desk), shipping_amount=Decimal("49.90"))
    assert desk.push(quote).state == "synced"
    return quote


@pytest.mark.both_databases
def test_links_go_out_and_come_back_after_all_were_lost(desk: Desk) -> None:
    quote = desk.quote(*every_kind(desk), shipping_amount=Decimal("49.90"))
    desk.push(quote)
    before = as_stored()
    text = links_file.export()
    assert len(read(text)) == len(before)
    db.session.execute(db.delete(Link))
    db.session.commit()
    report = links_file.store(desk.rep, text.encode())
    assert (report.problems, report.stored, report.new) == ([], True, len(before))
    assert as_stored() == before
    made = len(desk.tenant.state()["QuoteItems"])
    quote.lines[0].unit_price = Decimal("1200")
    db.session.commit()
    assert desk.push(quote).state == "synced"
    assert len(desk.tenant.state()["QuoteItems"]) == made, "the push found everything by the links"
    assert len(desk.tenant.state()["Quotes"]) == 1


def test_links_survive_disconnecting(desk: Desk, quote: Quote) -> None:
    before = as_stored()
    connection.disconnect(desk.rep)
    assert as_stored() == before
    assert len(read(links_file.export())) == len(before)


def test_the_same_file_again_changes_nothing(desk: Desk, quote: Quote) -> None:
    pushed = {link.id: link.pushed for link in db.session.scalars(db.select(Link))}
    report = links_file.store(desk.rep, links_file.export().encode())
    assert (report.new, report.changed, report.same) == (0, [], len(pushed))
    assert {link.id: link.pushed for link in db.session.scalars(db.select(Link))} == pushed
    assert drift_check.check_one(desk.runtime, quote) == 0


def test_checking_stores_nothing(desk: Desk, quote: Quote) -> None:
    text = links_file.export()
    db.session.execute(db.delete(Link))
    db.session.commit()
    report = links_file.check(text.encode())
    assert (report.problems, report.stored) == ([], False)
    assert as_stored() == []


def test_a_changed_id_forgets_what_was_pushed_to_the_other_record(desk: Desk, quote: Quote) -> None:
    link = db.session.scalars(db.select(Link).filter_by(remote_entity="Quotes")).one()
    before, after = link.remote_id, link.remote_id + 1000
    report = links_file.store(desk.rep, file(f"quote/{quote.id},x,Quotes,{after},"))
    assert report.changed == [f"quote/{quote.id}: Quotes {before} becomes {after}"]
    link = db.session.scalars(db.select(Link).filter_by(remote_entity="Quotes")).one()
    assert link.pushed == {}
    events = db.session.scalars(db.select(DiaryEntry).filter_by(action="links.imported")).all()
    assert [event.detail for event in events] == [{"new": 0, "changed": 1}]


def test_no_cell_of_the_file_is_a_formula(desk: Desk) -> None:
    for name in ("=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", " =1", "|calc", "＝1", '"=1"', "a,b\nc"):
        organization = desk.organization(name)
        quote = desk.quote({"name": f"=cmd|' /C calc'!A{len(name)}"}, organization=organization, title=name)
        organization.name = name
        db.session.add_all(
            [
                Link(local=local_key.quote(quote.id), remote_entity="Quotes", remote_id=quote.id),
                Link(
                    local=local_key.line(quote.id, quote.lines[0].uid),
                    remote_entity="QuoteItems",
                    remote_id=quote.id,
                    remote_parent_id=quote.id,
                ),
                Link(
                    local=local_key.organization(organization.id),
                    remote_entity="Companies",
                    remote_id=quote.id,
                ),
            ]
        )
        db.session.commit()
    text = links_file.export()
    rows = read(text)
    assert len(rows) == 30
    for row in rows:
        for cell in row.values():
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "|", "＝")), cell
    report = links_file.store(desk.rep, text.encode())
    assert (report.problems, report.same) == ([], 30)


def test_the_order_of_columns_the_separator_and_further_columns_do_not_matter(desk: Desk) -> None:
    quote = desk.quote({"name": "A"})
    header = "Notes;AUTOTASK_ID; autotask ;ours"
    data = file(f"mine;17;Quotes;quote/{quote.id}", "", ";;;", header=header)
    report = links_file.store(desk.rep, b"\xef\xbb\xbf" + data)
    assert (report.problems, report.new) == ([], 1)
    assert as_stored() == [("quote", str(quote.id), "Quotes", 17, None)]


BROKEN_FILES = {
    "empty": (b"", "The file is empty."),
    "blank lines": (b"\r\n\r\n \n", "The file is empty."),
    "only a header": (HEADER.encode(), "has no rows"),
    "a workbook": (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\xff\xfe", "isn't UTF-8"),
    "utf-16": ("\ufeff" + HEADER).encode("utf-16-le"),
    "nul bytes": (HEADER.encode() + b"\r\nquote/1\x00,,Quotes,5,", "isn't a text file"),
    "no columns": (b"a,b,c\r\n1,2,3", "ours, autotask, autotask_id are missing"),
    "a column missing": (b"ours,autotask\r\nquote/1,Quotes", "autotask_id is missing"),
    "a column twice": (f"{HEADER},ours\r\n".encode(), "appears twice"),
    "an open quote": (HEADER.encode() + b'\r\n"quote/1,,Quotes,5,', "can't be read as CSV"),
    "a quote within": (HEADER.encode() + b'\r\n"quote/1"x,,Quotes,5,', "can't be read as CSV"),
    "too few cells": (HEADER.encode() + b"\r\nquote/1,Quotes,5", "has 3 cells, but the header has 5"),
    "too many cells": (HEADER.encode() + b"\r\nquote/1,,Quotes,5,,,,", "has 8 cells"),
    "an endless cell": (HEADER.encode() + b"\r\n" + b"a" * 200_000, "can't be read as CSV"),
    "html": (b"<html><body>Sign in</body></html>", "missing"),
}


@pytest.mark.strangers
@pytest.mark.parametrize("name", BROKEN_FILES)
def test_a_file_that_is_none_is_refused_with_a_sentence(desk: Desk, name: str) -> None:
    broken = BROKEN_FILES[name]
    data, said = broken if isinstance(broken, tuple) else (broken, "isn't UTF-8")
    report = links_file.store(desk.rep, data)
    assert [problem.sentence for problem in report.problems if said in problem.sentence], report.problems
    assert not report.stored
    assert as_stored() == []


WRONG_ROWS = {
    "=cmd|' /C calc'!A0,,Quotes,5,": "isn't a valid record",
    ",,Quotes,5,": "isn't a valid record",
    "quote,,Quotes,5,": "isn't a valid record",
    "quote/1/2,,Quotes,5,": "isn't a valid record",
    "user/1,,Quotes,5,": "isn't a valid record",
    "quote/0,,Quotes,5,": "isn't a valid record ID",
    "quote/-1,,Quotes,5,": "isn't a valid record ID",
    "quote/x,,Quotes,5,": "isn't a valid record ID",
    "quote/²,,Quotes,5,": "isn't a valid record ID",
    "quote/99999999999,,Quotes,5,": "isn't a valid record ID",
    f"quote/{'9' * 5000},,Quotes,5,": "isn't a valid record ID",
    "quote/4711,,Quotes,5,": "There's no quote with ID 4711.",
    "organization/4711,,Companies,5,": "There's no organization 4711.",
    "person/4711,,Contacts,5,6": "There's no person 4711.",
    "line/1/nothing,,QuoteItems,5,6": "has no line nothing",
    "line/1/' or 1=1,,QuoteItems,5,6": "isn't a valid line ID",
    "location/1/moon,,QuoteLocations,5,": "isn't a valid location",
    "revision/1/7,,OpportunityAttachments,5,6": "has no revision 7",
    "revision/1/x,,OpportunityAttachments,5,6": "“x” isn't a valid revision.",
    "revision/1/²,,OpportunityAttachments,5,6": "“²” isn't a valid revision.",
    "goods/xyz,,Products,5,": "isn't a valid product or service",
    "quote/1,,Companies,5,": "doesn't go with quote",
    "quote/1,,Users,5,": "doesn't go with quote",
    "quote/1,,Quotes,,": "isn't a whole number",
    "quote/1,,Quotes,five,": "isn't a whole number",
    "quote/1,,Quotes,-5,": "isn't a whole number",
    "quote/1,,Quotes,5.0,": "A spreadsheet may have rounded it.",
    "quote/1,,Quotes,2.96829E+07,": "A spreadsheet may have rounded it.",
    "quote/1,,Quotes,99999999999999999999999999,": "is too large",
    f"quote/1,,Quotes,{'9' * 5000},": "is too large",
    "quote/1,,Quotes,٣,": "isn't a whole number",
    "line/1/shipping,,QuoteItems,5,": "written through their quote",
    "line/1/shipping,,QuoteItems,5,x": "autotask_parent_id “x” isn't a whole number",
}


@pytest.mark.strangers
def test_every_wrong_row_is_named_with_its_line_and_nothing_is_stored(desk: Desk) -> None:
    quote = desk.quote({"name": "A"})
    assert quote.id == 1
    good = "quote/1,,Opportunities,9,"
    report = links_file.store(desk.rep, file(good, *WRONG_ROWS))
    assert not report.stored
    assert as_stored() == []
    said = {problem.line: problem.sentence for problem in report.problems}
    for line, (row, sentence) in enumerate(WRONG_ROWS.items(), start=3):
        assert sentence in said[line], row[:60]
    assert 2 not in said
    assert all(len(sentence) < 300 for sentence in said.values())


def test_the_same_record_twice_and_a_target_of_two_are_refused(desk: Desk) -> None:
    first, second = desk.quote({"name": "A"}), desk.quote({"name": "B"})
    rows = (
        f"quote/{first.id},,Quotes,5,",
        f"quote/{first.id},,Quotes,6,",
        f"quote/{second.id},,Quotes,5,",
        f"quote/{first.id},,Opportunities,7,",
        f"quote/{second.id},,Opportunities,7,",
    )
    report = links_file.store(desk.rep, file(*rows))
    assert [(one.line, one.sentence) for one in report.problems] == [
        (3, "Line 2 already has this record."),
        (4, "Line 2 already has Quotes 5."),
    ]
    assert as_stored() == []


def test_a_target_that_another_record_holds_is_refused_unless_the_file_moves_that_one(desk: Desk) -> None:
    first, second = desk.quote({"name": "A"}), desk.quote({"name": "B"})
    assert links_file.store(desk.rep, file(f"quote/{first.id},,Quotes,5,")).stored
    taking = f"quote/{second.id},,Quotes,5,"
    report = links_file.store(desk.rep, file(taking))
    assert [one.sentence for one in report.problems] == [f"Quotes 5 is already linked to quote/{first.id}."]
    assert links_file.store(desk.rep, file(taking, f"quote/{first.id},,Quotes,6,")).stored
    assert [row[3] for row in as_stored()] == [6, 5]


def test_a_file_of_another_installation_is_refused_whole(desk: Desk, quote: Quote) -> None:
    rows = read(links_file.export())
    for row in rows:
        row["name"] = {"quote": "7001 Elsewhere", "revision": "7001 Elsewhere revision 1"}.get(
            row["ours"].split("/")[0], f"Other {row['ours']}"
        )
        row["autotask_id"] = str(int(row["autotask_id"]) + 5000)
    before = as_stored()
    report = links_file.store(desk.rep, file(*(",".join(row.values()) for row in rows)))
    assert not report.stored
    assert "a different Quotewright" in report.problems[0].sentence
    assert as_stored() == before
    nameless = file(*(",".join({**row, "name": ""}.values()) for row in rows))
    assert links_file.check(nameless).problems == []


def test_what_was_renamed_since_the_export_is_told_and_imported(desk: Desk, quote: Quote) -> None:
    text = links_file.export()
    assert quote.organization
    quote.organization.name, quote.title = "Renamed Ltd", "Another title"
    db.session.commit()
    report = links_file.store(desk.rep, text.encode())
    assert (report.problems, report.stored) == ([], True)
    assert [one.split(" ")[0] for one in report.renamed] == [f"organization/{quote.organization.id}"]
    assert "Renamed Ltd" in report.renamed[0]


def test_only_a_company_has_the_id_0(desk: Desk, quote: Quote) -> None:
    assert quote.organization
    own_company = file(f"organization/{quote.organization.id},,Companies,0,")
    assert links_file.check(own_company).problems == []
    assert "0" in links_file.check(file(f"quote/{quote.id},,Quotes,0,")).problems[0].sentence


def test_what_is_written_is_what_is_read() -> None:
    for kind, number in (
        ("organization", "12"),
        ("line", "7:0123456789abcdef0123456789abcdef"),
        ("line", "7:shipping"),
        ("revision", "7:2"),
        ("location", "7:bill"),
        ("goods", "0123456789abcdef01234567"),
    ):
        key = link_rows.parse(link_rows.written(LocalKey.parse(kind, number)))
        assert (key.kind, key.stored_id) == (kind, number)
