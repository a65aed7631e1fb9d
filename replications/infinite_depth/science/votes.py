"""Classifiers with labels +1 and -1: kernel interpolation, singular votes, nearest neighbour; torch, on any device."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from replications.infinite_depth.science.activations import Activation
from replications.infinite_depth.science.kernels import by_depth

NEAREST = 1e-16  # squared distances below count as this


class AngleTable:
    """A function of xi in [0, 1], tabulated on equal steps of the angle arccos xi and interpolated linearly.

    A kernel of many layers costs as much on a matrix of any size as on the table.

    Args:
        values: [steps + 1] at angles from 0 to pi/2.
    """

    def __init__(self, values: np.ndarray, device: torch.device | str = "cpu"):
        self.values = torch.as_tensor(values, dtype=torch.float64, device=device)
        self.per_radian = (len(values) - 1) / (np.pi / 2)

    def __call__(self, xi: Tensor) -> Tensor:
        place = torch.arccos(xi.clamp(0, 1)).mul_(self.per_radian)
        left = place.floor().clamp_(max=len(self.values) - 2)
        rows = left.long()
        return torch.lerp(self.values[rows], self.values[rows + 1], place.sub_(left))


def ntk_tables(activation: Activation, depths: list[int], steps: int, device: torch.device | str) -> list[AngleTable]:
    """Tables of K_L/K_L(1) by depth."""
    xi = np.cos(np.linspace(0, np.pi / 2, steps + 1))
    xi[-1] = 0
    return [AngleTable(values, device) for values in by_depth(xi, activation, depths)[1]]


def rows(count: int, chunk: int) -> Iterator[slice]:
    """Slices of at most `chunk` out of `count` rows."""
    return (slice(start, min(start + chunk, count)) for start in range(0, count, chunk))


def interpolate(kernel: AngleTable, inputs: Tensor, labels: Tensor, chunk: int = 2000) -> Tensor:
    """Coefficients K(X, X)^-1 y [n] of the kernel interpolant.

    Args:
        kernel: with value 1 at xi = 1.
        inputs: X [n, d], of length 1 each; labels: y [n].
    """
    gram = inputs.new_empty(len(inputs), len(inputs))
    for part in rows(len(inputs), chunk):
        gram[part] = kernel(inputs[part] @ inputs.T)
    return solved(gram.fill_diagonal_(1), labels)


def solved(gram: Tensor, labels: Tensor) -> Tensor:
    """K^-1 y [n], or its least-squares solution where rounding left K [n, n] no longer positive."""
    factor, failed = torch.linalg.cholesky_ex(gram)
    if failed:
        return torch.linalg.pinv(gram, hermitian=True) @ labels
    return torch.cholesky_solve(labels[:, None], factor)[:, 0]


def outputs(kernel: AngleTable, tests: Tensor, inputs: Tensor, coefficients: Tensor, chunk: int = 2000) -> Tensor:
    """K(x, X) c [m] for tests x [m, d], inputs X [n, d] and coefficients c [n]."""
    return torch.cat([kernel(tests[part] @ inputs.T) @ coefficients for part in rows(len(tests), chunk)])


def squared_distances(tests: Tensor, inputs: Tensor) -> Tensor:
    """|x - x'|^2 [m, n] of points of length 1, kept above 1e-16."""
    return (2 - 2 * (tests @ inputs.T)).clamp_(min=NEAREST)


def singular_votes(squared: Tensor, labels: Tensor, order: float) -> Tensor:
    """sum_i y_i |x - x_i|^-order [m] from squared distances [m, n] and labels y [n]; [m, k] from k columns of labels."""
    return (squared ** (-order / 2)) @ labels


def predicted(votes: Tensor) -> Tensor:
    """+1 or -1; +1 for a tie."""
    return torch.where(votes >= 0, 1.0, -1.0).to(votes.dtype)
