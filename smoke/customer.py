"""The customer's part: opening the link, choosing, accepting."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from smoke.visitor import Stuck, Visitor


class Buyer(Visitor):
    """A customer with a link and without an account."""

    def sign(self, link: str, name: str, options: list[str], quantities: dict[str, int]) -> None:
        """Choose the lines and sections with these names, which the page offers, and the quantities, and sign.

        ``link``: the quote's own, or a named signer's, whose name is on the page.
        """
        self.open(link)
        form = self.form(action="/accept")
        values: dict[str, str | bool] = {"signature": name, "title": "Buyer", "terms": True}
        if "name" in form.names():
            values["name"] = name
        for box, value in map(self._box_of, options):
            form.check(box, value)
        values |= {self._field_of(line): str(quantity) for line, quantity in quantities.items()}
        if options or quantities:
            # “Update totals”: only totals that were on the screen can be accepted.
            form.action = form.action.replace("/accept", "/choose")
            self.send(form, values)
            form = self.form(action="/accept")
        self.send(form, values)
        if self.can_sign():
            raise Stuck(f"The signature of {name} was not confirmed: {self.complaints()}")

    def can_sign(self) -> bool:
        """Whether the page that is open has the form to sign."""
        return any("/accept" in form.action for form in self.forms())

    def evidence(self, link: str) -> bytes:
        """The bundle that the page offers after the last signature."""
        self.open(link)
        if "Thank you" not in self.html:
            raise Stuck(f"The acceptance was not confirmed: {self.complaints()}")
        found = re.search(r'href="(/q/[^"]+/evidence\.zip)"', self.html)
        if found is None:
            raise Stuck(f"{self.url} offers no evidence of the acceptance.")
        answer = self.session.get(urljoin(self.base_url, found[1]), timeout=self.timeout)
        if not answer.ok:
            raise Stuck(f"The evidence answered {answer.status_code}.")
        return answer.content

    def _field_of(self, line: str) -> str:
        """The name of the field with the line's quantity."""
        found = re.search(
            rf'name="(quantity:[^"]+)"[^>]*aria-label="Quantity of {re.escape(line)}"', self.html
        )
        if not found:
            raise Stuck(f"{self.url} does not let the customer choose how many of {line}.")
        return found[1]

    def _box_of(self, option: str) -> tuple[str, str]:
        """The name and value of the box with the option's name on it or behind it."""
        name = re.escape(option)
        named = rf'(?:aria-label="(?:Add )?{name}"|>\s*<span[^>]*>\s*(?:<strong>)?<bdi>{name}<)'
        found = re.search(rf'name="(choose[^"]*)"[^>]*value="([^"]+)"[^>]*{named}', self.html)
        if not found:
            raise Stuck(f"{self.url} does not offer the option {option}.")
        return found[1], found[2]
