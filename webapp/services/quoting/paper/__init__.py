"""The quote as a PDF."""
