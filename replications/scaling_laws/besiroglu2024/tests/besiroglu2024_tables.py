"""Tables of training runs that the law is fitted to."""

import numpy as np
import pandas as pd

from replications.scaling_laws.besiroglu2024 import bench
from replications.scaling_laws.besiroglu2024.fitting import law

N, D, L = bench.synthetic_runs()
FRAME = pd.DataFrame({"N": N, "D": D, "L": L})


def ladder_of_runs() -> pd.DataFrame:
    """A compute-optimal ladder: every run at 20 tokens a parameter, so that D says nothing that N does not."""
    sizes = np.geomspace(5e7, 1e10, 40)
    theta = law.theta_from(480, 2085, 1.8, 0.35, 0.37)
    losses = law.loss(theta, sizes, 20 * sizes) * np.exp(np.random.default_rng(0).normal(0, 0.003, 40))
    return pd.DataFrame({"N": sizes, "D": 20 * sizes, "L": losses})
