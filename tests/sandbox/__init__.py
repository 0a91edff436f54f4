"""The sandbox of Autotask: its contract, its wire, its rules, its faults, and what a person sees of it."""
