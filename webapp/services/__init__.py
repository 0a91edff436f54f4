"""Business rules and transactions. Nothing here knows about requests, sessions or HTML."""
