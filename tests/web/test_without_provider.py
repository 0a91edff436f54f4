"""Passwords are off, and the sign-in provider is gone."""

from __future__ import annotations

from flask import Flask

from tests.support import samples
from tests.support.visitor import Visitor, text
from tests.web.conftest import Ids
from webapp.models import SsoProvider, User, db
from webapp.services.accounts.sso import ONLY


def test_without_a_provider_the_owner_gets_in_and_everyone_is_told_how(app: Flask, ids: Ids) -> None:
    """As when the operator took OIDC_ISSUER away while passwords were off."""
    with app.app_context():
        db.session.add(SsoProvider(id=ONLY, is_on=False, allows_passwords=False))
        db.session.execute(db.update(User).where(User.email == "admin@desk.example").values(role="owner"))
        db.session.commit()
    visitor = Visitor(app.test_client())
    answer = visitor.try_to_sign_in("rep@desk.example", samples.PASSWORD)
    assert answer.status_code == 403
    assert "single sign-on isn't set up any more" in text(answer)
    assert "flask users allow-passwords" in text(answer)
    assert "Use the single sign-on button" not in text(answer)
    assert visitor.try_to_sign_in("admin@desk.example", samples.PASSWORD).status_code == 303
