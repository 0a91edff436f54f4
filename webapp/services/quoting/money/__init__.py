"""Money: rounding and totals. Pure."""
