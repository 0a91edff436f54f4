"""A demo MSP's customers, their contacts and what is in the pipeline."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sandbox.seed.reference import FIRST_ID

NAMES = [
    "Alder Dental Group",
    "Birchwood Legal LLP",
    "Cobalt Manufacturing",
    "Delta Freight Lines",
    "Elm Street Clinic",
    "Foxglove Interiors",
    "Granite Credit Union",
    "Harbor City Schools",
    "Ironside Security",
    "Juniper Foods",
    "Kestrel Aviation",
    "Lakeshore Realty",
    "Maple & Sons",
    "Northwind Traders",
    "Orchard Accounting",
    "Pinecrest Hotels",
    "Quarry Stoneworks",
    "Riverbend Insurance",
    "Summit Architects",
    "Tidewater Marine",
    "Umber Ceramics",
    "Valley Veterinary",
    "Willow Creek Farms",
    "Xylem Water Works",
    "Yarrow Pharmacy",
    "Zephyr Wind Power",
    "Müller & Söhne GmbH",
    "Café Étoile",
    "שלום טכנולוגיות",
    "東京ネットワーク",
    "Ashford Library",
    "Bramble Books",
    "Cedar Point Church",
    "Dogwood Daycare",
]
VENDORS = [
    "Ingram Distribution",
    "Synnex Wholesale",
    "Pax8 Cloud Market",
    "Dell Direct",
    "Ubiquiti Supply",
    "Datto",
]
FIRST = ["Anna", "Ben", "Carla", "David", "Elif", "Frank", "Grace", "Hiro", "Ines", "Jonas", "Kim", "Liam"]
LAST = [
    "Archer",
    "Bennett",
    "Castillo",
    "Dawson",
    "Evans",
    "Fischer",
    "Gupta",
    "Hughes",
    "Ito",
    "Jensen",
    "Khan",
]
CITIES = [
    ("New York", "NY", "10001"),
    ("San Diego", "CA", "92101"),
    ("Toronto", "ON", "M5H 2N2"),
    ("Austin", "TX", "73301"),
]

# title, company, days until the projected close, status (see the picklist), stage
OPPORTUNITIES = [
    ("Firewall refresh", 0, 30, 1, 29681),
    ("Office move", 1, 45, 1, 29682),
    ("Server replacement", 2, 60, 1, 29683),
    ("Microsoft 365 migration", 3, 20, 1, 29684),
    ("Backup upgrade", 4, 90, 1, 29681),
    ("Wi-Fi for the clinic", 4, 14, 1, 29682),
    ("Old laptop deal", 5, -20, 1, 29683),
    ("Phone system", 6, -5, 1, 29682),
    ("Camera project", 7, 30, 2, 29686),
    ("Managed services 2025", 8, 10, 3, 29685),
    ("Network audit", 9, 15, 0, 29681),
    ("Helpdesk contract", 0, 120, 1, 29681),
]


def records(today: date) -> dict[str, list[dict[str, Any]]]:
    """Raw rows by entity."""
    return {
        "Companies": [_company(place, name, 1) for place, name in enumerate(NAMES)]
        + [_company(len(NAMES) + place, name, 7) for place, name in enumerate(VENDORS)],
        "Contacts": [_contact(number) for number in range(len(NAMES) * 2)],
        "Opportunities": [_opportunity(today, *entry) for entry in OPPORTUNITIES],
    }


def _company(place: int, name: str, kind: int) -> dict[str, Any]:
    city, state, code = CITIES[place % len(CITIES)]
    return {
        "companyName": name,
        "companyType": kind,
        "phone": f"+1 212 555 {1000 + place}",
        "ownerResourceID": FIRST_ID["Resources"] + place % 3,
        "isActive": name != "Dogwood Daycare",
        "address1": f"{100 + place} Main Street",
        "city": city,
        "state": state,
        "postalCode": code,
        "countryID": 1,
        "webAddress": f"https://customer{place}.example",
        "taxRegionID": FIRST_ID["TaxRegions"] + place % 3,
        "createDate": "2024-01-15T09:00:00.000Z",
        "lastActivityDate": "2025-10-01T12:00:00.000Z",
    }


def _contact(number: int) -> dict[str, Any]:
    first, last = FIRST[number % len(FIRST)], LAST[number * 5 % len(LAST)]
    company = number // 2
    return {
        "firstName": first,
        "lastName": last,
        "companyID": FIRST_ID["Companies"] + company,
        "isActive": 1,
        "emailAddress": f"{first}.{last}@customer{company}.example".lower(),
        "phone": f"+1 212 555 {2000 + number}",
        "title": ("Office Manager", "Owner", "IT Coordinator")[number % 3],
        "primaryContact": number % 2 == 0,
        "createDate": "2024-01-15T09:00:00.000Z",
    }


def _opportunity(today: date, title: str, company: int, days: int, status: int, stage: int) -> dict[str, Any]:
    return {
        "title": title,
        "companyID": FIRST_ID["Companies"] + company,
        "contactID": FIRST_ID["Contacts"] + company * 2,
        "ownerResourceID": FIRST_ID["Resources"] + 1,
        "amount": 5000,
        "cost": 3500,
        "probability": 50,
        "stage": stage,
        "status": status,
        "useQuoteTotals": False,
        "startDate": f"{today - timedelta(days=40)}T00:00:00Z",
        "projectedCloseDate": f"{today + timedelta(days=days)}T00:00:00Z",
        "createDate": f"{today - timedelta(days=40)}T09:00:00Z",
        "leadSource": 11,
        "opportunityCategoryID": 1,
    }
