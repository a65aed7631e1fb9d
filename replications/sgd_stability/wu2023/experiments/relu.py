"""Two-layer ReLU network f(x) = sum_j a_j relu(w_j . x), without bias, both layers trained (Figures R1, R2)."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from replications.sgd_stability.wu2023.experiments import dynamics, own
from replications.sgd_stability.wu2023.experiments.dynamics import SLUG, Data, Dynamics
from verifig.training.ensemble import generator
from verifig.training.run import Run

# two readings of "w_j ~ N(0, I_d / sqrt(d))": covariance I / sqrt(d), or standard deviation 1 / sqrt(d)
INIT_POWER = {"covariance": -0.25, "deviation": -0.5}


def relu(run: Run) -> dict[str, np.ndarray]:
    """Train every row of the run; see `dynamics.fit`."""
    return dynamics.fit(run, lambda rows: build(rows, run.device))


def build(rows: Sequence[Mapping], device: torch.device) -> "Relu":
    """The program for some rows, with data and initial weights drawn by seed."""
    seeds = list(dict.fromkeys(row["seed"] for row in rows))
    first = rows[0]
    problems = [draw_problem(first, seed) for seed in seeds]
    data = Data(*(torch.stack(part) for part in zip(*problems, strict=True)))
    starts = [initial(row) for row in rows]
    parameters = {name: torch.stack([start[name] for start in starts]) for name in ("a", "w")}
    return Relu(rows, data, parameters, device)


def sphere(rows: int, dimension: int, stream: torch.Generator) -> Tensor:
    """Points uniform on the sphere of radius sqrt(d): [rows, d], float64."""
    x = torch.randn(rows, dimension, generator=stream, dtype=torch.float64)
    return x * (dimension**0.5 / x.norm(dim=1, keepdim=True))


def draw_problem(settings: Mapping, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Inputs on the sphere and noiseless labels of a teacher sum_i relu(v_i . x) with unit v_i: train and test set."""
    n, d, k = settings["samples"], settings["dimension"], settings["teacher_neurons"]
    stream = generator(SLUG, "relu data", n, d, k, seed)
    teacher = sphere(k, d, stream) / d**0.5
    x = sphere(n + settings["test_size"], d, stream)
    y = (x @ teacher.T).relu().sum(1)
    return x[:n], y[:n], x[n:], y[n:]


def initial(row: Mapping) -> dict[str, Tensor]:
    """a_j ~ N(0, 1), w_j ~ N(0, s^2 I) with s by `initialisation`: a [m], w [d, m], float64."""
    d, m = row["dimension"], row["width"]
    stream = generator(SLUG, "relu init", d, m, row["seed"])
    a = torch.randn(m, generator=stream, dtype=torch.float64)
    w = torch.randn(d, m, generator=stream, dtype=torch.float64) * d ** INIT_POWER[row["initialisation"]]
    return {"a": a, "w": w}


def per_sample_gradients(x: ArrayLike, a: ArrayLike, w: ArrayLike) -> np.ndarray:
    """Gradients of the output by (a, w) at each input.

    Args:
        x: inputs (n, d); a: output weights (m,); w: input weights (d, m).

    Returns:
        (n, m + d m): first the m entries relu(w_j . x), then a_j 1{w_j . x > 0} x by input dimension and neuron.
    """
    x, a, w = (np.asarray(part, float) for part in (x, a, w))
    hidden = x @ w
    slope = (hidden > 0) * a
    return np.concatenate([np.maximum(hidden, 0), np.einsum("nd,nm->ndm", x, slope).reshape(len(x), -1)], axis=1)


def expected_trace(a: ArrayLike, w: ArrayLike) -> float:
    """E tr G for x uniform on the sphere of radius sqrt(d): sum_j (|w_j|^2 + d a_j^2) / 2, at least sqrt(d) path norm."""
    a, w = np.asarray(a, float), np.asarray(w, float)
    return float(((w**2).sum() + len(w) * (a**2).sum()) / 2)


def path_norm(a: ArrayLike, w: ArrayLike) -> float:
    """sum_j |a_j| |w_j|_2 for a (m,) and w (d, m)."""
    return float(np.abs(np.asarray(a, float)) @ np.linalg.norm(np.asarray(w, float), axis=0))


