"""The push: plan the steps, journal and apply them under a lease, then compare the totals."""
