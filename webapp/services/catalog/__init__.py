"""The item library: items, categories, tax codes."""
