"""Direct optimisation of the unconstrained-features model: the paper's synthetic experiments and our extensions."""

from collections.abc import Mapping, Sequence

import numpy as np

from replications.neural_collapse import closed_form
from replications.neural_collapse.experiments.linear import SHAPES, FreeFeatures, pad
from verifig.loop import train
from verifig.run import Run


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


def direct(run: Run) -> dict[str, np.ndarray]:
    """Every condition x seed on all N columns (E1, E2)."""
    return fit(run, run.members)


def sweep(run: Run) -> dict[str, np.ndarray]:
    """Regularisation sweeps in class columns; members are every condition x seed x level.

    Conditions with `decays` train at these common decays. The others follow balanced classes at `betas` (levels of
    `closed_form.pressure`), given as such, in units of the collapse threshold, or in units of the spinodal.

    Returns:
        records of the last iteration only, `owner` [members] (row of `run.members`), `level` and `common_decay`.
    """
    members, owner, level = [], [], []
    for row, member in enumerate(run.members):
        total, size = sum(member["sizes"]), member["sizes"][0]
        depth = member["depth"]
        threshold, limit = closed_form.collapse_threshold(depth), closed_form.spinodal(depth)
        betas = [*member["betas"], *(threshold * u for u in member["over_threshold"])]
        betas += [limit * u for u in member["over_spinodal"]]
        rates = list(member["decays"]) or [closed_form.decay_at(beta, size, total, depth) for beta in betas]
        for value, rate in zip(member["decays"] or betas, rates, strict=True):
            members.append(member | {"weight_decay": rate, "feature_decay": rate})
            owner.append(row)
            level.append(value)
    records = fit(run, members)
    last = {name: array[:, -1] for name, array in records.items() if name != "iterations"}
    rates = np.array([member["weight_decay"] for member in members])
    return last | {"owner": np.array(owner), "level": np.array(level), "common_decay": rates}


def cross_entropy(run: Run) -> dict[str, np.ndarray]:
    """Cross-entropy from a few fixed starts: objective and accuracy over training, `output` [members, K, K] at the end."""
    records = fit(run, run.members)
    kept = {name: records[name] for name in ("objective", "accuracy", "iterations")}
    return kept | {"output": records["output"][:, -1]}
