"""Exporting and importing links, and recovering lost links."""
