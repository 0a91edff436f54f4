"""Addresses of Autotask's own pages, opened by ExecuteCommand for whoever is signed in there."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from webapp.services.autotask import connection, hosts

# Entity: the command and the parameter that names the record. Autotask has none for quotes and their items.
COMMANDS = {
    "Companies": ("OpenAccount", "AccountID"),
    "Contacts": ("OpenContact", "ContactID"),
    "Opportunities": ("OpenOpportunity", "OpportunityID"),
}
PAGE = "Autotask/AutotaskExtend/ExecuteCommand.aspx"


def base(allowed_hosts: Sequence[str]) -> str:
    """The root of the connected Autotask's pages; empty when it is not known, or leads elsewhere."""
    stored = connection.load()
    try:
        return hosts.checked(stored.web_url, allowed_hosts) if stored else ""
    except hosts.ForeignHost:
        return ""


def record_url(root: str, entity: str, record_id: int | None) -> str:
    """The page of one record below ``root``; empty when there is no command for it."""
    if not root or record_id is None or entity not in COMMANDS:
        return ""
    command, parameter = COMMANDS[entity]
    return f"{root.rstrip('/')}/{PAGE}?{urlencode({'Code': command, parameter: record_id})}"
