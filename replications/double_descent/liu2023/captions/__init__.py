"""Sentences of the page that depend on the run: formed from tables of curves, published values and settings."""

from replications.double_descent.liu2023.captions import common, features, minimal, networks, training

__all__ = ["common", "features", "minimal", "networks", "training"]
