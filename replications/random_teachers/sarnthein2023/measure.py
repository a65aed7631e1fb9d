"""Artifacts -> statistics and curves. Gains are student minus teacher of the same seed; no torch."""

from collections.abc import Mapping

from replications.random_teachers.sarnthein2023.measuring import (
    distillation,
    identities,
    images,
    landscapes,
    soundness,
)
from replications.random_teachers.sarnthein2023.measuring.conditions import REGIMES
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "identities" in artifacts:
        identities.measure(artifacts["identities"], out)
    for name in REGIMES:
        if name in artifacts:
            series = Series(artifacts[name], "steps")
            distillation.measure(name, series, out)
            landscapes.lines(name, series, out)
    if "planes" in artifacts:
        landscapes.planes(artifacts["planes"], out)
    images.measure(artifacts, out)
    soundness.measure(artifacts, out)
