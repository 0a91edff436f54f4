"""What a mail service tells of emails that it took: programs call this, with the key of Settings > Mail as password."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from webapp.extensions import csrf, limiter
from webapp.services.company import mail_server
from webapp.services.core.errors import Invalid
from webapp.services.delivery import bounces

mail_events = Blueprint("mail_events", __name__, url_prefix="/mail")
MOST_BYTES = 1024 * 1024


@mail_events.post("/events")
@csrf.exempt
@limiter.limit("300/minute")
def heard() -> ResponseReturnValue:
    """Note each report; one that comes again, or is about no email of ours, changes nothing."""
    request.max_content_length = MOST_BYTES
    given = request.authorization
    if given is None or not mail_server.is_events_key(given.password or ""):
        return {"error": "The password of the address is wrong."}, 401, {"WWW-Authenticate": "Basic"}
    try:
        reports = bounces.read(request.get_data(cache=False))
    except Invalid as error:
        return {"error": str(error)}, 422
    noted = sum(bounces.note(report) for report in reports)
    return {"noted": noted, "ignored": len(reports) - noted}
