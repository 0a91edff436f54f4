"""The PDF that carries the signature arrives on the opportunity once, beside the offer, and only after acceptance."""

from __future__ import annotations

import pytest

from tests.support.connected_desk import Desk
