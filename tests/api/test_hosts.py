"""Where Autotask's credentials may go: addresses that two programs could read in two ways go nowhere."""

from __future__ import annotations

import pytest
import requests

from webapp.services.autotask.api import hosts

ALLOWED = ("mock.example", "127.0.0.1:8650", "[::1]:8651", "::2")

NASTY = [
    r"https://evil.example\.autotask.net/ATServicesRest/",
    r"https://evil.example\@webservices2.autotask.net/",
    r"https:\\evil.example\.autotask.net/",
    r"https:/\evil.example/.autotask.net/",
    "https://webservices2.autotask.net@evil.example/",
    "https://webservices2.autotask.net:443@evil.example/",
    "https://user:secret@webservices2.autotask.net/",
    "https://@webservices2.autotask.net/",
    "https://evil.example%2f.autotask.net/",
    "https://evil.example%5c.autotask.net/",
    "https://evil.example%00.autotask.net/",
    "https://evil.example;.autotask.net/",
    "https://evil.example#.autotask.net/",
    "https://evil.example?.autotask.net/",
    "https://evil.example .autotask.net/",
    "https://evil.example\t.autotask.net/",
    "https://evil.example\n.autotask.net/",
    "https://evil.example\r\nHost: evil.example\r\n.autotask.net/",
    "https://evil.example\x00.autotask.net/",
    "https://evil.example\x7f.autotask.net/",
    " https://webservices2.autotask.net/",
    "https://webservices2.autotask.net/ ",
    "https://webservices2.autotask.net/\n",
    "ht\ntps://webservices2.autotask.net/",
    "https://evil.example／.autotask.net/",
    "https://evil.example＠webservices2.autotask.net/",
    "https://webservices2.autotask。net/",
    "https://webservices2.autotasⓚ.net/",
    "https://webservices2.autotaſk.net/",
    "https://webservices2.autotas\N{KELVIN SIGN}.net/",
    "https://wébservices2.autotask.net/",
    "https://webservices2.autotask.net\u200b/",
    "https://evil.example/.autotask.net/",
    "https://evilautotask.net/",
    "https://autotask.net.evil.example/",
    "https://webservices2.autotask.net.evil.example/",
    "https://webservices2.autotask.net./",
    "https://.autotask.net/",
    "https://a..autotask.net/",
    "https://-.autotask.net/",
    "https://xn--utotask-8nf.net/",
    "https://[evil.example].autotask.net/",
    "https://[::1].autotask.net/",
    "https://[::1%25.autotask.net]/",
    "http://webservices2.autotask.net/",
    "https://webservices2.autotask.net:8443/",
    "https://webservices2.autotask.net:80/",
    "https://webservices2.autotask.net:0443/",
    "https://webservices2.autotask.net:/",
    "https://webservices2.autotask.net:443443/",
    "https://webservices2.autotask.net:४४३/",
    "https://webservices2.autotask.net:-443/",
    "https://webservices2.autotask.net/?x=1",
    "https://webservices2.autotask.net/#x",
    "https://webservices2.autotask.net//evil.example/",
    "https://webservices2.autotask.net/a%2e%2e/",
    "//webservices2.autotask.net/",
    "webservices2.autotask.net",
    "ftp://webservices2.autotask.net/",
    "javascript://webservices2.autotask.net/",
    "file:///etc/passwd",
    "https://",
    "https:///webservices2.autotask.net/",
    "",
    "https://127.0.0.1:8650/@webservices2.autotask.net/",
    "http://127.0.0.1/",
    "http://127.0.0.1:8651/",
    "http://127.1:8650/",
    "http://2130706433:8650/",
    "http://0x7f000001:8650/",
    "http://localhost:8650/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]:8650/",
    "http://not.mock.example/",
    "http://mock.example.evil.example/",
    "http://mock.example:70000/",
    "https://webservices2.autotask.net/" + "a" * 300,
]

GOOD = {
    "https://webservices2.autotask.net/ATServicesRest/": "https://webservices2.autotask.net/ATServicesRest/",
    "https://webservices2.autotask.net/ATServicesRest": "https://webservices2.autotask.net/ATServicesRest",
    "HTTPS://WebServices2.Autotask.NET:443/ATServicesRest/": "https://webservices2.autotask.net/ATServicesRest/",
    "https://ww5.autotask.net": "https://ww5.autotask.net",
    "https://autotask.net/": "https://autotask.net/",
    "https://mock.example/v": "https://mock.example/v",
    "http://mock.example:80/": "http://mock.example/",
    "http://mock.example:8080/": "http://mock.example:8080/",
    "http://127.0.0.1:8650/T/ATServicesRest/": "http://127.0.0.1:8650/T/ATServicesRest/",
    "https://127.0.0.1:8650/": "https://127.0.0.1:8650/",
    "http://[::1]:8651/": "http://[::1]:8651/",
    "http://[::2]:9/": "http://[::2]:9/",
}


@pytest.mark.parametrize("url", NASTY, ids=ascii)
def test_an_address_that_is_not_plainly_autotasks_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(hosts.ForeignHost) as caught:
        hosts.checked(url, ALLOWED)
    sentence = str(caught.value)
    assert "nothing was sent" in sentence
    assert "operator" in sentence
    assert sentence.endswith(".")
    assert sentence.isascii()
    assert sentence.isprintable()


@pytest.mark.parametrize(("url", "anew"), GOOD.items())
def test_a_good_one_is_put_together_anew(url: str, anew: str) -> None:
    assert hosts.checked(url, ALLOWED) == anew
    assert hosts.checked(anew, ALLOWED) == anew
    hosts.check_request(anew, ALLOWED)


def test_without_a_list_only_autotask_is_left() -> None:
    for url in GOOD:
        if "autotask.net" in url.lower():
            hosts.checked(url)
        else:
            with pytest.raises(hosts.ForeignHost):
                hosts.checked(url)


@pytest.mark.parametrize("url", NASTY, ids=ascii)
def test_a_request_that_was_made_ready_goes_to_a_host_that_was_checked_or_nowhere(url: str) -> None:
    """What requests makes of an address is what is checked, so no other reading of it counts."""
    try:
        made = requests.Request("GET", url).prepare().url or ""
        hosts.check_request(made, ALLOWED)
    except (ValueError, requests.RequestException):
        return
    host = made.partition("://")[2].partition("/")[0].partition("?")[0]
    assert "evil" not in host
    assert host.removesuffix(":443").endswith(".autotask.net") or host == "127.0.0.1:8650"


@pytest.mark.parametrize(
    "url",
    [
        "https://webservices2.autotask.net/ATServicesRest/v1.0/Companies/query?paging=%7B%22a%22%3A1%7D;b@c",
        "https://webservices2.autotask.net?user=a%40b.example",
    ],
)
def test_what_follows_the_host_may_hold_anything(url: str) -> None:
    hosts.check_request(url)


def test_a_long_address_is_not_repeated_whole() -> None:
    with pytest.raises(hosts.ForeignHost) as caught:
        hosts.checked("https://" + "evil\\" * 10_000)
    assert len(str(caught.value)) < 500
