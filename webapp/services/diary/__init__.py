"""The diary: every command writes what it did, in the transaction that did it; everybody else reads it.

It is the audit trail, the history of a quote, the feed on the home page, and what the readers in ``delivery`` deliver.
"""
