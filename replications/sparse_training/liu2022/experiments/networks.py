"""Dense and randomly pruned multilayer perceptrons on half-resolution digits."""

import numpy as np

from replications.sparse_training.liu2022.experiments.starts import start
from replications.sparse_training.science import digits
from replications.sparse_training.science.masked import Masked
from verifig.training.loop import log_points, train
from verifig.training.run import Run


def networks(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed; records of `Masked` [members, points], `steps` [points], `densities` [members, layers]."""
    s = run.settings
    sets = digits.split()
    starts = {(m["condition"], m["seed"]): start(m, *sets[0]) for m in run.members}

    def begun(members: list) -> list:
        return [starts[m["condition"], m["seed"]] for m in members]

    points = log_points(s["steps"], s["log_every"])
    records = train(
        run,
        run.members,
        lambda members: Masked(members, begun(members), sets, run.device),
        s["steps"],
        points,
        signature=lambda m: (m["width"], m["hidden_layers"]),
        chunk=s["chunk"],
    )
    kept = [[float(mask.double().mean()) for mask in each.masks] for each in begun(run.members)]
    return records | {"steps": np.array(points), "densities": np.array(kept)}
