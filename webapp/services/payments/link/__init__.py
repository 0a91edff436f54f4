"""A pay link of the company's own, such as the page of its accounting system, and signed messages about payments."""
