"""One data set with its rows in other orders, which changes nothing but rounding: how far that is carried."""

import numpy as np
import torch

from replications.sgd_stability.tyurin2024.experiments.images import read, rows
from replications.sgd_stability.tyurin2024.experiments.separating import SLUG, points_of, separate
from verifig.training.ensemble import generator
from verifig.training.run import Run


def rounding(run: Run) -> dict[str, np.ndarray]:
    """Every method on the images in the order of every member (seed).

    Arrays: `points` [T]; `solved` [members, M]; `spread` [members, T, M]: |theta - theta of the first member| over the
    latter's norm.
    """
    given = rows(*read(run), run.members[0])
    data = []
    for member in run.members:
        stream = generator(SLUG, "order", member["seed"])
        data.append(given[torch.randperm(len(given), generator=stream).numpy()])
    points = points_of(run.settings)
    records = separate(run, run.members, data, points, run.settings["chunk"], theta=True)
    theta = records["theta"][:, 1:]
    spread = np.linalg.norm(theta - theta[:1], axis=-1) / np.linalg.norm(theta[:1], axis=-1)
    return {"points": np.array(points[1:]), "solved": records["solved"][:, -1], "spread": spread}
