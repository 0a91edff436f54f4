"""Check a bundle of Quotewright: ``python -m quotewright_verify BUNDLE``.

This one file needs Python 3.11 and nothing else: no Quotewright, no network. It says what was accepted, by whom and
when, and names everything that isn't as it was then. Exit code 0: all agrees; 1: something doesn't; 2: no bundle.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

FORMAT = "quotewright-evidence-1"
FIRST = "0" * 64
LARGEST = 100_000_000
# Bytes of an RSA key, of a signature with its certificates, and values side by side in it, so that none takes minutes.
LARGEST_KEY = 2048
LARGEST_SIGNATURE = 1_000_000
MOST_PARTS = 10_000
# Of events that can be missing, as many are named.
MOST = 10_000
NEEDED = ("signed.pdf", "offer.json", "certificate.json", "events.json")
BESIDE = ("revision.json", "README.txt")
BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]")
READER = (
    "A PDF reader checks whether the certificates in the PDF's seal can be trusted; this program doesn't."
)
# Object identifiers in DER.
COMMON_NAME, ORGANIZATION = b"\x55\x04\x03", b"\x55\x04\x0a"
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
TIME_STAMP = bytes.fromhex("2a864886f70d010910020e")
RSA_KEY = bytes.fromhex("2a864886f70d010101")
RSA = {bytes.fromhex("2a864886f70d0101" + end) for end in ("01", "05", "0b", "0c", "0d")}
EC_KEY = bytes.fromhex("2a8648ce3d0201")
ECDSA = {
    bytes.fromhex("2a8648ce3d04" + end): name
    for end, name in (("01", "sha1"), ("0302", "sha256"), ("0303", "sha384"), ("0304", "sha512"))
}
HASHES = {
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
KEYWORDS = re.compile(rb"/Keywords \(quotewright ([\w= ]+)\)")


class NoBundle(Exception):
    """The file isn't a bundle; the message says why."""


class NoSeal(Exception):
    """The signature in the PDF isn't one that Quotewright makes; the message says why."""


class Bundle:
    """The files of a bundle. ``problems``, ``agrees`` and ``notes``: sentences that the checks add."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.problems: list[str] = []
        self.agrees: list[str] = []
        self.notes: list[str] = []
        self.certificate = _object(files, "certificate.json")
        self.events = _events(files)
        accepted = self.certificate.get("acceptance")
        self.facts: dict[str, Any] = accepted if isinstance(accepted, dict) else {}
        found = [event for event in self.events if event.get("kind") in ("signed", "recorded")]
        # The event of the acceptance; empty where there is none.
        self.event: dict[str, Any] = found[-1] if found else {}
        signed = self.certificate.get("signatures", [])
        whole = isinstance(signed, list) and all(isinstance(one, dict) for one in signed)
        # The signatures beside the last one: of other signers, and of the seller who countersigned.
        self.beside: list[dict[str, Any]] = signed if whole else []

    def check(self, *, fits: bool, good: str, bad: str) -> None:
        """Note what a comparison showed."""
        (self.agrees if fits else self.problems).append(good if fits else bad)


def main(arguments: list[str]) -> int:
    """Check the bundle at the path in ``arguments`` and print sentences."""
    if len(arguments) != 1:
        print("Say which bundle to check: python -m quotewright_verify BUNDLE", file=sys.stderr)
        return 2
    try:
        bundle = verify(read(Path(arguments[0])))
        said = told(bundle)
    except NoBundle as error:
        print(_plain(str(error)), file=sys.stderr)
        return 2
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        print(f"Something in this bundle isn't as it must be ({type(error).__name__}), so it proves nothing.")
        return 1
    print("\n".join(map(_plain, said.split("\n"))))
    for kind, sentences in (("agrees", bundle.agrees), ("WRONG ", bundle.problems), ("note  ", bundle.notes)):
        for sentence in sentences:
            print(f"  {kind}   {_plain(sentence)}")
    if bundle.problems:
        count = len(bundle.problems)
        things = f"{count} things in this bundle are" if count > 1 else "one thing in this bundle is"
        print(f"\nNot proven: {things} wrong.")
        return 1
    print("\nProven: everything in this bundle agrees with what was accepted.")
    print(
        "Compare the fingerprints with those on your own copy of the PDF to know that no one wrote all of it anew."
    )
    return 0


def _plain(text: str) -> str:
    """What a bundle says, without what would move the cursor, color the text or break off the program."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def read(path: Path) -> dict[str, bytes]:
    """The files in the bundle at ``path``, by name. Raises NoBundle with a sentence."""
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST:
                raise NoBundle(f"{path.name} is larger than any bundle, so it wasn't read.")
            names = [entry.filename for entry in packed.infolist()]
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise NoBundle(f"{path.name} has two files called {_plain(twice)}, so it proves neither.")
            files = {entry.filename: packed.read(entry) for entry in packed.infolist()}
    except OSError as error:
        raise NoBundle(f"{path.name} can't be opened: {error.strerror or error}.") from error
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise NoBundle(f"{path.name} isn't a zip file that can be read: {error}.") from error
    missing = [name for name in NEEDED if name not in files]
    if missing:
        raise NoBundle(f"{path.name} isn't a whole bundle: it has no {' and no '.join(missing)}.")
    return files


