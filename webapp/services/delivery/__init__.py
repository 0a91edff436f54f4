"""Notify people: in the app and by email."""
