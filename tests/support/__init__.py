"""Fixtures for the real parts: Redis, PostgreSQL, the Autotask sandbox, Chromium, the whole stack."""
