"""Diagonal linear network f(x) = <a * b, x> (Figures D1, D2 and B)."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from replications.sgd_stability.wu2023.experiments import dynamics, own
from replications.sgd_stability.wu2023.experiments.dynamics import SLUG, Data, Dynamics
from verifig.training.ensemble import generator
from verifig.training.run import Run


def diagonal(run: Run) -> dict[str, np.ndarray]:
    """Train every row of the run; see `dynamics.fit`."""
    return dynamics.fit(run, lambda rows: build(rows, run.device))


def build(rows: Sequence[Mapping], device: torch.device) -> "Diagonal":
    """The program for some rows, with data and initial weights drawn by seed."""
    seeds = list(dict.fromkeys(row["seed"] for row in rows))
    problems = [draw_problem(rows[0], seed) for seed in seeds]
    data = Data(*(torch.stack(part) for part in zip(*problems, strict=True)))
    return Diagonal(rows, data, {"theta": torch.stack([initial(row) for row in rows])}, device)


def draw_problem(settings: Mapping, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """x uniform on [-1, 1]^d, y = x . (1, .., 1, 0, .., 0) with `support` ones, no noise: train and test set."""
    n, d = settings["samples"], settings["dimension"]
    stream = generator(SLUG, "diagonal data", n, d, seed)
    x = 2 * torch.rand(n + settings["test_size"], d, generator=stream, dtype=torch.float64) - 1
    y = x[:, : settings["support"]].sum(1)
    return x[:n], y[:n], x[n:], y[n:]


def initial(row: Mapping) -> Tensor:
    """theta = (a, b), [2, d]: independent N(0, 1) entries, or b_j = +-c a_j so that the balance ratio is `initial_ratio`."""
    d, ratio = row["dimension"], row["initial_ratio"]
    stream = generator(SLUG, "diagonal init", d, row["seed"])
    a, b = torch.randn(2, d, generator=stream, dtype=torch.float64)
    if math.isnan(ratio):
        return torch.stack([a, b])
    a = a * row["ratio_variance"] ** 0.5
    return torch.stack([a, (ratio + math.sqrt(ratio**2 - 1)) * b.sign() * a])


def balance_ratio(a: ArrayLike, b: ArrayLike) -> float:
    """r = (|a|^2 + |b|^2) / (2 |a * b|_1), at least 1, with equality where |a| = |b| entry by entry."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return float((a @ a + b @ b) / (2 * np.abs(a * b).sum()))


def per_sample_gradients(x: ArrayLike, a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Gradients (b * x, a * x) of the output by (a, b): inputs (n, d) -> (n, 2d)."""
    x, a, b = (np.asarray(part, float) for part in (x, a, b))
    return np.concatenate([x * b, x * a], axis=1)


def run_diag(
    x: ArrayLike,
    y: ArrayLike,
    learning_rates: Sequence[float],
    steps: int,
    *,
    batch: int = 1,
    algorithm: str = "sgd",
    clip: float = 50.0,
    seed: int = 0,
    start: tuple[ArrayLike, ArrayLike] | None = None,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    schedule: str = "constant",
    **options,
) -> dict[str, np.ndarray]:
    """Train diagonal networks on data of your own, one a learning rate.

    Args:
        x: inputs (n, d); y: targets (n,); test: the same for a test set (default: the training set).
        learning_rates: constant rates eta.
        algorithm: `sgd` or `gd` (full batch).
        start: initial (a, b), each (d,); default: N(0, 1) entries by seed.
        options: `replacement`, `block`, `tolerance`, `dtype`, as in `own.problem`.

    Returns:
        final metrics by learning rate: train_loss, test_loss, tr, fro, lmax, g4, threshold, l1, balance, last_clipped, ...

    Raises:
        InputError: a schedule other than `constant`, or steps that are no multiple of the block.
    """
    problem, rows = own.problem(
        x, y, test, learning_rates, steps, algorithm, clip, seed, schedule, batch=batch, **options
    )
    theta = initial(rows[0]) if start is None else torch.as_tensor(np.stack([np.asarray(part) for part in start]))
    parameters = {"theta": theta.expand(len(rows), -1, -1).clone()}
    return own.metrics(Diagonal(rows, problem, parameters, torch.device("cpu")), steps)


class Diagonal(Dynamics):
    """K networks: theta [K, 2, d] holds (a, b)."""

    def sgd_block(self, index: Tensor) -> Tensor:
        theta = self.parameters["theta"]
        seeds = torch.arange(len(index), device=index.device)[:, None, None]
        x, y = self.data.x[seeds, index], self.data.y[seeds, index] / self.batch
        norms = theta.new_empty(self.block, len(theta))
        gradient = torch.empty_like(theta)
        for t in range(self.block):
            inputs, targets = x[self.owner, t], y[self.owner, t]
            beta = theta[:, 0] * theta[:, 1]
            error = torch.bmm(inputs, beta[:, :, None])[..., 0].div_(self.batch).sub_(targets)
            slope = torch.bmm(error[:, None], inputs)
            torch.mul(theta.flip(1), slope, out=gradient)
            norm = gradient.flatten(1).norm(dim=1)
            rate = self.learning_rate * (self.clip / norm).clamp(max=1)
            theta.addcmul_(gradient, rate[:, None, None], value=-1)
            norms[t] = norm
        return norms

    def descend(self, row: int, x: Tensor, y: Tensor) -> float:
        theta = self.parameters["theta"][row]
        error = (x @ (theta[0] * theta[1]) - y) / len(x)
        gradient = theta.flip(0) * (error @ x)
        norm = gradient.norm()
        theta -= self.learning_rate[row] * (self.clip[row] / norm).clamp(max=1) * gradient
        return norm.item()

    def outputs(self, row: int, x: Tensor) -> Tensor:
        theta = self.parameters["theta"][row]
        return x @ (theta[0] * theta[1])

    def gram(self, row: int) -> Tensor:
        x, theta = self._double(row)
        return (x * theta.square().sum(0)) @ x.T / len(x)

    def trace(self, row: int) -> float:
        x, theta = self._double(row)
        return (x.square() @ theta.square().sum(0)).mean().item()

    def norms(self, row: int) -> dict[str, float]:
        _, (a, b) = self._double(row)
        l1 = (a * b).abs().sum().item()
        return {"l1": l1, "balance": (a.square().sum() + b.square().sum()).item() / (2 * l1) if l1 else math.nan}

    def _double(self, row: int) -> tuple[Tensor, Tensor]:
        return self.data.x[self.owners[row]].double(), self.parameters["theta"][row].double()
