"""Benchmarks that mean the same on any machine: ratios, and how time grows with a quote."""
