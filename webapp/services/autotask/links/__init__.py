"""Links as a file, and how lost links are rebuilt."""
