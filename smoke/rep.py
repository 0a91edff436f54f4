"""The rep's part: the customer, the quote with its lines, publishing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from smoke.admin import GOODS, LABOR, PASSWORD
from smoke.forms import Form
from smoke.visitor import Stuck, Visitor
from smoke.wanted import Bundle, Line, Offer, Section


@dataclass(frozen=True)
class Customer:
    """The customer of the quote, not in Autotask yet."""

    company: str
    first_name: str
    last_name: str
    email: str
    phone: str = "+1 212 555 0100"


class Rep(Visitor):
    """A rep."""

    quote_path = ""

    def join(self, invitation: str) -> None:
        """Choose a password with the link of the invitation, which signs in."""
        self.open(invitation)
        self.send(self.form(having="password"), {"password": PASSWORD})

    def add_to_library(self, line: Line) -> None:
        """Create a library item for a line."""
        self.open("/items/new")
        form = self.form(having="unit_cost")
        values: dict[str, str | bool] = {
            "name": line.name,
            "markdown": line.description,
            "category_id": form.option("category_id", GOODS),
            "unit_price": f"{line.own_price or line.price:f}",
            "unit_cost": f"{line.cost:f}",
            "recurrence": line.recurrence,
        }
        self.send(form, values)

    def add_bundle(self, bundle: Bundle, parts: Sequence[Line]) -> None:
        """Create a bundle of these parts in the library, and add it to the quote."""
        for part in parts:
            self.add_to_library(part)
        self.open("/items/new")
        self.send(self.form(having="unit_cost"), {"name": bundle.name})
        self.open(f"{self.url}/parts")
        for part in parts:
            self.send(self.form(having="add"), {"add": part.name})
        form = self.form(having="add")
        quantities = [name for name, _ in form.fields if name.startswith("quantity-")]
        values: dict[str, str | bool] = {"bundle": "fixed", "unit_price": f"{bundle.price:f}"}
        for name, part in zip(quantities, parts, strict=True):
            values[name] = f"{part.quantity / bundle.quantity:f}"
        self.send(form, values)
        self._search("find", bundle.name)
        self._choose_found("item_id")
        self.send(self._line_form(self._line_pages()[-1]), {"quantity": str(bundle.quantity)})

    def start_quote(self, customer: Customer) -> None:
        """Create a quote for a new contact, and enter the new organization's address."""
        self.open("/quotes/new")
        form = self.form(action="/quotes/new/person")
        self.send(
            form,
            {
                "first_name": customer.first_name,
                "last_name": customer.last_name,
                "email": customer.email,
                "organization": customer.company,
                "organization_phone": customer.phone,
            },
        )
        self.quote_path = self._path()
        found = re.search(r'href="(/people/organizations/\d+)"', self.html)
        if not found:
            raise Stuck(f"{self.url} does not show the new customer's organization.")
        self.open(found[1])
        address = {
            "line1": "1 Broad Street",
            "city": "New York",
            "state": "NY",
            "postal_code": "10004",
            "country": "United States",
        }
        self.send(
            self.form(having="billing_line1"), {f"billing_{name}": value for name, value in address.items()}
        )

    def write_header(self, offer: Offer, comments: str) -> None:
        """Enter title, discount, shipping and a message to the customer."""
        self.open(self.quote_path)
        values: dict[str, str | bool] = {
            "title": offer.title,
            "discount_kind": offer.discount_kind,
            "discount_value": f"{offer.discount:f}",
            "shipping_amount": f"{offer.shipping:f}",
            "comments": comments,
        }
        self.send(self.form(action="/header"), values)

    def add_section(self, section: Section) -> None:
        """Add a section, which lines that are added go to from then on."""
        self.open(self.quote_path)
        self.send(self.form(action="/sections"), {"title": section.title})
        if section.choice != "none":
            self.open(re.findall(r'class="section-edit" href="([^"]+)"', self.html)[-1])
            self.send(self.form(having="choice"), {"choice": section.choice})

    def add_line(self, line: Line, tax_code: str) -> None:
        """Add one line in the way that fits its kind, then fill it in."""
        if line.pulled:
            self._pull(line)
        else:
            if line.from_library:
                self.add_to_library(line)
            self._search("find", line.name)
            self._choose_found("item_id" if line.from_library else "name")
        form = self._line_form(self._line_pages()[-1])
        if line.pulled and dict(form.fields)["name"] != line.name:
            raise Stuck(f"The line pulled is called {dict(form.fields)['name']}, not {line.name}.")
        self.send(form, self._line_values(form, line, tax_code))

    def change_line(self, place: int, line: Line) -> None:
        """Change the quantity and price of the line at ``place`` (from 0)."""
        values: dict[str, str | bool] = {"quantity": f"{line.quantity:f}", "unit_price": f"{line.price:f}"}
        self.send(self._line_form(self._line_pages()[place]), values)

    def remove_line(self, name: str) -> None:
        """Delete a line."""
        for page in self._line_pages():
            form = self._line_form(page)
            if dict(form.fields)["name"] == name:
                self.send(self.form(action=f"{form.action}/delete"))
                self.send(self.form(having="sure"))
                return
        raise Stuck(f"The quote has no line {name}.")

    def publish(self) -> int:
        """Publish; returns the quote's number."""
        self.open(self.quote_path)
        self.send(self.form(action="/publish"))
        found = re.search(r"Published as quote (\d+), revision \d+", self.html)
        if not found:
            raise Stuck(f"Publishing was not confirmed: {self.complaints()}")
        return int(found[1])

    def customer_link(self) -> str:
        """The address of the customer's page."""
        self.open(self.quote_path)
        found = re.search(r'href="(/q/[\w-]+)"', self.html)
        if not found:
            raise Stuck(f"{self.url} shows no link for the customer.")
        return found[1]

    def name_signers(self, people: Sequence[tuple[str, str]]) -> list[str]:
        """Who signs, one after the other, and that we countersign; returns the path of each one's link.

        ``people``: name and email of each.
        """
        self.open(f"{self.quote_path}/signers")
        values: dict[str, str | bool] = {"in_order": True, "countersign": "yes"}
        for number, (name, email) in enumerate(people):
            values |= {f"name-{number}": name, f"email-{number}": email}
        self.send(self.form(having="in_order"), values)
        found = re.findall(r'id="link-\d+" value="[^"]*?(/q/[\w-]+)"', self.html)
        if len(found) != len(people):
            raise Stuck(f"{self.url} shows {len(found)} links for {len(people)} signers: {self.complaints()}")
        return found

    def push_state(self) -> tuple[str, str]:
        """State and sentences of the newest push, as shown on the quote's page."""
        self.open(self.quote_path)
        panel = re.search(r'href="([^"]+)">Show Autotask sync status', self.html)
        if not panel:
            raise Stuck(f"{self.url} does not show its push.")
        self.open(panel[1])
        state = re.search(r'data-status="(\w+)"', self.html)
        told = re.findall(r'(?:push-panel-sentence"[^>]*|<li dir="auto")>(.*?)<', self.html, re.DOTALL)
        return (state[1] if state else "unknown"), " ".join(" ".join(told).split())

    def _path(self) -> str:
        found = re.search(r"/quotes/\d+", self.url)
        if not found:
            raise Stuck(f"{self.url} is not the page of a quote: {self.complaints()}")
        return found[0]

    def _search(self, where: str, text: str) -> None:
        self.open(f"{self.quote_path}/{where}?{urlencode({'q': text[:100]})}")

    def _choose_found(self, by: str) -> None:
        """Add the first search result: a library item, or the typed text as a custom item."""
        for form in self.forms():
            if form.action.endswith("/lines") and by in form.names():
                self.send(form)
                return
        raise Stuck(f"{self.url} offers nothing to add.")

    def _pull(self, line: Line) -> None:
        self._search("find/autotask", line.name)
        entity, record_id = line.pulled or ("", 0)
        for form in self.forms():
            sent = dict(form.fields)
            if sent.get("entity") == entity and sent.get("record_id") == str(record_id):
                self.send(form)
                return
        raise Stuck(f"The search for “{line.name}” in Autotask did not offer {entity} {record_id}.")

    def _line_pages(self) -> list[str]:
        """The page of each line, in order: the quote's page links to it by the line's name."""
        self.open(self.quote_path)
        return re.findall(r'class="line-name" href="([^"]+)"', self.html)

    def _line_form(self, page: str) -> Form:
        """The form with all fields of a line."""
        self.open(page)
        return self.form(having="unit_cost")

    @staticmethod
    def _line_values(form: Form, line: Line, tax_code: str) -> dict[str, str | bool]:
        values: dict[str, str | bool] = {
            "name": line.name,
            "quantity": f"{line.quantity:f}",
            "unit_price": f"{line.price:f}",
            "unit_cost": f"{line.cost:f}",
            "recurrence": line.recurrence,
            "discount_kind": line.discount_kind,
            "discount_value": f"{line.discount:f}" if line.discount else "",
            "tax_code_id": form.option("tax_code_id", tax_code) if line.taxed else "",
        }
        if line.optional:
            values["is_optional"] = True
        if line.setup_fee:
            values |= {"setup_fee": f"{line.setup_fee:f}", "term_months": str(line.term)}
        if line.most:
            values |= {"min_quantity": "1", "max_quantity": str(line.most)}
        if not line.pulled:
            values["mpn"] = line.mpn
        if line.kind == "labor":
            values["category"] = LABOR
        elif line.pulled and line.must_name is None:
            values["category"] = GOODS
        return values
