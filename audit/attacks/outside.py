"""Ways in from the network: where requests are sent, how slowly they come, what a page lets a browser do."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import requests

from audit.world import OWNER, World, sign_in
from smoke.admin import AUTOTASK, PASSWORD, Admin
from smoke.visitor import Visitor
from stack import Options, Stack

# What zoneInformation of a forged Autotask answers. {evil}: a server that isn't allowed; {ours}: one that is.
ZONES = (
    "http://{evil}\\@{ours}/atservicesrest/",
    "http://{evil}\\.{ours}/atservicesrest/",
    "http://{ours}@{evil}/atservicesrest/",
    "http://{evil}%2f@{ours}/atservicesrest/",
    "http://{evil}/atservicesrest/",
    "http://{evil};{ours}/atservicesrest/",
    "//{evil}/atservicesrest/",
    "http://{ours}\n@{evil}/",
)
SECRET = "a-secret-that-must-not-travel"  # noqa: S105
SLOW = 40
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "https:evil.example",
    "\t//evil.example",
    "javascript:alert(1)",
)


class _Listening(ThreadingHTTPServer):
    """Answers ``zone`` to everything, and keeps what it was sent. ``heard``: the headers and body of each request."""

    daemon_threads = True

    def __init__(self, host: str) -> None:
        self.zone = ""
        self.heard: list[str] = []
        super().__init__((host, 0), _Handler)

    @property
    def place(self) -> str:
        return f"{self.server_address[0]!s}:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: _Listening

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.server.heard.append(f"{self.path} {self.headers} {self.rfile.read(length)!r}")
        body = json.dumps(
            {"url": self.server.zone, "webUrl": self.server.zone, "zoneName": "x", "ci": 1}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Quietly."""


@contextmanager
def _listening(host: str) -> Iterator[_Listening]:
    with _Listening(host) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def foreign_zones(world: World) -> Iterator[str]:
    """Answer the zone look-up with addresses of a foreign host: no credential goes there, and nothing is connected."""
    with ExitStack() as stack:
        ours, evil = (
            stack.enter_context(_listening("127.0.0.1")),
            stack.enter_context(_listening("127.0.0.2")),
        )
        data = Path(stack.enter_context(TemporaryDirectory()))
        environ = {**world.stack.options.environ, "AUTOTASK_ROOT": f"http://{ours.place}/atservicesrest"}
        environ["AUTOTASK_ALLOWED_HOSTS"] = ours.place
        other = stack.enter_context(
            Stack(Options(data=data, port=0, sandbox_port=0, worker=False, web_processes=1, environ=environ))
        )
        if other.logins or not other.setup_token:
            yield "the example company was added beside another Autotask"
        admin = Admin(other.web_url)
        admin.set_up(other.setup_token)
        for zone in ZONES:
            ours.zone = zone.format(evil=evil.place, ours=ours.place)
            admin.open(f"{AUTOTASK}/connect")
            form = admin.form(action="connect", having="secret")
            data_sent = form.fill({"user_name": "a@b.example", "secret": SECRET, "integration_code": "CODE"})
            answer = admin.session.post(f"{admin.base_url}{AUTOTASK}/connect", data=data_sent, timeout=60)
            if any("zoneinformation" not in one.lower() for one in ours.heard):
                yield f"the zone {ours.zone!r} was used"
            if answer.ok and "is connected" in answer.text:
                yield f"the zone {ours.zone!r} was taken"
        if evil.heard:
            yield f"a foreign host was called: {evil.heard[0]}"


def elsewhere(world: World) -> Iterator[str]:
    """Send someone to another site from the sign-in."""
    for target in ELSEWHERE:
        visitor = Visitor(world.stack.web_url)
        page = visitor.session.get(f"{visitor.base_url}/login", params={"next": target}, timeout=60)
        visitor.url, visitor.html = page.url, page.text
        data = visitor.form(having="password").fill({"email": OWNER, "password": PASSWORD})
        answer = visitor.session.post(page.url, data=data, timeout=60, allow_redirects=False)
        to = answer.headers.get("Location", "")
        if urlsplit(to).netloc not in ("", urlsplit(world.stack.web_url).netloc) or not to.startswith(
            ("/", "http")
        ):
            yield f"next={target!r} leads to {to!r}"
        if to.startswith(("//", "/\\")):
            yield f"next={target!r} leads to {to!r}"


def slow_bodies(world: World) -> Iterator[str]:
    """Send 40 forms that never end: others are still answered."""
    parts = urlsplit(world.stack.web_url)
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    head += b"Content-Length: 1000\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(SLOW):
            client = stack.enter_context(
                socket.create_connection((str(parts.hostname), parts.port or 0), timeout=30)
            )
            client.sendall(head)
        try:
            if not requests.get(f"{world.stack.web_url}/healthz", timeout=20).ok:
                yield "the product says that it isn't well while slow clients wait"
        except requests.RequestException as error:
            yield f"slow clients keep everybody out: {error}"


def many_papers(world: World) -> Iterator[str]:
    """Ask eight times at once for one PDF: it is rendered once, and no cache keeps it."""
    address = f"{world.stack.web_url}/q/{world.ids['token']}/quote.pdf"
    world.do("delete from revision_document")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: requests.get(address, timeout=120), range(8)))
    good = [answer for answer in answers if answer.status_code == 200]
    if not good or {answer.status_code for answer in answers} - {200, 429}:
        yield f"the PDF answered {sorted({answer.status_code for answer in answers})}"
    if len({answer.content for answer in good}) > 1:
        yield "the PDF was rendered more than once"
    for answer in good[:1]:
        if "no-store" not in answer.headers.get("Cache-Control", ""):
            yield "a cache may keep the PDF"
        if "noindex" not in answer.headers.get("X-Robots-Tag", ""):
            yield "a search engine may keep the PDF"


def headers(world: World) -> Iterator[str]:
    """Read the headers of a page, a customer's page and a file: scripts, frames and guesses about types are off."""
    rep = Visitor(world.stack.web_url)
    sign_in(rep, "rep@audit.example")
    for path in ("/quotes/", f"/q/{world.ids['token']}", "/login", "/static/css/app.css", "/nothing-here"):
        found = rep.session.get(f"{rep.base_url}{path}", timeout=60).headers
        policy = found.get("Content-Security-Policy", "")
        if "unsafe" in policy or "default-src" not in policy or "frame-ancestors 'none'" not in policy:
            yield f"{path} has the policy {policy!r}"
        if found.get("X-Content-Type-Options") != "nosniff":
            yield f"{path} lets browsers guess its type"
        if "Python" in found.get("Server", "") or "X-Powered-By" in found:
            yield f"{path} names what it runs on"


ATTACKS = (foreign_zones, elsewhere, slow_bodies, many_papers, headers)
