"""Pushes as people see them: runs, states, the quote's panel, answers, bulk pushes."""
