"""What Autotask already has of a quote: by links, by what a person picked, and by matching. Never by guessing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from webapp.models import Link
from webapp.services.autotask.api.client import Client, Filter, Record, any_of, condition
from webapp.services.autotask.known import match_catalog
from webapp.services.autotask.known.company_matching import (
    digits,
    first_word,
    host,
    normalized,
    same_phone,
    whereabouts,
)
from webapp.services.autotask.known.links import Local, local_of, records_of
from webapp.services.autotask.known.natural_keys import fits
from webapp.services.autotask.known.observation import Candidate, Observation, Question, RemoteRecord
from webapp.services.autotask.wanted.desired import Desired, DesiredRecord, Problem, Ref

Answer = Callable[[Local], int | None]


def observe(
    client: Client,
    desired: Desired,
    links: Mapping[Local, Link],
    answers: Answer,
    in_doubt: Mapping[str, dict[str, Any]],
) -> Observation:
    """Find every record of ``desired`` that exists. Raises AutotaskError.

    ``answers``: what a person picked for a local record (0: none of them, make one). ``in_doubt``: fields sent by
    creates whose answer never came, by step key.
    """
    return _Observer(client, desired, links, answers, in_doubt).run()


class _Observer:
    def __init__(
        self,
        client: Client,
        desired: Desired,
        links: Mapping[Local, Link],
        answers: Answer,
        in_doubt: Mapping[str, dict[str, Any]],
    ) -> None:
        self.client = client
        self.desired = desired
        self.links = links
        self.answers = answers
        self.in_doubt = in_doubt
        self.seen = Observation()
        # Links that new records are about to rest on: whether theirs are still there and active is asked first.
        self.unsure: dict[str, RemoteRecord] = {}

    def run(self) -> Observation:
        self._take_links()
        goods = [one for one in self.desired.catalog_items if one.record.key not in self.seen.known]
        picked = {one.record.key: self._picked(one.record) for one in goods}
        with ThreadPoolExecutor(max_workers=7) as pool:
            # Different endpoints, none of which needs another's answer.
            company = pool.submit(self._query_company)
            contact = pool.submit(self._query_contact)
            opportunity = pool.submit(self._read_opportunity)
            quote = pool.submit(self._query_quote, company, contact)
            revive = self.desired.inactive_match == "activate"
            matches = [
                pool.submit(match_catalog.find, self.client, entity, goods, picked, revive=revive)
                for entity in match_catalog.MATCH_ORDER
            ]
        self._take_opportunity(opportunity)
        self._take_company(company.result(), contact.result())
        self._take_contact(contact.result())
        self._take_quote(quote.result())
        self._take_goods({key: match for one in matches for key, match in one.result().items()})
        self._items()
        return self.seen

    def _take_links(self) -> None:
        """What links name is known; company, contact and goods only when nothing new is to be hung on them."""
        linked = {wish.key: self.links.get(local_of(wish)) for wish in records_of(self.desired)}
        rested_on: set[str] = set()
        if linked[self.desired.quote.key] is None:
            rested_on |= {
                wish.key for wish in (self.desired.company, self.desired.contact) if wish is not None
            }
        for item in self.desired.items:
            if linked[item.key] is None:
                rested_on |= {value.key for value in item.fields.values() if isinstance(value, Ref)}
        for key, link in linked.items():
            if link is not None:
                known = RemoteRecord(link.remote_id, dict(link.pushed), link.remote_parent_id)
                (self.unsure if key in rested_on else self.seen.known)[key] = known

    def _unknown(self, wish: DesiredRecord | None) -> bool:
        return wish is not None and wish.key not in self.seen.known

    def _picked(self, wish: DesiredRecord) -> int | None:
        """The record that a link or a person's answer names; 0: a person said that there is none."""
        unsure = self.unsure.get(wish.key)
        return unsure.remote_id if unsure is not None else self.answers(local_of(wish))

    def _adopt(self, wish: DesiredRecord, row: Record, parent_id: int | None = None) -> None:
        unsure = self.unsure.get(wish.key)
        if unsure is not None and unsure.remote_id == row["id"] and match_catalog.is_active(row):
            self.seen.known[wish.key] = unsure
            return
        self.seen.known[wish.key] = RemoteRecord(int(row["id"]), {**row, "_read": True}, parent_id)
        self.seen.found.add(wish.key)

    def _ask(self, wish: DesiredRecord, sentence: str, candidates: list[Candidate]) -> None:
        self.seen.questions.append(Question(local_of(wish), sentence, tuple(candidates)))

    # Company and contact -------------------------------------------------------------------------------------

    def _query_company(self) -> list[Record]:
        company = self.desired.company
        if company is None or not self._unknown(company):
            return []
        picked = self._picked(company)
        if picked:
            rows = self.client.query("Companies", [condition("eq", "id", picked)])
            if rows:
                return rows
            # What was picked is gone since, so that it is no answer any more.
        wanted = self.desired.match_company
        nodes: list[Filter] = [condition("eq", "companyName", company.initial["companyName"])]
        if wanted["normalized"]:
            nodes.append(condition("beginsWith", "companyName", first_word(wanted["name"])))
        if wanted["phone"]:
            # Numbers are written in many ways, but nearly all end with the same four digits.
            nodes.append(condition("contains", "phone", digits(wanted["phone"])[-4:] or wanted["phone"]))
        if wanted["website"]:
            nodes.append(condition("contains", "webAddress", host(wanted["website"])))
        rows = self.client.query("Companies", [any_of(*nodes)] if len(nodes) > 1 else nodes)
        return [row for row in rows if self._is_company(row)]

    def _is_company(self, row: Record) -> bool:
        wanted = self.desired.match_company
        name = str(row.get("companyName") or "")
        company = self.desired.company
        if name.strip().casefold() in (
            wanted["name"].strip().casefold(),
            str(company and company.initial["companyName"]).casefold(),
        ):
            return True
        if wanted["normalized"] and normalized(name) == normalized(wanted["name"]):
            return True
        phone, website = str(row.get("phone") or ""), str(row.get("webAddress") or "")
        return bool(
            (wanted["phone"] and phone and same_phone(phone, wanted["phone"]))
            or (wanted["website"] and website and host(website) == host(wanted["website"]))
        )

    def _query_contact(self) -> list[Record]:
        contact = self.desired.contact
        if contact is None or not self._unknown(contact):
            return []
        picked = self._picked(contact) or contact.chosen_id
        if picked:
            rows = self.client.query("Contacts", [condition("eq", "id", picked)])
            if rows:
                return rows
        email = contact.initial.get("emailAddress")
        if email:
            return self.client.query("Contacts", [condition("eq", "emailAddress", email)])
        names = [condition("eq", name, contact.initial[name]) for name in ("firstName", "lastName")]
        company = self.seen.known.get("company") or self.unsure.get("company")
        if company is None:
            return []
        return self.client.query("Contacts", [*names, condition("eq", "companyID", company.remote_id)])

    def _take_company(self, rows: list[Record], contacts: list[Record]) -> None:
        company = self.desired.company
        if company is None or not self._unknown(company):
            return
        if self._picked(company) == 0:
            return
        active = [row for row in rows if match_catalog.is_active(row)]
        if len(active) == 1:
            self._adopt(company, active[0])
        elif len(active) > 1:
            self._ask(
                company,
                f"{len(active)} companies in Autotask fit “{company.title}”. Nothing was written; pick the right one.",
                [Candidate(int(row["id"]), str(row["companyName"]), whereabouts(row)) for row in active],
            )
        elif rows:
            self.seen.problems.append(
                Problem(
                    f"The company “{company.title}” is inactive in Autotask. Activate it there, or rename ours."
                )
            )
        else:
            self._company_of_contacts(company, contacts)

    def _company_of_contacts(self, company: DesiredRecord, contacts: list[Record]) -> None:
        """No company fits by name, yet the contact's e-mail is known at some: a person must say whether it is that."""
        ids = sorted({int(row["companyID"]) for row in contacts})
        if not ids or "company" in self.in_doubt:
            return
        rows = self.client.query("Companies", [condition("in", "id", ids)])
        if not rows:
            return
        email = contacts[0].get("emailAddress")
        self._ask(
            company,
            f"No company in Autotask is named “{company.title}”, but {email} is a contact there. Nothing was written; "
            "is one of these the same company?",
            [Candidate(int(row["id"]), str(row["companyName"]), whereabouts(row)) for row in rows],
        )

    def _take_contact(self, rows: list[Record]) -> None:
        contact = self.desired.contact
        if contact is None or not self._unknown(contact) or self._picked(contact) == 0:
            return
        company = self.seen.known.get("company")
        if company is None:
            return
        inside = [row for row in rows if int(row["companyID"]) == company.remote_id]
        active = [row for row in inside if match_catalog.is_active(row)]
        if len(active) == 1:
            self._adopt(contact, active[0], company.remote_id)
        elif inside and not active:
            self.seen.problems.append(
                Problem(
                    f"The contact “{contact.title}” is inactive in Autotask. Activate it there, or choose another "
                    "person."
                )
            )
        elif len(active) > 1:
            self._ask(
                contact,
                f"{len(active)} contacts in Autotask fit “{contact.title}”. Nothing was written; pick the right one.",
                [
                    Candidate(
                        int(row["id"]),
                        f"{row.get('firstName')} {row.get('lastName')}",
                        str(row.get("emailAddress") or ""),
                    )
                    for row in active
                ],
            )

    # Opportunity and quote -----------------------------------------------------------------------------------

    def _read_opportunity(self) -> Record | None:
        opportunity = self.desired.opportunity
        if opportunity.chosen_id is None or not self._unknown(opportunity):
            return None
        return self.client.get("Opportunities", opportunity.chosen_id) or {}

    def _take_opportunity(self, future: Future[Record | None]) -> None:
        row = future.result()
        opportunity, company = self.desired.opportunity, self.desired.company
        if row is None:
            return
        if not row:
            self.seen.problems.append(
                Problem(
                    f"The opportunity {opportunity.chosen_id} that was chosen is not in Autotask any more. "
                    "Choose another, or none.",
                    ("quote", "opportunity"),
                )
            )
            return
        self._adopt(opportunity, row)
        ours = self.seen.known.get("company") or self.unsure.get("company")
        if company is not None and ours is None:
            self._adopt(company, {"id": row["companyID"]})
        elif company is not None and ours is not None and ours.remote_id != row["companyID"]:
            self.seen.problems.append(
                Problem(
                    f"The opportunity “{row.get('title')}” belongs to another company than “{company.title}”.",
                    ("quote", "opportunity"),
                )
            )

    def _query_quote(self, company: Future[list[Record]], contact: Future[list[Record]]) -> list[Record]:
        if not self._unknown(self.desired.quote) or self._customer_is_new(company, contact):
            return []
        number = self.desired.quote.initial["externalQuoteNumber"]
        return self.client.query("Quotes", [condition("eq", "externalQuoteNumber", number)])

    def _customer_is_new(self, company: Future[list[Record]], contact: Future[list[Record]]) -> bool:
        """True when Autotask has neither the company nor the contact, and so no quote for them either."""
        wish = self.desired.company
        if wish is None or not self._unknown(wish) or self.desired.opportunity.chosen_id or self.in_doubt:
            return False
        return self.answers(local_of(wish)) is None and not company.result() and not contact.result()

    def _take_quote(self, rows: list[Record]) -> None:
        quote = self.desired.quote
        answer = self.answers(local_of(quote))
        if not rows or answer == 0:
            return
        ours = [row for row in rows if row["id"] == answer] or [row for row in rows if self._is_ours(row)]
        if len(ours) == 1:
            self._adopt(quote, ours[0])
            if self._unknown(self.desired.opportunity):
                self._adopt(self.desired.opportunity, {"id": ours[0]["opportunityID"]})
        else:
            number = quote.initial["externalQuoteNumber"]
            self._ask(
                quote,
                f"Autotask already has a quote with the external number {number}. Nothing was written; is it this one?",
                [
                    Candidate(int(row["id"]), str(row.get("name") or ""), f"created {row.get('createDate')}")
                    for row in rows
                ],
            )

    def _is_ours(self, row: Record) -> bool:
        """True for a quote of our number and customer, if it bears our name too or we were just about to make it."""
        company = self.seen.known.get("company")
        if company is None or row.get("companyID") not in (None, company.remote_id):
            return False
        return fits_name(row, self.desired.quote) or "quote" in self.in_doubt

    # CatalogItem and items -----------------------------------------------------------------------------------------

    def _take_goods(self, matches: Mapping[str, match_catalog.Match]) -> None:
        for goods in self.desired.catalog_items:
            match = matches.get(goods.record.key)
            if match is None:
                continue
            if match.row is not None:
                self._adopt(goods.record, match.row)
            elif match.several:
                label = "services" if goods.record.entity == "Services" else "products"
                self._ask(
                    goods.record,
                    f"{len(match.several)} {label} in Autotask fit {goods.line_titles[0]}. "
                    "Nothing was written; pick the right one.",
                    [
                        Candidate(int(row["id"]), str(row["name"]), str(row.get("sku") or ""))
                        for row in match.several
                    ],
                )
            elif match.sentence:
                self.seen.problems.append(Problem(match.sentence.replace("{line}", goods.line_titles[0])))
            elif problem := match_catalog.why_not_made(
                goods, self.desired.when_unmatched, in_doubt=goods.record.key in self.in_doubt
            ):
                self.seen.problems.append(problem)

    def _items(self) -> None:
        """Stale lines of ours; and, after an interrupted push or lost links, items that are there without a link."""
        prefix = f"{self.desired.quote_id}:"
        wanted = {wish.local for wish in self.desired.items}
        quote = self.seen.known.get("quote")
        for (kind, number, entity), link in self.links.items():
            if (
                kind == "line"
                and entity == "QuoteItems"
                and number.startswith(prefix)
                and (kind, number) not in wanted
            ):
                self.seen.stale[kind, number] = RemoteRecord(
                    link.remote_id,
                    dict(link.pushed),
                    link.remote_parent_id or (quote.remote_id if quote else None),
                )
        doubtful = {key: sent for key, sent in self.in_doubt.items() if key.startswith("item:")}
        lost = "quote" in self.seen.found
        if quote is None or not (doubtful or lost):
            return
        linked = {link.remote_id for (_, _, entity), link in self.links.items() if entity == "QuoteItems"}
        rows = [
            row
            for row in self.client.query("QuoteItems", [condition("eq", "quoteID", quote.remote_id)])
            if int(row["id"]) not in linked
        ]
        keys = {wish.key: wish for wish in self.desired.items}
        candidates = {**({wish.key: wish.fields for wish in self.desired.items} if lost else {}), **doubtful}
        for key, sent in candidates.items():
            row = next((row for row in rows if fits("QuoteItems", sent, row)), None)
            if row is None:
                continue
            rows.remove(row)
            if key in keys and self._unknown(keys[key]):
                self._adopt(keys[key], row, quote.remote_id)
            elif key not in keys:
                uid = key.removeprefix("item:")
                self.seen.stale["line", f"{prefix}{uid}"] = RemoteRecord(int(row["id"]), {}, quote.remote_id)


def fits_name(row: Record, quote: DesiredRecord) -> bool:
    """True when a found quote bears the name that ours would have."""
    return str(row.get("name") or "").strip() == str(quote.fields.get("name") or "").strip()
