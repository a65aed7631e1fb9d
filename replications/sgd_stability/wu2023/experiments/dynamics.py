"""Gradient descent and SGD for many runs as one program, with the gradients written out.

A row is one run: a condition, a seed, a learning rate (and a batch size or a starting ratio). Rows of one seed share the
data, the initial draw and the order of samples, so they are paired. A block of iterations is one `step` of the
training loop. Learning rates are constant: under a schedule the bound at the initial rate says nothing at the end.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from verifig.curvature import stability
from verifig.curvature.fisher import gram_metrics
from verifig.ground.errors import InputError
from verifig.training.device import flushed_denormals
from verifig.training.ensemble import dtype_of, generator
from verifig.training.loop import log_points, train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

SLUG = "sgd_stability"
SIGNATURE = ("algorithm", "batch_size", "replacement", "steps", "log_every", "block", "tolerance", "dtype")
COLUMNS = ("condition", "seed", "axis", "learning_rate", "batch_size", "initial_ratio", "algorithm", "clip")
NO_SCHEDULE = "stability bounds the learning rate at the end: with a decaying rate the initial one bounds nothing"


@dataclass(frozen=True)
class Data:
    """One problem a seed: inputs x [S, n, d], targets y [S, n], and a test set of the same form."""

    x: Tensor
    y: Tensor
    x_test: Tensor
    y_test: Tensor

    def to(self, device: torch.device, dtype: torch.dtype) -> "Data":
        return Data(*(part.to(device, dtype) for part in (self.x, self.y, self.x_test, self.y_test)))


def expand(members: Sequence[Mapping]) -> list[dict]:
    """Members -> rows, sorted by seed: every learning rate, batch size and starting ratio of each member.

    Raises:
        InputError: steps or log points that are no multiple of the block, or a learning-rate schedule.
    """
    rows = []
    for member in members:
        check_schedule(member["schedule"])
        for name in ("steps", "log_every"):
            if member[name] % member["block"]:
                raise InputError(f"{name} = {member[name]} must be a multiple of block = {member['block']}")
        scale = 1 / math.sqrt(member["dimension"]) if member["learning_rate_axis"] == "sqrt_d" else 1.0
        ratios = member.get("initial_ratios") or [math.nan]
        batches = member["batch_sizes"] if member["algorithm"] == "sgd" else member["batch_sizes"][:1]  # not used by GD
        for axis, batch, ratio in itertools.product(member["learning_rates"], batches, ratios):
            rows.append(
                dict(member)
                | {"axis": axis, "learning_rate": axis * scale, "batch_size": batch, "initial_ratio": ratio}
            )
    return sorted(rows, key=lambda row: row["seed"])


def check_schedule(schedule: str) -> None:
    """Refuse everything but a constant learning rate.

    Raises:
        InputError: another schedule.
    """
    if schedule != "constant":
        raise InputError(f"schedule = {schedule!r} must be constant: {NO_SCHEDULE}")


def fit(run: Run, make: Callable[[list[Mapping]], "Dynamics"]) -> dict[str, np.ndarray]:
    """Train all rows; returns the records as [rows, log points] (padded with NaN) and the columns of the rows."""
    rows = expand(run.members)
    groups: dict[tuple, list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(tuple(row[name] for name in SIGNATURE), []).append(index)
    parts: list[tuple[list[int], dict[str, np.ndarray]]] = []
    for number, indices in enumerate(groups.values()):
        first = rows[indices[0]]
        blocks, every = first["steps"] // first["block"], first["log_every"] // first["block"]
        points = log_points(blocks, every)
        members = [rows[i] for i in indices]
        records = train(run, members, make, blocks, points, chunk=len(members), name=f"group {number}")
        records["iteration"] = np.tile(np.array(points) * first["block"], (len(indices), 1)).astype(float)
        parts.append((indices, records))
    stopped = np.concatenate([part["stopped"][:, -1] for _, part in parts])
    planned = np.concatenate([[rows[i]["steps"] for i in indices] for indices, _ in parts])
    run.facts["steps"] = int(np.where(stopped < 0, planned, stopped).sum())
    result = {name: np.array([row[name] for row in rows]) for name in COLUMNS}
    longest = max(part["iteration"].shape[1] for _, part in parts)
    for name in parts[0][1]:
        result[name] = np.full((len(rows), longest), np.nan)
        for indices, part in parts:
            result[name][indices, : part[name].shape[1]] = part[name]
    return result


class Dynamics(Trainable):
    """K rows in training; subclasses bring the model.

    Args:
        rows: settings by row (`learning_rate`, `batch_size`, `clip`, `algorithm`, `tolerance`, `block`, `steps` ...).
        data: one problem a seed, in the order of first appearance of the seeds.
        parameters: initial parameters by name, each [K, ...].
    """

    def __init__(self, rows: Sequence[Mapping], data: Data, parameters: Mapping[str, Tensor], device: torch.device):
        super().__init__()
        first = rows[0]
        self.block, self.steps, self.log_every = first["block"], first["steps"], first["log_every"]
        self.algorithm, self.batch, self.replacement = first["algorithm"], first["batch_size"], first["replacement"]
        self.tolerance, self.dtype = first["tolerance"], dtype_of(first)
        if self.algorithm == "gd":
            self.eager = "rows of gradient descent end at the tolerance, for which their loss is read"
        self.data = data.to(device, self.dtype)
        seeds = list(dict.fromkeys(row["seed"] for row in rows))
        self.owners = [seeds.index(row["seed"]) for row in rows]
        self.owner = torch.tensor(self.owners, device=device)
        self.learning_rate = torch.tensor([row["learning_rate"] for row in rows], dtype=self.dtype, device=device)
        self.clip = torch.tensor([row["clip"] for row in rows], dtype=self.dtype, device=device)
        self.streams = [generator(SLUG, "order", self.batch, seed) for seed in seeds]
        self.generators = {f"order {seed}": stream for seed, stream in zip(seeds, self.streams, strict=True)}
        self.index = torch.zeros(len(seeds), self.block, self.batch, dtype=torch.int64, device=device)  # of a block
        self.backwards = torch.arange(1 - self.block, 1, device=device)[:, None]  # from the last iteration of a block
        count = len(rows)
        self.parameters = {name: value.to(device, self.dtype).contiguous() for name, value in parameters.items()}
        self.tensors = dict(self.parameters) | {
            "iteration": torch.zeros(1, dtype=torch.int64, device=device),  # the last one of the block
            "stopped": torch.full((count,), -1, device=device),
            "last_clipped": torch.zeros(count, dtype=torch.int64, device=device),
            "clipped": torch.zeros(count, dtype=torch.int64, device=device),
            "peak_norm": torch.zeros(count, dtype=self.dtype, device=device),
        }

    # ---- the model, by subclasses ------------------------------------------------------------------------------------
    def sgd_block(self, index: Tensor) -> Tensor:
        """Iterations on samples `index` [S, block, B]; returns the gradient norms before clipping [block, K]."""
        raise NotImplementedError

    def descend(self, row: int, x: Tensor, y: Tensor) -> float:
        """One iteration of full-batch gradient descent of one row; returns the gradient norm before clipping."""
        raise NotImplementedError

    def outputs(self, row: int, x: Tensor) -> Tensor:
        """Outputs [N] of one row on inputs [N, d]."""
        raise NotImplementedError

    def gram(self, row: int) -> Tensor:
        """K = J J^T / n of one row on its training set, float64."""
        raise NotImplementedError

    def norms(self, row: int) -> dict[str, float]:
        """Norms of the parameters of one row that the paper plots."""
        raise NotImplementedError

    # ---- training ----------------------------------------------------------------------------------------------------
    def prepare(self, step: int) -> None:
        """Number the iterations of a block, draw its samples; the largest norm begins anew at every log point."""
        start = step * self.block
        self.tensors["iteration"].fill_(start + self.block)
        if start % self.log_every == 0:
            self.tensors["peak_norm"].zero_()
        if self.algorithm == "sgd":
            self.index.copy_(self._draw())

    def step(self) -> None:
        """One block of iterations of all rows."""
        t = self.tensors
        with flushed_denormals():
            norms = self.sgd_block(self.index) if self.algorithm == "sgd" else self._descend_block()
        clipped = norms > self.clip
        t["clipped"] += clipped.sum(0)
        number = t["iteration"] + self.backwards
        torch.maximum(t["last_clipped"], (clipped * number).amax(0), out=t["last_clipped"])
        torch.maximum(t["peak_norm"], norms.amax(0), out=t["peak_norm"])

    def _draw(self) -> Tensor:
        """Samples of a block [S, block, B], one stream a seed."""
        n = self.data.x.shape[1]
        draws = [draw_batches(stream, n, self.block, self.batch, self.replacement) for stream in self.streams]
        return torch.stack(draws)

    def _descend_block(self) -> Tensor:
        """Full-batch iterations of the rows that are not at the tolerance yet."""
        stopped, norms = self.tensors["stopped"], torch.zeros(self.block, len(self.owners), dtype=self.dtype)
        for row in torch.nonzero(stopped < 0).flatten().tolist():
            x, y = self.data.x[self.owners[row]], self.data.y[self.owners[row]]
            for k in range(self.block):
                norms[k, row] = self.descend(row, x, y)
            if self._loss(row, x, y)[0] < self.tolerance:
                stopped[row] = self.tensors["iteration"][0]
        return norms.to(self.clip.device)

    def _loss(self, row: int, x: Tensor, y: Tensor) -> tuple[float, float, float]:
        """Half mean squared error, the same over half the mean square of y, and the share of wrong signs."""
        f = self.outputs(row, x)
        loss = (f - y).double().square().mean().item() / 2
        scale = y.double().square().mean().item() / 2
        return loss, loss / scale if scale else math.nan, (f.sign() != y.sign()).double().mean().item()

    # ---- measuring ---------------------------------------------------------------------------------------------------
    def record(self) -> dict[str, Tensor]:
        """Losses, sharpness, norms and clipping now; spectra and thresholds only after the last step.

        `threshold` is eta* for the row's batch size; rows of gradient descent get that of SGD with batch size 1.
        """
        t = self.tensors
        ended = int(t["iteration"]) == self.steps
        records = [self._measure(row, ended) for row in range(len(self.owners))]
        result = {name: torch.tensor([r[name] for r in records], dtype=torch.float64) for name in records[0]}
        for name in ("last_clipped", "clipped", "peak_norm", "stopped"):
            result[name] = t[name].double()
        return result

    def _measure(self, row: int, ended: bool) -> dict[str, float]:
        seed, data = self.owners[row], self.data
        train_loss, _, _ = self._loss(row, data.x[seed], data.y[seed])
        test_loss, nmse, mismatch = self._loss(row, data.x_test[seed], data.y_test[seed])
        result = {"train_loss": train_loss, "test_loss": test_loss, "test_nmse": nmse, "sign_mismatch": mismatch}
        result |= self.norms(row)
        spectral = ("tr", "fro", "lmax", "g4", "mean_gradient", "threshold", "alignment")
        if not math.isfinite(train_loss):
            return result | dict.fromkeys(spectral, math.nan)
        if not ended:
            return result | dict.fromkeys(spectral, math.nan) | {"tr": self.trace(row)}
        gram = self.gram(row)
        if not math.isfinite(gram.square().sum().item()):
            return result | dict.fromkeys(spectral, math.nan)
        batch = self.batch if self.algorithm == "sgd" else 1
        residuals = (self.outputs(row, data.x[seed]) - data.y[seed]).double()
        return (
            result
            | gram_metrics(gram)
            | {
                "threshold": stability.threshold_or_nan(gram, batch, self.replacement, 1e-9),
                "alignment": stability.noise_alignment(gram, residuals),
            }
        )

    def trace(self, row: int) -> float:
        """tr G of one row on its training set."""
        raise NotImplementedError


def draw_batches(stream: torch.Generator, samples: int, steps: int, batch: int, replacement: bool) -> Tensor:
    """Indices [steps, batch] of uniformly drawn samples, within a batch with or without replacement."""
    if replacement:
        return torch.randint(samples, (steps, batch), generator=stream)
    return torch.rand(steps, samples, generator=stream).argsort(dim=1)[:, :batch]
