"""Votes with singular kernels on the sphere by number of training points: which orders are consistent."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.infinite_depth.radhakrishnan2023.data import sphere as draw
from replications.infinite_depth.science.votes import predicted, singular_votes, squared_distances
from verifig.training.run import Run

BLOCK = 4000  # training points at a time


def sphere(run: Run) -> dict[str, np.ndarray]:
    """Errors against noisy test labels: `error` [seeds, targets, sizes, orders] and `nearest` [seeds, targets, sizes].

    The smaller training sets of a seed are the first points of the largest. That test labels are noisy enters by its expectation:
    noise + (1 - 2 noise) P(wrong against the clean label).
    """
    members = run.members
    found = []
    for number, member in enumerate(members):
        found.append(run.once(f"seed {member['seed']}", lambda member=member: errors(member, run.device)))
        run.progress(number + 1, len(members), "draws")
    return {name: np.stack([each[name] for each in found]) for name in found[0]}


def errors(member: Mapping, device: torch.device) -> dict[str, np.ndarray]:
    """`error` [targets, sizes, orders] and `nearest` [targets, sizes] of one draw."""
    sizes, noise = member["sizes"], member["noise"]
    splits = [draw(member, sizes[-1], target, device) for target in member["targets"]]
    labels, truth = (torch.stack([getattr(each, name) for each in splits], 1) for name in ("labels", "truth"))
    wrong, neighbour = counted(splits[0].tests, truth, splits[0].inputs, labels, sizes, member["orders"])
    return {"error": noise + (1 - 2 * noise) * wrong, "nearest": noise + (1 - 2 * noise) * neighbour}


def counted(
    tests: Tensor, truth: Tensor, inputs: Tensor, labels: Tensor, sizes: Sequence[int], orders: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Shares of wrong predictions: of votes [targets, sizes, orders] and of the nearest neighbour [targets, sizes].

    Args:
        tests: [m, d]; truth: their clean labels [m, targets]; inputs: [n, d]; labels: [n, targets].
        sizes: numbers of first inputs, increasing to n.
    """
    votes = [torch.zeros_like(truth) for _ in orders]
    closest, label = tests.new_full((len(tests),), torch.inf), torch.ones_like(truth)
    wrong, neighbour = [], []
    for start, stop in zip([0, *sizes[:-1]], sizes, strict=True):
        for first in range(start, stop, BLOCK):
            part = slice(first, min(first + BLOCK, stop))
            squared = squared_distances(tests, inputs[part])
            for row, order in enumerate(orders):
                votes[row] += singular_votes(squared, labels[part], order)
            distance, place = squared.min(1)
            label = torch.where((distance < closest)[:, None], labels[part][place], label)
            closest = torch.minimum(closest, distance)
        wrong.append(torch.stack([_wrong(each, truth) for each in votes], 1))
        neighbour.append(_wrong(label, truth))
    return torch.stack(wrong, 1).cpu().numpy(), torch.stack(neighbour, 1).cpu().numpy()


def _wrong(votes: Tensor, truth: Tensor) -> Tensor:
    """Shares [targets] of wrong predictions."""
    return (predicted(votes) != truth).double().mean(0)
