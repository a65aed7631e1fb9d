"""Training programs: each a module named like its program, which takes a `Run` and returns arrays by name."""
