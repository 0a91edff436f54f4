"""``python -m audit``: who may do what, and every known way in, tried against the running product."""
