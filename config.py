"""All settings of Quotewright, read once from the environment.

Each variable can also be set as ``NAME_FILE``, the path of a file that holds the value, so that secrets can be mounted
as files. A wrong value stops the start with a sentence.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from redis import Redis
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

AUTOTASK_PUBLIC_ROOT = "https://webservices.autotask.net/atservicesrest"


@cache
def version() -> str:
    """The version of this checkout or image, as pyproject.toml says."""
    text = Path(__file__).with_name("pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


class ConfigError(Exception):
    """A setting is missing or wrong; the message is a sentence for the operator."""


@dataclass(frozen=True)
class Config:
    """All settings of one process. ``encryption_keys``: newest first, url-safe base64 Fernet keys."""

    secret_key: str = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)
    database_url: str
    redis_url: str
    data_dir: Path
    public_base_url: str
    autotask_root: str = AUTOTASK_PUBLIC_ROOT
    autotask_allowed_hosts: tuple[str, ...] = ()
    autotask_timeout_seconds: float = 30.0
    call_bodies_days: int = 90
    webhook_allowed_hosts: tuple[str, ...] = ()
    timestamp_allowed_hosts: tuple[str, ...] = ()
    mail_allowed_hosts: tuple[str, ...] = ()
    cookie_secure: bool = False
    trusted_proxies: int = 0
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_label: str = ""
    oidc_allowed_hosts: tuple[str, ...] = ()
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    max_upload_bytes: int = 8 * 1024 * 1024
    metrics_token: str = field(default="", repr=False)
    otlp_endpoint: str = ""
    log_json: bool = False
    audit_log: bool = False
    empty_database: bool = False
    fail_points: Path | None = None


def load(environ: Mapping[str, str] | None = None) -> Config:
    """Read the settings from ``environ`` (default: the process environment).

    Raises ConfigError with a sentence for each wrong variable, which names it and the fix.
    """
    source = _Source(os.environ if environ is None else environ)
    data_dir = Path(source.text("QUOTEWRIGHT_DATA", "var")).resolve()
    base_url = source.url("PUBLIC_BASE_URL", "http://127.0.0.1:8000")
    smtp_url = source.smtp_url("SMTP_URL")
    oidc_issuer = source.text("OIDC_ISSUER")
    autotask_root = source.url("AUTOTASK_ROOT", AUTOTASK_PUBLIC_ROOT)
    loaded = Config(
        secret_key=source.secret("SECRET_KEY"),
        encryption_keys=source.fernet_keys("QUOTEWRIGHT_ENCRYPTION_KEYS"),
        database_url=source.database_url("DATABASE_URL", data_dir),
        redis_url=source.redis_url("REDIS_URL"),
        data_dir=data_dir,
        public_base_url=base_url,
        autotask_root=autotask_root,
        autotask_allowed_hosts=source.words("AUTOTASK_ALLOWED_HOSTS"),
        autotask_timeout_seconds=source.number("AUTOTASK_TIMEOUT_SECONDS", 30.0),
        call_bodies_days=source.days("CALL_BODIES_DAYS", 90),
        webhook_allowed_hosts=source.words("WEBHOOK_ALLOWED_HOSTS"),
        mail_allowed_hosts=source.words("MAIL_ALLOWED_HOSTS"),
        timestamp_allowed_hosts=source.words("TIMESTAMP_ALLOWED_HOSTS"),
        oidc_issuer=source.issuer("OIDC_ISSUER") if oidc_issuer else "",
        oidc_client_id=source.client_id("OIDC_CLIENT_ID", needed=bool(oidc_issuer)),
        oidc_client_secret=source.text("OIDC_CLIENT_SECRET"),
        oidc_label=source.text("OIDC_LABEL"),
        oidc_allowed_hosts=source.words("OIDC_ALLOWED_HOSTS"),
        cookie_secure=source.flag("COOKIE_SECURE", base_url.startswith("https://")),
        trusted_proxies=source.count("TRUSTED_PROXIES"),
        metrics_token=source.secret("METRICS_TOKEN", needed=False),
        otlp_endpoint=source.url("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        log_json=source.flag("LOG_JSON", False),
        audit_log=source.flag("AUDIT_LOG", False),
        empty_database=source.flag("EMPTY_DATABASE", False),
        fail_points=source.fail_points("FAIL_POINTS", autotask_root),
        smtp_url=smtp_url,
        mail_from=source.sender("MAIL_FROM", needed=bool(smtp_url)),
    )
    source.check()
    return loaded


def database_url(address: str) -> str:
    """The address of a database as ``load`` would read it from DATABASE_URL. Raises ConfigError."""
    source = _Source({"DATABASE_URL": address})
    url = source.database_url("DATABASE_URL", Path())
    source.check()
    return url


class _Source:
    """Typed readers over an environment mapping."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[str] = []
        self._unreadable: set[str] = set()

    def check(self) -> None:
        """Raise ConfigError with every problem, a line each, so that nobody starts once for each of them."""
        if self._problems:
            raise ConfigError("\n".join(self._problems))

    def _wrong(self, sentence: str) -> None:
        if sentence not in self._problems:
            self._problems.append(sentence)

    def text(self, name: str, default: str = "") -> str:
        file_name = self._environ.get(f"{name}_FILE", "")
        if not file_name:
            return self._environ.get(name, "").strip() or default
        try:
            return Path(file_name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "it isn't UTF-8"
            self._wrong(
                f"{name}_FILE names {file_name}, which can't be read ({reason}). "
                "Fix the path or the file's permissions and start again."
            )
            self._unreadable.add(name)
            return default

    def secret(self, name: str, *, needed: bool = True) -> str:
        value = self.text(name)
        if not value and not needed:
            return ""
        if len(value) < 16 and name not in self._unreadable:
            self._wrong(
                f"{name} is missing or shorter than 16 characters. "
                "Set it to a long random string and keep it the same between starts."
            )
        return value

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(word.strip().lower() for word in self.text(name).split(",") if word.strip())

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if value in ("1", "true", "yes", "on"):
            return True
        if value in ("0", "false", "no", "off"):
            return False
        if value:
            self._wrong(f"{name} is “{value}”. Use yes or no.")
        return default

    def number(self, name: str, default: float) -> float:
        value = self.text(name)
        try:
            number = float(value) if value else default
        except ValueError:
            number = 0
        if not 0 < number <= 40:
            self._wrong(f"{name} is “{value}”. Use a number of seconds above 0 and up to 40.")
        return number

    def days(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit() or len(value) > 4 or not 1 <= int(value) <= 3650:
            self._wrong(f"{name} is “{value}”. Use a number of days from 1 to 3650.")
            return default
        return int(value)

    def count(self, name: str) -> int:
        value = self.text(name, "0")
        if not value.isascii() or not value.isdigit() or int(value) > 9:
            self._wrong(f"{name} is “{value}”. Use the number of proxies in front of the app, from 0 to 9.")
            return 0
        return int(value)

    def url(self, name: str, default: str) -> str:
        value = self.text(name, default).rstrip("/")
        if (value or default) and not _is_web_address(value):
            self._wrong(f"{name} is “{value}”. Use an address that starts with http:// or https://.")
            return default
        return value

    def issuer(self, name: str) -> str:
        value = self.text(name)
        if not _is_web_address(value) or "?" in value or "#" in value:
            self._wrong(f"{name} is “{value}”. Use the issuer of your provider, which starts with https://.")
        return value

    def client_id(self, name: str, needed: bool) -> str:
        value = self.text(name)
        if needed and not value:
            self._wrong(f"{name} is missing. Set it with OIDC_ISSUER, or unset both.")
        return value

    def smtp_url(self, name: str) -> str:
        value = self.text(name)
        try:
            parts = urlsplit(value)
            usable = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if value and not usable:
            # The value may hold a password, so the message doesn't repeat it.
            self._wrong(
                f"{name} must look like smtp://host:25, smtp://user:password@host:587 or smtps://host."
            )
        return value

    def sender(self, name: str, needed: bool) -> str:
        value = self.text(name)
        if needed and ("@" not in value or any(character.isspace() for character in value)):
            self._wrong(f"{name} is missing. Set the sender of emails, for example quotes@example.com.")
        return value

    def database_url(self, name: str, data_dir: Path) -> str:
        value = self.text(name, f"sqlite:///{data_dir / 'quotewright.db'}")
        if value.startswith(("postgres://", "postgresql://")):
            value = "postgresql+psycopg://" + value.split("://", 1)[1]
        # The value may hold a password, so no message repeats it.
        if not value.startswith(("sqlite:", "postgresql+psycopg:")):
            self._wrong(f"{name} must start with postgresql:// or sqlite:///.")
            return "sqlite://"
        try:
            make_url(value)
        except (ArgumentError, ValueError):
            self._wrong(f"{name} must look like postgresql://user:password@host:5432/name.")
            return "sqlite://"
        return value

    def redis_url(self, name: str) -> str:
        value = self.text(name, "redis://127.0.0.1:6379/0")
        try:
            Redis.from_url(value)
        except ValueError:
            self._wrong(
                f"{name} must look like redis://:password@host:6379/0, rediss://… or unix:///path?db=0."
            )
        return value

    def fail_points(self, name: str, autotask_root: str) -> Path | None:
        value = self.text(name)
        if value and urlsplit(autotask_root).hostname not in ("127.0.0.1", "localhost", "::1"):
            self._wrong(
                f"{name} kills workers in tests, and AUTOTASK_ROOT isn't a sandbox on this machine. Unset {name}."
            )
        return Path(value).resolve() if value else None

    def fernet_keys(self, name: str) -> tuple[str, ...]:
        keys = tuple(key.strip() for key in self.text(name).split(",") if key.strip())
        if not keys and name not in self._unreadable:
            self._wrong(
                f"{name} is missing. Set one or more Fernet keys that encrypt stored credentials, newest first, "
                "separated by commas."
            )
        for position, key in enumerate(keys, start=1):
            try:
                Fernet(key)
            except ValueError:
                self._wrong(f"Key {position} in {name} is not a Fernet key (32 bytes, url-safe base64).")
        return keys


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
