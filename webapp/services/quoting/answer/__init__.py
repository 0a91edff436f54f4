"""The customer's answer: accepting and declining online."""
