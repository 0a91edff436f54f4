"""App-wide settings: company profile, required fields, loss reasons, who needs two-step sign-in, how long
things are kept, texts of mail, whether pushing is paused, maintenance mode, and which ids are of a former Autotask.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, SessionTransaction

from webapp.models import AppSetting, User, db
from webapp.services.core import merge, work
from webapp.services.core.errors import Conflict
from webapp.services.core.merge import Values
from webapp.services.diary import diary, merging

KEPT = "app_settings"
COMPANY_PROFILE = "company_profile"
REQUIRED_FIELDS = "required_fields"
LOSS_REASONS = "loss_reasons"
PUSHING = "pushing"
TWO_STEP = "two_step"
ACCESS = "access"
PRIVACY = "privacy"
MAIL_TEXTS = "mail_texts"
MAINTENANCE = "maintenance"
SIGNING = "signing"
FORMER_IDS = "former_ids"

DEFAULTS: dict[str, dict[str, Any]] = {
    COMPANY_PROFILE: {
        **dict.fromkeys(
            ("name", "address", "phone", "email", "website", "terms", "next_accepted", "next_declined"), ""
        ),
        "time_zone": "UTC",
        "locale": "en_US",
        "paper": "",
        "currency": "USD",
        "other_currencies": [],
        "tax_rounding": "line",
        "price_ending": "none",
        "old_cost_days": 183,
        "default_tax_code_id": None,
    },
    REQUIRED_FIELDS: {"fields": ["last_name", "email"]},
    LOSS_REASONS: {
        "reasons": [
            {"id": 1, "name": "Price"},
            {"id": 2, "name": "Chose another provider"},
            {"id": 3, "name": "No budget"},
            {"id": 4, "name": "No decision"},
            {"id": 5, "name": "No longer needed"},
        ],
        "next": 6,
    },
    ACCESS: {
        "reps_see": "all",
        "reps_change": "own",
        "read_only_see": "all",
        "reps_see_cost": True,
        "read_only_see_cost": False,
        "reps_delete": True,
        "discount_admin": "",
        "discount_sales_manager": "",
        "discount_rep": "",
        "min_margin": "",
        "below_margin_admin": True,
        "below_margin_sales_manager": True,
        "below_margin_rep": False,
    },
    PUSHING: {"paused": False, "by": "", "at": "", "reason": ""},
    TWO_STEP: {"required_for": "off", "trusts_devices": False},
    MAIL_TEXTS: {},
    MAINTENANCE: {"sentence": "", "since": ""},
    # The newest revision whose ids are of an Autotask before this one.
    FORMER_IDS: {"revision_id": 0},
    SIGNING: {"countersign": False, "code": False},
    PRIVACY: {"call_bodies_days": None, "quotes_days": None, "trail_days": None},
}

# A row that was read behind a savepoint keeps what it said when the savepoint is rolled back.
_ALL = db.select(AppSetting).execution_options(populate_existing=True)
STALE = "These settings were changed while you were editing, so your changes aren't saved yet."


def get(key: str) -> tuple[dict[str, Any], int]:
    """The document stored under ``key``, completed with its defaults, and its version (0 if never saved)."""
    row = _row(key)
    stored = row.value if row else {}
    return {**DEFAULTS[key], **stored}, row.version if row else 0


def _row(key: str) -> AppSetting | None:
    """The row of ``key``. A transaction reads all of them together, once: a page asks for some a hundred times."""
    session = db.session()
    transaction, rows = session.info.get(KEPT, (None, {}))
    if transaction is None or transaction is not session.get_transaction():
        rows = {row.key: row for row in session.scalars(_ALL)}
        session.info[KEPT] = session.get_transaction(), rows
    found: AppSetting | None = rows.get(key)
    return found


@event.listens_for(db.session, "after_soft_rollback")
def _forget(session: Session, _ended: SessionTransaction | None = None) -> None:
    """Read them again."""
    session.info.pop(KEPT, None)


def merged(
    key: str,
    actor: User | None,
    form: Values,
    mine: Values,
    shown: Callable[[dict[str, Any]], Values] = lambda document: document,
) -> tuple[dict[str, object], dict[str, Any], int]:
    """What to store of ``mine``, merged with what others stored since the form was opened (``core.merge``).

    ``shown``: the values that the form shows of the document. Returns them with the document and its version for
    ``put``, in the same transaction. Raises Conflict with the fields that both changed.
    """
    db.session.get(AppSetting, key, with_for_update=True, populate_existing=True)
    _forget(db.session())
    document, version = get(key)
    stored = shown(document)

    def who(names: Collection[str]) -> str:
        return merging.who_changed(actor, "app_setting", key, names)

    values = merge.merge(form, mine, {name: stored.get(name, "") for name in mine}, what="page", who=who)
    return values.values, document, version


@work.command
def put(key: str, value: dict[str, Any], expected_version: int, actor: User | None) -> int:
    """Store ``value`` and return the new version.

    Raises Conflict when someone saved after ``expected_version`` was read.
    """
    row = db.session.get(AppSetting, key, with_for_update=True, populate_existing=True)
    _forget(db.session())
    before, version = get(key)
    if version != expected_version:
        raise Conflict(STALE)
    row = row or AppSetting(key=key, version=0)
    row.value = value
    row.version = version + 1
    db.session.add(row)
    diary.write(actor, "settings.changed", "app_setting", key, before=before, after=value)
    try:
        db.session.flush()
    except IntegrityError as error:
        # Two people saved these settings for the first time at the same moment.
        raise Conflict(STALE) from error
    finally:
        _forget(db.session())
    return version + 1
