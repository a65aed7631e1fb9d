"""Understanding the role of optimization in double descent (Liu and Flanigan, OPT 2023)."""
