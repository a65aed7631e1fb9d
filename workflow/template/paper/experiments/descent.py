"""Gradient descent on quadratics."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from verifig.training.ensemble import generator
from verifig.training.loop import log_points, train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

PAPER = "SLUG"


def descent(run: Run) -> dict[str, np.ndarray]:
    """Gradient descent on curvature x^2 / 2 for every condition x seed; losses [members, log points]."""
    points = log_points(run.settings["steps"], 10)
    make = lambda members: Quadratic(members, run.device)  # noqa: E731
    records = train(run, run.members, make, run.settings["steps"], points, chunk=64)
    return records | {"steps": np.array(points)}


class Quadratic(Trainable):
    """K one-dimensional quadratics as one program."""

    def __init__(self, members: Sequence[Mapping], device: torch.device = torch.device("cpu")):
        super().__init__()
        streams = [generator(PAPER, "start", member["seed"]) for member in members]
        starts = [torch.randn(1, dtype=torch.float64, generator=stream) for stream in streams]
        self.curvature = torch.tensor([m["curvature"] for m in members], dtype=torch.float64, device=device)
        self.learning_rate = torch.tensor([m["learning_rate"] for m in members], dtype=torch.float64, device=device)
        self.tensors = {"x": torch.cat(starts).to(device)}

    def step(self) -> None:
        self.tensors["x"] -= self.learning_rate * self.curvature * self.tensors["x"]

    def record(self) -> dict[str, torch.Tensor]:
        return {"loss": self.curvature * self.tensors["x"] ** 2 / 2}
