"""verifig: train, measure, judge and report paper replications. This package imports nothing by itself."""

__version__ = "0.1.0"
