"""The areas of the screen, and the error pages."""

from __future__ import annotations

from flask import Flask

from webapp.blueprints import closed, gate, support, theme
from webapp.blueprints.account import account
from webapp.blueprints.activity import activity
from webapp.blueprints.auth import auth
from webapp.blueprints.drift import drift
from webapp.blueprints.home import home
from webapp.blueprints.integrations import integrations
from webapp.blueprints.items import items
from webapp.blueprints.livelinks import livelinks
from webapp.blueprints.mail_events import mail_events
from webapp.blueprints.monitor import monitor
from webapp.blueprints.payments import payments
from webapp.blueprints.people import people
from webapp.blueprints.public import public
from webapp.blueprints.quotes import quotes
from webapp.blueprints.search import search
from webapp.blueprints.settings import settings


def init_app(app: Flask) -> None:
    """Register all blueprints and error pages."""
    app.url_map.converters["int"] = support.RecordNumber
    parts = (
        monitor,
        home,
        auth,
        account,
        quotes,
        people,
        items,
        activity,
        public,
        search,
        settings,
        integrations,
        drift,
        livelinks,
        payments,
        mail_events,
    )
    for blueprint in parts:
        app.register_blueprint(blueprint)
    support.init_app(app)
    theme.init_app(app)
    closed.init_app(app)
    app.before_request(gate.check)