def run_relu(
    x: ArrayLike,
    y: ArrayLike,
    learning_rates: Sequence[float],
    steps: int,
    *,
    width: int = 100,
    algorithm: str = "sgd",
    clip: float = 100.0,
    seed: int = 0,
    initialisation: str = "covariance",
    test: tuple[ArrayLike, ArrayLike] | None = None,
    schedule: str = "constant",
    **options,
) -> dict[str, np.ndarray]:
    """Train ReLU networks on data of your own, one a learning rate.

    Args:
        x: inputs (n, d); y: targets (n,); test: the same for a test set (default: the training set).
        learning_rates: constant rates eta (not times sqrt(d)).
        algorithm: `sgd` (batch size 1, with replacement) or `gd`.
        options: `replacement`, `block`, `tolerance`, `dtype`, as in `own.problem`.

    Returns:
        final metrics by learning rate: train_loss, test_loss, tr, fro, lmax, g4, threshold, path_norm, last_clipped, ...

    Raises:
        InputError: a schedule other than `constant`, or steps that are no multiple of the block.
    """
    problem, rows = own.problem(x, y, test, learning_rates, steps, algorithm, clip, seed, schedule, **options)
    rows = [row | {"width": width, "initialisation": initialisation} for row in rows]
    starts = [initial(row) for row in rows]
    parameters = {name: torch.stack([start[name] for start in starts]) for name in ("a", "w")}
    return own.metrics(Relu(rows, problem, parameters, torch.device("cpu")), steps)


class Relu(Dynamics):
    """K networks: a [K, m], w [K, d, m]."""

    def sgd_block(self, index: Tensor) -> Tensor:
        """Exact SGD with batch size 1; within a block pre-activations are corrected through the Gram matrix of its inputs.

        So the weights are read and written once a block, as matrix products, instead of once a step.
        """
        a, w = self.parameters["a"], self.parameters["w"]
        index = index[..., 0]
        x, y = (
            part[torch.arange(len(index), device=index.device)[:, None], index] for part in (self.data.x, self.data.y)
        )
        inner = torch.bmm(x, x.transpose(1, 2))[self.owner]
        x, y = x[self.owner], y[self.owner]
        squared = inner.diagonal(dim1=1, dim2=2)
        before = torch.bmm(x, w)
        moved = torch.zeros_like(before)  # what each step takes off w, without its factor x
        norms = before.new_empty(self.block, len(a))
        for t in range(self.block):
            h = before[:, t]
            if t:
                h = torch.baddbmm(before[:, t : t + 1], inner[:, t : t + 1, :t], moved[:, :t], alpha=-1)[:, 0]
            p = h.relu()
            slope = a * (h > 0)
            error = (a * p).sum(1) - y[:, t]
            norm = error.abs() * ((p * p).sum(1) + squared[:, t] * (slope * slope).sum(1)).sqrt()
            rate = (self.learning_rate * error * (self.clip / norm).clamp(max=1))[:, None]
            torch.mul(slope, rate, out=moved[:, t])
            a.addcmul_(p, rate, value=-1)
            norms[t] = norm
        w.baddbmm_(x.transpose(1, 2), moved, alpha=-1)
        return norms

    def descend(self, row: int, x: Tensor, y: Tensor) -> float:
        a, w = self.parameters["a"][row], self.parameters["w"][row]
        h = x @ w
        p = h.relu()
        error = (p @ a - y) / len(x)
        grad_a = error @ p
        grad_w = x.T @ (error[:, None] * (h > 0)) * a
        norm = (grad_a.square().sum() + grad_w.square().sum()).sqrt()
        rate = self.learning_rate[row] * (self.clip[row] / norm).clamp(max=1)
        a -= rate * grad_a
        w -= rate * grad_w
        return norm.item()

    def outputs(self, row: int, x: Tensor) -> Tensor:
        return (x @ self.parameters["w"][row]).relu() @ self.parameters["a"][row]

    def gram(self, row: int) -> Tensor:
        x, a, w = self._double(row)
        h = x @ w
        slope = (h > 0) * a
        return (h.relu() @ h.relu().T + (slope @ slope.T) * (x @ x.T)) / len(x)

    def trace(self, row: int) -> float:
        x, a, w = self._double(row)
        h = x @ w
        slope = (h > 0) * a
        return ((h.relu() ** 2).sum(1) + (x**2).sum(1) * (slope**2).sum(1)).mean().item()

    def norms(self, row: int) -> dict[str, float]:
        _, a, w = self._double(row)
        return {
            "path_norm": (a.abs() * w.norm(dim=0)).sum().item(),
            "expected_tr": ((w**2).sum() + len(w) * (a**2).sum()).item() / 2,
        }

    def _double(self, row: int) -> tuple[Tensor, Tensor, Tensor]:
        parts = self.data.x[self.owners[row]], self.parameters["a"][row], self.parameters["w"][row]
        return tuple(part.double() for part in parts)
