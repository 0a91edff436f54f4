"""Who may do what, and that a broken hint never breaks a page."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support import samples
from webapp.blueprints.quotes.fixes import fix_for
from webapp.services.accounts import permissions
from webapp.services.accounts.permissions import Permission
from webapp.services.autotask.wanted.desired import Problem
from webapp.services.core.errors import Forbidden


def test_owners_and_admins_may(app: Flask) -> None:
    with app.app_context():
        admin, owner, colleague = samples.admin(), samples.rep(), samples.rep("other@desk.example")
        quote = samples.quote(owner)
        for permission in (Permission.SYNC, Permission.REVIEW):
            assert permissions.may(admin, permission, quote)
            assert permissions.may(owner, permission, quote)
            assert not permissions.may(owner, permission)
            with pytest.raises(Forbidden, match="colleague's quote"):
                permissions.require(colleague, permission, quote)
        assert permissions.may(admin, Permission.ADMINISTER)
        with pytest.raises(Forbidden, match="Ask an admin"):
            permissions.require(owner, Permission.ADMINISTER, quote)
        assert set(permissions.REFUSALS) == set(Permission)


def test_a_hint_without_a_record_is_no_link(app: Flask) -> None:
    with app.app_context():
        quote = samples.quote(samples.rep())
    with app.test_request_context():
        for name in ("", "x", "-1", "99999999999999999999"):
            for area in ("organization", "person"):
                assert fix_for(Problem("Something is wrong.", (area, name)), quote) is None
        fix = fix_for(Problem("Something is wrong.", ("person", "7")), quote)
        assert fix is not None
        assert (fix.label, fix.url) == ("Open person", "/people/7")
