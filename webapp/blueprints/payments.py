"""What a gateway for payments tells: programs call this, with a signature instead of a session."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from webapp.blueprints.support import runtime
from webapp.extensions import csrf, limiter
from webapp.services.core.errors import NotFound, ServiceError
from webapp.services.payments import paying
from webapp.services.payments.gateway import Refused

payments = Blueprint("payments", __name__, url_prefix="/payments")
MOST_BYTES = 16 * 1024


@payments.post("/<gateway>")
@csrf.exempt
@limiter.limit("60/minute")
def heard(gateway: str) -> ResponseReturnValue:
    """A payment. Telling it again changes nothing, and is answered the same."""
    request.max_content_length = MOST_BYTES
    try:
        payment = paying.hear(runtime(), gateway, dict(request.headers), request.get_data(cache=False))
    except Refused as error:
        return {"error": str(error)}, 401 if error.is_unsigned else 422
    except NotFound as error:
        return {"error": str(error)}, 404
    except ServiceError as error:
        return {"error": str(error)}, 503
    return {"noted": payment.id, "quote": payment.quote.number}
