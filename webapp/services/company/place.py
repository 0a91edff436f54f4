"""The company's place, and a person's: whose days, times and formats count."""

from __future__ import annotations

from datetime import date

from webapp.models import User
from webapp.services.company import app_settings
from webapp.services.core.place import Place


def of_company() -> Place:
    """The company's place. Its days decide when quotes expire and which dates stand on paper and in Autotask."""
    profile, _ = app_settings.get(app_settings.COMPANY_PROFILE)
    return Place(str(profile["time_zone"]), str(profile["locale"]), str(profile["paper"]))


def of_user(user: User | None) -> Place:
    """Where ``user`` reads the screen: the company's place, with their own time zone if they chose one."""
    company = of_company()
    return Place(user.time_zone, company.locale, company.paper) if user and user.time_zone else company


def today() -> date:
    """Today's date at the company."""
    return of_company().today()
