"""A demo MSP's products, services and bundles."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.seed.customers import NAMES
from sandbox.seed.reference import FIRST_ID

# family, manufacturer, category value, billing code (place), models, base cost, period (1 one-time)
FAMILIES = [
    ("FortiGate Firewall", "Fortinet", 2, 0, ("40F", "60F", "80F", "100F", "200F"), 420, 1),
    ("SonicWall TZ", "SonicWall", 2, 0, ("270", "370", "470", "570", "670"), 390, 1),
    ("Latitude Laptop", "Dell", 3, 0, ("3450", "5450", "5550", "7350", "7450", "7650"), 780, 1),
    ("ThinkPad Laptop", "Lenovo", 3, 0, ("E14", "E16", "L14", "T14", "T16", "X1"), 760, 1),
    ("PowerEdge Server", "Dell", 4, 0, ("T150", "T350", "R260", "R360", "R660"), 1900, 1),
    ("UniFi Switch", "Ubiquiti", 6, 2, ("Lite 8", "Lite 16", "Pro 24", "Pro 48", "Max 24"), 160, 1),
    ("UniFi Access Point", "Ubiquiti", 7, 2, ("U6 Lite", "U6 Pro", "U6 Mesh", "U7 Pro", "U7 Max"), 95, 1),
    ("Catalyst Switch", "Cisco", 6, 2, ("1200-8T", "1200-24T", "1300-24P", "1300-48P", "9200L"), 310, 1),
    ("Patch Cable Cat6", "Panduit", 5, 2, ("1 m", "2 m", "3 m", "5 m", "10 m"), 4, 1),
    (
        "Windows Server License",
        "Microsoft",
        9,
        1,
        ("2022 Std", "2022 DC", "2025 Std", "2025 DC", "CAL 5"),
        640,
        1,
    ),
    ("Adobe Acrobat", "Adobe", 9, 1, ("Std DC", "Pro DC", "Pro Teams", "Sign", "VIP"), 150, 5),
    ("Docking Station", "Dell", 1, 0, ("WD19", "WD22", "WD25", "D6000", "UD22"), 140, 1),
    ("UltraSharp Monitor", "Dell", 1, 0, ("U2424", "U2724", "U3224", "U3425", "U4025"), 260, 1),
    ("UPS", "APC", 1, 0, ("BE600", "BX1500", "SMT1500", "SMT2200", "SMT3000"), 120, 1),
]
VARIANTS = ("", " with 3 yr support", " refurbished")
# name, billing code (place), period, cost, price
SERVICES: list[tuple[str, int, int, Decimal | str | int, Decimal | str | int]] = [
    ("Managed Workstation", 5, 2, 18, 45),
    ("Managed Server", 5, 2, 60, 150),
    ("Managed Firewall", 5, 2, 25, 75),
    ("Help Desk per User", 5, 2, 30, 85),
    ("Security Awareness Training", 5, 2, 2, 5),
    ("Endpoint Detection", 5, 2, 4, 10),
    ("Microsoft 365 Business Basic", 6, 2, "4.80", 6),
    ("Microsoft 365 Business Standard", 6, 2, 10, "12.50"),
    ("Microsoft 365 Business Premium", 6, 2, "17.60", 22),
    ("Exchange Online Plan 1", 6, 2, "3.20", 4),
    ("Azure Virtual Desktop", 6, 2, 22, 48),
    ("Cloud Backup 1 TB", 7, 2, 20, 59),
    ("Cloud Backup 5 TB", 7, 2, 70, 199),
    ("SaaS Backup per Seat", 7, 2, "1.50", 4),
    ("Quarterly Business Review", 5, 3, 120, 300),
    ("Quarterly Vulnerability Scan", 5, 3, 90, 250),
    ("Semi-Annual Penetration Test", 5, 4, 900, 2400),
    ("Annual Disaster Recovery Test", 7, 5, 400, 1200),
    ("Domain Registration", 6, 5, 9, 25),
    ("SSL Certificate", 6, 5, 40, 99),
]
TIERS = ("", " Plus", " Enterprise")


def records() -> dict[str, list[dict[str, Any]]]:
    """Raw rows by entity."""
    vendor = FIRST_ID["Companies"] + len(NAMES)
    code = FIRST_ID["BillingCodes"]
    products = [
        _product(
            family,
            maker,
            category,
            code + billing,
            model,
            variant,
            Decimal(cost) * (place + 2) / 2,
            period,
            vendor,
        )
        for family, maker, category, billing, models, cost, period in FAMILIES
        for place, model in enumerate(models)
        for variant in VARIANTS
    ]
    services = [
        {
            "name": name + tier,
            "billingCodeID": code + billing,
            "periodType": period,
            "isActive": True,
            "unitCost": Decimal(cost) * (place + 1),
            "unitPrice": Decimal(price) * (place + 1),
            "description": f"{name}{tier}, billed per unit.",
            "vendorCompanyID": vendor,
        }
        for name, billing, period, cost, price in SERVICES
        for place, tier in enumerate(TIERS)
    ]
    bundles = [
        {
            "name": name,
            "billingCodeID": code + 5,
            "periodType": 2,
            "isActive": True,
            "unitPrice": price,
            "unitCost": cost,
            "description": f"{name} for one user",
            "unitDiscount": 0,
            "percentageDiscount": 0,
        }
        for name, cost, price in (
            ("Essentials Bundle", 55, 119),
            ("Complete Care Bundle", 88, 179),
            ("Secure Office Bundle", 95, 199),
        )
    ]
    vendors = [
        {
            "productID": FIRST_ID["Products"] + place,
            "vendorID": vendor,
            "isDefault": True,
            "isActive": True,
            "vendorCost": products[place]["unitCost"],
            "vendorPartNumber": f"VP-{place:04d}",
        }
        for place in range(0, len(products), 3)
    ]
    return {"Products": products, "Services": services, "ServiceBundles": bundles, "ProductVendors": vendors}


def _product(
    family: str,
    maker: str,
    category: int,
    billing: int,
    model: str,
    variant: str,
    cost: Decimal,
    period: int,
    vendor: int,
) -> dict[str, Any]:
    part = f"{maker[:3]}-{model}{variant[:5]}".upper().replace(" ", "")
    cost = cost if not variant else cost * Decimal("1.25")
    return {
        "name": f"{family} {model}{variant}",
        "description": f"{maker} {family} {model}{variant}.",
        "sku": part,
        "manufacturerName": maker,
        "manufacturerProductName": part,
        "productBillingCodeID": billing,
        "productCategory": category,
        "isActive": variant != " refurbished" or model != "40F",
        "isSerialized": cost > 300,
        "unitCost": cost,
        "unitPrice": cost * Decimal("1.3"),
        "msrp": cost * Decimal("1.5"),
        "periodType": period,
        "defaultVendorID": vendor,
        "isEligibleForRma": False,
        "doesNotRequireProcurement": False,
    }
