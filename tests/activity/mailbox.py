"""A mail server that keeps what it gets."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class Mailbox(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as it takes to be sent an email.

    ``refuses``: turns every one away. ``breaks_off``: hangs up while it takes one.
    ``parts_badly``: says something else than goodbye. ``refuses_address``: takes nothing for this one.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.received: list[EmailMessage] = []
        self.refuses = False
        self.breaks_off = False
        self.parts_badly = False
        self.refuses_address = ""

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 mailbox")
        for line in self.rfile:
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA" and self._server.breaks_off:
                self._say("354 go on")
                return
            if word == b"DATA":
                self._take()
            elif word == b"MAIL" and self._server.refuses:
                self._say("451 come back later")
            elif (
                word == b"RCPT"
                and self._server.refuses_address
                and self._server.refuses_address in line.decode()
            ):
                self._say("550 no such person")
            elif word == b"QUIT":
                self._say("421 too busy" if self._server.parts_badly else "221 bye")
                return
            else:
                self._say("250 fine")

    @property
    def _server(self) -> Mailbox:
        assert isinstance(self.server, Mailbox)
        return self.server

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b"..") else line)
        parsed = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self._server.received.append(parsed)
        self._say("250 kept")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """A running server."""
    with Mailbox() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def words(mail: EmailMessage) -> str:
    """The plain text of an email."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
