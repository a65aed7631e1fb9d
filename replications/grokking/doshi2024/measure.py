"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

from replications.grokking.doshi2024.measuring import analytic, decay, phases
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "decay" in artifacts:
        decay.measure(Series(artifacts["decay"], "steps"), out)
    if "phases" in artifacts:
        phases.measure(artifacts["phases"], out)
    if "analytic" in artifacts:
        analytic.measure(artifacts["analytic"], out)
