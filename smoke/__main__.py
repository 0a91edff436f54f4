"""``python -m smoke``: the main job from nothing to a won opportunity, driven over HTTP and read back from Autotask.

Without further ado it runs against the sandbox. SMOKE_AUTOTASK_ROOT, _USER, _SECRET and _CODE name another Autotask.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests

from smoke import compare, evidence, landed, show, wanted
from smoke.admin import NAME, Admin, Mapped
from smoke.autotask import Credentials, Reader
from smoke.customer import Buyer
from smoke.landed import Labels
from smoke.rep import Customer, Rep
from smoke.visitor import Stuck
from stack import Options, Stack, StackError

SANDBOX = {"user": "api@demo.example", "secret": "sandbox-secret", "code": "SANDBOX-DEMO"}
REP = "rep@smoke.example"
LONGEST_PUSH = 120.0
LOOK_EVERY = 1.0
# States of a push that no waiting mends, and how often Autotask is looked at once a push is over.
SETTLED = ("synced", "out_of_sync", "failed", "needs_you")
LAST_LOOKS = 10
# What the person's own installation uses must not be touched.
NOT_OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "QUOTEWRIGHT_ENCRYPTION_KEYS",
    "PUBLIC_BASE_URL",
    "AUTOTASK_ROOT",
    "AUTOTASK_ALLOWED_HOSTS",
)


class Disagreement(Exception):
    """What landed is not what was offered; the message lists the differences."""


def main() -> int:
    """Run and report. Returns the exit code: 0 only when every amount agrees."""
    started = time.monotonic()
    try:
        credentials = other_autotask(os.environ)
        with data_folder() as data, Stack(options(data, credentials)) as stack:
            found = credentials or Credentials(stack.autotask_root, **SANDBOX)
            Scenario(stack.web_url, found, stack.setup_token).run()
    except (Disagreement, Stuck, StackError, RuntimeError, KeyError, requests.RequestException) as error:
        print(f"\nFAILED: {error}", file=sys.stderr, flush=True)
        return 1
    print(f"\nEvery amount agrees. It took {time.monotonic() - started:.0f} seconds.")
    return 0


def other_autotask(environ: Mapping[str, str]) -> Credentials | None:
    """The Autotask that the environment names, None for the sandbox. Raises RuntimeError when something is missing."""
    names = [f"SMOKE_AUTOTASK_{part}" for part in ("ROOT", "USER", "SECRET", "CODE")]
    values = [environ.get(name, "").strip() for name in names]
    if not any(values):
        return None
    missing = [name for name, value in zip(names, values, strict=True) if not value]
    if missing:
        raise RuntimeError(f"Set {', '.join(missing)} too, or none of the four for the sandbox.")
    return Credentials(*values)


def options(data: Path, credentials: Credentials | None) -> Options:
    """A stack of our own on free ports, without a seed."""
    ours = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in NOT_OURS}
    if credentials:
        ours["AUTOTASK_ROOT"] = credentials.root
        ours["AUTOTASK_ALLOWED_HOSTS"] = urlsplit(credentials.root).hostname or ""
    return Options(data=data, port=0, sandbox_port=0, seed=False, environ=ours)


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder that goes away when all went well; otherwise it stays, for its logs."""
    folder = Path(tempfile.mkdtemp(prefix="quotewright-smoke-"))
    try:
        yield folder
    except BaseException:
        print(f"The logs of this run are kept in {folder / 'logs'}", file=sys.stderr, flush=True)
        raise
    shutil.rmtree(folder)


