"""What is known exactly about last iterates: step sizes, worst-case problems, laws; and the name that random streams derive from."""

THEME = "last_iterate"
