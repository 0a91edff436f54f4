"""From a frozen revision, the settings and the facts to the desired remote state. Pure: no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from webapp.models.quote import LOST, PENDING, WON_STATUSES
from webapp.services.autotask.settings import patterns
from webapp.services.autotask.settings.model import AutotaskSettings, StatusRule
from webapp.services.autotask.wanted import locations as places
from webapp.services.autotask.wanted.compile_lines import LineCompiler
from webapp.services.autotask.wanted.desired import BUCKETS, Desired, DesiredRecord, LineTotal, Problem, Ref
from webapp.services.autotask.wanted.facts import RemoteFacts
from webapp.services.autotask.wanted.texts import truncate
from webapp.services.quoting.money import totals
from webapp.services.quoting.money.money import ZERO, to_cents
from webapp.services.quoting.revisions.snapshot import Snapshot

SETTINGS = ("settings", "opportunity")


@dataclass(frozen=True)
class Outcome:
    """What became of a quote. ``expired``: Pending and past its expiry date. ``closed_on``: the day of the answer.

    ``loss_reason_id``: which of our loss reasons was chosen; ``lost_reason``: in words.
    """

    status: str = PENDING
    expired: bool = False
    closed_on: date | None = None
    loss_reason_id: int | None = None
    lost_reason: str = ""


def compile_quote(
    frozen: Snapshot, outcome: Outcome, *, content_sha256: str, settings: AutotaskSettings, facts: RemoteFacts
) -> Desired:
    """Compile one revision and what became of it.

    Whatever would make the push fail is in ``problems``; nothing is dropped silently.
    """
    return _Compiler(frozen, settings, facts).run(outcome, content_sha256)


class _Compiler:
    def __init__(self, frozen: Snapshot, settings: AutotaskSettings, facts: RemoteFacts) -> None:
        self.frozen = frozen
        self.settings = settings
        self.facts = facts
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self.owner = self._owner()
        self.totals = totals.compute(
            frozen.lines,
            [line.tax_rate for line in frozen.lines],
            discount_kind=frozen.discount_kind,
            discount_value=frozen.discount_value,
            shipping_amount=frozen.shipping_amount,
        )

    def run(self, outcome: Outcome, content_sha256: str) -> Desired:
        frozen = self.frozen
        lines = LineCompiler(frozen, self.totals, self.settings, self.facts)
        lines.run()
        self.problems += lines.problems
        self.warnings += lines.warnings
        buckets = _buckets(lines.totals, lines.costs)
        company, contact = self._company(), self._contact()
        opportunity = self._opportunity(buckets, outcome)
        locations, named = places.locations(self.frozen, self.settings.company, self.facts)
        quote = self._quote(named, lines.tax_region)
        return Desired(
            quote_id=frozen.quote_id,
            company=company,
            contact=contact,
            opportunity=opportunity,
            locations=locations,
            quote=quote,
            goods=tuple(lines.goods.values()),
            items=tuple(lines.items),
            attachment=self._attachment(content_sha256),
            lines=tuple(lines.totals),
            buckets=buckets,
            follows_quote=self.settings.opportunity.use_quote_totals,
            when_unmatched=self.settings.products_services.when_unmatched,
            inactive_match=self.settings.products_services.inactive_match,
            match_company=self._match_company(),
            problems=tuple(self.problems),
            warnings=tuple(self.warnings),
        )

    def _problem(self, sentence: str, area: str = "", name: str = "") -> None:
        self.problems.append(Problem(sentence, (area, name)))

    def _owner(self) -> int | None:
        found = self.facts.resources.get(self.frozen.owner_email.lower())
        owner = found or self.settings.opportunity.owner_resource_id
        if owner is None:
            self._problem(
                f"No Autotask resource has the e-mail {self.frozen.owner_email}, and no default owner is set.",
                *SETTINGS,
            )
        return owner

    def _company(self) -> DesiredRecord | None:
        organization = self.frozen.organization
        chosen = self.settings.company
        if organization is None:
            self._problem(
                "The quote names no organization, which an Autotask opportunity needs.", "quote", "customer"
            )
            return None
        details: dict[str, Any] = {
            "phone": organization.phone,
            "webAddress": organization.website,
            **places.address_fields(organization.billing),
        }
        details = {
            name: truncate(self.facts, "Companies", name, value) for name, value in details.items() if value
        }
        country = self.facts.countries.get(organization.billing.country.strip().lower())
        if country:
            details["countryID"] = country
        initial = {
            "companyName": truncate(self.facts, "Companies", "companyName", organization.name),
            "companyType": chosen.company_type,
            "ownerResourceID": chosen.owner_resource_id or self.owner,
            "classification": chosen.classification,
            "isActive": True,
            **details,
        }
        policy = chosen.update_policy
        return DesiredRecord(
            "company",
            "Companies",
            ("organization", str(organization.id)),
            organization.name,
            details if policy == "overwrite" else {},
            _given(initial),
            details if policy == "fill_empty" else {},
            where=f"the company “{organization.name}”",
        )

    def _match_company(self) -> dict[str, Any]:
        organization = self.frozen.organization
        if organization is None:
            return {}
        chosen = self.settings.company
        return {
            "name": organization.name,
            "normalized": chosen.match_by == "name_normalized",
            "phone": organization.phone if chosen.also_phone else "",
            "website": organization.website if chosen.also_website else "",
        }

    def _contact(self) -> DesiredRecord | None:
        person = self.frozen.person
        if person is None:
            return None
        details = {
            "phone": person.phone,
            "mobilePhone": person.mobile,
            "title": person.title,
            "emailAddress": person.email,
        }
        details = {
            name: truncate(self.facts, "Contacts", name, value) for name, value in details.items() if value
        }
        initial = {
            "firstName": truncate(self.facts, "Contacts", "firstName", person.first_name) or "–",
            "lastName": truncate(self.facts, "Contacts", "lastName", person.last_name) or "–",
            "isActive": 1,
            "companyID": Ref("company"),
            **details,
        }
        kept = {name: value for name, value in details.items() if name != "emailAddress"}
        policy = self.settings.company.update_policy
        name = f"{person.first_name} {person.last_name}".strip()
        return DesiredRecord(
            "contact",
            "Contacts",
            ("person", str(person.id)),
            name,
            kept if policy == "overwrite" else {},
            initial,
            kept if policy == "fill_empty" else {},
            parent="company",
            chosen_id=self.frozen.autotask_contact_id,
            where=f"the contact “{name}”",
        )

    def _opportunity(self, buckets: dict[str, Decimal], outcome: Outcome) -> DesiredRecord:
        chosen = self.settings.opportunity
        if chosen.status is None or chosen.stage is None:
            self._problem(
                "The opportunity's stage and status are not chosen in the Autotask settings.", *SETTINGS
            )
        initial = {
            "title": truncate(
                self.facts, "Opportunities", "title", patterns.fill(chosen.title_pattern, self.frozen)
            ),
            "companyID": Ref("company"),
            "contactID": Ref("contact") if self.frozen.person else None,
            "ownerResourceID": self.owner,
            "stage": chosen.stage,
            "status": chosen.status,
            "probability": chosen.probability,
            "leadSource": chosen.lead_source,
            "opportunityCategoryID": chosen.category,
            "startDate": _moment(self.frozen.published_at.date()),
            "projectedCloseDate": _moment(self._close_date()),
            "description": self._description() or None,
        }
        fields: dict[str, Any] = {
            "useQuoteTotals": chosen.use_quote_totals,
            # Autotask counts recurring revenue this many times when it computes the amount itself.
            "totalAmountMonths": chosen.amount_months or None,
        }
        amounts = {**buckets, "amount": self._amount(buckets), "cost": buckets["onetimeCost"]}
        if chosen.use_quote_totals:
            initial |= amounts
        else:
            fields |= amounts
        for name, value in self._outcome(outcome).items():
            fields[name] = value
            initial.pop(name, None)
        fields = {
            name: value
            for name, value in fields.items()
            if ("Opportunities", name) not in self.facts.read_only
        }
        return DesiredRecord(
            "opportunity",
            "Opportunities",
            ("quote", str(self.frozen.quote_id)),
            self.frozen.title,
            fields,
            _given(initial),
            chosen_id=self.frozen.autotask_opportunity_id,
            where=f"the opportunity “{self.frozen.title}”",
        )

    def _amount(self, buckets: dict[str, Decimal]) -> Decimal:
        """One-time revenue, and as many months of the recurring revenue as the settings say."""
        months = self.settings.opportunity.amount_months
        monthly = {"monthlyRevenue": 1, "quarterlyRevenue": 3, "semiannualRevenue": 6, "yearlyRevenue": 12}
        recurring = sum((buckets[name] * months / every for name, every in monthly.items()), ZERO)
        return to_cents(buckets["onetimeRevenue"] + recurring)

    def _outcome(self, outcome: Outcome) -> dict[str, Any]:
        mapping = self.settings.quote_status
        rule: StatusRule = getattr(mapping, "expired" if outcome.expired else outcome.status)
        fields: dict[str, Any] = {"status": rule.status, "stage": rule.stage, "probability": rule.probability}
        if outcome.expired:
            fields["lossReason"] = rule.reason
        elif outcome.status in WON_STATUSES:
            fields["winReason"] = rule.reason
        elif outcome.status == LOST:
            detail = truncate(self.facts, "Opportunities", "lossReasonDetail", outcome.lost_reason)
            fields |= {
                "lossReason": mapping.loss_reasons.get(outcome.loss_reason_id or 0, rule.reason),
                "lossReasonDetail": detail or None,
            }
        if outcome.status != PENDING and rule.status is None:
            self._problem(
                f"No Autotask status is chosen for quotes that are {outcome.status}.",
                "settings",
                "quote_status",
            )
        return _given(fields) | self._closed(outcome, rule)

    def _closed(self, outcome: Outcome, rule: StatusRule) -> dict[str, Any]:
        """The closed date and the lost date; taken back when a lost quote is open again."""
        if outcome.status == PENDING and not outcome.expired:
            return {"closedDate": None, "lostDate": None}
        day = self.frozen.expires_on if outcome.expired else outcome.closed_on
        if not rule.set_closed_date or day is None:
            return {}
        lost = {"lostDate": _moment(day)} if outcome.status == LOST or outcome.expired else {}
        return {"closedDate": _moment(day), **lost}

    def _description(self) -> str:
        lines = [self.frozen.comments.strip()]
        if self.settings.opportunity.number_in_description:
            lines.insert(0, f"Quote {self.frozen.number}")
        return truncate(
            self.facts, "Opportunities", "description", "\n\n".join(line for line in lines if line)
        )

    def _close_date(self) -> date:
        chosen = self.settings.opportunity
        if chosen.close_date_rule == "expiry" and self.frozen.expires_on:
            return self.frozen.expires_on
        return self.frozen.published_at.date() + timedelta(days=chosen.close_date_days)

    def _quote(self, named: dict[str, str], tax_region: int | None) -> DesiredRecord:
        frozen, chosen = self.frozen, self.settings.opportunity
        expires = frozen.expires_on or frozen.published_at.date() + timedelta(days=chosen.close_date_days)
        fields = {
            "name": truncate(self.facts, "Quotes", "name", patterns.fill(chosen.quote_name_pattern, frozen)),
            "contactID": Ref("contact") if frozen.person else None,
            "billToLocationID": Ref(named["bill"]),
            "shipToLocationID": Ref(named["ship"]),
            "soldToLocationID": Ref(named["sold"]),
            "effectiveDate": _moment(frozen.published_at.date()),
            "expirationDate": _moment(max(expires, frozen.published_at.date())),
            "comment": truncate(self.facts, "Quotes", "comment", frozen.comments) or None,
            "purchaseOrderNumber": truncate(
                self.facts, "Quotes", "purchaseOrderNumber", self._purchase_order()
            )
            or None,
            "taxRegionID": tax_region,
            "paymentTerm": chosen.payment_term,
            "quoteTemplateID": chosen.quote_template_id,
        }
        initial = {
            "externalQuoteNumber": str(frozen.number),
            "opportunityID": Ref("opportunity"),
            "primaryQuote": True,
        }
        local = ("quote", str(frozen.quote_id))
        return DesiredRecord(
            "quote",
            "Quotes",
            local,
            frozen.title,
            _given(fields),
            initial,
            where=f"the quote “{frozen.title}”",
        )

    def _purchase_order(self) -> str:
        rule = self.settings.opportunity.purchase_order
        if rule == "none":
            return ""
        other = str(self.frozen.number) if rule == "customer_or_number" else ""
        return self.frozen.purchase_order_number or other

    def _attachment(self, content_sha256: str) -> DesiredRecord:
        frozen = self.frozen
        name = f"Quote {frozen.number} revision {frozen.revision} ({content_sha256[:8]})"
        return DesiredRecord(
            "attachment",
            "OpportunityAttachments",
            ("revision", f"{frozen.quote_id}:{frozen.revision}"),
            name,
            {},
            {
                "attachmentType": "FILE_ATTACHMENT",
                "title": name,
                "fullPath": f"quote-{frozen.number}-r{frozen.revision}.pdf",
                "publish": self.facts.publish,
            },
            parent="opportunity",
            where="the PDF",
        )


def _buckets(lines: list[LineTotal], costs: dict[str, Decimal]) -> dict[str, Decimal]:
    """The ten amounts of an opportunity: revenue and cost of what counts, by period."""
    found: dict[str, Decimal] = {}
    for period, (revenue, cost) in BUCKETS.items():
        found[revenue] = sum((line.net for line in lines if line.counts and line.period == period), ZERO)
        found[cost] = sum((costs[line.key] for line in lines if line.counts and line.period == period), ZERO)
    return found


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _moment(day: date) -> str:
    """A day as Autotask stores it: its midnight in UTC."""
    return datetime.combine(day, time(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
