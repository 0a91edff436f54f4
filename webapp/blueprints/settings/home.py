"""The start page of the settings."""

from __future__ import annotations

from dataclasses import replace

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.blueprints.settings import settings
from webapp.blueprints.support import runtime, settings_required
from webapp.services.accounts import users
from webapp.services.accounts.two_step import policy
from webapp.services.autotask.connection import connection
from webapp.services.autotask.settings import page as settings_page
from webapp.services.autotask.settings.choices import Choices
from webapp.services.company import app_settings, mail_server
from webapp.services.integrations import registry
from webapp.services.people import required_fields


@settings.get("/")
@settings_required
def index() -> ResponseReturnValue:
    """All settings, each with its status."""
    unmapped = 0
    if connection.load() is not None:
        # Use the cached lists, so that this page doesn't wait for Autotask.
        lists = Choices(replace(runtime(), offline=True))
        unmapped = sum(settings_page.unmapped(lists).values())
    states = [entry.state() for group in registry.by_group().values() for entry in group]
    return render_template(
        "settings/index.html",
        two_step=policy.required_for(),
        users=sum(user.is_active for user in users.list_users()),
        company=app_settings.get(app_settings.COMPANY_PROFILE)[0]["name"],
        required=len(required_fields.current()[0]),
        advice=required_fields.advice(connection.load() is not None),
        unmapped=unmapped,
        working=sum(state.working for state in states),
        mails=mail_server.is_configured(runtime()),
        troubled=sum(state.added and not state.working for state in states),
    )
