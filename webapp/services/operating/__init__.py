"""What an operator asks of a running installation: is it ready, and what has it done."""
