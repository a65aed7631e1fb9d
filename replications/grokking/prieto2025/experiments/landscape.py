"""Trajectories in weight space over the loss surface (Figure 7)."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.grokking.prieto2025.experiments import modular
from replications.grokking.prieto2025.experiments.classifier import Classifier, fit
from verifig.training.run import Run

MARGIN = 0.15  # of the extent of a path, around it
DIVERGED = 1e30  # a weight as large counts as diverged


def landscape(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed, and cut the loss of the first seed of each condition along its own path.

    The section of a run is the plane through its initial weights, its last ones, and the ones of the log point that
    lies farthest from the line between these two: there the run touches it, and the loss on the plane is that of the
    run. It is the loss that the run itself minimises.

    Returns the records of `Classifier` and, with an axis for the conditions in the order of members: `path` [conditions,
    log points, 2] in the plane, `grid` [conditions, 2, side], `surface_train` and `surface_test` [conditions, side, side]
    (rows follow the second axis), `in_plane` [conditions, log points]: the share of the squared distance from the
    start that lies in the plane (1 at the start).
    """
    records = fit(run, lambda members: modular.build(members, run.device, _Tracked), modular.TASK)
    weights = torch.from_numpy(records.pop("parameters")).double()  # [members, points, P]
    sections = []
    for index, member in enumerate(run.members):
        if member["seed"] == 0:
            section = run.once(f"section {index}", lambda m=member, path=weights[index]: _section(run, m, path))
            sections.append(section)
    return records | {name: np.stack([section[name] for section in sections]) for name in sections[0]}


class _Tracked(Classifier):
    """A classifier that also records its parameters."""

    def record(self) -> dict[str, Tensor]:
        return super().record() | {"parameters": self.model.parameters.flat}


def plane(path: Tensor) -> Tensor:
    """Orthonormal axes [2, P] of the plane through the first, the last and the farthest point between of a path [T, P].

    The first axis points from the first to the last point.
    """
    moves = path - path[0]
    first = moves[-1] / moves[-1].norm().clamp_min(torch.finfo(path.dtype).tiny)
    beside = moves - (moves @ first)[:, None] * first
    second = beside[beside.norm(dim=1).argmax()]
    return torch.stack([first, second / second.norm().clamp_min(torch.finfo(path.dtype).tiny)])


def _section(run: Run, member: Mapping, path: Tensor) -> dict[str, np.ndarray]:
    """The plane of one run's path [T, P] and the mean loss on a grid in it, in float64; NaN where the run diverged."""
    side = run.settings["grid"]
    if not (path.abs() < DIVERGED).all():
        shapes = {"path": (len(path), 2), "grid": (2, side), "in_plane": (len(path),)}
        shapes |= {"surface_train": (side, side), "surface_test": (side, side)}
        return {name: np.full(shape, np.nan) for name, shape in shapes.items()}
    axes = plane(path)
    moves = path - path[0]
    flat = moves @ axes.T
    margin = MARGIN * (flat.amax(0) - flat.amin(0))
    low, high = flat.amin(0) - margin, flat.amax(0) + margin
    grid = torch.stack([torch.linspace(low[k].item(), high[k].item(), side, dtype=path.dtype) for k in range(2)])
    program = modular.build([member | {"dtype": "float64"}], run.device)
    result = {name: np.empty((side, side)) for name in ("surface_train", "surface_test")}
    for row, y in enumerate(grid[1]):
        for column, x in enumerate(grid[0]):
            program.model.parameters.flat[0] = (path[0] + x * axes[0] + y * axes[1]).to(run.device)
            for name, data in (("surface_train", program.train_set), ("surface_test", program.test_set)):
                result[name][row, column] = program.mean_loss(*data).item()
    squared = moves.square().sum(1)
    share = torch.where(squared > 0, flat.square().sum(1) / squared.clamp_min(torch.finfo(path.dtype).tiny), 1.0)
    return {"path": flat.numpy(), "grid": grid.numpy(), "in_plane": share.numpy()} | result
