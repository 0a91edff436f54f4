"""The gateway of a pay link: an address with the quote's number and amount, and messages signed like our webhooks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webapp.services.company import payments
from webapp.services.core import signatures
from webapp.services.core.runtime import Runtime
from webapp.services.payments.gateway import Asked, Gateway, Refused, Told

UNSIGNED = "The signature is missing or wrong, or older than five minutes. Nothing was noted."


class Message(BaseModel):
    """The body. ``id``: of the payment, in the sender's books."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    id: Annotated[str, Field(pattern=r"^[\x20-\x7e]{1,120}$")]
    quote: Annotated[int, Field(gt=0, lt=2**31)]
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=4)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    reference: Annotated[str, Field(max_length=120)] = ""


class LinkGateway(Gateway):
    """The only gateway so far."""

    key = "link"
    name = "Pay link"

    def address(self, asked: Asked) -> str:
        """The pay link of the settings, filled in."""
        values = {
            "quote": str(asked.number),
            "amount": f"{asked.amount:f}",
            "currency": asked.currency,
        }
        return payments.filled(payments.stored().pay_link, values)

    def told(self, runtime: Runtime, headers: Mapping[str, str], body: bytes) -> Told:
        """Read a message that is signed with the secret of the settings."""
        header = headers.get(signatures.HEADER, "")
        if not signatures.is_genuine(payments.secret(runtime), header, body, int(time.time())):
            raise Refused(UNSIGNED, is_unsigned=True)
        try:
            message = Message.model_validate_json(body)
        except ValidationError as error:
            wrong = (
                ", ".join(sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]})) or "the JSON"
            )
            raise Refused(f"This can't be read: {wrong}. Nothing was noted.") from None
        return Told(message.id, message.quote, message.amount, message.currency, message.reference)
