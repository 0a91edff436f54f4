"""What is due for an accepted quote, where it is paid, and what was paid. Each gateway is a folder."""
