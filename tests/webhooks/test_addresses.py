"""Where webhooks may go. Whatever way an internal address is written, it is refused."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.services.core.hosts import is_public
from webapp.services.integrations.webhook.addresses import check_url

INTERNAL = "This is an internal address"
PLAIN_HTTP = "Use an https:// URL."


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://127.0.0.1/x", INTERNAL),
        ("https://169.254.169.254/latest/meta-data/", INTERNAL),
        ("https://[::1]/", INTERNAL),
        ("https://[::]/", INTERNAL),
        ("https://0.0.0.0/", INTERNAL),
        ("https://2130706433/", INTERNAL),
        ("https://0x7f000001/", INTERNAL),
        ("https://0177.0.0.1/", INTERNAL),
        ("https://127.1/", INTERNAL),
        ("https://127.0.0.1./", INTERNAL),
        ("https://10.1.2.3:8443/", INTERNAL),
        ("https://172.16.0.1/", INTERNAL),
        ("https://192.168.1.1/", INTERNAL),
        ("https://100.64.0.1/", INTERNAL),
        ("https://224.0.0.1/", INTERNAL),
        ("https://255.255.255.255/", INTERNAL),
        ("https://[::ffff:127.0.0.1]/", INTERNAL),
        ("https://[::ffff:a9fe:a9fe]/", INTERNAL),
        ("https://[64:ff9b::a9fe:a9fe]/", INTERNAL),
        ("https://[2002:7f00:1::]/", INTERNAL),
        ("https://[2001:0:7f00:1::]/", INTERNAL),
        ("https://[fd00::1]/", INTERNAL),
        ("https://[fe80::1]/", INTERNAL),
        ("https://localhost/", INTERNAL),
        ("https://LOCALHOST./", INTERNAL),
        ("https://anything.localhost/", INTERNAL),
        ("https://printer.local/", INTERNAL),
        ("https://metadata.google.internal/", INTERNAL),
        ("https://intranet/", INTERNAL),
        ("http://example.com/", PLAIN_HTTP),
        ("http://127.0.0.1/", PLAIN_HTTP),
        ("", "Enter the URL"),
        ("example.com/hooks", "Enter the full URL"),
        ("//example.com/hooks", "Enter the full URL"),
        ("ftp://example.com/", "Enter the full URL"),
        ("file:///etc/passwd", "Enter the full URL"),
        ("gopher://127.0.0.1:6379/_INFO", "Enter the full URL"),
        ("https://", "Enter the full URL"),
        ("https://example.com:0/", "Enter the full URL"),
        ("https://example.com:99999/", "This isn't a valid URL"),
        ("https://[::1", "This isn't a valid URL"),
        ("https://a..b/", "This isn't a valid URL"),
        (f"https://{'a' * 64}.com/", "This isn't a valid URL"),
        ("https://user:word@example.com/", "Remove the user name"),
        ("https://example.com@127.0.0.1/", "Remove the user name"),
        ("https://example.com/#there", "Remove the part"),
        ("https://example.com/a b", "Use plain characters"),
        ("https://example.com/a\r\nX-Evil: 1", "Use plain characters"),
        ("https://exämple.com/", "Use plain characters"),
        ("https://example.com\\@127.0.0.1/", "Use plain characters"),
        ("https://example.com/" + "x" * 500, "This URL has 520 characters"),
    ],
)
def test_refused(url: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="^" + sentence):
        check_url(url, ())


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hooks?key=1%202",
        "https://example.com:8443",
        "https://xn--exmple-cua.com/",
        "https://1.1.1.1/",
        "https://[2606:4700::1111]/",
        "HTTPS://Example.com/",
    ],
)
def test_taken(url: str) -> None:
    assert check_url(url, ()).lower() == url.lower()


def test_the_operator_may_allow_a_host_or_one_of_its_ports() -> None:
    allowed = ("intranet", "127.0.0.1:8080", "[::1]:9000")
    for url in ("http://intranet/", "https://intranet:1/", "http://127.0.0.1:8080/", "http://[::1]:9000/"):
        assert check_url(url, allowed) == url
    for url in ("https://127.0.0.1:8081/", "https://127.0.0.1/", "https://[::1]/", "https://intranet.local/"):
        with pytest.raises(ValueError, match=INTERNAL):
            check_url(url, allowed)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_within_an_ipv6_one_counts_as_itself(address: object) -> None:
    number = int(ip_address(str(address)))
    plain = is_public(str(address))
    for prefix in (0xFFFF << 32, 0x0064FF9B << 96, 0):
        hidden = str(ip_address(prefix + number if prefix else (0x2002 << 112) + (number << 80)))
        assert is_public(hidden) == plain, hidden


@given(st.ip_addresses(v=6, network="fc00::/7") | st.ip_addresses(v=6, network="fe80::/10"))
def test_no_private_ipv6_address_is_public(address: object) -> None:
    assert not is_public(str(address))
