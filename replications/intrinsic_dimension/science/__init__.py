"""What papers of the theme share: random projections of parameters, networks trained in a subspace, the law of the quadratic toy."""
