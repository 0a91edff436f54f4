"""Talk HTTP to Autotask: transport, client, replies, errors, limits, and values as they are sent."""
