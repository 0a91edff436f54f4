"""The connection to Autotask: credentials, prerequisites, cached lists, links to its pages, pausing."""
