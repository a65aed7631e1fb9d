"""Two-layer networks on weak and strong features, trained by SGD on single samples at several learning rates."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from verifig.training import loop
from verifig.training.batches import Epochs
from verifig.training.ensemble import dtype_of, generator
from verifig.training.run import Run
from verifig.training.seeds import derive
from verifig.training.trainable import Trainable

STREAM = "lu oscillation"
TOGETHER = 160  # members at most in a chunk on a CPU
CLOSE = 64  # last steps that are recorded one by one


def oscillation(run: Run) -> dict[str, np.ndarray]:
    """Train every condition, seed and rate.

    Arrays [rows]: `condition`, `seed`, `rate`; `swing` (mean |y f - 1| on strong samples when trained on, second half of
    training), `weak_accuracy` and `strong_accuracy` on test points with weak features alone and with both.
    Arrays [rows, log points]: `weak` and `strong` (largest inner product of a weight with y v and y u, mean of both signs y),
    `deviation` (y f - 1 on the strong sample of label 1). `steps`: the log points.
    """
    rows = expand(run.members)
    steps, every = run.settings["steps"], run.settings["log_every"]
    points = sorted({*loop.log_points(steps, every), *range(max(0, steps - CLOSE), steps)})
    make = lambda members: Oscillation(members, run.device)  # noqa: E731
    found = loop.train(run, rows, make, steps, points, chunk=TOGETHER)
    ends = {name: found.pop(name)[:, -1] for name in ("swing", "weak_accuracy", "strong_accuracy")}
    labels = {name: np.array([row[name] for row in rows]) for name in ("condition", "seed", "rate")}
    return found | ends | labels | {"steps": np.array(points)}


def expand(members: Sequence[Mapping]) -> list[dict]:
    """One row for each member and each of its rates."""
    return [dict(member) | {"rate": rate} for member in members for rate in member["rates"]]


def draw(member: Mapping) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs [n, 2 patches, d], labels ±1 [n] and which samples are strong [n].

    The first patch is y v, the second y u of a strong sample and noise of a weak one; v and u lie along the first two axes.
    With `signs: shuffled` half of the strong samples of each label have -y v.
    """
    stream = np.random.default_rng(derive(STREAM, "data", member["seed"]))
    n, d = member["samples"], member["dimension"]
    labels = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
    strong = np.arange(n) >= member["weak_samples"]
    noise = member["noise"] * stream.standard_normal((n, d))
    signs = np.where(np.arange(n) // 2 % 2 == 0, 1.0, -1.0) if member["signs"] == "shuffled" else np.ones(n)
    inputs = np.zeros((n, 2, d))
    inputs[:, 0, 0] = member["weak_norm"] * labels * np.where(strong, signs, 1)
    inputs[:, 1] = np.where(strong[:, None], 0, noise)
    inputs[strong, 1, 1] = labels[strong]
    return inputs, labels, strong


class Oscillation(Trainable):
    """K networks f = F_+ - F_-, F = (1/m) sum over neurons and patches of relu(w.x)^2, second layer fixed.

    SGD on (f - y)^2, sample by sample in an order drawn anew each epoch; learning rate = rate x m, since the strong
    feature has length 1.
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        first, count = members[0], len(members)
        self.width, self.half, self.last = first["width"], first["steps"] // 2, first["steps"]
        self.members, dtype = members, dtype_of(first)
        drawn = [[torch.from_numpy(part) for part in draw(member)] for member in members]
        inputs, labels, strong = (torch.stack(parts).to(device) for parts in zip(*drawn, strict=True))
        self._inputs, self._labels = inputs.to(dtype).flatten(0, 1), labels.to(dtype).flatten()
        self._strong = strong.to(dtype).flatten()
        self._first = torch.arange(count, device=device) * first["samples"]
        self._rate = torch.tensor([m["rate"] * m["width"] for m in members], dtype=dtype, device=device)
        self._sign = torch.ones(2 * self.width, dtype=dtype, device=device)
        self._sign[self.width :] = -1
        seeds = [member["seed"] for member in members]
        self.epochs = Epochs(lambda epoch: orders(seeds, first["samples"], epoch), first["samples"], 1, device, count)
        starts = [
            torch.randn(2 * self.width, first["dimension"], generator=generator(STREAM, "weights", s)) for s in seeds
        ]
        self.weights = first["initial_std"] * torch.stack(starts).to(device, dtype)  # [K, 2m, d]
        zeros = torch.zeros(count, dtype=dtype, device=device)
        self.tensors = self.epochs.tensors | {"weights": self.weights, "swings": zeros, "seen": zeros.clone()}
        self._late = False

    def prepare(self, step: int) -> str:
        """The sample of each member, and whether swings count: in the second half."""
        self.epochs.prepare(step)
        self._late = step >= self.half
        return "late" if self._late else "early"

    def step(self) -> None:
        """One sample of each member."""
        rows = self.epochs.rows[:, 0] + self._first
        x, y = self._inputs.index_select(0, rows), self._labels.index_select(0, rows)
        hidden = torch.relu(torch.bmm(self.weights, x.transpose(1, 2)))  # [K, 2m, patches]
        residual = (hidden.square().sum(2) @ self._sign) / self.width - y
        slope = (-4 / self.width * self._rate * residual)[:, None] * self._sign
        self.weights.baddbmm_(slope[..., None] * hidden, x)
        if self._late:
            strong = self._strong.index_select(0, rows)
            self.tensors["swings"].add_(residual.abs() * strong)
            self.tensors["seen"].add_(strong)

    def record(self) -> dict[str, Tensor]:
        """Components along the features [K], deviation on a strong sample [K]; at the end swings and accuracies [K]."""
        signs = self._sign.view(2, self.width)[:, :1]  # [2, 1]
        weak, strong = (self.weights[..., k].unflatten(1, (2, -1)) * signs for k in (0, 1))
        norm = self.members[0]["weak_norm"]
        outputs = self._outputs(torch.tensor([1.0]), None)
        found = {
            "weak": norm * weak.amax(2).mean(1),
            "strong": strong.amax(2).mean(1),
            "deviation": outputs[:, 0] - 1,
            "swing": self.tensors["swings"] / self.tensors["seen"],
        }
        end = self.taken == self.last
        blank = torch.full_like(self._rate, torch.nan)
        return found | {
            name: getattr(self, f"_{name}")() if end else blank for name in ("weak_accuracy", "strong_accuracy")
        }

    def _outputs(self, labels: Tensor, noise: Tensor | None) -> Tensor:
        """f [K, points] of fresh points: labels [points]; without noise [K or 1, points, d] the second patch is y u."""
        weights, labels = self.weights, labels.to(self.weights)
        norm = self.members[0]["weak_norm"]
        first = torch.relu(norm * weights[..., 0, None] * labels)  # [K, 2m, points]
        second = weights[..., 1, None] * labels if noise is None else torch.matmul(weights, noise.transpose(1, 2))
        hidden = first.square() + torch.relu(second).square()
        return (hidden * self._sign[:, None]).sum(1) / self.width

    def _weak_accuracy(self) -> Tensor:
        """Share of test points with the weak feature alone that are classified right."""
        count, shape = self.members[0]["test_size"], self.weights.shape
        labels = torch.tensor([1.0, -1.0]).repeat(count)[:count].to(self.weights)
        drawn = {}
        for member in self.members:
            stream = generator(STREAM, "test", member["seed"])
            drawn[member["seed"]] = member["noise"] * torch.randn(count, shape[2], generator=stream)
        noise = torch.stack([drawn[member["seed"]] for member in self.members]).to(self.weights)
        return (self._outputs(labels, noise) * labels > 0).to(labels).mean(1)

    def _strong_accuracy(self) -> Tensor:
        """Share of the two test points with both features that are classified right."""
        labels = torch.tensor([1.0, -1.0]).to(self.weights)
        return (self._outputs(labels, None) * labels > 0).to(labels).mean(1)


def orders(seeds: Sequence[int], count: int, epoch: int) -> Tensor:
    """The order of an epoch by member [K, count]; members of equal seeds share it."""
    drawn = {seed: torch.randperm(count, generator=generator(STREAM, "order", seed, epoch)) for seed in set(seeds)}
    return torch.stack([drawn[seed] for seed in seeds])
