"""The hourly threshold of a database: what is told of it, and how it brakes."""

from __future__ import annotations

import time

from sandbox.errors import ApiError
from sandbox.tenants import Tenant


def told(tenant: Tenant) -> dict[str, int]:
    """The answer of ``ThresholdInformation``."""
    return {
        "externalRequestThreshold": tenant.hourly_threshold,
        "requestThresholdTimeframe": 60,
        "currentTimeframeRequestCount": tenant.log.in_last_hour(),
    }


def brake(tenant: Tenant) -> None:
    """Count a call; slow it down from half of the hourly threshold on, and refuse it from all of it on.

    Raises ApiError.
    """
    used = tenant.log.count_in(tenant.hourly_threshold)
    if used is None:
        raise ApiError(
            429, "The hourly request threshold of this database has been reached. Try again later."
        )
    if tenant.threshold_delays and tenant.hourly_threshold:
        share = used / tenant.hourly_threshold
        if share >= 0.5:
            time.sleep(1.0 if share >= 0.75 else 0.5)
