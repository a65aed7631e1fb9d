"""The paper's synthetic experiments: direct optimisation of the unconstrained-features model."""

import numpy as np

from replications.neural_collapse.dang2023.experiments.unconstrained import fit
from verifig.training.run import Run


def direct(run: Run) -> dict[str, np.ndarray]:
    """Every condition x seed on all N columns (E1, E2)."""
    return fit(run, run.members)
