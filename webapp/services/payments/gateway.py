"""What a gateway is: it knows where a customer pays, and understands who tells that they did.

Another one is a folder with a class of these two methods, and a line in ``registry``. No card data is ever seen here:
customers pay on the gateway's own pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from webapp.services.core.errors import ServiceError
from webapp.services.core.runtime import Runtime


class Refused(ServiceError):
    """A message about a payment that can't be read or noted. ``is_unsigned``: it isn't genuine."""

    def __init__(self, sentence: str, *, is_unsigned: bool = False) -> None:
        super().__init__(sentence)
        self.is_unsigned = is_unsigned


@dataclass(frozen=True)
class Asked:
    """What a customer is asked to pay: ``amount``, in ``currency``, for the quote of this ``number``."""

    number: int
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Told:
    """What a gateway says was paid. ``payment``: its own number of the payment, the same whenever it tells it again."""

    payment: str
    number: int
    amount: Decimal
    currency: str
    reference: str = ""


class Gateway:
    """``key`` is in addresses and rows; ``name`` on the screen."""

    key: str
    name: str

    def address(self, asked: Asked) -> str:
        """Where the customer pays; empty when this isn't set up."""
        raise NotImplementedError

    def told(self, runtime: Runtime, headers: Mapping[str, str], body: bytes) -> Told:
        """What a message to ``/payments/<key>`` says. Raises Refused with a sentence."""
        raise NotImplementedError
