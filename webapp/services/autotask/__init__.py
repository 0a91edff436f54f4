"""Datto Autotask PSA: the connection, its settings and the push."""
