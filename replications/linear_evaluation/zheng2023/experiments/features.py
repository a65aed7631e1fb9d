"""Errors of naive Bayes and logistic regression on fixed features, by number of training samples."""

import functools
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.linear_evaluation.science import THEME
from replications.linear_evaluation.science.logistic import logistic
from replications.linear_evaluation.science.naive_bayes import naive_bayes
from replications.linear_evaluation.zheng2023.experiments.datasets import load, split, subsets
from replications.linear_evaluation.zheng2023.experiments.networks import Perceptrons
from replications.linear_evaluation.zheng2023.experiments.padding import padded
from verifig.training.ensemble import generator
from verifig.training.loop import train
from verifig.training.run import Run

FLOORED = 1e-2  # a larger variance floor, to show what the floor does
TOLERANCE = 1e-5
SHAPE = ("width", "batch_size", "epochs", "dataset")


def features(run: Run) -> dict[str, np.ndarray]:
    """Mean test errors over draws: `naive_bayes`, `floored` [members, sizes], `logistic` [members, sizes, strengths].

    `network` [members] is the test accuracy of the perceptron where features are its hidden layer. NaN where a member has less.
    """
    members = run.members
    hidden = _supervised(run, [member for member in members if member["representation"] == "supervised"])
    parts = []
    for done, member in enumerate(members, 1):
        name = f"{member['condition']} {member['seed']}"
        own = hidden[member["seed"]] if member["representation"] == "supervised" else None
        parts.append(run.once(name, lambda member=member, own=own: errors(member, own)))
        run.progress(done, len(members), "members")
    return {name: padded([part[name] for part in parts]) for name in parts[0]}


def _supervised(run: Run, members: list[Mapping]) -> dict[int, Mapping]:
    """By seed, `hidden` [pool + test, width] and `accuracy` of its perceptron; seeds have one in whatever condition."""
    chosen = list({member["seed"]: member for member in members}.values())
    if not chosen:
        return {}
    steps = chosen[0]["epochs"] * (len(split(chosen[0])["fit"]) // chosen[0]["batch_size"])
    records = train(
        run,
        chosen,
        lambda part: Perceptrons(part, run.device),
        steps,
        [steps],
        signature=lambda member: tuple(member[name] for name in SHAPE),
        chunk=chosen[0]["chunk"],
    )
    return {
        member["seed"]: {name: values[row, 0] for name, values in records.items()} for row, member in enumerate(chosen)
    }


def represented(member: Mapping, hidden: Mapping | None) -> tuple[Tensor, Tensor]:
    """Features [pool, n] and [test, n] in the member's representation.

    `raw` as they are; `pca` on the components of the fitting part; `supervised` the perceptron's `hidden` layer.
    """
    parts = split(member)
    if member["representation"] == "supervised":
        both = torch.from_numpy(hidden["hidden"]).double()
        return both[: len(parts["pool"])], both[len(parts["pool"]) :]
    values = load(member["dataset"])[0]
    pool, test = values[parts["pool"]], values[parts["test"]]
    if member["representation"] == "pca":
        directions = _directions(member["dataset"], member["seed"])[:, -member["components"] :]
        pool, test = pool @ directions, test @ directions
    return pool, test


@functools.cache
def _directions(dataset: str, seed: int) -> Tensor:
    """Principal directions [n, n] of the fitting part of a seed's split, the largest last."""
    values = load(dataset)[0][split({"dataset": dataset, "seed": seed})["fit"]]
    centred = values - values.mean(0)
    return torch.linalg.eigh(centred.T @ centred)[1]


def errors(member: Mapping, hidden: Mapping | None) -> dict[str, np.ndarray]:
    """Test errors of one member, means over its draws."""
    pool, test = represented(member, hidden)
    labels, parts = load(member["dataset"])[1], split(member)
    labels, wanted = labels[parts["pool"]], labels[parts["test"]]
    if member["labels"] == "permuted":
        stream = generator(THEME, "permuted", member["dataset"], member["seed"])
        labels = labels[torch.randperm(len(labels), generator=stream)]
    classes = len(labels.unique())
    result = {"naive_bayes": [], "floored": [], "logistic": []}
    for size in member["sizes"]:
        rows = subsets(labels, size, member)
        x, y, scale = pool[rows], labels[rows], _min_max(pool[rows])
        # a feature that is constant in all draws has no weight in any rule
        kept = (x.amax((0, 1)) > x.amin((0, 1))).nonzero()[:, 0]
        x, seen, scale = x[:, :, kept], test[:, kept], tuple(each[:, :, kept] for each in scale)

        def error(rule: tuple[Tensor, Tensor], seen: Tensor = seen, scale: tuple = scale) -> float:
            return _test_error(rule, seen, wanted, scale)

        x = (x - scale[0]) / scale[1]
        result["naive_bayes"].append(error(naive_bayes(x, y, classes)))
        result["floored"].append(error(naive_bayes(x, y, classes, FLOORED)))
        result["logistic"].append([error(logistic(x, y, classes, c, TOLERANCE)) for c in member["strengths"]])
    found = {name: np.array(values) for name, values in result.items()}
    return found | {"network": np.array(np.nan if hidden is None else hidden["accuracy"])}


def _min_max(x: Tensor) -> tuple[Tensor, Tensor]:
    """Least value and range [draws, 1, n] of each feature in each draw; a range of 0 counts as 1."""
    least, most = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
    return least, torch.where(most > least, most - least, 1.0)


def _test_error(rule: tuple[Tensor, Tensor], test: Tensor, wanted: Tensor, scale: tuple[Tensor, Tensor]) -> float:
    """Mean error over draws; the rule is moved to unscaled features, so that the test part is scaled once and for all."""
    weights, biases = rule
    weights = weights / scale[1].transpose(1, 2)
    biases = biases - (scale[0] @ weights)[:, 0]
    return float(((test @ weights + biases[:, None]).argmax(2) != wanted).double().mean())
