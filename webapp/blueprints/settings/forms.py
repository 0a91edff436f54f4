"""Forms of the settings; the services hold the rules."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    URLField,
)
from wtforms.fields import SelectChoice

from webapp.blueprints.choices import (
    currency_choices,
    default_tax_choices,
    locale_choices,
    paper_choices,
    time_zone_choices,
)
from webapp.blueprints.support import RecordForm
from webapp.models import User
from webapp.services.accounts import access_rules, permissions
from webapp.services.accounts.two_step.policy import CHOICES
from webapp.services.catalog import price_rules
from webapp.services.company.profile import TAX_ROUNDINGS

_ROLES = [SelectChoice(role, name) for role, (name, _) in permissions.LABELS.items()]
_TEAM = "People with the same team name are one team. Settings > Roles says what a team shares."


def _reaches() -> list[SelectChoice]:
    return [SelectChoice(name, label) for name, label in access_rules.REACHES.items()]


class NewUserForm(FlaskForm):
    """An invitation: the person chooses the password."""

    name = StringField("Name", description="Shown to customers on quotes.", render_kw={"autocomplete": "off"})
    email = EmailField("Email", description="Used to sign in.", render_kw={"autocomplete": "off"})
    role = SelectField("Role", choices=_ROLES, default="rep", validate_choice=False)
    team = StringField("Team", description=_TEAM, render_kw={"autocomplete": "off"})


class UserForm(RecordForm):
    """The fields of an account that an admin can change."""

    name = StringField("Name", render_kw={"autocomplete": "off"})
    role = SelectField("Role", choices=_ROLES, validate_choice=False)
    team = StringField("Team", description=_TEAM, render_kw={"autocomplete": "off"})
    is_active = BooleanField("Active")
    successor_id = SelectField(
        "Open quotes go to",
        choices=[SelectChoice("", "Choose a colleague")],
        coerce=lambda value: int(value) if str(value).isdecimal() and len(str(value)) < 10 else None,
        validate_choice=False,
        description="When you turn the account off.",
    )

    def offer(self, colleagues: list[User]) -> None:
        """Fill in who can take the open quotes."""
        self.successor_id.choices = [
            SelectChoice("", "Choose a colleague"),
            *(SelectChoice(str(one.id), one.name) for one in colleagues),
        ]


class SignInForm(RecordForm):
    """How people sign in."""

    required_for = SelectField(
        "Required for",
        choices=[SelectChoice(name, label) for name, label in CHOICES.items()],
        validate_choice=False,
        description="Signs out those of them who don't have it yet. They set it up at their next sign-in "
        "with a password. Single sign-on leaves it to the provider.",
    )
    trusts_devices = BooleanField("People can skip it on a device for 30 days")


class SigningForm(RecordForm):
    """How customers' signatures are completed and proven."""

    countersign = BooleanField(
        "We countersign what customers sign",
        description="The quote is won, and synced, when the customer has signed. The signed PDF goes out when a sales "
        "manager or an admin has countersigned. Each quote can say otherwise under Signers.",
    )
    code = BooleanField(
        "Customers confirm their email with a code before they sign",
        description="Six digits by email, which work for 10 minutes. The certificate says that it was confirmed.",
    )


class PrivacyForm(RecordForm):
    """How long things are kept, in days."""

    call_bodies_days = StringField(
        "What was sent to Autotask and answered",
        description="The sync log keeps the calls themselves.",
        render_kw={"inputmode": "numeric"},
    )
    quotes_days = StringField(
        "Quotes that were lost, have expired or stayed drafts",
        description="Counted from the day they were lost, expired or last changed. At least 30.",
        render_kw={"inputmode": "numeric"},
    )
    trail_days = StringField(
        "Audit trail",
        description="Also the history on the pages of quotes. At least 365.",
        render_kw={"inputmode": "numeric"},
    )


class RolesForm(RecordForm):
    """The company's rules for its roles."""

    reps_see = SelectField("Reps can see", choices=_reaches, validate_choice=False)
    reps_change = SelectField(
        "Reps can change",
        choices=_reaches,
        validate_choice=False,
        description="Change, publish, and mark as won or lost.",
    )
    read_only_see = SelectField("Read-only people can see", choices=_reaches, validate_choice=False)
    reps_see_cost = BooleanField("Reps see cost and margin")
    read_only_see_cost = BooleanField("Read-only people see cost and margin")
    reps_delete = BooleanField("Reps can delete drafts")
    discount_rep = StringField("Rep", render_kw={"inputmode": "decimal"})
    discount_sales_manager = StringField("Sales manager", render_kw={"inputmode": "decimal"})
    discount_admin = StringField("Admin", render_kw={"inputmode": "decimal"})
    min_margin = StringField("Of every line", render_kw={"inputmode": "decimal"})
    below_margin_rep = BooleanField("Reps can publish below it")
    below_margin_sales_manager = BooleanField("Sales managers can publish below it")
    below_margin_admin = BooleanField("Admins can publish below it")


class CompanyForm(RecordForm):
    """The seller's profile."""

    name = StringField("Company name", render_kw={"autocomplete": "organization"})
    address = TextAreaField("Address", render_kw={"rows": 3})
    phone = TelField("Phone")
    email = EmailField("Email")
    website = URLField("Website")
    time_zone = SelectField(
        "Time zone",
        choices=time_zone_choices,
        validate_choice=False,
        description="Quotes expire when the day is over here. Dates on paper and in Autotask are dates here.",
    )
    locale = SelectField("Number and date format", choices=locale_choices, validate_choice=False)
    paper = SelectField("Paper", choices=paper_choices, validate_choice=False)
    currency = SelectField(
        "Currency", choices=currency_choices, validate_choice=False, description="For items and new quotes."
    )
    other_currencies = StringField(
        "Other currencies", description="Currencies a quote can be in besides yours, for example CAD, EUR."
    )
    tax_rounding = SelectField(
        "Tax rounding",
        choices=[SelectChoice(name, label) for name, label in TAX_ROUNDINGS.items()],
        validate_choice=False,
        description="Where the two differ, the quote says which one is used.",
    )
    default_tax_code_id = SelectField(
        "Default tax code",
        choices=default_tax_choices,
        validate_choice=False,
        description="For new lines whose item has no tax code of its own.",
    )
    price_ending = SelectField(
        "Calculated prices go up to",
        choices=[SelectChoice(name, label) for name, label in price_rules.ENDINGS.items() if name],
        validate_choice=False,
        description="Prices that follow a margin, a markup or a quantity. Items can differ. A typed price stays.",
    )
    old_cost_days = StringField(
        "A cost is old after (days)",
        description="Quotes say so before publishing, and the item library marks it.",
        render_kw={"inputmode": "numeric"},
    )
    terms = TextAreaField("Terms", description="Printed at the end of every quote.", render_kw={"rows": 6})
    next_accepted = TextAreaField(
        "What happens next, after accepting",
        description="The customer's page lists these steps, one a line. Leave it empty to say that the rep will "
        "contact them.",
        render_kw={"rows": 4},
    )
    next_declined = TextAreaField(
        "What happens next, after declining",
        description="One step a line. Leave it empty to show only whom to email.",
        render_kw={"rows": 2},
    )
