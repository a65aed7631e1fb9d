"""Direct optimisation of the unconstrained-features model, shared by `direct`, `sweep` and `cross_entropy`."""

from collections.abc import Mapping, Sequence

import numpy as np

from replications.neural_collapse.dang2023.experiments.linear import SHAPES, FreeFeatures
from verifig.training.loop import train
from verifig.training.run import Run


def log_points(iterations: int, spread: int, even: int) -> list[int]:
    """0, `spread` log-spaced and `even` evenly spaced numbers of iterations; 100 is among them."""
    spaced = np.geomspace(1, iterations, spread).round().astype(int)
    evenly = np.linspace(0, iterations, even + 1).round().astype(int)
    return sorted(point for point in {0, 100, *spaced.tolist(), *evenly.tolist()} if point <= iterations)


def fit(run: Run, members: Sequence[Mapping]) -> dict[str, np.ndarray]:
    """Train members of any shapes; records [members, log points, ...], one set of log points for all.

    Records of shallower heads and of fewer classes are padded with NaN (see `loop.train`).
    """
    common = members[0]
    points = log_points(common["iterations"], common["log_points"], 20)
    records = train(
        run,
        members,
        lambda chunk: FreeFeatures(chunk, run.device),
        common["iterations"],
        points,
        signature=lambda member: tuple(str(member[name]) for name in SHAPES),
        chunk=common["chunk"],
    )
    return records | {"iterations": np.array(points)}
