"""Names of what trained weights are compared with, in the order of the arrays that hold it."""

DIRECTIONS = ("frobenius", "nuclear", "runner_up", "means", "shifted_queries", "random", "lowest", "best")
PREDICTIONS = ("line", "direction", "single")
