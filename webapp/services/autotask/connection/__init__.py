"""Which Autotask we are connected to: credentials, prerequisites, cached lists, web links, pausing."""