def verify(files: dict[str, bytes]) -> Bundle:
    """Compare everything in the bundle. Raises NoBundle for files that aren't JSON."""
    bundle = Bundle(files)
    if bundle.certificate.get("format") != FORMAT:
        raise NoBundle(f"This bundle isn't in the format {FORMAT}, which this program reads.")
    _check_chain(bundle)
    _check_acceptance(bundle)
    _check_signers(bundle)
    _check_offer(bundle)
    _check_consent(bundle)
    _check_drawing(bundle, "signature.png", bundle.facts, "")
    for one in bundle.beside:
        _check_drawing(bundle, f"signature-{one.get('event')}.png", _facts_of(one), f" of {_name_of(one)}")
    _check_pdf(bundle)
    _check_seal(bundle)
    _name_others(bundle)
    return bundle


def _name_others(bundle: Bundle) -> None:
    """Files that aren't part of a bundle may say anything."""
    drawings = {"signature.png", *(f"signature-{one.get('event')}.png" for one in bundle.beside)}
    for name in sorted(set(bundle.files) - {*NEEDED, *BESIDE} - drawings):
        bundle.notes.append(f"{name} isn't part of the bundle, so nothing here is said of it.")


def told(bundle: Bundle) -> str:
    """Who accepted what, in a sentence."""
    facts, certificate = bundle.facts, bundle.certificate
    who = ", ".join(str(facts[name]) for name in ("name", "title") if facts.get(name)) or "Someone"
    what = f"quote {certificate.get('quote')}, revision {certificate.get('revision')}"
    at = bundle.event.get("at") or "a time that no event says"
    if facts.get("recorded_by"):
        return f"{facts['recorded_by']} recorded that {who} accepted {what}, at {at}.\n"
    way = "with a drawn signature" if facts.get("drawing_sha256") else "with a typed signature"
    where = f" from {certificate['address']}" if certificate.get("address") else ""
    own = f" The browser was signed in as {facts['signed_in_as']}." if facts.get("signed_in_as") else ""
    said = f"{who} signed {what} {way} at {at}{where}.{own}\n"
    for one in bundle.beside:
        who = ", ".join(str(_facts_of(one)[name]) for name in ("name", "title") if _facts_of(one).get(name))
        verb = "countersigned" if one.get("kind") == "countersigned" else "signed"
        where = f" from {one['address']}" if one.get("address") else ""
        said += f"{who or 'Someone'} {verb} it at {one.get('at')}{where}.\n"
    return said


