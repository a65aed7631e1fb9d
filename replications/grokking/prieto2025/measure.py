"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

from replications.grokking.prieto2025.measuring import (
    alignment,
    collapse,
    exact,
    interventions,
    landscape,
    training,
    weight_decay,
)
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    for name, artifact in artifacts.items():
        if name == "thresholds":
            exact.thresholds(artifact, out)
            continue
        series = Series(artifact, "epochs")
        training.measure(name, series, out)
        match name:
            case "precision43":
                collapse.delay(name, series, out)
                alignment.measure(name, series, out)
            case "precision113":
                collapse.paper_precision(series, out)
            case "mnist200":
                interventions.mnist(series, out)
            case "zeroed113":
                interventions.zeroed(series, out)
            case "transformer":
                weight_decay.transformer(series, out)
            case "landscape53":
                landscape.measure(series, out)
            case "decay53" | "decay113":
                weight_decay.sweep(name, series, out)
