"""Picklists as a standard Autotask database might have them. The numbers are this sandbox's own."""

from __future__ import annotations

from typing import Any

from sandbox import contract

Picklist = list[dict[str, Any]]

_PERIODS = [(1, "One-Time"), (2, "Monthly"), (3, "Quarterly"), (4, "Semi-Annual"), (5, "Yearly")]

_VALUES: dict[str, dict[str, list[tuple[Any, ...]]]] = {
    "Companies": {
        "companyType": [
            (1, "Customer", "default"),
            (2, "Lead"),
            (3, "Prospect"),
            (4, "Dead", "inactive"),
            (6, "Cancelation"),
            (7, "Vendor"),
            (8, "Partner"),
        ],
        "territoryID": [(1, "North"), (2, "South"), (3, "Remote")],
        "marketSegmentID": [(1, "Legal"), (2, "Healthcare"), (3, "Manufacturing"), (4, "Public Sector")],
        "competitorID": [(1, "In-house IT"), (2, "Another MSP")],
        "invoiceMethod": [(1, "Print"), (2, "E-mail")],
    },
    "Contacts": {
        "isActive": [(1, "Active", "default"), (0, "Inactive")],
        "namePrefix": [(1, "Mr."), (2, "Mrs."), (3, "Ms."), (4, "Dr.")],
        "nameSuffix": [(1, "Jr."), (2, "Sr.")],
    },
    "Opportunities": {
        "stage": [
            (29681, "Prospect", "default"),
            (29682, "Qualified"),
            (29683, "Quote Sent"),
            (29684, "Negotiation"),
            (29685, "Won"),
            (29686, "Lost"),
            (29687, "Old Stage", "inactive"),
        ],
        "status": [
            (1, "Active", "default"),
            (2, "Lost"),
            (3, "Closed"),
            (4, "Implemented"),
            (0, "Not Ready To Buy"),
        ],
        "leadSource": [(11, "Referral"), (12, "Website"), (13, "Event"), (14, "Phone Book", "inactive")],
        "opportunityCategoryID": [(1, "Standard", "default"), (2, "Renewal"), (3, "Project")],
        "winReason": [(1, "Price"), (2, "Relationship"), (3, "Solution")],
        "lossReason": [(1, "Price"), (2, "Competitor"), (3, "No Budget"), (4, "No Decision")],
        "rating": [(1, "Hot"), (2, "Warm"), (3, "Cold")],
        "primaryCompetitor": [(1, "In-house IT"), (2, "Another MSP")],
        "revenueSpreadUnit": [("m", "Months"), ("q", "Quarters"), ("y", "Years")],
    },
    "OpportunityAttachments": {
        "publish": [(1, "All Autotask Users"), (2, "Internal Users Only")],
        "attachmentType": [
            ("FILE_ATTACHMENT", "Attachment"),
            ("FILE_LINK", "File Link"),
            ("FOLDER_LINK", "Folder Link"),
            ("URL", "URL"),
        ],
        "parentType": [(1, "Company"), (4, "Opportunity")],
    },
    "Quotes": {
        "approvalStatus": [
            (1, "Not Submitted", "default"),
            (2, "Submitted"),
            (3, "Approved"),
            (4, "Rejected"),
        ],
        "groupByID": [(1, "No Grouping", "default"), (2, "Period Type"), (3, "Item Type")],
        # Used only in the dialect in which it is a picklist.
        "paymentTerm": [(21, "Due on receipt"), (22, "Net 15"), (23, "Net 30")],
        "paymentType": [(1, "Cash"), (2, "Credit Card"), (3, "Check"), (4, "Other")],
    },
    "QuoteItems": {
        "quoteItemType": [
            (1, "Product"),
            (2, "Cost"),
            (3, "Labor"),
            (4, "Expense"),
            (5, "Discount"),
            (6, "Shipping"),
            (11, "Service"),
            (12, "Service Bundle"),
        ],
        "periodType": _PERIODS,
    },
    "Products": {
        "productCategory": [
            (1, "Hardware"),
            (2, "Firewalls", "under 1"),
            (3, "Laptops", "under 1"),
            (4, "Servers", "under 1"),
            (5, "Networking"),
            (6, "Switches", "under 5"),
            (7, "Access Points", "under 5"),
            (8, "Software"),
            (9, "Licenses", "under 8"),
            (10, "Cloud Services"),
            (11, "Microsoft 365", "under 10"),
            (12, "Backup"),
            (13, "Typewriters", "inactive"),
        ],
        "periodType": _PERIODS,
        "billingType": [(1, "On Order"), (2, "On Delivery")],
        "priceCostMethod": [(1, "Fixed"), (2, "Markup on cost")],
    },
    "Services": {
        "periodType": [entry for entry in _PERIODS if entry[0] != 1],
        "serviceLevelAgreementID": [(1, "Standard"), (2, "Premium")],
    },
    "ServiceBundles": {
        "periodType": [entry for entry in _PERIODS if entry[0] != 1],
        "serviceLevelAgreementID": [(1, "Standard"), (2, "Premium")],
    },
    "BillingCodes": {
        "useType": [
            (1, "General Allocation Code"),
            (2, "Internal Allocation Code"),
            (3, "Expense Category"),
            (4, "Material Cost Code"),
            (5, "Recurring Contract Service Code"),
            (6, "Milestone Code"),
        ],
        "billingCodeType": [(0, "Normal"), (1, "System"), (2, "Non-Billable")],
        "department": [(1, "Service Desk"), (2, "Projects")],
        "generalLedgerAccount": [(4000, "Sales"), (4100, "Services")],
        "afterHoursWorkType": [(1, "Overtime")],
    },
    "Resources": {
        "licenseType": [(1, "Professional"), (7, "API User")],
        "userType": [(9, "System Administrator"), (17, "API User (system)")],
        "locationID": [(1, "Headquarters")],
        "resourceType": [("Employee", "Employee"), ("Contractor", "Contractor")],
        "payrollType": [(1, "Salary"), (2, "Hourly")],
        "emailTypeCode": [("PRIMARY", "Primary"), ("HOME", "Home")],
    },
    "Roles": {"roleType": [(0, "Service Desk"), (1, "Project")]},
}

