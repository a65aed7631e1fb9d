"""Direct optimisation of the unconstrained-features model, shared by `direct`, `sweep` and `cross_entropy`."""

from collections.abc import Mapping, Sequence

import numpy as np

from replications.neural_collapse.dang2023.experiments.linear import SHAPES, FreeFeatures, pad
from verifig.training.loop import train
from verifig.training.run import Run


def log_points(iterations: int, spread: int, even: int) -> list[int]:
    """0, `spread` log-spaced and `even` evenly spaced numbers of iterations; 100 is among them."""
    spaced = np.geomspace(1, iterations, spread).round().astype(int)
    evenly = np.linspace(0, iterations, even + 1).round().astype(int)
    return sorted(point for point in {0, 100, *spaced.tolist(), *evenly.tolist()} if point <= iterations)


def fit(run: Run, members: Sequence[Mapping]) -> dict[str, np.ndarray]:
    """Train members of any shapes; records [members, log points, ...], one set of log points for all.

    Records are padded to the deepest head and the most classes (see `linear.pad`).
    """
    common = members[0]
    depth, classes = (max(values) for values in zip(*((m["depth"], len(m["sizes"])) for m in members), strict=True))
    points = log_points(common["iterations"], common["log_points"], 20)
    parts: dict[int, dict[str, np.ndarray]] = {}
    groups: dict[tuple, list[int]] = {}
    for index, member in enumerate(members):
        shape = tuple(str(member[name]) for name in SHAPES)
        groups.setdefault(shape, []).append(index)
    for indices in groups.values():
        records = train(
            run,
            [members[i] for i in indices],
            lambda chunk: FreeFeatures(chunk, run.device),
            common["iterations"],
            points,
            chunk=common["chunk"],
            name=" ".join(str(members[indices[0]][name]) for name in SHAPES),
        )
        records = pad(records, depth, classes)
        for row, index in enumerate(indices):
            parts[index] = {name: array[row] for name, array in records.items()}
    stacked = {name: np.stack([parts[k][name] for k in range(len(members))]) for name in parts[0]}
    return stacked | {"iterations": np.array(points)}