def _check_chain(bundle: Bundle) -> None:
    numbers = [event.get("number") for event in bundle.events]
    whole, previous = True, FIRST
    for event in bundle.events:
        content = {name: value for name, value in event.items() if name != "sha256"}
        if _canonical_sha256(content) != event.get("sha256"):
            whole = False
            bundle.problems.append(
                f"Event {event.get('number')} ({event.get('kind')}) was changed after it was written."
            )
    counted = [number for number in numbers if isinstance(number, int)]
    if counted != numbers or counted != sorted(set(counted)):
        whole = False
        bundle.problems.append("The events aren't in their order.")
    for number in range(1, min(max(counted, default=0), MOST) + 1):
        if number not in counted:
            whole = False
            bundle.problems.append(f"Event {number} is missing from the chain.")
    for event in bundle.events:
        if whole and event.get("previous") != previous:
            whole = False
            bundle.problems.append(f"Event {event.get('number')} doesn't follow the event before it.")
        previous = str(event.get("sha256"))
    if whole and bundle.events:
        bundle.agrees.append(f"The {len(bundle.events)} events follow from each other.")


def _check_acceptance(bundle: Bundle) -> None:
    """The event of the acceptance says what the certificate says."""
    event = bundle.event
    if not event:
        bundle.problems.append("No event says that the quote was accepted.")
        return
    said = event.get("detail")
    detail: dict[str, Any] = said if isinstance(said, dict) else {}
    names = sorted(set(detail) | set(bundle.facts))
    other = [name for name in names if detail.get(name) != bundle.facts.get(name)]
    other += [
        name for name in ("address", "agent", "session") if event.get(name) != bundle.certificate.get(name)
    ]
    other += [
        name
        for name, of_event in (("revision", "revision"), ("accepted_at", "at"))
        if event.get(of_event) != bundle.certificate.get(name)
    ]
    if event.get("kind") == "recorded":
        other = [name for name in other if name not in ("address", "agent", "session")]
    bundle.check(
        fits=not other,
        good="The certificate says what the event of the acceptance says.",
        bad=f"The certificate says something else than the event of the acceptance: {', '.join(other)}.",
    )


def _check_signers(bundle: Bundle) -> None:
    """Each other signature is an event, says the same there, is about the same content, and none is missing."""
    by_number = {event.get("number"): event for event in bundle.events}
    for one in bundle.beside:
        event, facts, who = by_number.get(one.get("event"), {}), _facts_of(one), _name_of(one)
        said = event.get("detail")
        detail: dict[str, Any] = said if isinstance(said, dict) else {}
        other = [name for name in sorted(set(detail) | set(facts)) if detail.get(name) != facts.get(name)]
        other += [
            name for name in ("kind", "at", "address", "agent", "session") if event.get(name) != one.get(name)
        ]
        bundle.check(
            fits=not other,
            good=f"The signature of {who} is what its event says.",
            bad=f"The signature of {who} isn't what its event says: {', '.join(other)}.",
        )
        # An acceptance that a rep recorded was shown to no one: it names the content, of which the terms are a part.
        names = [name for name in ("content_sha256", "terms_sha256") if bundle.facts.get(name)]
        same = all(facts.get(name) == bundle.facts[name] for name in names)
        bundle.check(
            fits=same and bool(facts.get("content_sha256")),
            good=f"{who} signed the same offer and terms.",
            bad=f"{who} signed another offer or other terms than the one that was accepted.",
        )
        bundle.check(
            fits=_sha256(str(facts.get("consent", ""))) == facts.get("consent_sha256"),
            good=f"The consent of {who} is the sentence that was shown.",
            bad=f"The sentence of consent of {who} isn't the one that was shown.",
        )
    wanted = bundle.facts.get("with", [])
    known = [
        by_number.get(one.get("event"), {}).get("sha256")
        for one in bundle.beside
        if one.get("kind") == "signed"
    ]
    counter = [event.get("number") for event in bundle.events if event.get("kind") == "countersigned"]
    found = [one.get("event") for one in bundle.beside if one.get("kind") == "countersigned"]
    if wanted or bundle.beside or counter:
        bundle.check(
            fits=wanted == known and counter == found,
            good=f"No signature is missing: there are {len(bundle.beside) + 1}.",
            bad="A signature is missing, or there is one that isn't part of the acceptance.",
        )


