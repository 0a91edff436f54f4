"""The quote's opportunity: its amounts, its dates, and what the quote's outcome changes. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from webapp.models import local_key
from webapp.models.quote import LOST, PENDING, WON_STATUSES
from webapp.services.autotask.settings import patterns
from webapp.services.autotask.settings.model import StatusRule
from webapp.services.autotask.wanted import keys, user_defined
from webapp.services.autotask.wanted.context import Context, Notes, given, midnight
from webapp.services.autotask.wanted.desired import DesiredRecord, Ref
from webapp.services.quoting.money.money import ZERO, to_cents

ENTITY = "Opportunities"
SETTINGS = ("settings", "opportunity")
# What only an opportunity that has ended has.
OF_A_WIN, OF_A_LOSS = ("winReason",), ("lostDate", "lossReason", "lossReasonDetail")
ENDING = ("closedDate", *OF_A_WIN, *OF_A_LOSS)
MONTHS = {"monthlyRevenue": 1, "quarterlyRevenue": 3, "semiannualRevenue": 6, "yearlyRevenue": 12}


def owner_of(context: Context, notes: Notes) -> int | None:
    """The Autotask resource who owns new records: the quote's owner by email, else the default owner."""
    email = context.frozen.owner_email
    resource = context.facts.resources.get(email.lower())
    owner = resource or context.settings.opportunity.owner_resource_id
    if owner is None:
        notes.problem(
            f"Autotask has no resource with the email {email}, and no default owner is set.", *SETTINGS
        )
    return owner


def opportunity(
    context: Context, notes: Notes, owner: int | None, buckets: dict[str, Decimal]
) -> DesiredRecord:
    """The desired opportunity. ``buckets``: its revenue and cost by period."""
    frozen, chosen = context.frozen, context.settings.opportunity
    if chosen.status is None or chosen.stage is None:
        notes.problem("Choose the opportunity's stage and status in the Autotask settings.", *SETTINGS)
    initial: dict[str, Any] = {
        "title": context.text(ENTITY, "title", patterns.fill(chosen.title_pattern, frozen)),
        "companyID": Ref(keys.COMPANY),
        "contactID": Ref(keys.CONTACT) if frozen.person else None,
        "ownerResourceID": owner,
        "stage": chosen.stage,
        "status": chosen.status,
        "probability": chosen.probability,
        "leadSource": chosen.lead_source,
        "opportunityCategoryID": chosen.category,
        "startDate": midnight(frozen.published_on),
        "projectedCloseDate": midnight(_close_date(context)),
        "description": _description(context) or None,
        **user_defined.fields(context, chosen.opportunity_udfs),
    }
    fields: dict[str, Any] = {
        "useQuoteTotals": chosen.use_quote_totals,
        # Autotask counts recurring revenue this many times when it computes the amount itself.
        "totalAmountMonths": chosen.amount_months or None,
    }
    amounts = {**buckets, "amount": _amount(context, buckets), "cost": buckets["onetimeCost"]}
    if chosen.use_quote_totals or not context.outcome.rules:
        initial |= amounts
    else:
        fields |= amounts
    if context.outcome.rules:
        fields |= _outcome_fields(context, notes)
    return DesiredRecord(
        key=keys.OPPORTUNITY,
        entity=ENTITY,
        local=local_key.quote(frozen.quote_id),
        title=frozen.title,
        fields={name: value for name, value in fields.items() if _writable(context, name)},
        initial=given({name: value for name, value in initial.items() if name not in fields}),
        opening=_opening(context, fields),
        replaces=_reopening(context, fields),
        chosen_id=frozen.autotask_opportunity_id,
        where=f"the opportunity “{frozen.title}”",
    )


def _writable(context: Context, name: str) -> bool:
    return (ENTITY, name) not in context.facts.read_only


def _amount(context: Context, buckets: dict[str, Decimal]) -> Decimal:
    """One-time revenue plus as many months of recurring revenue as the settings say."""
    months = context.settings.opportunity.amount_months
    recurring = sum((buckets[name] * months / period for name, period in MONTHS.items()), ZERO)
    return to_cents(buckets["onetimeRevenue"] + recurring)


