"""Published revisions: the frozen snapshot, its numbers and its totals."""
