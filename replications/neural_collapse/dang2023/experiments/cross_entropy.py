"""Cross-entropy on unconstrained features: our extension."""

import numpy as np

from replications.neural_collapse.dang2023.experiments.unconstrained import fit
from verifig.training.run import Run


def cross_entropy(run: Run) -> dict[str, np.ndarray]:
    """Cross-entropy from a few fixed starts: objective and accuracy over training, `output` [members, K, K] at the end."""
    records = fit(run, run.members)
    kept = {name: records[name] for name in ("objective", "accuracy", "iterations")}
    return kept | {"output": records["output"][:, -1]}