def _facts_of(one: dict[str, Any]) -> dict[str, Any]:
    found = one.get("signature")
    return found if isinstance(found, dict) else {}


def _name_of(one: dict[str, Any]) -> str:
    return str(_facts_of(one).get("name") or "a signer")


def _check_offer(bundle: Bundle) -> None:
    for name, key, what in (
        ("offer.json", "offer_sha256", "The offer"),
        ("revision.json", "content_sha256", "The whole revision"),
    ):
        if name not in bundle.files:
            continue
        sha256 = hashlib.sha256(bundle.files[name]).hexdigest()
        bundle.check(
            fits=sha256 == bundle.facts.get(key),
            good=f"{what} ({name}) is what was accepted: {sha256}.",
            bad=f"{what} ({name}) was changed: lines, prices or texts in it aren't those that were accepted.",
        )
    offer = _object(bundle.files, "offer.json")
    bundle.check(
        fits=offer.get("number") == bundle.certificate.get("quote"),
        good="The certificate is about the quote of the offer.",
        bad="The certificate is about another quote than the offer.",
    )
    if bundle.facts.get("terms_sha256"):
        bundle.check(
            fits=_sha256(str(offer.get("terms", ""))) == bundle.facts["terms_sha256"],
            good="The terms are those that were shown.",
            bad="The terms in the offer aren't those that were shown.",
        )


def _check_consent(bundle: Bundle) -> None:
    if not bundle.facts.get("consent_sha256"):
        return
    bundle.check(
        fits=_sha256(str(bundle.facts.get("consent", ""))) == bundle.facts["consent_sha256"],
        good=f"The consent is the sentence that was shown: “{bundle.facts.get('consent')}”",
        bad="The sentence of consent isn't the one that was shown.",
    )


def _check_drawing(bundle: Bundle, file: str, facts: dict[str, Any], whose: str) -> None:
    """``whose``: “ of Ann Lee”, where there are several."""
    wanted, picture = facts.get("drawing_sha256"), bundle.files.get(file)
    if not wanted and picture is None:
        return
    if picture is None:
        bundle.problems.append(f"The picture of the drawn signature{whose} ({file}) is missing.")
        return
    bundle.check(
        fits=hashlib.sha256(picture).hexdigest() == wanted,
        good=f"The picture of the signature{whose} is the one that was drawn.",
        bad=f"The picture of the signature{whose} ({file}) isn't the one that was drawn.",
    )


def _check_pdf(bundle: Bundle) -> None:
    pdf = bundle.files["signed.pdf"]
    sha256 = hashlib.sha256(pdf).hexdigest()
    sealed = [
        one for one in bundle.events if one.get("kind") == "sealed" and isinstance(one.get("detail"), dict)
    ]
    if not sealed:
        bundle.problems.append("No event names the PDF, so it can't be checked.")
    else:
        bundle.check(
            fits=any(one["detail"].get("pdf_sha256") == sha256 for one in sealed),
            good=f"The PDF is the one that was stored: {sha256}.",
            bad="The PDF (signed.pdf) isn't the one that was stored: at least one byte of it was changed.",
        )
    found = KEYWORDS.search(pdf)
    if not found:
        bundle.problems.append("The PDF doesn't name what was accepted.")
        return
    names = dict(part.split("=", 1) for part in found[1].decode("ascii").split() if "=" in part)
    known = {"content": "content_sha256", "offer": "offer_sha256", "terms": "terms_sha256",
             "consent": "consent_sha256", "drawing": "drawing_sha256"}  # fmt: skip
    hashes = {f"event{one.get('number')}": one.get("sha256") for one in bundle.events}
    other = [
        name
        for name, value in names.items()
        if value != (bundle.facts.get(known[name]) if name in known else hashes.get(name))
    ]
    if bundle.event and not any(name.startswith("event") for name in names):
        other.append("event")
    bundle.check(
        fits=not other,
        good="The PDF names the same offer, terms, consent and event.",
        bad=f"The PDF names another {' and another '.join(other)} than this bundle has.",
    )


