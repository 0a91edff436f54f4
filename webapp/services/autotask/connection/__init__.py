"""The connection to Autotask: credentials, prerequisites, cached lists, links to its pages, pausing.

Owns its transactions: no transaction is open while Autotask is asked.
"""
