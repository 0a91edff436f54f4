"""What happened to a quote from publishing on: a chain of events that proves what was signed, and by whom."""
