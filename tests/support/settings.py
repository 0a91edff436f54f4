"""The settings that tests give the product."""

from __future__ import annotations

import tempfile

SECRET_KEY = "a secret key for tests alone"
ENCRYPTION_KEY = "dGVzdHMtYWxvbmUtYW5kLW5vdGhpbmctZWxzZS0wMDA="


def environment(**values: str) -> dict[str, str]:
    """Environment variables of one process of the product; ``values`` win."""
    return {
        "FLASK_APP": "webapp",
        "SECRET_KEY": SECRET_KEY,
        "QUOTEWRIGHT_ENCRYPTION_KEYS": ENCRYPTION_KEY,
        "QUOTEWRIGHT_DATA": tempfile.gettempdir(),
        "PUBLIC_BASE_URL": "http://localhost",
        "AUTOTASK_ALLOWED_HOSTS": "127.0.0.1",
        **values,
    }
