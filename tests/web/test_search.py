"""The command menu: what a person finds from any page, and only what they may see."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.support import samples
from tests.support.visitor import Visitor
from tests.web.conftest import Ids
from webapp.models import db
from webapp.services.accounts import changing_rules, users
from webapp.services.quoting.lists import jump


def names(found: jump.Found) -> list[str]:
    return [
        *(hit.quote.title for hit in found.quotes),
        *(hit.organization.name for hit in found.organizations),
        *(person.full_name for person in found.people),
        *(item.name for item in found.items),
    ]


@pytest.fixture
def menu(rep: Visitor) -> Visitor:
    rep.client.environ_base["HTTP_HX_REQUEST"] = "true"
    return rep


def test_every_word_has_to_fit(app: Flask, ids: Ids) -> None:
    with app.app_context():
        me = samples.rep("me@desk.example")
        samples.person(me, first_name="Bo", email="bo@birch.example", organization="Birchwood Ltd")
        assert names(jump.find(me, "customer ltd")) == ["Quote for Customer Ltd", "Customer Ltd", "Ann Lee"]
        assert names(jump.find(me, "bo birch")) == ["Bo Lee"]
        assert names(jump.find(me, "fire")) == ["Firewall"]
        assert jump.find(me, "customer").organizations[0].quotes == 1
        assert names(jump.find(me, "nothing-like-it")) == []


def test_a_number_finds_its_quote_and_nothing_typed_finds_the_last_ones(app: Flask) -> None:
    with app.app_context():
        me = samples.rep()
        quote = samples.quote(me)
        quote.number = 1014
        samples.quote(samples.rep("other@desk.example"), customer=quote.person)
        db.session.commit()
        assert [hit.quote.number for hit in jump.find(me, "#1014").quotes] == [1014]
        assert [hit.quote.id for hit in jump.find(me, "").quotes] == [quote.id]


def test_a_rep_finds_no_quote_that_they_may_not_see(app: Flask, ids: Ids) -> None:
    with app.app_context():
        admin, me = samples.admin("boss@desk.example"), samples.rep("me@desk.example")
        changing_rules.save(None, {"reps_see": "own", "reps_change": "own"})
        found = jump.find(me, "customer")
        assert found.quotes == []
        assert [hit.quotes for hit in found.organizations] == [0]
        assert len(jump.find(admin, "customer").quotes) == 1


def test_the_menu_gets_options_and_the_page_links(rep: Visitor, menu: Visitor, ids: Ids) -> None:
    options = menu.client.get("/search?q=customer").text
    assert "<html" not in options
    assert f'href="{ids.quote_page}"' in options
    assert 'role="option"' in options
    assert "New quote for Customer Ltd" in options
    del rep.client.environ_base["HTTP_HX_REQUEST"]
    page = rep.client.get("/search?q=customer").text
    assert f'href="{ids.quote_page}"' in page
    assert 'role="option"' not in page.partition("<main")[2].partition("</main>")[0]
    assert "Nothing matches “zz&lt;b&gt;”" in rep.client.get("/search?q=zz<b>").text


def test_actions_are_those_that_the_person_may_do(menu: Visitor, admin: Visitor) -> None:
    assert "Settings: Users" not in menu.client.get("/search?q=>").text
    only = menu.client.get("/search?q=> cust").text
    assert "Go to People" in only
    assert "Customer Ltd" not in only
    assert "Settings: Users" in admin.client.get("/search?q=> users").text


def test_letters_can_be_turned_off(rep: Visitor) -> None:
    assert "data-no-letters" not in rep.client.get("/").text
    form = rep.form("/account/", "preferences")
    assert rep.send(form, {"letter_keys": False}).status_code == 303
    assert "data-no-letters" in rep.client.get("/").text


def test_a_theme_is_chosen_without_leaving_the_page(rep: Visitor) -> None:
    answer = rep.send(rep.form("/", "account/theme"), {"theme": "dark"}, htmx=True)
    assert (answer.status_code, answer.text) == (204, "")
    assert 'class="theme-dark"' in rep.client.get("/").text


def test_the_answer_says_exactly_what_it_answers(menu: Visitor) -> None:
    for asked in ("e\u0301clair", "two\u00a0words", " fire"):
        answer = menu.client.get("/search", query_string={"q": asked}).text
        assert f'data-for="{asked}"' in answer
    assert 'data-for="&lt;&#34;"' in menu.client.get("/search", query_string={"q": '<"'}).text


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("logo", "Brand"),
        ("letterhead", "Brand"),
        ("color brand", "Brand"),
        ("required", "Required Fields"),
        ("two-step", "Sign-in"),
        ("sso", "Single sign-on"),
        ("audit", "Audit trail"),
        ("retention", "Privacy"),
        ("loss", "Loss Reasons"),
    ],
)
def test_every_settings_page_is_found(admin: Visitor, words: str, name: str) -> None:
    found = admin.client.get("/search", query_string={"q": f"> {words}"}).text
    assert f"Settings: {name}<" in found
    assert "Settings: Company" not in found


def test_the_actions_know_every_page_of_the_settings(admin: Visitor) -> None:
    cards = set(re.findall(r'href="(/[^"]+)"', admin.client.get("/settings/").text.partition("<main")[2]))
    found = admin.client.get("/search", query_string={"q": ">"}).text
    assert len(cards) > 10
    assert not [address for address in cards if f'href="{address}"' not in found]


def test_the_key_of_a_new_quote_is_listed_for_those_who_sell(app: Flask, rep: Visitor) -> None:
    assert "<dd>new quote</dd>" in rep.client.get("/people/").text
    with app.app_context():
        email = "reader@desk.example"
        users.create_user(None, email=email, name="Rea", password=samples.PASSWORD, role="read_only")
    reader = Visitor(app.test_client()).sign_in(email, samples.PASSWORD)
    page = reader.client.get("/people/").text
    assert "<dd>new quote</dd>" not in page
    assert "Letters work when you&#39;re not typing." in page.replace("'", "&#39;")


def test_single_letters_are_explained_where_they_are_turned_off(rep: Visitor) -> None:
    page = rep.client.get("/account/").text.replace("&#39;", "'")
    assert "Use single-letter shortcuts" in page
    assert "They work when you're not typing in a field. Shortcuts with Ctrl always work." in page
