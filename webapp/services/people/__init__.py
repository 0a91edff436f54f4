"""Customers: people, organizations, and their required fields."""
