"""Sentences of the page that depend on the run: formed from tables of curves, statistics and settings."""

from replications.neural_collapse.dang2023.captions import authors_code, common, cross_entropy, direct, networks, sweep

__all__ = ["authors_code", "common", "cross_entropy", "direct", "networks", "sweep"]
