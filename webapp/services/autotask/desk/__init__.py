"""Autotask for the rep who works on a quote: live search, pull, LiveLinks."""
