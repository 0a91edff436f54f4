"""The push: plan the steps, journal and apply them under a lease, then compare the totals.

Owns its transactions: the journal, the lease and the claims are on disk before and after each call.
"""
