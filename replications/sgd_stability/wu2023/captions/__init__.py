"""Sentences of the page that depend on the run.

A function named like a figure returns its alternative text and its note, as arguments of `Page.figure`.
"""

from replications.sgd_stability.wu2023.captions import diagonal, minima, relu, thresholds

__all__ = ["diagonal", "minima", "relu", "thresholds"]
