"""The push: plan the steps, journal and apply them under a lease, then compare the totals.

Owns its transactions: the journal, the lease, the claims and the outbox are on disk before and after each call.
"""
