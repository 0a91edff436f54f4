"""Migration 0054 makes the brand of the settings the default one, and back."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from webapp.models import db
from webapp.services.company.brand import brand, kept

pytestmark = pytest.mark.both_databases

OLD = {"color": "#F26A1B", "logo": "a" * 64, "bank_details": "First Bank\nIBAN XX12", "cover": "never"}
INSERT = "INSERT INTO app_setting (key, value, version, created_at, updated_at) VALUES (:key, :value, 3, :now, :now)"
NOW = "2026-01-01 00:00:00+00:00"


def insert(key: str, value: dict[str, str]) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.text(INSERT), {"key": key, "value": json.dumps(value), "now": NOW})


def settings() -> list[str]:
    with db.engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT key FROM app_setting ORDER BY key")))


def test_the_brand_becomes_the_default_one_and_back(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="0053")
        insert("company_brand", OLD)
        insert("company_profile", {"name": "Brightwater IT"})
        upgrade()
        record = brand.default()
        assert record is not None
        assert (record.name, record.name_key) == ("Brightwater IT", "brightwater it")
        expected = {"font": "inter", "images": "show", "tax_id": "", "seller_name": "", **OLD}
        assert expected.items() <= kept.shown(record).items()
        kept.add(None, {**kept.of_a_new_one(), "name": "Second"})
        db.session.commit()
        db.session.remove()
        assert settings() == ["company_profile"]
        downgrade(revision="0053")
        assert settings() == ["company_brand", "company_profile"]
        upgrade()
        again = brand.default()
        assert again is not None
        assert OLD.items() <= kept.shown(again).items()
        assert len(kept.everything()) == 1


def test_a_company_that_never_saved_a_brand_has_none(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="0053")
        upgrade()
        assert (kept.everything(), brand.of_company()) == ([], brand.Brand())