_UDFS = {"Companies": ["Contract Tier"], "Opportunities": ["Quoting Notes"], "Products": ["Warehouse"]}


def picklists() -> dict[str, dict[str, Picklist]]:
    """``{entity: {field: [value, ...]}}``, fresh each time, each value as in ``entityInformation/fields``."""
    made = {
        entity: {
            name: [_value(entry, place) for place, entry in enumerate(values, 1)]
            for name, values in fields.items()
        }
        for entity, fields in _VALUES.items()
    }
    for entity, hook in contract.WEBHOOKS.items():
        numbered = contract.webhook_fields(entity).items()
        made[f"{hook}Fields"] = {"fieldID": [_value(entry, entry[0]) for entry in numbered]}
        names = enumerate(_UDFS.get(entity, []), start=1)
        made[f"{hook}UdfFields"] = {"udfFieldID": [_value(entry, entry[0]) for entry in names]}
    return made


def user_defined_fields() -> dict[str, list[str]]:
    """Names of user-defined fields by entity."""
    return {entity: list(names) for entity, names in _UDFS.items()}


def _value(entry: tuple[Any, ...], place: int) -> dict[str, Any]:
    mark = entry[2] if len(entry) > 2 else ""
    return {
        "value": str(entry[0]),
        "label": entry[1],
        "isDefaultValue": mark == "default",
        "sortOrder": place,
        "parentValue": mark.removeprefix("under ") if mark.startswith("under ") else "",
        "isActive": mark != "inactive",
        "isSystem": False,
    }
