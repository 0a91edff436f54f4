"""Quote Status Mapping: a rule for each status, and one for each loss reason."""

from __future__ import annotations

from webapp.services.autotask.settings.fields.field import FormField

STATUSES = ("pending", "accepted", "ordered", "fulfilled", "lost", "expired")
STATUS_LABELS = {name: name.capitalize() for name in STATUSES}
# The list of reasons that a status uses; only won and lost quotes have reasons.
REASONS = {
    "accepted": "win_reasons",
    "ordered": "win_reasons",
    "fulfilled": "win_reasons",
    "lost": "loss_reasons",
    "expired": "loss_reasons",
}

# Won and lost quotes always update the opportunity's status.
ANSWERED = ("accepted", "ordered", "fulfilled", "lost")
_STATUS_NEEDED = "Choose a status. Won and lost quotes always update the opportunity."
_STATUS_WORDS = {
    "pending": ("active", "open"),
    "accepted": ("closed", "won"),
    "ordered": ("closed", "won"),
    "fulfilled": ("implemented", "closed", "won"),
    "lost": ("lost",),
}
_STAGE_WORDS = {
    "accepted": ("won", "closed"),
    "ordered": ("won", "closed"),
    "fulfilled": ("won", "closed"),
    "lost": ("lost",),
}


def _status_fields(status: str) -> tuple[FormField, ...]:
    label = STATUS_LABELS[status]
    keep = "Don't change"
    fields = [
        FormField(
            f"{status}-status",
            f"{label}: opportunity status",
            "remote",
            "statuses",
            required=_STATUS_NEEDED if status in ANSWERED else "",
            empty="Choose a status" if status in ANSWERED else keep,
            guess=_STATUS_WORDS.get(status, ()),
        ),
        FormField(
            f"{status}-stage",
            f"{label}: stage",
            "remote",
            "stages",
            empty=keep,
            guess=_STAGE_WORDS.get(status, ()),
        ),
        FormField(f"{status}-probability", f"{label}: probability (%)", "number", empty="Don't change"),
    ]
    if status in REASONS:
        kind = REASONS[status].removesuffix("_reasons")
        fields.append(
            FormField(f"{status}-reason", f"{label}: {kind} reason", "remote", REASONS[status], empty=keep)
        )
    if status != "pending":
        # An open quote has no closed date, and a reopened quote loses it.
        fields.append(FormField(f"{status}-set_closed_date", f"{label}: set the closed date", "flag"))
    return tuple(fields)


def loss_reason_field(reason_id: int, name: str) -> FormField:
    """The control that maps one of our loss reasons."""
    return FormField(
        f"loss_reasons-{reason_id}",
        f"Lost for “{name}”",
        "remote",
        "loss_reasons",
        empty="Use the Lost default",
        guess=(name.lower(), *_LOSS_WORDS.get(name.lower(), ())),
    )


_LOSS_WORDS = {
    "price": ("price", "cost"),
    "chose another provider": ("competitor",),
    "no budget": ("budget",),
    "no decision": ("decision",),
}

QUOTE_STATUS = tuple(field for status in STATUSES for field in _status_fields(status))
