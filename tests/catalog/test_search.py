"""Items are found by the start of any word, one's own first, and by the index even where there are many."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from flask import Flask

from tests.support import samples
from webapp.models import Item, ItemWord, db, names
from webapp.services.accounts import changing_rules
from webapp.services.catalog import categories, favorites, finding, items, listing
from webapp.services.catalog.listing import Wish
from webapp.services.quoting.draft import editing, lines


def called(found: Sequence[Item]) -> list[str]:
    """Their names."""
    return [item.name for item in found]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("LAT-5550 U7", ["lat5550u7", "5550u7", "u7", "7"]),
        ("TP Link", ["tplink", "link"]),
        ("Kabel Größe 5", ["kabelgrösse5", "grösse5", "5"]),
        ("--- & ---", []),
        ("x" * 50, ["x" * names.WORD_LENGTH]),
        ("हिन्दी", ["हनद"]),
    ],
)
def test_words_start_where_people_start_typing(text: str, words: list[str]) -> None:
    assert names.search_words([text]) == words


@pytest.mark.both_databases
def test_any_words_in_any_order_and_any_spelling(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        laptop = samples.item(
            rep, name="Dell Latitude 5550", sku="NB-100", mpn="LAT-5550-U7", manufacturer="Dell",
            supplier_sku="ING/77 x",
        )  # fmt: skip
        samples.item(rep, name="Cable", sku="NB-200")
        for text in (
            *(
                "dell",
                "latitude dell",
                "5550 lat",
                "lat5550u7",
                "LAT-5550",
                "dell-latitude",
                "nb-100",
                "NB100",
            ),
            *("ing77x", "77 ing", "ing/77", "u7", "latitude5550", "  DELL   5550  ", "& dell"),
        ):
            assert items.search(text) == [laptop], text
        for text in ("dellx", "dell cable", "900%", "_", "\\", "\U0010ffff"):
            assert items.search(text) == [], text
        assert items.search("atitud") == [laptop], "nothing begins so, and it is found within a word"
        assert called(items.search("")) == ["Cable", "Dell Latitude 5550"]


@pytest.mark.both_databases
def test_the_index_follows_an_item(app: Flask) -> None:
    with app.app_context():
        rep = samples.rep()
        item = samples.item(rep, name="Old name", sku="A-1")
        item.name = "Newer"
        db.session.commit()
        assert set(db.session.scalars(db.select(ItemWord.word))) == {"newer", "a1", "1"}
        item.unit_price = Decimal(5)
        db.session.commit()
        assert items.search("newer") == [item]
        assert items.search("old") == []
        db.session.delete(item)
        db.session.commit()
        assert db.session.scalars(db.select(ItemWord.word)).all() == []


@pytest.mark.both_databases
def test_codes_come_first_then_favorites_then_what_was_used_last(app: Flask) -> None:
    with app.app_context():
        rep, other = samples.rep(), samples.rep("other@desk.example")
        by_name = {
            name: samples.item(rep, name=name, sku=sku)
            for name, sku in (("Box A", ""), ("Box B", ""), ("Box C", ""), ("Box D", ""), ("Z", "BOX"))
        }
        customer = samples.person(rep)
        for name in ("Box B", "Box C"):
            quote = editing.create(rep, person=customer)
            lines.add_item(rep, quote.id, by_name[name])
        favorites.mark(rep, by_name["Box D"], wanted=True)
        favorites.mark(other, by_name["Box A"], wanted=True)
        wanted = ["Z", "Box D", "Box C", "Box B", "Box A"]
        assert called(items.search("box", viewer=rep)) == wanted
        pages = [items.search("box", viewer=rep, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
        assert [called(page) for page in pages] == [wanted[:2], wanted[2:4], wanted[4:], []]
        assert called(items.search("box", viewer=other))[:2] == ["Z", "Box A"]
        assert called(items.search("box"))[:2] == ["Z", "Box A"]
        assert called(items.search("box c", viewer=rep)) == ["Box C"]


@pytest.mark.both_databases
def test_few_and_many_are_found_alike(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        rep = samples.rep()
        for number in range(7):
            samples.item(rep, name=f"Cable {number} m", manufacturer="Delock" if number % 2 else "Goobay")
        asked = ("cable", "cable delock", "m cable", "goobay 4")
        few = [called(items.search(text)) for text in asked]
        for name, value in (("FEW", 0), ("FIRST_READ", 1), ("MOST_READ", 2)):
            monkeypatch.setattr(finding, name, value)
        assert called(items.search("cable", limit=2, offset=3)) == ["Cable 3 m", "Cable 4 m"]
        assert [called(items.search(text)) for text in asked] == few
        assert [len(found) for found in few] == [7, 3, 7, 1]


@pytest.mark.both_databases
def test_the_list_is_filtered_sorted_and_paged(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        admin, rep = samples.admin(), samples.rep()
        top = categories.save(admin, None, {"name": "Hardware"})
        below = categories.save(admin, None, {"name": "Laptops", "parent_id": str(top.id)})
        for name, price, values in (
            ("Alpha", "30", {"category_id": str(below.id), "supplier": "Ingram", "cost_date": "2020-01-01"}),
            ("Beta", "10", {"supplier": "Synnex"}),
            ("Gamma", "20", {"category_id": str(top.id), "is_active": ""}),
            ("Delta", "40", {"unit_cost": "0", "replaced_by": "Alpha"}),
        ):
            samples.item(admin, name=name, unit_price=price, **values)

        def shown(viewer: object = admin, **wish: object) -> list[str]:
            return called(listing.of(viewer, Wish(**wish)).items)  # type: ignore[arg-type]

        assert shown() == ["Alpha", "Beta", "Delta"]
        assert shown(shown="all") == ["Alpha", "Beta", "Delta", "Gamma"]
        assert shown(shown="inactive") == ["Gamma"]
        assert shown(shown="replaced") == ["Delta"]
        assert shown(shown="stale") == ["Alpha"]
        assert shown(shown="all", category_id=top.id) == ["Alpha", "Gamma"]
        assert shown(category_id=below.id) == ["Alpha"]
        assert shown(supplier="Synnex") == ["Beta"]
        assert shown(sort="price", shown="all") == ["Beta", "Gamma", "Alpha", "Delta"]
        assert shown(sort="-price") == ["Delta", "Alpha", "Beta"]
        assert shown(sort="cost_date") == ["Alpha", "Beta", "Delta"]
        assert shown(sort="-cost_date") == ["Delta", "Beta", "Alpha"]
        assert shown(sort="cost")[0] == "Delta"
        assert shown(text="a", sort="-name", shown="all") == ["Alpha"]
        assert shown(sort="nothing", shown="nothing") == ["Alpha", "Beta", "Delta"]
        # Who doesn't see costs can't find them by their order.
        changing_rules.save(None, {"reps_see": "all", "reps_change": "all"})
        assert shown(rep, sort="cost") == shown(rep, shown="stale") == ["Alpha", "Beta", "Delta"]
        assert "stale" not in listing.choices(rep)
        assert listing.suppliers() == ["Ingram", "Synnex"]
        monkeypatch.setattr(listing, "PAGE", 2)
        pages = [listing.of(admin, Wish(shown="all", page=number)) for number in (1, 2, 3)]
        assert [(called(page.items), page.more) for page in pages] == [
            (["Alpha", "Beta"], True),
            (["Delta", "Gamma"], False),
            ([], False),
        ]
