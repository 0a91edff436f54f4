"""Quotes: drafts, totals, revisions, lifecycle, customer answers and the PDF."""
