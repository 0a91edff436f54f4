"""Mail goes by TLS, except to a server on this machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

import config
from tests.activity.mailbox import open_mailbox
from tests.support.settings import environment
from webapp.services.delivery import mail
from webapp.services.delivery.mail import Letter

FROM = {"MAIL_FROM": "quotes@desk.example"}


@pytest.mark.parametrize(
    ("host", "login", "is_sent"),
    [
        ("127.0.0.1", "", True),
        ("localhost", "", True),
        ("0.0.0.0", "", False),  # noqa: S104  leads here, by no loopback address
        ("127.0.0.1", "me:secret@", False),
    ],
)
def test_without_tls(host: str, login: str, is_sent: bool) -> None:
    with open_mailbox() as mailbox:
        url = mailbox.url.replace("//127.0.0.1", f"//{login}{host}")
        settings = replace(config.load(environment(**FROM)), smtp_url=url)
        if is_sent:
            mail.send(settings, Letter("ann@acme.example", "Hello", "Hello, Ann"))
        else:
            with pytest.raises(mail.MailNotSent, match="SMTPNotSupportedError"):
                mail.send(settings, Letter("ann@acme.example", "Hello", "Hello, Ann"))
        assert len(mailbox.received) == is_sent
