"""What a person sees: entities and their relations, an opportunity whole, the calls as they come in, and links."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests
from werkzeug.wrappers import Request

from sandbox import contract, pages
from sandbox.tenants import Tenants
from tests.sandbox.rest_api import Api, attachment, deal, item_fields
from tests.support.sandbox import TIMEOUT

COMMAND = "Autotask/AutotaskExtend/ExecuteCommand.aspx"


def page(api: Api, path: str = "") -> requests.Response:
    """A page of the tenant."""
    url = f"{api.tenant.sandbox_url}/tenants/{api.tenant.code}{path}"
    return requests.get(url, timeout=TIMEOUT, allow_redirects=False)


def test_the_first_page_lists_the_tenants(api: Api) -> None:
    answer = requests.get(f"{api.tenant.sandbox_url}/tenants", timeout=TIMEOUT)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f'href="/tenants/{api.tenant.code}"' in answer.text
    assert api.tenant.secret not in answer.text


def test_the_first_page_leads_to_the_only_tenant() -> None:
    tenants = Tenants()
    tenants.create("ONE", "u", "s", "empty")
    home = Request.from_values("/")
    assert pages.answer(tenants, home).headers["Location"] == "/tenants/ONE"
    tenants.create("TWO", "u", "s", "empty")
    assert 'href="/tenants/TWO"' in pages.answer(tenants, home).get_data(as_text=True)


def test_a_tenants_page_shows_opportunities_entities_and_calls(api: Api) -> None:
    made = deal(api, title="Firewalls <for> all")
    text = page(api).text
    assert f'href="/tenants/{api.tenant.code}/Opportunities/{made.opportunity}"' in text
    assert "Firewalls &lt;for&gt; all" in text
    for name in contract.entities():
        assert f'href="/tenants/{api.tenant.code}/{name}"' in text
    assert "<b>POST</b> /<wbr>Quotes</a>" in text


def test_what_changes_is_a_part_that_htmx_asks_for(api: Api) -> None:
    whole = page(api).text
    for part in ("_opportunities", "_calls"):
        assert f'hx-get="/tenants/{api.tenant.code}/{part}"' in whole
        assert page(api, f"/{part}").text.strip()
        assert "<html" not in page(api, f"/{part}").text
    api.query("Countries")
    assert "Countries/<wbr>query" in page(api, "/_calls").text


def test_an_opportunity_shows_its_quotes_lines_totals_and_files(api: Api) -> None:
    made = deal(api, useQuoteTotals=True)
    periods = api.picklist("QuoteItems", "periodType")
    api.create(made.items, **item_fields(api, name="Second line", sortOrderID=2, unitPrice=1234.5))
    api.create(made.items, **item_fields(api, name="First line", sortOrderID=1, unitPrice=10, unitDiscount=1))
    monthly = item_fields(api, "Service", name="Third line", sortOrderID=3, unitPrice=50)
    api.create(made.items, **{**monthly, "periodType": periods["Monthly"]})
    api.create(made.items, **item_fields(api, name="Perhaps", sortOrderID=4, unitPrice=999, isOptional=True))
    number = api.create(f"/Opportunities/{made.opportunity}/Attachments", **attachment(b"%PDF-1.7"))
    text = page(api, f"/Opportunities/{made.opportunity}").text
    places = [text.index(name) for name in ("First line", "Second line", "Third line", "Perhaps")]
    assert places == sorted(places)
    assert "1,243.50" in text
    assert "1,293.50" in text
    assert f"/OpportunityAttachments/{number}/file" in text


def test_a_pdf_opens_in_the_browser_and_other_files_do_not_run(api: Api) -> None:
    made = deal(api)
    path = f"/Opportunities/{made.opportunity}/Attachments"
    pdf = api.create(path, **attachment(b"%PDF-1.7 made up"))
    html = api.create(path, **attachment(b"<script>", fullPath="x.html"))
    answer = page(api, f"/OpportunityAttachments/{pdf}/file")
    assert (answer.headers["Content-Type"], answer.content) == ("application/pdf", b"%PDF-1.7 made up")
    other = page(api, f"/OpportunityAttachments/{html}/file")
    assert other.headers["Content-Type"] == "application/octet-stream"
    assert other.headers["X-Content-Type-Options"] == "nosniff"


def test_a_record_shows_its_fields_and_what_names_it(api: Api) -> None:
    made = deal(api)
    text = page(api, f"/Companies/{made.company}").text
    assert "Nimbus Ltd" in text
    assert f"/Contacts/{made.contact}" in text
    assert f"/Opportunities/{made.opportunity}" in text
    quote = page(api, f"/Quotes/{made.quote}").text
    assert f'href="/tenants/{api.tenant.code}/Opportunities/{made.opportunity}"' in quote


@pytest.mark.parametrize("name", sorted(contract.entities()))
def test_every_entity_has_a_page(api: Api, name: str) -> None:
    answer = page(api, f"/{name}")
    assert answer.status_code == 200
    assert name in answer.text
    for number in [row["id"] for row in api.tenant.state()[name]][:2]:
        assert page(api, f"/{name}/{number}").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/Nonsense", "/Companies/x", "/Companies/987654", "/OpportunityAttachments/1/file", "/Companies/0/file"],
)
def test_a_page_that_is_not_there_is_a_404(api: Api, path: str) -> None:
    assert page(api, path).status_code == 404
    assert requests.get(f"{api.tenant.sandbox_url}/tenants/NOBODY", timeout=TIMEOUT).status_code == 404


def test_pages_run_no_script_but_their_own(api: Api) -> None:
    policy = page(api).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    for name in ("htmx.min.js", "sandbox.css"):
        answer = requests.get(f"{api.tenant.sandbox_url}/static/{name}", timeout=TIMEOUT)
        assert answer.status_code == 200
    assert requests.get(f"{api.tenant.sandbox_url}/static/../web.py", timeout=TIMEOUT).status_code == 404


def test_pages_are_only_read(api: Api) -> None:
    assert requests.post(f"{api.tenant.sandbox_url}/tenants/x", timeout=TIMEOUT).status_code == 405


def web(api: Api) -> str:
    """Where "Open in Autotask" links of this tenant begin."""
    answer = api.call("GET", "/zoneInformation", params={"user": api.tenant.user})
    url: str = answer.json()["webUrl"]
    return url


def follow(url: str, **args: Any) -> requests.Response:
    return requests.get(url, params=args, timeout=TIMEOUT, allow_redirects=False)


@pytest.mark.parametrize(
    ("code", "parameter", "entity", "field"),
    [
        ("OpenAccount", "AccountID", "Companies", "company"),
        ("OpenContact", "ContactID", "Contacts", "contact"),
        ("OpenOpportunity", "OpportunityID", "Opportunities", "opportunity"),
        ("openopportunity", "opportunityid", "Opportunities", "opportunity"),
    ],
)
def test_open_in_autotask_lands_on_the_record(
    api: Api, code: str, parameter: str, entity: str, field: str
) -> None:
    number = getattr(deal(api), field)
    answer = follow(web(api) + COMMAND, Code=code, **{parameter: number})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/tenants/{api.tenant.code}/{entity}/{number}"


def test_accounts_and_contacts_are_found_by_name_and_address_too(api: Api) -> None:
    made = deal(api)
    api.change(f"/Companies/{made.company}/Contacts", made.contact, emailAddress="Nora@Example.com")
    by_name = follow(web(api) + COMMAND, Code="OpenAccount", AccountName="nimbus ltd")
    assert by_name.headers["Location"].endswith(f"/Companies/{made.company}")
    by_phone = follow(web(api) + COMMAND, Code="OpenAccount", Phone="12125550100")
    assert by_phone.headers["Location"].endswith(f"/Companies/{made.company}")
    by_email = follow(web(api) + COMMAND, Code="OpenContact", Email="nora@example.com")
    assert by_email.headers["Location"].endswith(f"/Contacts/{made.contact}")


def test_a_link_of_one_tenant_never_opens_a_record_of_another(api: Api) -> None:
    """Both have an opportunity 4100; each link stays in its own tenant."""
    answer = follow(web(api) + COMMAND, Code="OpenOpportunity", OpportunityID=4100)
    assert answer.headers["Location"] == f"/tenants/{api.tenant.code}/Opportunities/4100"


@pytest.mark.parametrize(
    "args",
    [{}, {"Code": "Dance"}, {"Code": "OpenOpportunity"}, {"Code": "OpenOpportunity", "OpportunityID": "9"}],
)
def test_a_link_that_leads_nowhere_says_so(api: Api, args: dict[str, str]) -> None:
    assert follow(web(api) + COMMAND, **args).status_code == 404


def test_a_files_bytes_are_those_that_were_sent(api: Api) -> None:
    made = deal(api)
    data = bytes(range(256)) * 40
    number = api.create(f"/Opportunities/{made.opportunity}/Attachments", **attachment(data))
    assert page(api, f"/OpportunityAttachments/{number}/file").content == data
    below = api.call("GET", f"/Opportunities/{made.opportunity}/Attachments/{number}").json()["item"]
    assert base64.b64decode(below["data"]) == data
