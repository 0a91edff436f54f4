"""Real workers, killed where and when it hurts, against a sandbox over HTTP; afterwards every quote is compared."""
