"""Classifiers of wide and deep networks on images: kernel interpolation by activation and depth."""

from collections.abc import Mapping

import numpy as np
import torch

from replications.infinite_depth.radhakrishnan2023.data import Split, split
from replications.infinite_depth.radhakrishnan2023.data import images as read
from replications.infinite_depth.science import activations
from replications.infinite_depth.science.activations import Activation
from replications.infinite_depth.science.votes import AngleTable, interpolate, ntk_tables, outputs, predicted
from verifig.training.run import Run

FIELDS = ("agreement", "majority_share", "error", "balanced_accuracy")


def images(run: Run) -> dict[str, np.ndarray]:
    """Every network (condition) and seed at each of its depths.

    Arrays [members, depths], NaN beyond a condition's own depths: `agreement` with the nearest neighbour, `majority_share` of
    predictions, `error` and `balanced_accuracy` on clean tests; [members]: `nearest_error`, `majority_error`.
    """
    settings, members = run.settings, run.members
    path = run.path("mnist") if settings["dataset"] == "mnist" else None
    parts = read(settings["dataset"], path)
    most = max(len(member["depths"]) for member in members)
    found = {name: np.full((len(members), most), np.nan) for name in FIELDS}
    found |= {name: np.full(len(members), np.nan) for name in ("nearest_error", "majority_error")}
    tables: dict[str, list[AngleTable]] = {}
    done, total = 0, sum(len(member["depths"]) for member in members)
    for number, member in enumerate(members):
        condition = member["condition"]
        if condition not in tables:
            tables = {condition: ntk_tables(activation(member), member["depths"], settings["steps"], run.device)}
        data = split(parts, member, run.device)
        near = run.once(f"nearest {condition} {member['seed']}", lambda data=data: {"y": nearest(data).cpu().numpy()})
        for column, (depth, table) in enumerate(zip(member["depths"], tables[condition], strict=True)):
            name = f"{condition} {member['seed']} {depth}"
            scores = run.once(name, lambda table=table, data=data, near=near: judged(table, data, near["y"]))
            for field, value in scores.items():
                found[field][number, column] = value
            done += 1
            run.progress(done, total, "classifiers")
        truth = data.truth.cpu().numpy()
        found["nearest_error"][number] = (near["y"] != truth).mean()
        found["majority_error"][number] = (majority(data) != truth).mean()
    return found


def activation(member: Mapping) -> Activation:
    """ReLU where no coefficients are given."""
    return activations.hermite(member["squares"]) if member["squares"] else activations.relu()


def nearest(data: Split, chunk: int = 2000) -> torch.Tensor:
    """Labels [m] of the nearest training inputs."""
    rows = [(data.tests[start : start + chunk] @ data.inputs.T).argmax(1) for start in range(0, len(data.tests), chunk)]
    return data.labels[torch.cat(rows)]


def majority(data: Split) -> float:
    """The label of most training inputs."""
    return 1.0 if data.labels.sum() >= 0 else -1.0


def judged(kernel: AngleTable, data: Split, near: np.ndarray) -> dict[str, np.ndarray]:
    """The fields of one kernel, each a number."""
    coefficients = interpolate(kernel, data.inputs, data.labels)
    labels = predicted(outputs(kernel, data.tests, data.inputs, coefficients)).cpu().numpy()
    truth = data.truth.cpu().numpy()
    values = (
        (labels == near).mean(),
        (labels == majority(data)).mean(),
        (labels != truth).mean(),
        np.mean([(labels == truth)[truth == sign].mean() for sign in np.unique(truth)]),
    )
    return {name: np.asarray(value) for name, value in zip(FIELDS, values, strict=True)}
