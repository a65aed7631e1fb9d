"""Trajectories in weight space over the loss surface (Figure 7)."""

from collections.abc import Mapping

import numpy as np
import torch

from replications.grokking.experiments import modular_arithmetic
from replications.grokking.experiments.classifier import Classifier, fit
from verifig.run import Run

DIVERGED = 1e30  # a weight as large counts as diverged


def landscape(run: Run) -> dict[str, np.ndarray]:
    """Train the conditions, find the plane of most variance of their trajectories, and evaluate the losses on it.

    What a run records after it has diverged takes no part; NaN everywhere, where nothing else is left.

    Returns the trajectories in the plane [members, log points, 2], the grid axes, train and test loss [grid, grid] with
    float64 softmax, and the share of variance of each axis [2].
    """
    records = fit(run, lambda members: modular_arithmetic.build(members, run.device, _Tracked), modular_arithmetic.TASK)
    weights = torch.from_numpy(records.pop("parameters")).double()  # [members, points, P]
    weights[~(weights.abs().amax(2) < DIVERGED)] = torch.nan
    cloud = weights.flatten(0, 1)
    cloud = cloud[cloud.isfinite().all(1)]
    if len(cloud) < 2:
        return records | _nothing(len(weights), weights.shape[1], run.settings["grid"])
    centre = cloud.mean(0)
    _, singular, axes = torch.linalg.svd(cloud - centre, full_matrices=False)
    plane = axes[:2]
    path = (weights - centre) @ plane.T
    places = path.flatten(0, 1)[path.flatten(0, 1).isfinite().all(1)]
    margin = 0.15 * (places.amax(0) - places.amin(0))
    low, high = places.amin(0) - margin, places.amax(0) + margin
    side = run.settings["grid"]
    grid = [torch.linspace(low[k].item(), high[k].item(), side, dtype=torch.float64) for k in range(2)]

    def surface() -> Mapping[str, np.ndarray]:
        return _losses(run, centre, plane, grid)

    return {
        **records,
        "path": path.numpy(),
        "grid_x": grid[0].numpy(),
        "grid_y": grid[1].numpy(),
        "explained": (singular[:2] ** 2 / (singular**2).sum()).numpy(),
        **run.once("surface", surface),
    }


def _nothing(members: int, points: int, side: int) -> dict[str, np.ndarray]:
    shapes = {"path": (members, points, 2), "grid_x": (side,), "grid_y": (side,), "explained": (2,)}
    shapes |= {"surface_train": (side, side), "surface_test": (side, side)}
    return {name: np.full(shape, np.nan) for name, shape in shapes.items()}


class _Tracked(Classifier):
    """A classifier that also records its parameters."""

    def record(self) -> dict[str, torch.Tensor]:
        return super().record() | {"parameters": self.model.parameters.flat}


def _losses(run: Run, centre: torch.Tensor, plane: torch.Tensor, grid: list[torch.Tensor]) -> dict[str, np.ndarray]:
    """Mean softmax loss on the plane for the data of the first member, in float64: rows follow grid_y."""
    member = run.members[0] | {"dtype": "float64", "softmax_precision": "float64", "loss": "softmax"}
    program = modular_arithmetic.build([member], run.device)
    result = {name: np.empty((len(grid[1]), len(grid[0]))) for name in ("surface_train", "surface_test")}
    for row, y in enumerate(grid[1]):
        for column, x in enumerate(grid[0]):
            program.model.parameters.flat[0] = (centre + x * plane[0] + y * plane[1]).to(run.device)
            for name, (inputs, labels) in (("surface_train", program.train_set), ("surface_test", program.test_set)):
                result[name][row, column] = program._loss(program.model(inputs), labels)[0].mean().item()
    return result
