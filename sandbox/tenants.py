"""Tenants: one Autotask database each, told apart by the integration code."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sandbox import seed
from sandbox.callbacks import Callbacks
from sandbox.calls import CallLog
from sandbox.contract import entities
from sandbox.dialect import HIGH_ID, spoken
from sandbox.dialect import check as check_dialect
from sandbox.faults import Faults
from sandbox.seed.reference import API_USER
from sandbox.store import Store
from sandbox.store import tenants as known

DEMO_CODE, DEMO_USER, DEMO_SECRET = "SANDBOX-DEMO", "api@demo.example", "sandbox-secret"


@dataclass
class Tenant:
    """One database with its API user, its limits and its faults.

    ``permissions``: ``{entity: verbs}``; an entity that is missing allows everything. ``picklists``:
    ``{entity: {field: [value, ...]}}``. ``udfs``: names of user-defined fields by entity; ``required_udfs``: those that
    a record must have.
    """

    code: str
    user: str
    secret: str = field(repr=False)
    seed_name: str
    store: Store
    permissions: dict[str, list[str]] = field(default_factory=dict)
    thread_limit: int = 3
    hourly_threshold: int = 10_000
    latency_ms: int = 0
    threshold_delays: bool = True
    strict: bool = False
    attachment_bytes: int = 6_500_000
    attachment_rate_bytes: int = 10_000_000
    dialect: dict[str, str] = field(default_factory=dict)
    picklists: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    udfs: dict[str, list[str]] = field(default_factory=dict)
    required_udfs: dict[str, list[str]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    log: CallLog = field(default_factory=CallLog)
    attachment_log: list[tuple[float, int]] = field(default_factory=list)
    attachments_closed_until: float = 0.0
    callbacks: Callbacks = field(default_factory=Callbacks)
    webhook_sequence: int = 0
    acting: threading.local = field(default_factory=threading.local)

    @property
    def person(self) -> int | None:
        """The resource that writes: the one that this thread's call impersonates, else the API user."""
        impersonated: int | None = getattr(self.acting, "person", None)
        return impersonated or self.api_user

    @property
    def api_user(self) -> int | None:
        """The resource that the API user is."""
        resources = self.store.table("Resources").where("userType", API_USER)
        return resources[0]["id"] if resources else None

    def reset(self) -> None:
        """Back to the seed: records, picklists, faults, log."""
        with self.store:
            self.store.clear()
            self.fill()
            self.faults.clear()
            self.log.reset()
            self.attachment_log.clear()
            self.attachments_closed_until = 0.0

    def fill(self) -> None:
        """Put in the seed's picklists, and its records where there are none yet."""
        self.picklists, self.udfs = seed.picklists(), seed.user_defined_fields()
        if not self.store.tables:
            for entity, records in seed.records(self.seed_name, date.today()).items():  # noqa: DTZ011  a demo's today
                self.store.put_many(entity, records)
        self.place_ids()
        self.remember()

    def place_ids(self) -> None:
        """Let the ids of new records begin where the dialect says."""
        if self.store.tables and spoken(self.dialect, "ids") == "high":
            for entity in entities():
                self.store.table(entity).reserve(HIGH_ID - 1)

    def settings(self) -> dict[str, Any]:
        """The settings by their JSON names."""
        return {name: getattr(self, attribute) for name, (attribute, _) in SETTINGS.items()}

    def remember(self) -> None:
        """Write to the file, where there is one, what is no record."""
        self.store.remember(
            {
                "seed": self.seed_name,
                "settings": self.settings(),
                "picklists": self.picklists,
                "udfs": self.udfs,
                "required_udfs": self.required_udfs,
            }
        )


