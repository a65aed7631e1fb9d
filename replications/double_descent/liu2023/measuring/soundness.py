"""What shows that the runs behind figures and claims are sound, one value a run: `health` in claims.yaml sets bounds.

Losses are those at the end of training over `zero_loss`: below 1 a run has learnt something, far above it has diverged.
"""

import numpy as np

from replications.double_descent.liu2023.measuring.exact import GROUP, groups
from replications.double_descent.science.statistics import conditions, run_loss, zero_loss
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

STEPPED = ("lr ", "momentum ", "rate ")  # solvers of the experiment's own length; "steps ..." are of many lengths


def measure(experiment: str, artifact: Artifact, out: Tables) -> None:
    """`run_loss`, `run_interpolation`, `run_error`, `run_condition_number`, `run_risk`: what the program has of these."""
    match artifact.meta["job"]["program"]:
        case "random_features":
            _random_features(experiment, artifact, out)
        case "iterated" | "two_layer":
            run_loss(experiment, artifact, out)
        case "minimal":
            out.per_seed(experiment, "run_error", groups(artifact["closed.train_error"][:, -1], GROUP, np.max))
            out.per_seed(experiment, "run_risk", groups(artifact["closed.test_mse"].max(1), GROUP, np.max))
        case "conditioning":
            worst = [artifact[name].max() for name in sorted(artifact) if name.startswith("kappa.")]
            out.per_seed(experiment, "run_condition_number", worst)


def _random_features(experiment: str, artifact: Artifact, out: Tables) -> None:
    """By feature map and seed: the worst loss over widths of what was trained for the full length, and that of the widest.

    Standardised columns sum to zero and so cannot fit the mean of unbalanced labels: they do not interpolate.
    """
    losses, limits, settings = [], [], artifact.meta["job"]["settings"]
    centred = {member["condition"] for member in members_of(settings) if member["normalisation"] == "batch"}
    for name in conditions(artifact):
        names = artifact[f"{name}.solvers"].tolist()
        wanted = [k for k, solver in enumerate(names) if solver.startswith(STEPPED)]
        train = artifact[f"{name}.train_mse"]
        losses += (train[:, wanted].max((1, 2)) / zero_loss(settings)).tolist()
        if name not in centred:
            limits += (train[:, names.index("steps inf"), -1] / zero_loss(settings)).tolist()
    out.per_seed(experiment, "run_loss", losses)
    out.per_seed(experiment, "run_interpolation", limits)
