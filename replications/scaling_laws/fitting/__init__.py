"""Fitting scaling laws: the law and its policy, a batched robust solver, inference, and rules for choosing data."""
