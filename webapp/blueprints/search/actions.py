"""What can be done from any page: new records, and places to go."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.services.accounts.permissions import Permission

SELL = (Permission.SELL,)
ADMINISTER = (Permission.ADMINISTER,)
INTEGRATE = (Permission.INTEGRATE,)


@dataclass(frozen=True)
class Action:
    """A link. ``words``: more words that find it; ``keys`` do the same; ``needs``: one of these permissions."""

    endpoint: str
    name: str
    icon: str = "go"
    keys: str = ""
    words: str = ""
    needs: tuple[Permission, ...] = ()


ACTIONS = (
    Action("quotes.new", "New quote", "new", "Q", "create add", SELL),
    Action("people.new", "New person", "new", words="create add customer contact", needs=SELL),
    Action("people.new_organization", "New organization", "new", words="create add customer", needs=SELL),
    Action("items.new", "New item", "new", words="create add product service", needs=SELL),
    Action("home.dashboard", "Go to Home", keys="G H"),
    Action("quotes.index", "Go to Quotes", keys="G Q", words="list"),
    Action("items.index", "Go to Items", keys="G I", words="library list"),
    Action("people.index", "Go to People", keys="G P", words="customers contacts list"),
    Action("activity.index", "Go to Activity", keys="G A", words="syncs log"),
    Action("people.organizations", "Go to Organizations", words="customers companies list"),
    Action("items.category_list", "Go to Categories", words="items"),
    Action("items.tax_code_list", "Go to Tax codes", words="items"),
    Action("account.show", "Your account", words="password colors theme time zone keys sign-in"),
    Action("settings.index", "Settings", needs=ADMINISTER + INTEGRATE),
    Action("settings.users", "Settings: Users", words="team invite", needs=ADMINISTER),
    Action(
        "settings.company",
        "Settings: Company",
        words="profile address terms currency tax rounding",
        needs=ADMINISTER,
    ),
    Action(
        "settings.mail", "Settings: Mail", words="email smtp server reminders texts outbox", needs=ADMINISTER
    ),
    Action("settings.payment_settings", "Settings: Payments", words="deposit pay link", needs=ADMINISTER),
    Action("settings.signing", "Settings: Signing", words="countersign code signature", needs=ADMINISTER),
    Action(
        "settings.brand",
        "Settings: Brand",
        words="brand brands logo color letterhead trading name",
        needs=ADMINISTER,
    ),
    Action(
        "settings.required", "Settings: Required Fields", words="customer person publish", needs=ADMINISTER
    ),
    Action("settings.sign_in", "Settings: Sign-in", words="two-step password", needs=ADMINISTER),
    Action("settings.roles", "Settings: Roles", words="permissions discounts", needs=ADMINISTER),
    Action("settings.single_sign_on", "Settings: Single sign-on", words="sso provider", needs=ADMINISTER),
    Action("settings.audit_trail", "Settings: Audit trail", words="log export history", needs=ADMINISTER),
    Action("settings.privacy", "Settings: Privacy", words="keep delete retention", needs=ADMINISTER),
    Action("settings.loss_reason_list", "Settings: Loss Reasons", words="lost", needs=ADMINISTER),
    Action("integrations.index", "Settings: Integrations", words="autotask webhooks", needs=INTEGRATE),
    Action("integrations.autotask", "Settings: Autotask", words="integrations sync mapping", needs=INTEGRATE),
    Action("integrations.webhooks", "Settings: Webhooks", words="integrations events", needs=INTEGRATE),
)
