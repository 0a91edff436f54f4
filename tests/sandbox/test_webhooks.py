"""Webhooks: when they are ready, what they say, and that what they say is signed, heard by a real receiver."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.sandbox.rest_api import Api, company, contact
from tests.support.waiting import wait_for

SECRET = "s3cret-of-the-hook"


class Receiver(ThreadingHTTPServer):
    """Hears callbacks; ``heard`` has the path, the headers and the body of each."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Ear)
        self.heard: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def wait(self, count: int) -> list[dict[str, Any]]:
        """The bodies, once there are ``count``."""
        wait_for(lambda: len(self.heard) >= count, f"{count} callbacks")
        assert len(self.heard) == count
        return [json.loads(body) for _, _, body in self.heard]


class _Ear(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, dict(self.headers), body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the standard library's name
        """Nothing to the console."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that listens."""
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def hook(api: Api, receiver: Receiver, kind: str = "Company", **fields: Any) -> int:
    """A webhook for everything that happens to ``kind``."""
    values = {
        "name": "Test",
        "webhookUrl": f"{receiver.url}/changed",
        "deactivationUrl": f"{receiver.url}/ended",
        "secretKey": SECRET,
        "isSubscribedToCreateEvents": True,
        "isSubscribedToUpdateEvents": True,
        "isSubscribedToDeleteEvents": True,
    }
    return api.create(f"/{kind}Webhooks", **{**values, **fields})


def subscribe(api: Api, number: int, field: str, kind: str = "Company", *, always: bool = False) -> int:
    """Subscribe a field by name, or have it displayed in every callback."""
    marks = {"isSubscribedField": not always, "isDisplayAlwaysField": always}
    field_id = api.picklist(f"{kind}WebhookFields", "fieldID")[field]
    return api.create(f"/{kind}Webhooks/{number}/Fields", fieldID=field_id, **marks)


def test_a_webhook_is_ready_when_a_field_is_subscribed(api: Api, receiver: Receiver) -> None:
    number = hook(api, receiver)
    path = f"/CompanyWebhooks/{number}"
    assert (api.get(path)["isActive"], api.get(path)["isReady"]) == (True, False)
    subscribe(api, number, "phone", always=True)
    assert api.get(path)["isReady"] is False
    field = subscribe(api, number, "companyName")
    assert api.get(path)["isReady"] is True
    api.call("DELETE", f"{path}/Fields/{field}")
    assert api.get(path)["isReady"] is False


def test_a_create_an_update_and_a_delete_are_told_in_order(api: Api, receiver: Receiver) -> None:
    number = hook(api, receiver, "Contact")
    subscribe(api, number, "lastName", "Contact")
    subscribe(api, number, "emailAddress", "Contact", always=True)
    owner = company(api)
    person = contact(api, owner, emailAddress="nora@example.com")
    api.change(f"/Companies/{owner}/Contacts", person, lastName="Quist-Berg")
    api.call("DELETE", f"/Companies/{owner}/Contacts/{person}")
    told = receiver.wait(3)
    assert [(one["Action"], one["EntityType"], one["Id"]) for one in told] == [
        ("Create", "Contact", person),
        ("Update", "Contact", person),
        ("Delete", "Contact", person),
    ]
    assert [one["SequenceNumber"] for one in told] == [1, 2, 3]
    assert told[0]["Fields"] == {"lastName": "Quist", "emailAddress": "nora@example.com"}
    assert told[1]["Fields"] == {"lastName": "Quist-Berg", "emailAddress": "nora@example.com"}
    guid = api.get(f"/ContactWebhooks/{number}")["webhookGUID"]
    assert {one["Guid"] for one in told} == {guid}
    user = next(row["id"] for row in api.query("Resources") if row["lastName"] == "User")
    assert {one["PersonID"] for one in told} == {user}
    assert all(one["EventTime"].endswith("Z") for one in told)


def test_a_callback_is_signed_with_the_secret_key_over_its_body(api: Api, receiver: Receiver) -> None:
    subscribe(api, hook(api, receiver), "companyName")
    company(api, "Zoë & Söhne")
    receiver.wait(1)
    path, headers, body = receiver.heard[0]
    digest = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha1).digest()).decode()
    assert headers["X-Hook-Signature"] == f"sha1={digest}"
    assert headers["Content-Type"] == "application/json"
    assert path == "/changed"
    assert SECRET not in body.decode()


