"""Mail goes by TLS, except to a server on this machine."""

from __future__ import annotations

import pytest

from tests.activity.mailbox import open_mailbox
from webapp.services.company.mail_server import STARTTLS, Server
from webapp.services.delivery import mail
from webapp.services.delivery.mail import Letter

HELLO = Letter("ann@acme.example", "Hello", "Hello, Ann")


@pytest.mark.parametrize(
    ("host", "user", "is_sent"),
    [
        ("127.0.0.1", "", True),
        ("localhost", "", True),
        ("0.0.0.0", "", False),  # noqa: S104  leads here, by no loopback address
        ("127.0.0.1", "me", False),
    ],
)
def test_without_tls(host: str, user: str, is_sent: bool) -> None:
    with open_mailbox() as mailbox:
        port = mailbox.server_address[1]
        server = Server(host, port, STARTTLS, user, "secret", "quotes@desk.example", "", is_operators=True)
        if is_sent:
            mail.send(server, HELLO)
        else:
            with pytest.raises(mail.MailNotSent, match="doesn't offer TLS") as raised:
                mail.send(server, HELLO)
            assert "secret" not in str(raised.value)
        assert len(mailbox.received) == is_sent


def test_a_server_of_the_settings_may_not_be_internal() -> None:
    with open_mailbox() as mailbox:
        port = mailbox.server_address[1]
        server = Server("127.0.0.1", port, STARTTLS, "", "", "quotes@desk.example", "", is_operators=False)
        with pytest.raises(mail.MailNotSent, match="MAIL_ALLOWED_HOSTS"):
            mail.send(server, HELLO)
        assert mailbox.received == []
