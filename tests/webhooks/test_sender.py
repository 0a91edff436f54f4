"""One sending over real sockets: what counts as taken, and what no receiver can make us do."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.webhooks.receiver import CUT, DRIP, GARBAGE, HANG, Receiver, listening
from webapp.services.core import outward
from webapp.services.integrations.webhook import sender
from webapp.services.integrations.webhook.sender import Answer

HEADERS = {"Content-Type": "application/json", "Quotewright-Event": "test"}
INTERNAL = "has an internal address"


def post(receiver: Receiver, url: str = "", allowed: tuple[str, ...] | None = None) -> Answer:
    hosts = (receiver.host,) if allowed is None else allowed
    return sender.post(url or receiver.url, b'{"a": "\xc3\xab"}', HEADERS, hosts)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little patience, so that the test is done soon."""
    monkeypatch.setattr(sender, "TOTAL_SECONDS", 0.5)


def test_what_arrives(receiver: Receiver) -> None:
    answer = post(receiver)
    assert (answer.status, answer.sentence, answer.response) == (200, "", "status 200 it is")
    (got,) = receiver.got
    assert got.path == "/hooks?key=of%20mine"
    assert got.body == b'{"a": "\xc3\xab"}'
    assert got.headers["Host"] == receiver.host
    assert got.headers["Quotewright-Event"] == "test"
    assert got.headers["Content-Length"] == "11"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_taken(receiver: Receiver, status: int) -> None:
    receiver.answers.append((status, {}, ""))
    answer = post(receiver)
    assert (answer.status, answer.sentence) == (status, "")


@pytest.mark.parametrize("status", [400, 401, 404, 410, 413, 429, 500, 502, 503])
def test_refused(receiver: Receiver, status: int) -> None:
    receiver.answers.append(status)
    answer = post(receiver)
    assert answer.status == status
    assert f"status {status}" in answer.sentence
    assert answer.response == f"status {status} it is"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    with listening() as other:
        receiver.answers.append((status, {"Location": other.url}, ""))
        answer = post(receiver, allowed=(receiver.host, other.host))
        assert other.got == []
    assert len(receiver.got) == 1
    assert "redirect" in answer.sentence


@pytest.mark.parametrize(("text", "seconds"), [("120", 120), ("9999999999999", 3600), ("tomorrow", 0)])
def test_retry_after(receiver: Receiver, text: str, seconds: int) -> None:
    receiver.answers.append((503, {"Retry-After": text}, ""))
    assert post(receiver).retry_after == seconds


def test_a_long_answer_is_kept_in_part(receiver: Receiver) -> None:
    receiver.answers.append((500, {}, "a\x00b\x07" + "ü" * 200_000))
    response = post(receiver).response
    assert response.startswith("abü")
    assert len(response) == sender.EXCERPT


@pytest.mark.parametrize("fault", [CUT, GARBAGE])
def test_an_answer_that_is_none(receiver: Receiver, fault: str) -> None:
    receiver.answers.append(fault)
    answer = post(receiver)
    assert answer.status is None
    assert answer.sentence.startswith("The connection broke before")


@pytest.mark.parametrize("fault", [HANG, DRIP])
def test_a_receiver_that_takes_for_ever(receiver: Receiver, hasty: None, fault: str) -> None:
    receiver.answers.append(fault)
    answer = post(receiver)
    assert answer.status is None
    assert answer.sentence.startswith("The receiver didn't respond within")


def test_nobody_is_there(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answer = post(receiver, f"http://127.0.0.1:{port}/", allowed=("127.0.0.1",))
    assert answer == Answer(
        None, answer.duration_ms, f"Nothing was sent: no response from 127.0.0.1, port {port}."
    )


def test_a_name_that_does_not_exist(receiver: Receiver) -> None:
    answer = post(receiver, "https://no-such-name.invalid/")
    assert answer.sentence == "Nothing was sent: the host no-such-name.invalid can't be found."


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_an_internal_address_is_refused_at_the_connection(receiver: Receiver, host: str) -> None:
    answer = post(receiver, f"https://{host}:{receiver.port}/", allowed=())
    assert INTERNAL in answer.sentence
    assert receiver.got == []


def test_a_host_that_is_not_allowed_any_more(receiver: Receiver) -> None:
    answer = post(receiver, allowed=())
    assert "isn't in WEBHOOK_ALLOWED_HOSTS" in answer.sentence
    assert receiver.got == []


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["fd00::1"]])
def test_a_name_that_leads_inside(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    def resolve(_host: str, port: int, **_options: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    answer = post(receiver, f"https://hooks.example.com:{receiver.port}/", allowed=())
    assert INTERNAL in answer.sentence
    assert receiver.got == []


def test_the_name_is_looked_up_once(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers differently the second time (rebinding) has nobody to answer to."""
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def count(host: str, port: int, **options: Any) -> Any:
        asked.append(host)
        return resolve(host, port, **options)

    monkeypatch.setattr(socket, "getaddrinfo", count)
    url = f"http://localhost:{receiver.port}/"
    assert post(receiver, url, allowed=("localhost",)).status == 200
    assert asked == ["localhost"]


def test_no_proxy_of_the_machine_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{proxy.host}")
        assert post(receiver).status == 200
        assert proxy.got == []


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody trusts, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A receiver")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "receiver.pem"
    unencrypted = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, unencrypted
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def secure(authority: Path) -> Iterator[Receiver]:
    """A receiver that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    outward._tls.cache_clear()
    with listening(context) as running:
        yield running
    outward._tls.cache_clear()


def test_a_certificate_that_nobody_signed(secure: Receiver) -> None:
    answer = post(secure)
    assert "Nothing was sent: the certificate of 127.0.0.1 isn't valid " in answer.sentence
    assert secure.got == []


def test_a_certificate_that_the_machine_trusts(
    secure: Receiver, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert post(secure).status == 200
    # Its name counts too.
    answer = post(secure, f"https://localhost:{secure.port}/", allowed=("localhost",))
    assert "the certificate of localhost isn't valid" in answer.sentence
    assert len(secure.got) == 1


def test_a_receiver_that_speaks_no_tls(receiver: Receiver) -> None:
    answer = post(receiver, f"https://{receiver.host}/")
    assert answer.sentence == "Nothing was sent: no secure connection to 127.0.0.1 could be made."
