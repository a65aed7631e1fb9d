"""What shows that the runs behind figures and claims are sound, one value a run: `health` in claims.yaml sets bounds."""

from collections.abc import Mapping

import numpy as np

from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

STUCK = ("narrow",)  # conditions that are meant to stay untrained


def measure(experiment: str, artifact: Artifact, out: Tables) -> None:
    """Final training accuracy and objective of every run, in the order of `members_of`.

    `run_accuracy`: share of training samples with the right class. `run_objective`: the objective over that of zero
    features and weights, 1/2 for squared error and log K for cross-entropy.
    """
    if "objective" not in artifact and "accuracy" not in artifact:
        return
    found = members_of(artifact.meta["job"]["settings"])
    if "owner" in artifact:  # a sweep: many problems a member, at the end alone, and collapsed classes have no accuracy
        zero = np.array([_at_zero(found[row]) for row in artifact["owner"]])
        out.per_seed(experiment, "run_objective", artifact["objective"] / zero)
        return
    trained = [row for row, member in enumerate(found) if not member["condition"].startswith(STUCK)]
    out.per_seed(experiment, "run_accuracy", artifact["accuracy"][trained, -1], seeds=trained)
    if "objective" in artifact:
        zero = np.array([_at_zero(member) for member in found])
        out.per_seed(experiment, "run_objective", artifact["objective"][:, -1] / zero)


def _at_zero(member: Mapping) -> float:
    return float(np.log(len(member["sizes"]))) if member.get("loss") == "cross_entropy" else 0.5
