"""Loss and probing landscapes over planes through the teacher and its students (Section 5; Figures 5, 13-16)."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from replications.random_teachers.sarnthein2023.experiments.distil import KL_IMAGES, Distiller, probe_all
from replications.random_teachers.sarnthein2023.experiments.network import Network, divergence
from replications.random_teachers.sarnthein2023.experiments.sources import Labelled, labelled
from verifig.training import data as datasets
from verifig.training.ensemble import dtype_of
from verifig.training.loop import train
from verifig.training.run import Run

FIELDS = ("kl", "encoder_kl", "linear", "ridge", "norm")


def plane_point(origin: Tensor, first: Tensor, second: Tensor, at: Tensor) -> Tensor:
    """Parameters origin + a first + b second at places (a, b): [P], [P], [P], [K, 2] -> [K, P]."""
    return origin + at[:, :1] * first + at[:, 1:] * second


def orthonormal_coordinates(origin: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Distance-preserving coordinates of a plane, centred at its point of smallest norm.

    Returns:
        (shift [2], map [2, 2]): the place (a, b) lies at shift + map @ (a, b), in units of parameter distance.
    """
    basis, map_ = torch.linalg.qr(torch.stack([first, second], 1).double())
    signs = torch.sign(torch.diagonal(map_))
    return signs * (basis.T @ origin.double()), signs[:, None] * map_


def landscape(run: Run) -> dict[str, np.ndarray]:
    """Train a local and an independent student of one teacher, then measure both views of the paper on a grid.

    `shared` spans the plane with the trained students at alpha ~ 0 and at alpha = 1; `nonlocal` with the untrained and
    the trained student at alpha = 1. Arrays `<view>_<field>` are [grid, grid], rows along the second axis.
    """
    settings = run.members[0]
    data = labelled(datasets.embedded).to(run.device, dtype_of(settings))
    points = {name: torch.from_numpy(value).to(run.device) for name, value in _students(run, data).items()}
    views = {
        "shared": (points["local"], points["independent"]),
        "nonlocal": (points["start"], points["independent"]),
    }
    result = {}
    run.progress(0, len(views) * settings["grid"], "rows of the planes")
    for number, (view, (first, second)) in enumerate(views.items()):
        axes = points["teacher"], first - points["teacher"], second - points["teacher"]
        steps = torch.linspace(settings["grid_from"], settings["grid_to"], settings["grid"], dtype=torch.float64)
        rows = []
        for index, place in enumerate(steps):
            at = torch.stack([steps, place.expand(len(steps))], 1).to(run.device, data.train.dtype)
            compute = _row(settings, data, points["teacher"], plane_point(*axes, at))
            rows.append(run.once(f"{view} {index}", compute))
            run.progress(number * len(steps) + index + 1, len(views) * len(steps), "rows of the planes")
        result |= {f"{view}_{field}": np.stack([row[field] for row in rows]) for field in FIELDS}
        shift, map_ = orthonormal_coordinates(*axes)
        result |= {f"{view}_shift": shift.cpu().numpy(), f"{view}_map": map_.cpu().numpy()}
    return result | {"axis": steps.numpy()}


class _Students(Distiller):
    """Students that record where they and their teachers are."""

    def record(self) -> dict[str, Tensor]:
        """Flat parameters [K, P]."""
        return {"student": self.student.parameters.flat, "teacher": self.teacher.parameters.flat}


def _students(run: Run, data: Labelled) -> dict[str, np.ndarray]:
    """Flat parameters [P] of the teacher, the untrained student and both trained students."""
    by_condition = {member["condition"]: member for member in run.members if member["seed"] == 0}
    members = [by_condition["local"], by_condition["independent"]]
    last = members[0]["steps"]
    found = train(
        run,
        members,
        lambda chunk: _Students(chunk, data, datasets.embedded, run.device),
        last,
        [0, last],
        chunk=len(members),
        name="students",
    )
    local, independent = found["student"]
    return {
        "teacher": found["teacher"][0, 0],
        "start": independent[0],
        "local": local[-1],
        "independent": independent[-1],
    }


def _row(settings: Mapping, data: Labelled, teacher: Tensor, parameters: Tensor) -> Callable[[], dict[str, np.ndarray]]:
    """What a row of the grid is measured by: KL to the teacher, KL of softmaxed embeddings, probes, norm."""

    def compute() -> dict[str, np.ndarray]:
        shape = dict(settings) | {"input_size": data.train.shape[1]}
        reference, networks = Network(shape, 1, teacher.device), Network(shape, len(parameters), teacher.device)
        reference.parameters.flat.copy_(teacher)
        networks.parameters.flat.copy_(parameters)
        some = data.train[None, :KL_IMAGES]
        embedded = networks.embed(data.train[None])
        found = probe_all(embedded, networks.embed(data.test[None]), data, settings, False)
        found["kl"] = divergence(reference(some), networks(some))
        found["encoder_kl"] = divergence(reference.embed(some), embedded[:, :KL_IMAGES])
        found["norm"] = parameters.double().norm(dim=1)
        return {field: found[field].cpu().numpy() for field in FIELDS}

    return compute