def _check_seal(bundle: Bundle) -> None:
    """The seal in the PDF: what it covers, what it names, and whether the event of the PDF says the same."""
    pdf = bundle.files["signed.pdf"]
    found = [
        one["detail"]
        for one in bundle.events
        if one.get("kind") == "sealed" and isinstance(one.get("detail"), dict)
    ]
    said = found[-1].get("seal") if found else None
    event: dict[str, Any] = said if isinstance(said, dict) else {}
    if event.get("lacking"):
        bundle.notes.append(f"The PDF was made without its whole seal: {event['lacking']}")
    ranges = BYTE_RANGE.findall(pdf)
    is_expected = bool(event.get("certificate_sha256") or event.get("stamped_by"))
    if not ranges and is_expected:
        bundle.problems.append(
            "The PDF's seal was taken away: its event names one, and there is none in the file."
        )
    if not ranges:
        return
    if not is_expected:
        bundle.problems.append("The PDF has a signature that no event names.")
    if len(ranges) > 1:
        bundle.problems.append(f"The PDF has {len(ranges)} signatures, where Quotewright makes one.")
    start, hole, after, rest = map(int, ranges[0])
    if not (start == 0 and hole < after and pdf[hole : hole + 1] == b"<" and pdf[after - 1 : after] == b">"):
        bundle.problems.append("The PDF's signature doesn't cover the file from its beginning.")
        return
    bundle.check(
        fits=after + rest == len(pdf),
        good="The PDF's signature covers the whole file.",
        bad="The PDF's signature doesn't cover the whole file: something was added after it was sealed, or cut off.",
    )
    if after - hole > 2 * LARGEST_SIGNATURE:
        bundle.problems.append("The PDF's signature is larger than any, so it wasn't read.")
        return
    try:
        _check_signature(
            bundle,
            event,
            bytes.fromhex(pdf[hole + 1 : after - 1].decode("ascii")),
            pdf[:hole] + pdf[after : after + rest],
        )
    except NoSeal as error:
        bundle.problems.append(str(error))
    except (ValueError, LookupError, OverflowError, TypeError, AttributeError, StopIteration):
        bundle.problems.append("The PDF's signature can't be read: it was damaged or changed.")


def _check_signature(bundle: Bundle, event: dict[str, Any], contents: bytes, covered: bytes) -> None:
    """``contents``: the signature (CMS) or the time stamp (RFC 3161) in the PDF; ``covered``: the bytes it is of."""
    cms = _Cms(contents)
    wanted, stamp = event.get("certificate_sha256"), None
    if cms.stamped is not None:
        if wanted:
            bundle.problems.append(
                "The PDF has no signature of the seller, whom its event names: only a time stamp."
            )
        stamp, what = cms, covered
    else:
        bundle.check(
            fits=cms.digest == _hashed(cms.hash, covered),
            good="The digest in the PDF's signature is that of the file: nothing was changed since it was sealed.",
            bad="The digest in the PDF's signature isn't that of the file: something was changed after it was sealed.",
        )
        _check_signer(bundle, cms, "The PDF's signature", is_ours=True)
        names = f"“{cms.signer}” (certificate with SHA-256 {cms.fingerprint}, issued by “{cms.issuer}”)"
        bundle.check(
            fits=cms.fingerprint == wanted,
            good=f"The PDF's signature names {names}, as its event does.",
            bad=f"The PDF's signature names {names}: another certificate than its event does.",
        )
        stamp, what = (_Cms(cms.stamp), cms.signature) if cms.stamp else (None, b"")
    if stamp is not None:
        _check_stamp(bundle, stamp, what)
    elif event.get("stamped_by"):
        bundle.problems.append("The time stamp in the PDF was taken away: its event names one.")
    bundle.notes.append(READER)