def test_an_update_is_told_when_a_subscribed_field_changed_and_only_then(
    api: Api, receiver: Receiver
) -> None:
    number = company(api, "Before")
    subscribe(api, hook(api, receiver), "companyName")
    api.change("/Companies", number, phone="2")
    api.change("/Companies", number, companyName="Before")
    api.change("/Companies", number, companyName="After")
    assert [one["Fields"] for one in receiver.wait(1)] == [{"companyName": "After"}]


def test_only_the_events_asked_for_are_told(api: Api, receiver: Receiver) -> None:
    subscribe(api, hook(api, receiver, isSubscribedToCreateEvents=False), "companyName")
    number = company(api, "Quiet")
    api.change("/Companies", number, companyName="Loud")
    assert [one["Action"] for one in receiver.wait(1)] == ["Update"]


def test_user_defined_fields_can_be_subscribed_too(api: Api, receiver: Receiver) -> None:
    number = hook(api, receiver)
    udf = api.picklist("CompanyWebhookUdfFields", "udfFieldID")["Contract Tier"]
    api.create(f"/CompanyWebhooks/{number}/UdfFields", udfFieldID=udf, isSubscribedField=True)
    customer = company(api)
    api.change("/Companies", customer, userDefinedFields=[{"name": "Contract Tier", "value": "Gold"}])
    assert [one["Fields"] for one in receiver.wait(2)] == [{"Contract Tier": None}, {"Contract Tier": "Gold"}]


def test_what_an_excluded_resource_does_is_not_told(api: Api, receiver: Receiver) -> None:
    number = hook(api, receiver)
    subscribe(api, number, "companyName")
    user = next(row["id"] for row in api.query("Resources") if row["lastName"] == "User")
    api.create(f"/CompanyWebhooks/{number}/ExcludedResources", resourceID=user)
    customer = company(api, "By the API")
    api.tenant.edit("Companies", customer, companyName="By a person")
    told = receiver.wait(1)
    assert told[0]["Fields"] == {"companyName": "By a person"}
    assert told[0]["PersonID"] != user


def test_the_end_of_a_webhook_is_told_to_its_deactivation_address(api: Api, receiver: Receiver) -> None:
    number = hook(api, receiver)
    subscribe(api, number, "companyName")
    api.change("/CompanyWebhooks", number, isActive=False)
    assert api.get(f"/CompanyWebhooks/{number}")["isReady"] is False
    company(api, "Unheard")
    api.change("/CompanyWebhooks", number, isActive=True)
    api.call("DELETE", f"/CompanyWebhooks/{number}")
    company(api, "Unheard as well")
    assert [one["Action"] for one in receiver.wait(2)] == ["Deactivated", "Deactivated"]
    assert [path for path, _, _ in receiver.heard] == ["/ended", "/ended"]
    assert api.query("CompanyWebhookFields") == []


def test_a_forgiving_tenants_webhook_without_fields_counts_as_subscribed_to_all(
    api: Api, receiver: Receiver
) -> None:
    api.tenant.change(strict=False)
    number = hook(api, receiver)
    assert api.get(f"/CompanyWebhooks/{number}")["isReady"] is True
    customer = company(api, "Anything")
    api.change("/Companies", customer, city="Austin")
    told = receiver.wait(2)
    assert told[0]["Fields"]["companyName"] == "Anything"
    assert told[1]["Fields"] == {"city": "Austin"}


def test_a_receiver_that_is_not_there_or_elsewhere_hurts_nobody(api: Api, receiver: Receiver) -> None:
    for url in ("http://127.0.0.1:1/", "http://receiver.example/", "http://[broken"):
        subscribe(api, hook(api, receiver, webhookUrl=url), "companyName")
    assert "must be an address" in api.refused("PATCH", "/CompanyWebhooks", {"id": 1, "webhookUrl": "x"})
    subscribe(api, hook(api, receiver), "companyName")
    company(api, "Heard all the same")
    assert receiver.wait(1)[0]["Fields"] == {"companyName": "Heard all the same"}
