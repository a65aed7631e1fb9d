"""Statistics and claims -> verdicts, and whether these are as they must be."""
