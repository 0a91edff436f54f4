"""What changed in Autotask after a push: compare, decide, schedule."""
