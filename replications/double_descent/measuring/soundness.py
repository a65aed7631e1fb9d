"""What shows that the runs behind figures and claims are sound, one value a run: `health` in claims.yaml sets bounds.

Losses are those at the end of training over the loss of an output that is zero everywhere (`zero_loss`): below 1 a run has
learnt something, far above it has diverged.
"""

import math

import numpy as np

from replications.double_descent.measuring import widths
from replications.double_descent.measuring.exact import GROUP, groups
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

CLASSES = {"mnist_5k": 10, "mnist": 10, "fashion_mnist": 10, "digits": 10, "cifar10": 10}
STEPPED = ("lr ", "momentum ", "rate ")  # solvers of the experiment's own length; "steps ..." are of many lengths


def zero_loss(settings: dict) -> float:
    """Mean squared centred one-hot target, (C - 1)/C^2, or log C for cross-entropy."""
    classes = len(settings["classes"]) or CLASSES[settings["dataset"]]
    return math.log(classes) if settings.get("loss") == "cross_entropy" else (classes - 1) / classes**2


def measure(experiment: str, artifact: Artifact, out: Tables) -> None:
    """`run_loss`, `run_interpolation`, `run_error`, `run_condition_number`, `run_risk`: what the program has of these."""
    settings = artifact.meta["job"]["settings"]
    match artifact.meta["job"]["program"]:
        case "random_features":
            _random_features(experiment, artifact, settings, out)
        case "iterated" | "two_layer":
            _iterated(experiment, artifact, settings, out)
        case "minimal":
            out.per_seed(experiment, "run_error", groups(artifact["closed.train_error"][:, -1], GROUP, np.max))
            out.per_seed(experiment, "run_risk", groups(artifact["closed.test_mse"].max(1), GROUP, np.max))
        case "conditioning":
            worst = [artifact[name].max() for name in sorted(artifact) if name.startswith("kappa.")]
            out.per_seed(experiment, "run_condition_number", worst)
        case "ridge":
            risks = [artifact[name].reshape(len(artifact[name]), -1).max(1) for name in ("gaussian.test", "images.test") if name in artifact]  # fmt: skip
            out.per_seed(experiment, "run_risk", np.concatenate(risks))
        case "deep":
            out.per_seed(experiment, "run_error", artifact["train_error"][:, -1, -1])


def _random_features(experiment: str, artifact: Artifact, settings: dict, out: Tables) -> None:
    """By feature map and seed: the worst loss over widths of what was trained for the full length, and that of the widest.

    Standardised columns sum to zero and so cannot fit the mean of unbalanced labels: they do not interpolate.
    """
    losses, limits = [], []
    centred = {member["condition"] for member in members_of(settings) if member["normalisation"] == "batch"}
    for name in widths.conditions(artifact):
        names = artifact[f"{name}.solvers"].tolist()
        wanted = [k for k, solver in enumerate(names) if solver.startswith(STEPPED)]
        train = artifact[f"{name}.train_mse"]
        losses += (train[:, wanted].max((1, 2)) / zero_loss(settings)).tolist()
        if name not in centred:
            limits += (train[:, names.index("steps inf"), -1] / zero_loss(settings)).tolist()
    out.per_seed(experiment, "run_loss", losses)
    out.per_seed(experiment, "run_interpolation", limits)


def _iterated(experiment: str, artifact: Artifact, settings: dict, out: Tables) -> None:
    """By condition and seed: the worst final training loss over widths."""
    by_name = {member["condition"]: member for member in members_of(settings)}
    losses = [
        artifact[f"{name}.train_mse"][:, -1].max(1) / zero_loss(by_name[name]) for name in widths.conditions(artifact)
    ]
    out.per_seed(experiment, "run_loss", np.concatenate(losses))
