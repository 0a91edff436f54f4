"""Encryption of stored credentials."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from webapp.services.core.errors import ServiceError

NO_KEY_FITS = (
    "The stored credentials cannot be decrypted, because the key that encrypted them is no longer in "
    "QUOTEWRIGHT_ENCRYPTION_KEYS. Add the old key behind the new one, or enter the credentials again."
)


class Vault:
    """Encrypts with the newest key, decrypts with any of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, text: str) -> str:
        """Return ``text`` as a Fernet token."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """Return the text of ``token``. Raises ServiceError when no key fits."""
        try:
            return self._fernet.decrypt(token.encode("ascii")).decode()
        except InvalidToken as error:
            raise ServiceError(NO_KEY_FITS) from error

    def rotate(self, token: str) -> str:
        """Return ``token`` encrypted again with the newest key. Raises ServiceError when no key fits."""
        try:
            return self._fernet.rotate(token.encode("ascii")).decode("ascii")
        except InvalidToken as error:
            raise ServiceError(NO_KEY_FITS) from error
