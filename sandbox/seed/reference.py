"""Reference data that every Autotask database has: people, roles, billing codes, taxes, terms."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

# Where the ids of each entity begin, far apart, so that an id taken for another entity's is seen at once.
FIRST_ID: dict[str, int] = defaultdict(
    lambda: 1,
    {
        "Resources": 29682880,
        "Roles": 29683300,
        "BillingCodes": 29682700,
        "Companies": 175,
        "Contacts": 30682000,
        "Opportunities": 4100,
        "Quotes": 6100,
        "QuoteItems": 61000,
        "QuoteLocations": 7100,
        "Products": 8100,
        "Services": 9100,
        "ServiceBundles": 9800,
        "TaxCategories": 301,
        "TaxRegions": 401,
        "Taxes": 501,
    },
)

API_USER = 17  # the userType of the resource that calls the API

RESOURCES = [
    ("Dana", "Whitfield", "admin@demo.example", True),
    ("Robin", "Alvarez", "rep@demo.example", True),
    ("Omar", "Haddad", "omar@demo.example", True),
    ("Lena", "Vogt", "lena@demo.example", True),
    ("Quentin", "Left", "quentin@demo.example", False),
    ("API", "User", "api@demo.example", True),
]
ROLES = [
    ("Field Engineer", 150, True),
    ("Senior Engineer", 185, True),
    ("Project Manager", 165, True),
    ("Help Desk", 95, True),
    ("Retired Role", 80, False),
]
# name, useType (see the picklist), active
BILLING_CODES = [
    ("Hardware", 4, True),
    ("Software", 4, True),
    ("Networking Equipment", 4, True),
    ("Shipping and Handling", 4, True),
    ("Old Material Code", 4, False),
    ("Managed Services", 5, True),
    ("Cloud Subscriptions", 5, True),
    ("Backup and Recovery", 5, True),
    ("Remote Support", 1, True),
    ("Onsite Support", 1, True),
    ("Project Work", 1, True),
    ("Travel", 3, True),
]
TAX_CATEGORIES = ["Hardware Goods", "Software and Licenses", "Services", "Exempt"]
TAX_REGIONS = ["New York", "California", "Ontario", "Outside", "New York, Upstate"]
# region, category, name, rate in percent
TAXES = [
    (0, 0, "NY State Tax", "4.0"),
    (0, 0, "NYC Local Tax", "4.875"),
    (0, 1, "NY State Tax", "8.875"),
    (0, 2, "NY Services", "8.875"),
    (1, 0, "CA Sales Tax", "7.25"),
    (1, 1, "CA Sales Tax", "7.25"),
    (2, 0, "HST", "13.0"),
    (2, 1, "HST", "13.0"),
    (2, 2, "HST", "13.0"),
    (4, 0, "NY State and County Tax", "8.0"),
    (4, 1, "NY State and County Tax", "8.0"),
    (4, 2, "NY State and County Tax", "8.0"),
]


def records() -> dict[str, list[dict[str, Any]]]:
    """Raw rows by entity."""
    region, category = FIRST_ID["TaxRegions"], FIRST_ID["TaxCategories"]
    code = FIRST_ID["BillingCodes"]
    return {
        # The MSP itself is a company of its own database, with the id 0.
        "Companies": [
            {
                "id": 0,
                "companyName": "Demo MSP",
                "companyType": 8,
                "phone": "+1 212 555 0001",
                "ownerResourceID": FIRST_ID["Resources"],
                "isActive": True,
            }
        ],
        "Resources": [_resource(*entry) for entry in RESOURCES],
        "Roles": [
            {
                "name": name,
                "description": f"{name} labor",
                "hourlyRate": rate,
                "hourlyFactor": 1,
                "isActive": active,
                "roleType": 0,
                "isSystemRole": False,
            }
            for name, rate, active in ROLES
        ],
        "BillingCodes": [
            {
                "name": name,
                "useType": use,
                "isActive": active,
                "unitCost": 0,
                "unitPrice": 0,
                "billingCodeType": 0,
            }
            for name, use, active in BILLING_CODES
        ],
        "TaxCategories": [{"name": name, "isActive": True} for name in TAX_CATEGORIES],
        "TaxRegions": [{"name": name, "isActive": True} for name in TAX_REGIONS],
        "Taxes": [
            {
                "taxRegionID": region + place,
                "taxCategoryID": category + kind,
                "taxName": name,
                "taxRate": rate,
                "isCompounded": False,
            }
            for place, kind, name, rate in TAXES
        ],
        "PaymentTerms": [
            {"name": name, "paymentDueInDays": days, "isActive": True}
            for name, days in (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30))
        ],
        "ShippingTypes": [
            {"name": name, "isActive": active, "billingCodeID": code + 3}
            for name, active in (("Ground", True), ("Overnight", True), ("Courier Pigeon", False))
        ],
        "Countries": [
            {
                "name": name,
                "displayName": name,
                "countryCode": short,
                "isActive": True,
                "isDefaultCountry": short == "US",
            }
            for name, short in (
                ("United States", "US"),
                ("Canada", "CA"),
                ("United Kingdom", "GB"),
                ("Germany", "DE"),
                ("Australia", "AU"),
                ("Israel", "IL"),
                ("Japan", "JP"),
            )
        ],
        "ClassificationIcons": [
            {
                "name": name,
                "description": name,
                "isActive": True,
                "isSystem": False,
                "relativeUrl": f"/icons/{place}.png",
            }
            for place, name in enumerate(("Gold Customer", "Silver Customer", "Delinquent"), 1)
        ],
        "QuoteTemplates": [
            {"name": name, "isActive": True, "calculateTaxSeparately": True}
            for name in ("Standard Quote", "Detailed Quote")
        ],
    }


def _resource(first: str, last: str, email: str, active: bool) -> dict[str, Any]:
    return {
        "firstName": first,
        "lastName": last,
        "email": email,
        "emailTypeCode": "PRIMARY",
        "isActive": active,
        "userName": email,
        "userType": API_USER if first == "API" else 9,
        "licenseType": 7 if first == "API" else 1,
        "locationID": 1,
        "resourceType": "Employee",
        "payrollType": 1,
        "numberFormat": "X,XXX.XX",
        "hireDate": "2020-01-01T00:00:00Z",
    }
