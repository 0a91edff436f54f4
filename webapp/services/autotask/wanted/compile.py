"""Compile a frozen revision, the settings and the facts into the desired remote state. Pure: no I/O, no clock."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import get_currency_precision

from webapp.services.autotask.settings.model import AutotaskSettings
from webapp.services.autotask.wanted import translations
from webapp.services.autotask.wanted.attachment import attachment
from webapp.services.autotask.wanted.company import company, company_match
from webapp.services.autotask.wanted.contact import contact
from webapp.services.autotask.wanted.context import Context, Notes, Outcome
from webapp.services.autotask.wanted.desired import BILLED, BUCKETS, Desired, LineTotal
from webapp.services.autotask.wanted.facts import RemoteFacts
from webapp.services.autotask.wanted.items import compile_lines
from webapp.services.autotask.wanted.line import lines_of
from webapp.services.autotask.wanted.locations import locations
from webapp.services.autotask.wanted.opportunity import open_statuses, opportunity, owner_of
from webapp.services.autotask.wanted.quote import quote
from webapp.services.quoting.money.money import CENTS, ZERO
from webapp.services.quoting.revisions import parts
from webapp.services.quoting.revisions.snapshot import Snapshot


def compile_quote(
    frozen: Snapshot, outcome: Outcome, *, content_sha256: str, settings: AutotaskSettings, facts: RemoteFacts
) -> Desired:
    """Compile one revision and its outcome.

    A bundle is compiled as its parts. Everything that would make the push fail is in ``problems``; nothing is dropped
    silently.
    """
    context, notes = Context(parts.flat(frozen), outcome, settings, facts), Notes()
    owner = owner_of(context, notes)
    if frozen.currency != facts.currency:
        notes.problem(
            f"This quote is in {frozen.currency}, but the amounts in your Autotask are in {facts.currency}. It isn't "
            f"synced, because Autotask would take its amounts for {facts.currency}.",
            "quote",
            "",
        )
    elif get_currency_precision(frozen.currency) != CENTS:
        notes.warn(
            f"Amounts in {frozen.currency} don't have 2 decimals, but Autotask's do. Its totals may differ by rounding."
        )
    lines = compile_lines(context, notes)
    buckets, sums = _buckets(lines.totals), translations.quote_sums(context)
    desired_locations, location_keys = locations(context)
    return Desired(
        quote_id=frozen.quote_id,
        company=company(context, notes, owner),
        contact=contact(context, notes),
        opportunity=opportunity(context, notes, owner, buckets),
        locations=desired_locations,
        quote=quote(context, location_keys, lines.tax_region),
        catalog_items=lines.catalog_items,
        items=lines.items,
        attachment=attachment(context, content_sha256),
        lines=lines.totals,
        buckets=buckets,
        quote_sums=sums,
        translations=translations.translations(lines_of(context), sums, buckets),
        service_periods={value: BILLED[name] for name, value in facts.periods["Services"].items()},
        follows_quote=settings.opportunity.use_quote_totals,
        is_shared=outcome.is_shared,
        rules=outcome.rules,
        when_unmatched=settings.products_services.when_unmatched,
        inactive_match=settings.products_services.inactive_match,
        match_company=company_match(context),
        problems=tuple(notes.problems),
        warnings=tuple(notes.warnings),
        acts_as=facts.resources.get(frozen.owner_email.lower())
        if settings.opportunity.act_as_owner
        else None,
        open_statuses=open_statuses(context),
    )


def _buckets(lines: tuple[LineTotal, ...]) -> dict[str, Decimal]:
    """The ten amounts of an opportunity: by period, the revenue and the cost of the lines that count."""
    buckets: dict[str, Decimal] = {}
    for period, (revenue, cost) in BUCKETS.items():
        counted = [line for line in lines if line.counts and line.period == period]
        buckets[revenue] = sum((line.net for line in counted), ZERO)
        buckets[cost] = sum((line.cost for line in counted), ZERO)
    return buckets
