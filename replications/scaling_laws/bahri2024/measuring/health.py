"""What shows that the numbers behind the figures are sound: losses computed, networks trained."""

from collections.abc import Mapping

import numpy as np

from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

CLASSES = 10


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever ran; a NaN is no sound value."""
    for name, artifact in artifacts.items():
        CHECKS[name](name, artifact, out)


def _kernels(name: str, artifact: Artifact, out: Tables) -> None:
    """Share of losses that are finite and positive."""
    losses = [values.ravel() for key, values in artifact.items() if key.endswith(("losses", "_data", "_parameters"))]
    values = np.concatenate(losses)
    out.exact(name, "positive", np.mean(np.isfinite(values) & (values > 0)))


def _finite_networks(name: str, artifact: Artifact, out: Tables) -> None:
    """Loss after training on everything over that of guessing, by initial weights; share of excess losses that are finite."""
    out.per_seed(name, "floor_over_guessing", artifact["data_floor"] / np.log(CLASSES))
    excess = [values.ravel() for key, values in artifact.items() if key.startswith(("width_", "data_excess"))]
    out.exact(name, "finite", np.mean(np.isfinite(np.concatenate(excess))))


def _students(name: str, artifact: Artifact, out: Tables) -> None:
    """Worst loss of a seed's students with the most samples, lowest and last; 1 is what a constant would have."""
    most = int(np.argmax(members_of(artifact.meta["job"]["settings"])[0]["sample_sizes"]))
    last = artifact["test_loss"][..., -1]
    for statistic, values in (("run_lowest", artifact["lowest"]), ("run_last", last)):
        out.per_seed(name, statistic, values[:, :, most].reshape(len(values), -1).max(1))


CHECKS = {
    "kernels": _kernels,
    "finite_networks": _finite_networks,
    "teacher_student": _students,
    "student_sweep": _students,
}
