"""What the company sells: items, categories, tax codes."""
