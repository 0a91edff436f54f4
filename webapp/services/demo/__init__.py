"""The example company that a first start shows."""
