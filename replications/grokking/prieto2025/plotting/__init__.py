"""Figures: each function takes tables of curves (see measure.py) and settings of the run."""

from replications.grokking.prieto2025.plotting import (
    alignment,
    collapse,
    common,
    interventions,
    landscape,
    projection,
    stablemax,
    weight_decay,
)

__all__ = ["alignment", "collapse", "common", "interventions", "landscape", "projection", "stablemax", "weight_decay"]