class Tenants:
    """All tenants of the process; with a file, those that it knows from before."""

    def __init__(self, data: Path | None = None) -> None:
        self._data = data
        self._lock = threading.Lock()
        self.strays = CallLog()  # calls that belong to no tenant
        self._by_code: dict[str, Tenant] = {}
        for code, about in known(data) if data is not None else ():
            settings = about["settings"]
            tenant = Tenant(code, settings["user"], settings["secret"], about["seed"], Store(code, data))
            apply_settings(tenant, settings)
            tenant.picklists = about["picklists"]
            tenant.udfs = (
                about.get("udfs") or seed.user_defined_fields()
            )  # a file from before these were kept
            tenant.required_udfs = about.get("required_udfs") or {}
            self._by_code[code.lower()] = tenant

    def create(self, code: str, user: str, secret: str, seed_name: str = "demo", **settings: Any) -> Tenant:
        """Make a tenant. Raises ValueError with a sentence for a code in use or a wrong setting."""
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", code):
            raise ValueError("The code must be 1 to 80 letters, digits, dots, dashes or underscores.")
        if seed_name not in seed.NAMES:
            raise ValueError(f"The seed must be one of {', '.join(seed.NAMES)}.")
        check_settings({**settings, "user": user, "secret": secret})
        with self._lock:
            if code.lower() in self._by_code:
                raise ValueError(f"There is already a tenant {code}.")
            tenant = Tenant(code, user, secret, seed_name, Store(code, self._data))
            with tenant.store:
                apply_settings(tenant, settings)
                tenant.fill()
            self._by_code[code.lower()] = tenant
        return tenant

    def find(self, code: str) -> Tenant | None:
        """The tenant with this integration code."""
        return self._by_code.get(code.lower())

    def of_user(self, user: str) -> Tenant | None:
        """The first tenant with this API user, for the zone look-up, which knows no code."""
        return next((t for t in list(self._by_code.values()) if t.user.lower() == user.lower()), None)

    def all(self) -> list[Tenant]:
        """Every tenant."""
        return list(self._by_code.values())

    def remove(self, code: str) -> None:
        """Forget a tenant and its records."""
        # Under the lock, so that a new tenant of the same code is not forgotten along with the old one.
        with self._lock:
            tenant = self._by_code.pop(code.lower(), None)
            if tenant:
                tenant.callbacks.close()
                tenant.faults.clear()
                with tenant.store:
                    tenant.store.forget()
                tenant.store.close()


MOST = 10**15  # for a number that somebody sets
LONGEST_WAIT_MS = 120_000  # as for faults: a call that never ends helps nobody
KINDS = {int: "a whole number", bool: "true or false", dict: "an object", str: "text"}
SETTINGS: dict[str, tuple[str, type]] = {
    "threadLimit": ("thread_limit", int),
    "hourlyThreshold": ("hourly_threshold", int),
    "latencyMs": ("latency_ms", int),
    "thresholdDelays": ("threshold_delays", bool),
    "strict": ("strict", bool),
    "attachmentBytes": ("attachment_bytes", int),
    "attachmentRateBytes": ("attachment_rate_bytes", int),
    "permissions": ("permissions", dict),
    "dialect": ("dialect", dict),
    "secret": ("secret", str),
    "user": ("user", str),
}


def apply_settings(tenant: Tenant, settings: dict[str, Any]) -> None:
    """Change settings by their JSON names, all or none. Raises ValueError with a sentence."""
    check_settings(settings)
    for name, value in settings.items():
        setattr(tenant, SETTINGS[name][0], value)
    tenant.place_ids()


def check_settings(settings: dict[str, Any]) -> None:
    """Raises ValueError with a sentence for a setting that is not there or a value that it cannot have."""
    for name, value in settings.items():
        if name not in SETTINGS:
            raise ValueError(f"There is no setting {name}. Known: {', '.join(SETTINGS)}.")
        kind = SETTINGS[name][1]
        if type(value) is not kind:
            raise ValueError(f"The setting {name} must be {KINDS[kind]}.")
        most = LONGEST_WAIT_MS if name == "latencyMs" else MOST
        if isinstance(value, int) and not 0 <= value <= most:
            raise ValueError(f"The setting {name} must be between 0 and {most}.")
        if value == "":
            raise ValueError(f"The setting {name} must not be empty.")
        if name == "dialect" and isinstance(value, dict):
            check_dialect(value)
        elif isinstance(value, dict) and not all(
            _is_permission(entity, verbs) for entity, verbs in value.items()
        ):
            raise ValueError('Permissions look like {"Companies": ["query", "create", "update", "delete"]}.')


def _is_permission(entity: str, verbs: Any) -> bool:
    known_verbs = ("query", "create", "update", "delete")
    return entity in entities() and isinstance(verbs, list) and all(verb in known_verbs for verb in verbs)
