"""Quotes: money, totals, lifecycle, revisions and the document."""
