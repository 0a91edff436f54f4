"""Encryption of stored credentials."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from webapp.services.core.errors import ServiceError

NO_MATCHING_KEY = (
    "The stored credentials can't be decrypted: the key that encrypted them is no longer in "
    "QUOTEWRIGHT_ENCRYPTION_KEYS. Add the old key after the new one, or enter the credentials again."
)


class Vault:
    """Encrypts with the newest key, decrypts with any key."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, text: str) -> str:
        """Return ``text`` as a Fernet token."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """Return the text of ``token``. Raises ServiceError when no key matches."""
        try:
            return self._fernet.decrypt(token.encode("ascii")).decode()
        except InvalidToken as error:
            raise ServiceError(NO_MATCHING_KEY) from error

    def rotate(self, token: str) -> str:
        """Return ``token`` encrypted re-encrypted with the newest key. Raises ServiceError when no key matches."""
        try:
            return self._fernet.rotate(token.encode("ascii")).decode("ascii")
        except InvalidToken as error:
            raise ServiceError(NO_MATCHING_KEY) from error