class Scenario:
    """What the three people do, one after the other."""

    def __init__(self, address: str, credentials: Credentials, setup_token: str) -> None:
        self.credentials, self.setup_token = credentials, setup_token
        self.reader = Reader(credentials)
        self.labels = Labels(self.reader)
        self.admin, self.rep, self.buyer = Admin(address), Rep(address), Buyer(address)
        self.stamp = datetime.now(UTC).strftime("%y%m%d-%H%M%S")
        self.customer = Customer(
            f"Søndergård & Partners {self.stamp}", "Zoë", "Łukasiewicz", f"zoe@{self.stamp}.example"
        )
        self.signers = (f"{self.customer.first_name} {self.customer.last_name}", "Theo Lindqvist")
        self.number = 0
        self.landed = landed.Landed()

    def run(self) -> None:
        """All of it. Raises Disagreement, or Stuck when a page does not go on."""
        self._prepare()
        stock = landed.stock_of(self.reader)
        offer = wanted.first_offer(self.stamp, stock, taxed=bool(self.admin.mapped.tax_code))
        for note in stock.notes:
            print(f"  Note: {note}.")
        self._offer(offer)
        self._await(offer, 1, self.admin.mapped.status, "published")
        changed = wanted.second_offer(offer, self.stamp)
        self._change(offer, changed)
        self._await(changed, 2, self.admin.mapped.status, "changed and published again")
        accepted = wanted.chosen_offer(changed)
        links = self._sign(accepted)
        self._await(
            accepted, 3, self.admin.mapped.won, "signed by two and countersigned, with what the first chose"
        )
        self._prove(links[-1])
        print(f"\nRead back from {self.reader.base}:\n")
        for line in show.lines(accepted, self.landed, self.labels):
            print(line)

    def _prepare(self) -> None:
        admin = self.admin
        admin.set_up(self.setup_token)
        self.rep.join(admin.invite(REP, "rep"))
        say(f"The admin is set up; connecting to {self.credentials.root} as {self.credentials.user}.")
        admin.connect(self.credentials)
        admin.prepare_catalogue(self.reader)
        admin.map_sections()
        chosen: Mapped = admin.mapped
        say(f"Six sections are mapped: open is “{chosen.status}”, won is “{chosen.won}”.")

    def _offer(self, offer: wanted.Offer) -> None:
        self.rep.start_quote(self.customer)
        section = None
        for line in offer.lines:
            if line.in_bundle or line.is_fee:
                continue
            if line.section and line.section != section:
                self.rep.add_section(section := line.section)
            self.rep.add_line(line, self.admin.mapped.tax_code)
        self.rep.add_bundle(wanted.bundle(self.stamp), [line for line in offer.lines if line.in_bundle])
        self.rep.write_header(offer, "Thank you for asking.\nWe begin within a week.")
        self.number = self.rep.publish()
        say(f"Quote {self.number} of {len(offer.lines)} lines is published for {self.customer.company}.")

    def _change(self, before: wanted.Offer, after: wanted.Offer) -> None:
        kept = {line.name for line in after.lines}
        for line in before.lines:
            if line.name not in kept:
                self.rep.remove_line(line.name)
        self.rep.change_line(0, after.lines[0])
        self.rep.add_line(after.lines[-1], self.admin.mapped.tax_code)
        self.rep.write_header(after, "Thank you for your patience.")
        self.rep.publish()

    def _sign(self, offer: wanted.Offer) -> list[str]:
        """Two of the customer's people sign one after the other, and then we do. Returns the two links."""
        chosen = [line for line in offer.lines if line.chosen]
        whole = {line.section.title for line in chosen if line.section and line.section.choice == "whole"}
        options = [line.name for line in chosen if not line.section or line.section.title not in whole]
        more = {line.name: line.most for line in offer.lines if line.most}
        links = self.rep.name_signers(
            [(name, f"signer{at}@{self.stamp}.example") for at, name in enumerate(self.signers)]
        )
        first, second = self.signers
        self.buyer.open(links[1])
        if self.buyer.can_sign():
            raise Stuck(f"{second} could sign before {first}.")
        self.buyer.sign(links[0], first, [*options, *whole], more)
        self.buyer.sign(links[1], second, [], {})
        self.admin.countersign(self.rep.quote_path)
        say(f"{first} chose and signed, then {second}, and {NAME} countersigned.")
        return links

    def _prove(self, link: str) -> None:
        """The evidence is proven without the product. Raises Disagreement with what is wrong."""
        people = [*self.signers, NAME]
        names = ", ".join(people)
        wrong = evidence.check(self.buyer.evidence(link), self.landed, people)
        if wrong:
            raise Disagreement("\n".join(["the evidence isn't proven:", *(f"  - {one}" for one in wrong)]))
        say(
            f"quotewright_verify proves the bundle with the signatures of {names}, and its signed PDF is on the "
            "opportunity."
        )

    def _await(self, offer: wanted.Offer, revision: int, status: str, what: str) -> None:
        """Wait until Autotask holds the revision. Raises Disagreement with what differs when it takes too long."""
        deadline, last_looks = time.monotonic() + LONGEST_PUSH, LAST_LOOKS
        while True:
            state, sentence = self.rep.push_state()
            self.landed = landed.read(self.reader, self.customer.company, self.number)
            differs = compare.differences(
                offer,
                self.landed,
                self.labels,
                customer=self.customer,
                mapped=self.admin.mapped,
                revision=revision,
                status=status,
            )
            if state != "synced":
                differs.append(f"The quote's page calls its push “{state}”: {sentence}")
            if not differs:
                say(f"Autotask agrees after the quote was {what}: {len(self.landed.items)} items.")
                return
            last_looks -= state in SETTLED
            if not last_looks or time.monotonic() > deadline:
                raise Disagreement(
                    "\n".join([f"after the quote was {what}:", *(f"  - {one}" for one in differs)])
                )
            time.sleep(LOOK_EVERY)


def say(sentence: str) -> None:
    """Tell the person at the terminal what was done."""
    print(f"- {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
