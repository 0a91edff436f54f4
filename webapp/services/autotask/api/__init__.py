"""Speaking HTTP to Autotask: the client, its replies, errors, limits, and values as they travel."""
