"""Where a person is taken out when they are anonymized, column by column. Nothing else is ever searched or changed.

A test reads every text and JSON column of the models: a new one needs its place here.
"""

from __future__ import annotations

from webapp.models import (
    AccountLink,
    Authenticator,
    Base,
    Delivery,
    DeliveryAttempt,
    DiaryEntry,
    DraftStep,
    DriftCheck,
    DriftFinding,
    ItemFavorite,
    KnownDevice,
    MailMessage,
    Notification,
    Passkey,
    PasskeyChallenge,
    PasswordAttempt,
    PendingSignIn,
    Person,
    PushCall,
    PushQuestion,
    PushRun,
    PushStep,
    QuoteComment,
    QuoteEvent,
    QuoteShare,
    QuoteSigner,
    RecoveryCode,
    Revision,
    RevisionDocument,
    SavedView,
    Signature,
    SigningCode,
    SsoIdentity,
    SsoLeaving,
    User,
    UserSession,
)

# Their own row.
OWN: dict[type[Base], tuple[str, ...]] = {
    Person: ("first_name", "last_name", "email", "title", "phone", "mobile", "name_key", "search_key"),
    User: ("email", "name", "password_hash", "team", "time_zone"),
}
# Fixed parts of revisions that were made for them (``frozen``); the PDF is rendered again.
FROZEN: dict[type[Base], tuple[str, ...]] = {
    Revision: ("content", "content_sha256"),
    RevisionDocument: ("sha256", "shows_sha256"),
}
# Email, full name and phone numbers, in rows of their quotes (``logs``).
LOGS: dict[type[Base], tuple[str, ...]] = {
    Delivery: ("payload", "outcome"),
    DeliveryAttempt: ("sentence", "response"),
    Notification: ("sentence",),
    MailMessage: ("sender", "reply_to", "recipients", "copies", "subject", "text", "html", "outcome"),
    PushRun: ("sentence", "report"),
    PushStep: ("title", "changes", "sentence"),
    PushCall: ("path", "request_body", "response_body"),
    PushQuestion: ("sentence", "candidates"),
    DriftCheck: ("sentence",),
    DriftFinding: ("title", "base", "ours", "theirs"),
    QuoteComment: ("email", "name", "text"),
    QuoteShare: ("email", "name", "shared_by"),
}
# Of quotes that no one accepted: events, which get new hashes, who was to sign, and who did, which is deleted
# (``evidence``).
EVIDENCE: dict[type[Base], tuple[str, ...]] = {
    QuoteEvent: ("name", "address", "agent", "session", "detail", "previous_sha256", "sha256"),
    QuoteSigner: ("name", "email", "title"),
    Signature: (
        *("content_sha256", "name", "signature", "email", "title", "purchase_order_number", "consent"),
        *("consent_version", "consent_sha256", "terms_sha256", "session", "time_zone", "signed_in_as"),
        *("confirmed_email", "ip_address", "user_agent"),
    ),
}
# Bodies of entries, in a way of their own (``diary.replacing``), with new hashes.
DIARY: dict[type[Base], tuple[str, ...]] = {
    DiaryEntry: ("actor", "address", "content", "salt", "body_sha256"),
}
# Rows of a user that are deleted.
OF_ACCOUNT: tuple[type[Base], ...] = (
    AccountLink,
    Authenticator,
    DraftStep,
    ItemFavorite,
    KnownDevice,
    Notification,
    Passkey,
    PasskeyChallenge,
    PendingSignIn,
    RecoveryCode,
    SavedView,
    SsoIdentity,
    SsoLeaving,
    UserSession,
)
DELETED: tuple[type[Base], ...] = (*OF_ACCOUNT, PasswordAttempt, SigningCode)
# Signed, of others, of the company, words of ours, or free text that people wrote: docs/privacy.md says which.
LEFT: dict[str, str] = {
    "acceptance": "content_sha256 name signature email ip_address user_agent title purchase_order_number consent "
    "consent_version consent_sha256 terms_sha256 session time_zone signed_in_as confirmed_email",
    "acceptance_document": "sha256",
    "acceptance_drawing": "sha256",
    "acceptance_seal": "lacking",
    "app_setting": "key value",
    "brand": "name color logo font cover images tax_id registration_number bank_details seller_name address phone "
    "email website name_key search_key",
    "category": "name name_key search_key",
    "company_seal": "key_encrypted certificates subject issuer fingerprint stamp_url stamp_username "
    "stamp_password_encrypted",
    "connection": "integration state state_sentence user_name secret_encrypted code_encrypted root zone_name zone_url "
    "web_url",
    "counter": "name",
    "delivery": "reader reason address uid state request_id",
    "diary_entry": "session action object_type object_id previous_sha256 sha256",
    "diary_permit": "what",
    "drift_finding": "kind local_type local_id remote_entity field state",
    "ended_link": "token_sha256",
    "item": "name description markdown sku mpn manufacturer supplier supplier_sku price_rule price_ending tiers "
    "recurrence origin_entity bundle name_key search_key",
    "item_file": "kind name media_type sha256",
    "item_word": "word",
    "logo": "sha256 media_type",
    "mail_message": "key kind attachment message_id",
    "mail_server": "host security username password_encrypted from_address from_name events_sha256",
    "link": "integration remote_entity pushed force_fields local_type local_id",
    "notification": "kind",
    "organization": "name phone website billing_line1 billing_line2 billing_city billing_state billing_postal_code "
    "billing_country shipping_line1 shipping_line2 shipping_city shipping_state shipping_postal_code "
    "shipping_country name_key search_key",
    "payment": "key source reference",
    "payment_settings": "gateway pay_link secret_encrypted deposit_kind",
    "picture": "sha256",
    "push_batch": "state sentence",
    "push_call": "step_key method",
    "push_claim": "key",
    "push_lease": "holder",
    "push_question": "remote_entity local_type local_id",
    "push_run": "state",
    "push_step": "key action entity state",
    "quote": "public_token title status currency comments internal_notes purchase_order_number discount_kind "
    "deposit_kind autotask_opportunity_title lost_reason name_key search_key",
    "quote_event": "kind who",
    "quote_comment": "line_uid line_name",
    "quote_share": "token",
    "quote_signer": "token_sha256 token_encrypted",
    "quote_signing": "countersign",
    "signature": "kind",
    "signature_drawing": "sha256",
    "quote_section": "uid title text choice discount_kind",
    "quote_line": "uid discount_kind name description sku mpn manufacturer supplier supplier_sku price_rule "
    "price_ending tiers recurrence origin_entity bundle stored_parts",
    "remote_metadata": "integration name content",
    "settings_draft": "integration section content",
    "settings_version": "integration content",
    "sso_attempt": "state_sha256 browser_sha256 next_path",
    "sso_logout": "jti_sha256",
    "sso_provider": "label issuer client_id client_secret_encrypted allowed_domains default_role groups_claim "
    "group_roles",
    "tax_code": "name name_key search_key",
    "turn": "name",
    "user_account": "role",
    "webhook_endpoint": "url_encrypted url_sha256 host description events secret_encrypted "
    "previous_secret_encrypted state state_sentence",
}
