"""How many examples Hypothesis tries, and under which conditions. ``QUICK=1`` (make check) tries a tenth of them.

``FUZZ_EXAMPLES=20000`` looks further, at other examples each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

QUICK = bool(os.environ.get("QUICK"))
FURTHER = int(os.environ.get("FUZZ_EXAMPLES", "0"))


def examples(count: int) -> settings:
    """Settings with ``count`` examples, the same ones each time.

    There is no deadline and no check for slow input: both would fail on a busy machine, and say nothing of the code.
    """
    return settings(
        max_examples=FURTHER or (max(5, count // 10) if QUICK else count),
        derandomize=not FURTHER,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


settings.register_profile("quotewright", examples(100))
settings.load_profile("quotewright")
