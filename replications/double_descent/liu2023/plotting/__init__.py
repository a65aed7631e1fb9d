"""Figures: each function takes tables of curves (see measure.py) and settings of the run."""

from replications.double_descent.liu2023.plotting import features, minimal, networks, training

__all__ = ["features", "minimal", "networks", "training"]
