"""URLs of Autotask's own pages, opened with ExecuteCommand for a user who is signed in there."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from webapp.services.autotask.api import hosts
from webapp.services.autotask.connection import connection

# Entity: the command and the parameter for the record's id. Autotask has no command for quotes and their items.
COMMANDS = {
    "Companies": ("OpenAccount", "AccountID"),
    "Contacts": ("OpenContact", "ContactID"),
    "Opportunities": ("OpenOpportunity", "OpportunityID"),
}
PAGE = "Autotask/AutotaskExtend/ExecuteCommand.aspx"


def base(allowed_hosts: Sequence[str]) -> str:
    """The root of the connected Autotask's pages; empty when it isn't known or isn't Autotask's."""
    stored = connection.load()
    try:
        return hosts.checked(stored.web_url, allowed_hosts) if stored else ""
    except hosts.ForeignHost:
        return ""


def record_url(root: str, entity: str, record_id: int | None) -> str:
    """The URL of one record's page below ``root``; empty when there is no command for it."""
    if not root or record_id is None or entity not in COMMANDS:
        return ""
    command, parameter = COMMANDS[entity]
    return f"{root.rstrip('/')}/{PAGE}?{urlencode({'Code': command, parameter: record_id})}"
