"""Fitting the law: the law itself and its policy, a batched robust solver, inference, and the fit of your own runs."""