def _check_stamp(bundle: Bundle, stamp: _Cms, what: bytes) -> None:
    """``what``: the bytes that the time stamp must be of."""
    if stamp.stamped is None:
        raise ValueError
    imprint = stamp.stamped[2].parts
    fits = imprint[1].body == _hashed(HASHES[imprint[0].parts[0].body], what)
    at = next(one for one in stamp.stamped if one.tag == 0x18).body.decode("ascii")
    told = f"{at[:4]}-{at[4:6]}-{at[6:8]} {at[8:10]}:{at[10:12]}:{at[12:14]} UTC, by “{stamp.signer}”"
    bundle.check(
        fits=fits and stamp.digest == _hashed(stamp.hash, stamp.content),
        good=f"The time stamp in the PDF is of this very file: {told}.",
        bad=f"The time stamp in the PDF ({told}) is of something else, or was changed.",
    )
    _check_signer(bundle, stamp, "The time stamp")


def _check_signer(bundle: Bundle, cms: _Cms, what: str, *, is_ours: bool = False) -> None:
    """Whether the key of the certificate made the signature: RSA and usual curves here, else by a PDF reader.

    ``is_ours``: Quotewright made it, and it makes none that can't be checked here.
    """
    fits = cms.is_signed()
    if fits is None and is_ours:
        bundle.problems.append(f"{what} is of a kind that Quotewright doesn't make, so it proves nothing.")
        return
    if fits is None:
        bundle.notes.append(
            f"{what} isn't of a kind that this program can check with its certificate; a PDF reader can."
        )
        return
    bundle.check(
        fits=fits,
        good=f"{what} was made with the key of the certificate it names.",
        bad=f"{what} wasn't made with the key of the certificate it names.",
    )


class _Der:
    """One value of DER: its ``tag``, its content (``body``), and all its bytes (``raw``)."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.tag, length, start = data[at], data[at + 1], at + 2
        if length >= 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError
            length, start = int.from_bytes(data[start : start + count], "big"), start + count
        self.end = start + length
        if self.end > len(data):
            raise ValueError
        self.body, self.raw = data[start : self.end], data[at : self.end]

    @property
    def parts(self) -> list[_Der]:
        """The values in it."""
        found: list[_Der] = []
        at = 0
        while at < len(self.body):
            if len(found) == MOST_PARTS:
                raise ValueError
            found.append(_Der(self.body, at))
            at = found[-1].end
        return found


class _Cms:
    """A signature in CMS (RFC 5652) with one signer. ``stamped``: the parts of what a time stamp says; else None.

    ``content``: what is signed, if it is inside. ``digest``: of what is signed. ``stamp``: a time stamp of the
    ``signature``; empty without. ``signer``, ``issuer``, ``fingerprint``: of the signer's certificate.
    """

    def __init__(self, data: bytes) -> None:
        whole = _Der(data)
        # What follows it fills the place that was kept for it.
        if whole.tag != 0x30 or whole.parts[0].body != SIGNED_DATA or data[whole.end :].strip(b"\0"):
            raise ValueError
        signed = whole.parts[1].parts[0].parts
        inside = signed[2].parts
        self.content = inside[1].parts[0].body if len(inside) > 1 else b""
        self.stamped = _Der(self.content).parts if self.content else None
        certificates = [one for part in signed if part.tag == 0xA0 for one in part.parts]
        (info,) = signed[-1].parts
        fields = info.parts
        self.hash = HASHES[fields[2].parts[0].body]
        attributes = next((one for one in fields if one.tag == 0xA0), None)
        if attributes is None:
            raise NoSeal(
                "A signature in the PDF has no signed attributes, so it proves nothing: Quotewright makes none without."
            )
        self.attributes = attributes
        values = {one.parts[0].body: one.parts[1].parts[0] for one in self.attributes.parts}
        self.digest = values[MESSAGE_DIGEST].body
        at = fields.index(self.attributes)
        self.algorithm, self.signature = fields[at + 1].parts[0].body, fields[at + 2].body
        extra = {
            one.parts[0].body: one.parts[1].parts[0].raw for field in fields[at + 3 :] for one in field.parts
        }
        self.stamp = extra.get(TIME_STAMP, b"")
        self._certificate([part.raw for part in fields[1].parts], certificates)

    def _certificate(self, named: list[bytes], certificates: list[_Der]) -> None:
        """``named``: issuer and number of the signer's certificate."""
        for certificate in certificates:
            fields = [one for one in certificate.parts[0].parts if one.tag != 0xA0]
            if [fields[2].raw, fields[0].raw] == named:
                self.signer, self.issuer = _name(fields[4]), _name(fields[2])
                self.fingerprint = hashlib.sha256(certificate.raw).hexdigest()
                self.key = fields[5]
                return
        raise ValueError

    def is_signed(self) -> bool | None:
        """Whether the certificate's key made the signature; None where this program can't tell."""
        kind, key = self.key.parts
        # RFC 5652, 5.4: the attributes are signed as a set.
        signed = b"\x31" + self.attributes.raw[1:]
        if kind.parts[0].body == RSA_KEY and self.algorithm in RSA:
            return _fits_rsa(key.body[1:], self.hash, signed, self.signature)
        curve = CURVES.get(kind.parts[1].body) if kind.parts[0].body == EC_KEY else None
        if curve is not None and self.algorithm in ECDSA:
            return curve.fits(key.body[1:], _hashed(ECDSA[self.algorithm], signed), self.signature)
        return None


