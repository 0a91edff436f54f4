"""Outgoing webhooks: signed messages about quotes to addresses that an admin enters."""
