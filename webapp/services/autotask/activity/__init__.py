"""What people see of pushes: runs, states, the quote's panel, answers, bulk pushes."""
