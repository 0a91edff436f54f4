"""A company that was at work before there were roles: who becomes its owner, and back again."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from webapp.models import User, db, utc_now
from webapp.models.account import INTEGRATION_ADMIN, READ_ONLY, SALES_MANAGER
from webapp.services.accounts import access_rules

pytestmark = pytest.mark.both_databases
BEFORE = "0021"


def insert(number: int, role: str, *, is_active: bool = True, password_hash: str = "known") -> None:
    """An account as the version before left it."""
    table = sa.Table("user_account", sa.MetaData(), autoload_with=db.engine)
    values: dict[str, Any] = {
        "id": number,
        "email": f"{number}@desk.example",
        "name": f"Person {number}",
        "password_hash": password_hash,
        "role": role,
        "is_active": is_active,
        "session_epoch": 0,
        "created_at": utc_now(),
        "updated_at": utc_now(),
    }
    with db.engine.begin() as connection:
        connection.execute(table.insert().values(**{k: v for k, v in values.items() if k in table.c}))


def roles() -> dict[int, str]:
    """The roles by account, as the database has them."""
    with db.engine.connect() as connection:
        return {row.id: row.role for row in connection.execute(sa.text("SELECT id, role FROM user_account"))}


def test_the_oldest_active_admin_becomes_the_owner_and_everyone_gets_a_role_back(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        downgrade(revision=BEFORE)
        insert(1, "admin", is_active=False)
        insert(2, "rep")
        insert(3, "admin", password_hash="")
        insert(4, "admin")
        insert(5, "admin")
        upgrade()
        assert roles() == {1: "admin", 2: "rep", 3: "admin", 4: "owner", 5: "admin"}
        assert access_rules.current().reps_change == "all"
        assert access_rules.current().reps_see == "all"
        for number, role in ((1, SALES_MANAGER), (2, READ_ONLY), (5, INTEGRATION_ADMIN)):
            db.session.get_one(User, number).role = role
        db.session.commit()
        db.session.remove()
        downgrade(revision=BEFORE)
        assert roles() == {1: "rep", 2: "rep", 3: "admin", 4: "admin", 5: "rep"}
        upgrade()
        assert roles()[4] == "owner"
        assert access_rules.current().reps_change == "all"


def test_a_new_company_gets_the_rules_of_today(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        downgrade(revision=BEFORE)
        upgrade()
        assert roles() == {}
        assert access_rules.current().reps_change == "own"