def _fits_rsa(key: bytes, algorithm: str, signed: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is of ``signed``, as PKCS #1 v1.5 has it. Raises ValueError for an absurd key."""
    modulus, exponent = (int.from_bytes(one.body, "big") for one in _Der(key).parts)
    size = (modulus.bit_length() + 7) // 8
    if not 128 <= size <= LARGEST_KEY or exponent.bit_length() > 64:
        raise ValueError
    if len(signature) != size:
        return False
    shown = pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big")
    digest = _hashed(algorithm, signed)
    oid = next(oid for oid, name in HASHES.items() if name == algorithm)
    kind_of_hash = b"\x06" + bytes([len(oid)]) + oid + b"\x05\x00"
    info = b"\x30" + bytes([len(kind_of_hash)]) + kind_of_hash + b"\x04" + bytes([len(digest)]) + digest
    info = b"\x30" + bytes([len(info)]) + info
    return shown == b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info


class _Curve:
    """y² = x³ - 3x + b over a prime p = 3 mod 4, with a base point of prime order n: a curve of NIST (FIPS 186-5).

    A point is (X, Y, Z) for x = X / Z², y = Y / Z³; with Z = 0 it is the one at infinity.
    """

    def __init__(self, p: int, n: int, b: str, x: str, y: str) -> None:
        self.p, self.n, self.b = p, n, int(b, 16)
        self.size = (p.bit_length() + 7) // 8
        self.base = int(x, 16), int(y, 16), 1

    def fits(self, key: bytes, digest: bytes, signature: bytes) -> bool:
        """Whether the key, a point, made the ECDSA ``signature`` of ``digest``. Raises ValueError for another point."""
        point = self.point(key)
        whole = _Der(signature)
        parts = whole.parts
        if whole.tag != 0x30 or [one.tag for one in parts] != [0x02, 0x02] or whole.end != len(signature):
            raise ValueError
        if any(len(one.body) > self.size + 1 for one in parts):
            return False
        r, s = (int.from_bytes(one.body, "big", signed=True) for one in parts)
        if not (0 < r < self.n and 0 < s < self.n):
            return False
        number = int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - self.n.bit_length())
        inverse = pow(s, -1, self.n)
        x, _, z = self.sum_of(number * inverse % self.n, r * inverse % self.n, point)
        return z != 0 and x * pow(z, -2, self.p) % self.p % self.n == r

    def point(self, key: bytes) -> tuple[int, int, int]:
        """The point as a certificate has it (SEC 1, 2.3.4). Raises ValueError."""
        form, rest = key[:1], key[1:]
        is_short = form in (b"\x02", b"\x03")
        if not (is_short or form == b"\x04") or len(rest) != self.size * (1 if is_short else 2):
            raise ValueError
        x = int.from_bytes(rest[: self.size], "big")
        square = (x * x * x - 3 * x + self.b) % self.p
        if is_short:
            y = pow(square, (self.p + 1) // 4, self.p)
            y = y if y % 2 == form[0] % 2 else self.p - y
        else:
            y = int.from_bytes(rest[self.size :], "big")
        # The order of the group is a prime, so each point of the curve is one of it.
        if x >= self.p or y >= self.p or y * y % self.p != square:
            raise ValueError
        return x, y, 1

    def sum_of(self, first: int, second: int, point: tuple[int, int, int]) -> tuple[int, int, int]:
        """``first`` times the base point and ``second`` times ``point``, in one pass."""
        both = self.add(self.base, point)
        found = 1, 1, 0
        for bit in range(self.n.bit_length() - 1, -1, -1):
            found = self.double(found)
            which = (first >> bit & 1) + 2 * (second >> bit & 1)
            if which:
                found = self.add(found, (self.base, point, both)[which - 1])
        return found

    def double(self, point: tuple[int, int, int]) -> tuple[int, int, int]:
        """Twice the point."""
        p, (x, y, z) = self.p, point
        delta, gamma = z * z % p, y * y % p
        beta, alpha = x * gamma % p, 3 * (x - delta) * (x + delta) % p
        new = (alpha * alpha - 8 * beta) % p
        return new, (alpha * (4 * beta - new) - 8 * gamma * gamma) % p, 2 * y * z % p

    def add(self, one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
        """The sum of two points, which may be the same, opposite, or at infinity."""
        if not one[2]:
            return other
        if not other[2]:
            return one
        p, (x1, y1, z1), (x2, y2, z2) = self.p, one, other
        a, b = z1 * z1 % p, z2 * z2 % p
        u, v = x1 * b % p, y1 * b * z2 % p
        h, r = (x2 * a - u) % p, (y2 * a * z1 - v) % p
        if not h:
            return (1, 1, 0) if r else self.double(one)
        square = h * h % p
        cube, w = square * h % p, u * square % p
        x = (r * r - cube - 2 * w) % p
        return x, (r * (w - x) - v * cube) % p, h * z1 * z2 % p


# The curves by their object identifiers.
CURVES = {
    bytes.fromhex("2a8648ce3d030107"): _Curve(
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    ),
    bytes.fromhex("2b81040022"): _Curve(
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
        "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
    ),
    bytes.fromhex("2b81040023"): _Curve(
        2**521 - 1,
        2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
        "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf"
        "073573df883d2c34f1ef451fd46b503f00",
        "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8"
        "de3348b3c1856a429bf97e7e31c2e5bd66",
        "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad07"
        "61353c7086a272c24088be94769fd16650",
    ),
}


def _name(name: _Der) -> str:
    """The common name and the organization."""
    found: dict[bytes, str] = {}
    for part in name.parts:
        for one in part.parts:
            oid, value = one.parts
            text = value.body.decode("utf-16-be" if value.tag == 0x1E else "utf-8", "replace")
            found.setdefault(oid.body, "".join(letter for letter in text if letter.isprintable()))
    return (
        ", ".join(found[oid] for oid in (COMMON_NAME, ORGANIZATION) if oid in found)
        or "someone without a name"
    )


def _hashed(name: str, content: bytes) -> bytes:
    return hashlib.new(name, content).digest()


def _events(files: dict[str, bytes]) -> list[dict[str, Any]]:
    events = _parsed(files, "events.json")
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise NoBundle("events.json isn't a list of events.")
    return events


def _object(files: dict[str, bytes], name: str) -> dict[str, Any]:
    found = _parsed(files, name)
    if not isinstance(found, dict):
        raise NoBundle(f"{name} isn't what a bundle has under this name.")
    return found


def _parsed(files: dict[str, bytes], name: str) -> Any:
    try:
        return json.loads(files[name])
    except (ValueError, RecursionError) as error:
        raise NoBundle(f"{name} can't be read: {error}.") from error


def _canonical_sha256(content: dict[str, Any]) -> str:
    return _sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
