"""Figures: each function takes tables of curves (see measuring/) and settings, and returns a matplotlib figure."""

from replications.neural_collapse.dang2023.plotting import cross_entropy, direct, networks, sweep

__all__ = ["cross_entropy", "direct", "networks", "sweep"]
