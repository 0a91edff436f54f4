"""All tables, so that importing this package registers each of them."""

from __future__ import annotations

from webapp.models.account import AccountLink, KnownDevice, PasswordAttempt, User, UserSession
from webapp.models.app_setting import AppSetting
from webapp.models.base import Base, db, utc_now
from webapp.models.brand import CompanyBrand, Logo
from webapp.models.catalog import Category, Item, ItemFavorite, ItemFile, ItemPart, ItemWord, Picture, TaxCode
from webapp.models.conversation import QuoteComment, QuoteShare
from webapp.models.delivery import Delivery, DeliveryAttempt, PushBatch
from webapp.models.diary import DiaryEntry, DiaryPermit
from webapp.models.directory import Organization, Person
from webapp.models.draft_step import DraftStep
from webapp.models.drift import DriftCheck, DriftFinding
from webapp.models.evidence import AcceptanceDrawing, QuoteEvent
from webapp.models.integration import Connection, Link, RemoteMetadata, SettingsDraft, SettingsVersion
from webapp.models.line import QuoteLine, QuoteSection
from webapp.models.mail import MailMessage, MailServer
from webapp.models.notification import Notification
from webapp.models.payment import Payment, PaymentSettings
from webapp.models.push import (
    PushCall,
    PushClaim,
    PushLease,
    PushQuestion,
    PushRun,
    PushStep,
)
from webapp.models.quote import (
    Acceptance,
    AcceptanceDocument,
    Counter,
    EndedLink,
    Quote,
    Revision,
    RevisionDocument,
)
from webapp.models.saved_view import SavedView
from webapp.models.seal import AcceptanceSeal, CompanySeal
from webapp.models.signing import (
    QuoteSigner,
    QuoteSigning,
    Signature,
    SignatureDrawing,
    SignedFields,
    SigningCode,
)
from webapp.models.single_sign_on import SsoAttempt, SsoIdentity, SsoLeaving, SsoLogout, SsoProvider
from webapp.models.turn import Turn
from webapp.models.two_step import Authenticator, Passkey, PasskeyChallenge, PendingSignIn, RecoveryCode
from webapp.models.webhook import WebhookEndpoint

__all__ = [
    "Acceptance",
    "AcceptanceDocument",
    "AcceptanceDrawing",
    "AcceptanceSeal",
    "AccountLink",
    "AppSetting",
    "Authenticator",
    "Base",
    "Category",
    "CompanyBrand",
    "CompanySeal",
    "Connection",
    "Counter",
    "Delivery",
    "DeliveryAttempt",
    "DiaryEntry",
    "DiaryPermit",
    "DraftStep",
    "DriftCheck",
    "DriftFinding",
    "EndedLink",
    "Item",
    "ItemFavorite",
    "ItemFile",
    "ItemPart",
    "ItemWord",
    "KnownDevice",
    "Link",
    "Logo",
    "MailMessage",
    "MailServer",
    "Notification",
    "Organization",
    "Passkey",
    "PasskeyChallenge",
    "PasswordAttempt",
    "Payment",
    "PaymentSettings",
    "PendingSignIn",
    "Person",
    "Picture",
    "PushBatch",
    "PushCall",
    "PushClaim",
    "PushLease",
    "PushQuestion",
    "PushRun",
    "PushStep",
    "Quote",
    "QuoteComment",
    "QuoteEvent",
    "QuoteLine",
    "QuoteSection",
    "QuoteShare",
    "QuoteSigner",
    "QuoteSigning",
    "RecoveryCode",
    "RemoteMetadata",
    "Revision",
    "RevisionDocument",
    "SavedView",
    "SettingsDraft",
    "SettingsVersion",
    "Signature",
    "SignatureDrawing",
    "SignedFields",
    "SigningCode",
    "SsoAttempt",
    "SsoIdentity",
    "SsoLeaving",
    "SsoLogout",
    "SsoProvider",
    "TaxCode",
    "Turn",
    "User",
    "UserSession",
    "WebhookEndpoint",
    "db",
    "utc_now",
]
