"""Which passwords are refused, wherever one is set."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.support import samples
from tests.support.visitor import Visitor, errors
from tests.web.conftest import Ids
from webapp.models import User, db
from webapp.services.accounts import passwords
from webapp.services.company import profile
from webapp.services.core.errors import Invalid

ABOUT = ("Rosalind Franklin", "r.franklin@kingscollege.example")


def refused(password: str) -> str:
    try:
        passwords.check(password, ABOUT)
    except Invalid as error:
        return error.fields["password"]
    return ""


def test_the_list_has_three_thousand_that_are_long_enough() -> None:
    assert sum(len(one) >= passwords.SHORTEST for one in passwords.common()) >= 3000


@pytest.mark.parametrize(
    "password",
    [
        *("password123", "1234567890", "aaaaaaaaaa", " " * 10, "abababababab", "Qwertyuiop", "PASSWORD2026!"),
        *("P@ssw0rd2026", "!!dr4g0n!!1999", "98712365041", "sunsh1ne##12"),
    ],
)
def test_common_ones_are_refused_with_their_variants(app: Flask, password: str) -> None:
    with app.app_context():
        assert refused(password) == passwords.COMMON


@pytest.mark.parametrize(
    "password",
    [
        *(
            "quotewright2026",
            "Qu0tewr1ght!!!",
            "Autotask-2026",
            "rosalind franklin",
            "Fr4nk11n-2026",
            "KingsCollege7!",
        ),
        *(
            "r.franklin@kingscollege.example",
            "QUOTEWRIGHT-rosalind",
            "Highland IT 2026",
            "h1gh1and_it_99",
            "H!ghland!!2026",
        ),
    ],
)
def test_words_that_anyone_would_try_here_are_refused(app: Flask, password: str) -> None:
    with app.app_context():
        profile.save(None, {"name": "Highland IT"})
        assert refused(password) == passwords.CONTEXT


@pytest.mark.parametrize(
    "password",
    ["four plain words here", "franklin likes purple teapots", "x9!kQ2#vLm7p", "纸船在河上慢慢漂走了吧"],
)
def test_others_are_accepted(app: Flask, password: str) -> None:
    with app.app_context():
        assert refused(password) == ""


@pytest.mark.parametrize("length", [9, 201])
def test_the_length_is_limited(app: Flask, length: int) -> None:
    with app.app_context():
        assert refused(("mixed bag " * 30)[:length]) == passwords.LENGTH


@pytest.mark.parametrize(
    ("password", "sentence"), [("password123", passwords.COMMON), ("rep@desk.example", passwords.CONTEXT)]
)
def test_one_rule_holds_at_every_place(
    app: Flask, rep: Visitor, admin: Visitor, ids: Ids, password: str, sentence: str
) -> None:
    own = rep.form("/account/", "password")
    answer = rep.send(own, {"current": samples.PASSWORD, "password": password})
    assert (answer.status_code, errors(answer)) == (422, {"password": sentence})
    with app.app_context():
        user = db.session.scalars(db.select(User).filter_by(email="rep@desk.example")).one()
        before = user.password_hash
    result = app.test_cli_runner().invoke(
        args=["users", "password", "rep@desk.example", "--password", password]
    )
    assert (result.exit_code, sentence in result.output) == (1, True)
    with app.app_context():
        user = db.session.scalars(db.select(User).filter_by(email="rep@desk.example")).one()
        assert user.password_hash == before


def test_a_hash_of_other_parameters_is_replaced_at_the_next_sign_in(app: Flask, ids: Ids) -> None:
    older = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash(samples.PASSWORD)

    def stored() -> str:
        with app.app_context():
            return db.session.scalars(db.select(User.password_hash).filter_by(email="rep@desk.example")).one()

    with app.app_context():
        db.session.execute(db.update(User).filter_by(email="rep@desk.example").values(password_hash=older))
        db.session.commit()
    Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    now = stored()
    assert now != older
    Visitor(app.test_client()).sign_in("rep@desk.example", samples.PASSWORD)
    assert stored() == now
