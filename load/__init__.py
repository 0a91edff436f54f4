"""Many reps at once on PostgreSQL: how long pages take, whether memory stays flat, and what breaks first."""