def _outcome_fields(context: Context, notes: Notes) -> dict[str, Any]:
    """Status, stage, probability, reasons and dates, as the settings map the quote's outcome."""
    outcome, mapping = context.outcome, context.settings.quote_status
    rule: StatusRule = getattr(mapping, "expired" if outcome.expired else outcome.status)
    fields: dict[str, Any] = {"status": rule.status, "stage": rule.stage, "probability": rule.probability}
    if outcome.expired:
        fields["lossReason"] = rule.reason
    elif outcome.status in WON_STATUSES:
        fields["winReason"] = rule.reason
    elif outcome.status == LOST:
        detail = context.text(ENTITY, "lossReasonDetail", outcome.lost_reason)
        fields |= {
            "lossReason": mapping.loss_reasons.get(outcome.loss_reason_id or 0, rule.reason),
            "lossReasonDetail": detail or None,
        }
    if outcome.status != PENDING and rule.status is None:
        notes.problem(
            f"No Autotask status is mapped for quotes that are {outcome.status}.", "settings", "quote_status"
        )
    return _of_other_ends(context) | given(fields) | _closing_dates(context, rule)


def _has_ended(context: Context) -> bool:
    return context.outcome.expired or context.outcome.status != PENDING


def _of_other_ends(context: Context) -> dict[str, Any]:
    """What an earlier end may have left, cleared: a quote can be won after a loss, and lost after a win."""
    if not _has_ended(context):
        return dict.fromkeys(ENDING)
    return dict.fromkeys(OF_A_LOSS if context.outcome.status in WON_STATUSES else OF_A_WIN)


def open_statuses(context: Context) -> frozenset[int]:
    """What the status of an opportunity is that hasn't ended: Active, or what the settings give to new ones."""
    ours = context.settings.opportunity.status
    return context.facts.open_statuses | ({ours} if ours is not None else set())


def _as_open(context: Context) -> dict[str, Any]:
    """Status, stage and probability of an open opportunity."""
    chosen = context.settings.opportunity
    return {"status": chosen.status, "stage": chosen.stage, "probability": chosen.probability}


def _opening(context: Context, fields: dict[str, Any]) -> dict[str, Any]:
    """An opportunity whose quote has ended is created open, and closed when its quote and lines are complete."""
    if not _has_ended(context) or not context.outcome.rules:
        return {}
    return {**{name: None for name in ENDING if name in fields}, **_as_open(context)}


def _reopening(context: Context, fields: dict[str, Any]) -> dict[str, tuple[frozenset[Any], Any]]:
    """For an open quote: how the opportunity comes back from what we wrote when the quote had ended."""
    if _has_ended(context) or not context.outcome.rules:
        return {}
    mapping = context.settings.quote_status
    ended = [mapping.accepted, mapping.ordered, mapping.fulfilled, mapping.lost, mapping.expired]
    replaces = {}
    for name, value in _as_open(context).items():
        earlier = frozenset(getattr(rule, name) for rule in ended) - {None, value}
        if name not in fields and value is not None and earlier:
            replaces[name] = (earlier, value)
    return replaces


def _closing_dates(context: Context, rule: StatusRule) -> dict[str, Any]:
    """The closed date and the lost date of a quote that has ended."""
    outcome = context.outcome
    if not _has_ended(context):
        return {}
    day = context.frozen.expires_on if outcome.expired else outcome.closed_on
    if not rule.set_closed_date or day is None:
        return {}
    lost = {"lostDate": midnight(day)} if outcome.status == LOST or outcome.expired else {}
    return {"closedDate": midnight(day), **lost}


def _description(context: Context) -> str:
    paragraphs = [context.frozen.comments.strip()]
    if context.settings.opportunity.number_in_description:
        paragraphs.insert(0, f"Quote {context.frozen.number}")
    return context.text(ENTITY, "description", "\n\n".join(text for text in paragraphs if text))


def _close_date(context: Context) -> date:
    frozen, chosen = context.frozen, context.settings.opportunity
    if chosen.close_date_rule == "expiry" and frozen.expires_on:
        return frozen.expires_on
    return frozen.published_on + timedelta(days=chosen.close_date_days)
