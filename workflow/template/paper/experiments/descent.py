"""Gradient descent on quadratics."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from verifig.training.ensemble import generator
from verifig.training.loop import Trainable, log_points, train
from verifig.training.run import Run

PAPER = "SLUG"


def descent(run: Run) -> dict[str, np.ndarray]:
    """Gradient descent on curvature x^2 / 2 for every condition x seed; losses [members, log points]."""
    points = log_points(run.settings["steps"], 10)
    records = train(run, run.members, Quadratic, run.settings["steps"], points, chunk=64)
    return records | {"steps": np.array(points)}


class Quadratic(Trainable):
    """K one-dimensional quadratics as one program."""

    def __init__(self, members: Sequence[Mapping]):
        super().__init__()
        streams = [generator(PAPER, "start", member["seed"]) for member in members]
        starts = [torch.randn(1, dtype=torch.float64, generator=stream) for stream in streams]
        self.curvature = torch.tensor([m["curvature"] for m in members], dtype=torch.float64)
        self.learning_rate = torch.tensor([m["learning_rate"] for m in members], dtype=torch.float64)
        self.tensors = {"x": torch.cat(starts)}

    def step(self) -> None:
        self.tensors["x"] -= self.learning_rate * self.curvature * self.tensors["x"]

    def record(self) -> dict[str, torch.Tensor]:
        return {"loss": self.curvature * self.tensors["x"] ** 2 / 2}
