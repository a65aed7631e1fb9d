"""Artifacts -> statistics and curves, from whatever experiments ran at this scale; no torch."""

from collections.abc import Mapping

from replications.scaling_laws.bahri2024.measuring import health, networks, random_features
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact

PARTS = {
    "kernels": random_features.measure,
    "finite_networks": networks.measure_variance,
    "teacher_student": networks.measure_students,
    "student_sweep": networks.measure_sweep,
}


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out`; an experiment that did not run at this scale leaves no rows."""
    for name, artifact in artifacts.items():
        PARTS[name](artifact, out)
    health.measure(artifacts, out)
