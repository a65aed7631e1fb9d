"""Sentences of the page that depend on the run.

A function named like a figure returns its alternative text and its note, as arguments of `Page.figure`.
"""

from replications.grokking.prieto2025.captions import (
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
