"""Where a company is: the time zone in which its days begin and end, and how it writes numbers, dates and paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel import Locale, dates

LETTER, A4 = "letter", "a4"
PAPERS = {LETTER: "Letter (8.5 × 11 in)", A4: "A4 (210 × 297 mm)"}
# Territories that write on Letter, of those whose formats are offered (Unicode CLDR, supplemental paperSize).
LETTER_TERRITORIES = frozenset({"US", "CA", "MX", "PH"})
# The pages are in English; these are the number and date formats that a company can choose.
LOCALES = (
    *("en_US", "en_AU", "en_CA", "en_HK", "en_IN", "en_IE", "en_NZ", "en_SG", "en_ZA", "en_GB"),
    *("cs_CZ", "da_DK", "de_AT", "de_DE", "de_CH", "es_ES", "es_MX", "fi_FI", "fr_BE", "fr_CA", "fr_FR"),
    *("fr_CH", "it_IT", "ja_JP", "nl_BE", "nl_NL", "nb_NO", "pl_PL", "pt_BR", "pt_PT", "sv_SE"),
)


@dataclass(frozen=True)
class Place:
    """``time_zone``: an IANA name. ``locale``: one of ``LOCALES``. ``paper``: one of ``PAPERS``, or empty for the
    paper that goes with the currency (revisions published before a company could choose it).
    """

    time_zone: str = "UTC"
    locale: str = "en_US"
    paper: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone; UTC if this machine doesn't know its name."""
        return _zone(self.time_zone)

    @property
    def territory(self) -> str:
        """The two-letter code of the country whose formats are used."""
        return str(Locale.parse(self.locale).territory)

    def today(self) -> date:
        """Today's date here."""
        return self.day_of(datetime.now(UTC))

    def day_of(self, moment: datetime) -> date:
        """The date here at ``moment`` (aware)."""
        return moment.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """The first moment of ``day`` here, in UTC. In a zone that skips midnight, the moment of the change."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def end_of(self, day: date) -> datetime:
        """The first moment after ``day`` here, in UTC."""
        return self.start_of(day + timedelta(days=1))

    def zone_name(self) -> str:
        """The time zone for people: “Eastern Time”."""
        return "UTC" if self.zone.key == "UTC" else dates.get_timezone_name(self.zone, locale="en_US")

    def zone_short(self, moment: datetime) -> str:
        """The time zone as it is called at ``moment``: “EST”, or “UTC+01:00” where English has no short name."""
        local = moment.astimezone(self.zone)
        name = dates.get_timezone_name(local, width="short", locale="en_US")
        return f"UTC{local.isoformat()[-6:]}" if name.startswith(("+", "-")) else name


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


@cache
def time_zones() -> tuple[str, ...]:
    """The zones to choose from, by name: those of a city, and UTC."""
    cities = {
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/"))
    }
    return ("UTC", *sorted(cities))


def paper_of(locale: str) -> str:
    """The paper that a company with this locale prints on."""
    return LETTER if Locale.parse(locale).territory in LETTER_TERRITORIES else A4
