"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

from replications.neural_collapse.dang2023.measuring import cross_entropy, soundness, sweep, theory, training
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact

TRAINING = ("direct", "networks", "mlp_imbalanced", "mlp_balanced", "mlp_widths", "convnets")
TRAINING += ("own_images_mlp", "own_images_convnets")


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    for name, artifact in artifacts.items():
        soundness.measure(name, artifact, out)
        match name:
            case "theory":
                theory.measure(artifact, out)
            case "sweep":
                sweep.measure(artifact, out)
            case "cross_entropy":
                cross_entropy.measure(artifact, out)
            case _ if name in TRAINING:
                training.measure(name, artifact, out)
