"""Double descent: the role of optimisation, and the exact risk of random-feature regression."""
