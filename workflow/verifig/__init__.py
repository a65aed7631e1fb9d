"""verifig: train, measure, judge and report paper replications. This package imports nothing by itself."""
