"""Speed of kernels of many layers and of votes, as ratios within one run.

Kernels against the same recursion on the matrices of inner products, as one would write it first; votes of all targets, sizes and
orders from one matrix of distances against one after the other.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from replications.infinite_depth.radhakrishnan2023 import data
from replications.infinite_depth.radhakrishnan2023.experiments.sphere import errors
from replications.infinite_depth.science import activations
from replications.infinite_depth.science.votes import interpolate, ntk_tables
from verifig.benchmarking.bench import Program, Result, paired

CPU = torch.device("cpu")
LAYERS = 64
SIZES, ORDERS, TARGETS = [100, 1000, 5000], [1.0, 2.0, 3.0, 4.0], ["constant", "cap"]


def draws(members: int, n: int) -> Callable[[], object]:
    """Votes of all orders and targets in a number of draws."""
    each = [_member(seed) | {"sizes": [n], "orders": ORDERS, "targets": TARGETS} for seed in range(members)]
    return lambda: [errors(member, CPU) for member in each]


PROGRAM = Program(
    about="votes of four orders for two targets on the sphere, 200 test points",
    make=draws,
    member="draw",
    width="training points",
    widths=(1000, 2000, 4000, 8000),
    usual=2000,
    together=2,
    operations=lambda n: 200 * n,
    members=(1, 2, 4, 8),
)


def bench() -> Iterator[Result]:
    """Comparisons with plain code."""
    inputs = data.sphere(_member(0), 400, "constant", CPU)
    yield paired(
        f"the recursion on a matrix of 400 × 400 over the table and its interpolation, ReLU, {LAYERS} layers",
        lambda: _plain_solved(inputs.inputs.numpy(), inputs.labels.numpy()),
        lambda: interpolate(ntk_tables(activations.relu(), [LAYERS], 20000, CPU)[0], inputs.inputs, inputs.labels),
        better="higher",
    )
    member = _member(0) | {"sizes": SIZES, "orders": ORDERS, "targets": TARGETS}
    yield paired(
        "votes one target, size and order at a time over all at once",
        lambda: _plain_votes(member),
        lambda: errors(member, CPU),
        better="higher",
    )


def _member(seed: int) -> dict:
    return {"seed": seed, "dimension": 2, "noise": 0.2, "test_size": 200}


def _plain_solved(inputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """K_L by its recursion on the matrix, and the solved system."""
    relu, s = activations.relu(), np.minimum(inputs @ inputs.T, 1)
    np.fill_diagonal(s, 1)
    kernel = s
    for _ in range(LAYERS):
        kernel = relu.dual(s) + kernel * relu.dual_slope(s)
        s = np.minimum(relu.dual(s), 1)
    return np.linalg.solve(kernel / (LAYERS + 1), labels)


def _plain_votes(member: dict) -> list[float]:
    """Each vote with distances of its own."""
    found = []
    for target in member["targets"]:
        drawn = data.sphere(member, SIZES[-1], target, CPU)
        for size in member["sizes"]:
            for order in member["orders"]:
                distances = torch.cdist(drawn.tests, drawn.inputs[:size])
                votes = (distances**-order * drawn.labels[:size]).sum(1)
                found.append(((votes >= 0) != (drawn.truth > 0)).double().mean().item())
    return found
