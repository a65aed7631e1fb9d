"""Artifacts -> statistics and curves. One value per seed, draw group or draw for each statistic; no torch."""

from collections.abc import Mapping

from replications.double_descent.liu2023.measuring import exact, features, soundness, trained
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    spectral = {}
    for name, artifact in artifacts.items():
        soundness.measure(name, artifact, out)
        match artifact.meta["job"]["program"]:
            case "random_features":
                spectral[name] = features.measure(name, artifact, out).get("standardised")
            case "minimal":
                exact.minimal(name, artifact, out)
            case "conditioning":
                exact.conditioning(name, artifact, out)
            case "two_layer":
                trained.two_layer(name, artifact, out)
    for name, artifact in artifacts.items():
        if artifact.meta["job"]["program"] == "iterated":
            trained.iterated(name, artifact, spectral.get("features") if name == "iterated" else None, out)
