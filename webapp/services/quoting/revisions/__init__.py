"""What is frozen at publishing: the snapshot, its numbers and its prices."""
