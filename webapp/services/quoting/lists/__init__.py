"""Quotes side by side: the list and the home page."""
