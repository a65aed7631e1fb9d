"""Networks trained by full-batch gradient descent, and the exact spectrum of their Hessian along the way."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.sgd_stability.sagun2017.experiments import problem, spectra
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

CHECKED = {"samples": 20, "width": 3, "classes": 3, "labels": "true", "centred": False, "learning_rate": 0.5}


def networks(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed: records [members, log points] and eigenvalues [members, log points, most P], `steps`.

    Log points at which a member is not measured, and places beyond its P, hold NaN.
    """
    steps = run.settings["steps"]
    points = sorted({min(point, steps) for member in run.members for point in member["log_at"]})
    records = train(
        run,
        run.members,
        lambda members: Descent(members, run.device),
        steps,
        points,
        signature=lambda member: (member["classes"], member["width"], member["samples"], tuple(member["log_at"])),
        chunk=run.settings["chunk"],
    )
    return records | {"steps": np.array(points)} | run.once("checks", lambda: checks(run.members[0]))


class Descent(Trainable):
    """K networks of one shape under full-batch gradient descent on the cross-entropy."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        self.member = members[0]
        images, labels = problem.images_of(members)
        self.images, self.labels = images.to(device), labels.to(device)
        self.model = problem.model_of(members, images.shape[2], device)
        self.rates = torch.tensor([[member["learning_rate"]] for member in members], device=device)
        self.gradient = self.model.parameters.like()
        self.tensors = {"weights": self.model.parameters.flat}

    def step(self) -> None:
        """One step of gradient descent."""
        problem.descend(self.model, self.images, self.labels, self.rates, self.gradient)

    def record(self) -> dict[str, Tensor]:
        """Loss, accuracy and |H - G| [K], eigenvalues of H [K, P], at the member's own log points."""
        data = self.images.double(), self.labels
        found = spectra.networks_of(self.model)
        if self.taken in (min(point, self.member["steps"]) for point in self.member["log_at"]):
            values, norms = spectra.spectra(found, data)
        else:
            values = torch.full((len(found), found.size), torch.nan, dtype=torch.float64, device=self.images.device)
            norms = values[:, 0]
        correct = self.model(self.images).argmax(-1) == self.labels
        return {
            "loss": problem.losses(self.model, self.images, self.labels),
            "accuracy": correct.float().mean(1),
            "eigenvalues": values,
            "residual": norms,
        }


def checks(member: Mapping) -> dict[str, np.ndarray]:
    """Errors of H against G at zero residual and against finite differences, of a small network after ten steps."""
    program = Descent([member | CHECKED], torch.device("cpu"))
    for _ in range(10):
        program.step()
    found, data = spectra.networks_of(program.model), (program.images.double(), program.labels)
    return {
        "zero_residual_error": np.array(spectra.zero_residual_error(found, data[0])),
        "difference_error": np.array(spectra.difference_error(found, data)),
    }
