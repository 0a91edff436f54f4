"""Signing in at a provider: who gets in, as what, for how long, and what every refusal says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.sso.conftest import configure, go, sign_in
from tests.support import samples
from tests.support.provider import CLIENT, Provider, ec_key, rsa_key
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import (
    DiaryEntry,
    SsoAttempt,
    SsoIdentity,
    User,
    UserSession,
    db,
    utc_now,
)


def is_in(client: Any) -> bool:
    return client.get("/account/").status_code == 200


def refused(app: Flask, answer: TestResponse, words: str) -> None:
    """The page says why, no session is open, and the diary has it with the address."""
    assert answer.status_code == 403, answer.text
    assert words in text(answer)
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(UserSession.id))) == 0
        entry = db.session.scalars(db.select(DiaryEntry).filter_by(action="single_sign_on.refused")).one()
        assert entry.address == "127.0.0.1"


def user(app: Flask, email: str = "rep@desk.example") -> User:
    with app.app_context():
        return db.session.scalars(db.select(User).filter_by(email=email)).one()


@pytest.mark.both_databases
def test_the_button_leads_in_and_next_survives(app: Flask, ids: Ids, provider: Provider) -> None:
    client = app.test_client()
    page = client.get(f"/login?next={ids.quote_page}")
    assert "Sign in with Example ID" in page.text
    answer = sign_in(client, ids.quote_page)
    assert (answer.status_code, answer.location) == (303, ids.quote_page)
    assert client.get(ids.quote_page).status_code == 200
    with app.app_context():
        row = db.session.scalars(db.select(UserSession)).one()
        assert row.renew_by
        assert timedelta(hours=7) < row.renew_by - utc_now() <= timedelta(hours=8)


def test_next_leads_nowhere_else(app: Flask, ids: Ids, provider: Provider) -> None:
    for target in ("//evil.example/", "/\\evil.example", "//[", "/a\x00b"):
        assert app.test_client().get("/login", query_string={"next": target}).status_code == 200
        assert sign_in(app.test_client(), target).location == "/"


def test_afterwards_the_subject_counts_and_the_address_never(
    app: Flask, ids: Ids, provider: Provider
) -> None:
    assert sign_in(app.test_client()).status_code == 303
    provider.person["email"] = "new@elsewhere.example"
    assert sign_in(app.test_client()).status_code == 303
    provider.person = {"sub": "p-2", "email": "rep@desk.example", "email_verified": True}
    answer = sign_in(app.test_client())
    assert answer.status_code == 403
    assert "linked to another person" in text(answer)


def wrong_key(provider: Provider, claims: dict[str, Any]) -> str:
    key = rsa_key("foreign")
    return provider.sign(claims, type(key).import_key({**key.as_dict(private=True), "kid": "one"}))


FORGED = {
    "wrong key": wrong_key,
    "unknown key": lambda provider, claims: provider.sign(claims, rsa_key("foreign")),
    "none": lambda provider, claims: provider.unsigned(claims),
    "HS256 with the public key": lambda provider, claims: provider.signed_with_public_key(claims),
    "a list for an algorithm": lambda provider, claims: provider._joined({"alg": ["RS256"]}, claims) + ".AA",
    "no object for a header": lambda _provider, _claims: "W10.e30.AA",
    "no token": lambda _provider, _claims: "",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(app: Flask, ids: Ids, provider: Provider, name: str) -> None:
    provider.forge = FORGED[name]
    refused(app, sign_in(app.test_client()), "isn't signed with its key")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"exp": 1000}, "clock"),
        ({"iat": 10_000_000_000, "exp": 10_000_000_300}, "clock"),
        ({"iss": "https://other.example"}, "meant for another"),
        ({"aud": "another-client"}, "meant for another"),
        ({"aud": [CLIENT, "another-client"]}, "meant for another"),
        ({"azp": "another-client"}, "meant for another"),
        ({"nonce": "of an earlier sign-in"}, "meant for another"),
        ({"nonce": None}, "meant for another"),
        ({"sub": 7}, "meant for another"),
        ({"iat": "soon"}, "clock"),
        ({"email_verified": False}, "verified"),
        ({"email": "stranger@desk.example"}, "No account here"),
    ],
)
def test_a_wrong_token_is_refused(
    app: Flask, ids: Ids, provider: Provider, changes: dict[str, Any], words: str
) -> None:
    provider.changes = changes
    refused(app, sign_in(app.test_client()), words)


def test_code_and_state_are_good_once(app: Flask, ids: Ids, provider: Provider) -> None:
    client, thief = app.test_client(), app.test_client()
    back = go(client)
    assert "another browser" in text(thief.get(back))
    assert client.get(back).status_code == 303
    client.get_cookie("session")
    client.delete_cookie("session")
    assert "used already" in text(client.get(back))
    # An old code with a new state.
    again = client.get("/sso/start").location
    state = next(part for part in again.split("&") if part.startswith("state="))
    code = next(part for part in back.partition("?")[2].split("&") if part.startswith("code="))
    assert "invalid_grant" in text(client.get(f"/sso/callback?{state}&{code}"))
    assert not is_in(client)


def test_an_old_state_and_a_mixed_up_provider(app: Flask, ids: Ids, provider: Provider) -> None:
    client = app.test_client()
    back = go(client)
    assert "another provider" in text(client.get(back + "&iss=https://other.example"))
    back = go(client)
    with app.app_context():
        for row in db.session.scalars(db.select(SsoAttempt)):
            row.created_at -= timedelta(minutes=11)
        db.session.commit()
    assert "10 minutes" in text(client.get(back))
    assert "access_denied" in text(client.get(go(client).replace("code=", "error=access_denied&x=")))


def test_keys_are_rotated_and_may_be_of_a_curve(
    app: Flask, ids: Ids, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.services.accounts.sso.discovery.AGAIN_SECONDS", 0.0)
    assert sign_in(app.test_client()).status_code == 303
    provider.key = ec_key()
    assert sign_in(app.test_client()).status_code == 303
    assert provider.asked.count("/keys") == 2


def test_the_provider_is_away(app: Flask, ids: Ids, provider: Provider) -> None:
    client = app.test_client()
    back = go(client)
    provider.status = 503
    refused(app, client.get(back), "status 503")
    provider.status, provider.metadata = 200, {"issuer": "https://other.example"}
    from webapp.services.accounts.sso import discovery

    discovery._kept.clear()
    assert "calls itself" in text(client.get("/sso/start"))


def test_an_inactive_account_stays_out(app: Flask, ids: Ids, provider: Provider) -> None:
    with app.app_context():
        db.session.scalars(db.select(User).filter_by(email="rep@desk.example")).one().is_active = False
        db.session.commit()
    refused(app, sign_in(app.test_client()), "inactive")


def test_a_session_ends_when_it_has_to_be_renewed(app: Flask, ids: Ids, provider: Provider) -> None:
    client = app.test_client()
    sign_in(client)
    assert is_in(client)
    with app.app_context():
        db.session.scalars(db.select(UserSession)).one().renew_by = utc_now() - timedelta(seconds=1)
        db.session.commit()
    assert not is_in(client)


def test_new_accounts_only_with_the_setting_and_in_its_domains(
    app: Flask, ids: Ids, provider: Provider
) -> None:
    provider.person |= {"email": "nia@new.example", "name": "Nia New"}
    configure(app, creates_accounts=True, allowed_domains=["other.example"])
    assert sign_in(app.test_client()).status_code == 403
    configure(app, allowed_domains=["new.example"])
    client = app.test_client()
    assert sign_in(client).status_code == 303
    made = user(app, "nia@new.example")
    assert (made.name, made.role, made.has_password, made.is_invited) == ("Nia New", "rep", False, False)
    assert "Change password" not in client.get("/account/").text


def test_groups_give_the_highest_role_and_the_last_admin_stays(
    app: Flask, ids: Ids, provider: Provider
) -> None:
    configure(app, group_roles={"admins": "admin", "sales": "rep"}, requires_group=True)
    assert "none of the groups" in text(sign_in(app.test_client()))
    provider.person["groups"] = ["sales", "admins"]
    sign_in(app.test_client())
    assert user(app).role == "admin"
    provider.person["groups"] = ["sales"]
    sign_in(app.test_client())
    assert user(app).role == "rep"
    provider.person |= {"sub": "a-1", "email": "admin@desk.example"}
    assert sign_in(app.test_client()).status_code == 303
    assert user(app, "admin@desk.example").role == "admin"
    with app.app_context():
        assert db.session.scalars(db.select(DiaryEntry).filter_by(action="user.kept_as_last_admin")).one()
    del provider.person["groups"]
    provider.person["_claim_names"] = {"groups": "src1"}
    assert "more groups than Entra sends" in text(sign_in(app.test_client()))


def test_passwords_can_be_off_but_for_the_owner(app: Flask, ids: Ids, provider: Provider) -> None:
    configure(app, allows_passwords=False)
    with app.app_context():
        db.session.execute(db.update(User).where(User.email == "admin@desk.example").values(role="owner"))
        db.session.commit()
    visitor = Visitor(app.test_client())
    answer = visitor.try_to_sign_in("rep@desk.example", samples.PASSWORD)
    assert (answer.status_code, "turned off here" in text(answer)) == (403, True)
    with app.app_context():
        refused = db.session.scalars(db.select(DiaryEntry).filter_by(action="user.password_refused")).one()
        assert (refused.object_type, refused.object_id) == ("user", "2")
    assert visitor.try_to_sign_in("admin@desk.example", samples.PASSWORD).status_code == 303
    assert app.test_cli_runner().invoke(args=["users", "allow-passwords"]).exit_code == 0
    other = Visitor(app.test_client())
    assert other.sign_in("rep@desk.example", samples.PASSWORD)


def test_an_identity_is_stored_once(app: Flask, ids: Ids, provider: Provider) -> None:
    sign_in(app.test_client())
    sign_in(app.test_client())
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(SsoIdentity.id))) == 1
