"""Why there is no seal. They are here, since the modules that seal take long to load."""

from __future__ import annotations

from webapp.services.core.errors import ServiceError


class NoStamp(ServiceError):
    """The authority gave no time stamp, for the reason in the sentence."""


class NotSealed(ServiceError):
    """The company's key made no whole signature, for the reason in the sentence."""
