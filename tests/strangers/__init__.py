"""Public Autotask clients that we did not write, unchanged, against the sandbox. ``make strangers`` runs them."""
