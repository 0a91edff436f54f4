"""The first link of a person whom Entra names: by the user name in the company's own directory, if that is wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from webapp.services.accounts.sso.people import _vouched_address
from webapp.services.accounts.sso.settings import Settings

SETTINGS = Settings(
    is_on=True,
    label="Microsoft",
    issuer="https://login.microsoftonline.com/tenant-1/v2.0",
    client_id="c",
    secret="",
    from_environment=False,
    trusts_directory=True,
    creates_accounts=False,
    allowed_domains=(),
    default_role="rep",
    groups_claim="groups",
    group_roles={},
    requires_group=False,
    session_length=timedelta(hours=8),
    allows_passwords=True,
)
PERSON = {
    "oid": "o",
    "tid": "tenant-1",
    "preferred_username": "rep@desk.example",
    "email": "boss@desk.example",
}


def test_the_user_name_counts_and_the_email_does_not() -> None:
    assert _vouched_address(SETTINGS, PERSON) == "rep@desk.example"


@pytest.mark.parametrize(
    "change",
    [
        {"tid": "tenant-2"},
        {"oid": ""},
        {"idp": "https://sts.windows.net/tenant-2/"},
        {"acct": 1},
        {"email_verified": False},
        {"preferred_username": "a_other.example#EXT#@desk.example"},
    ],
)
def test_others_are_not_linked(change: dict[str, Any]) -> None:
    assert _vouched_address(SETTINGS, PERSON | change) == ""


def test_not_without_the_setting_and_not_at_another_provider() -> None:
    assert _vouched_address(replace(SETTINGS, trusts_directory=False), PERSON) == ""
    assert _vouched_address(replace(SETTINGS, issuer="https://idp.example/tenant-1/"), PERSON) == ""
