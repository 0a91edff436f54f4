"""Changes in Autotask after a push: compare, decide, schedule."""
