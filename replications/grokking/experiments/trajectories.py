"""Trajectories in weight space over the loss surface (Figure 7)."""

from collections.abc import Mapping

import numpy as np
import torch

from replications.grokking.experiments import modular_arithmetic
from replications.grokking.experiments.classifier import Classifier, fit
from verifig.run import Run


def landscape(run: Run) -> dict[str, np.ndarray]:
    """Train the conditions, find the plane of most variance of their trajectories, and evaluate the losses on it.

    Returns the trajectories in the plane [members, log points, 2], the grid axes, train and test loss [grid, grid] with
    float64 softmax, and the share of variance of each axis [2].
    """
    records = fit(run, lambda members: modular_arithmetic.build(members, run.device, _Tracked), modular_arithmetic.TASK)
    weights = torch.from_numpy(records.pop("parameters")).double()  # [members, points, P]
    cloud = weights.flatten(0, 1)
    centre = cloud.mean(0)
    _, singular, axes = torch.linalg.svd(cloud - centre, full_matrices=False)
    plane = axes[:2]
    path = (weights - centre) @ plane.T
    margin = 0.15 * (path.amax((0, 1)) - path.amin((0, 1)))
    low, high = path.amin((0, 1)) - margin, path.amax((0, 1)) + margin
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
