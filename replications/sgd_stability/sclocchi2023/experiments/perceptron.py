"""The perceptron on separable data with a density |x_1|^chi at the boundary: SGD on the hinge loss until it is zero."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.sgd_stability.sclocchi2023.experiments.rounds import Rounds
from replications.sgd_stability.sclocchi2023.experiments.rows import expand, final, labels
from verifig.training import loop
from verifig.training.run import Run
from verifig.training.seeds import derive

STREAM = "sclocchi perceptron"
TOGETHER = 64  # members at most in a chunk on a CPU
WINDOWS = 16, 256  # samples looked at together, least and most


def perceptron(run: Run) -> dict[str, np.ndarray]:
    """Train every condition, seed, size, init scale and temperature until no sample lies inside the margin.

    Arrays [rows]: their `labels`, `chi`, `draws` (samples drawn until the last update, those without an update
    included), `updates`, `left` (samples inside the margin at the end), `signal` (w_1) and `norm` (||w||).
    """
    rows = expand(run.members)
    records = loop.train(
        run,
        rows,
        lambda chunk: Perceptron(chunk, run.device),
        run.settings["rounds"],
        [run.settings["rounds"]],
        signature=lambda row: (row["size"], row["dimension"], row["batch"], row["chi"], row["temperature"]),
        chunk=TOGETHER,
    )
    return final(records) | labels(rows) | {"chi": np.array([row["chi"] for row in rows])}


def data(chi: float, size: int, dimension: int, seed: int) -> Tensor:
    """Inputs times labels, over the root of the dimension: z = y x / sqrt(d), float32 [P, d].

    The label is the sign of x_1, so that z_1 >= 0; |x_1| = sqrt(2 Gamma((chi + 1) / 2)) has a density ~ |x_1|^chi at 0,
    the other components are standard Gaussian and the same for all chi.
    """
    stream = np.random.default_rng(derive(STREAM, "inputs", size, dimension, seed))
    x = stream.standard_normal((size, dimension))
    signal = np.random.default_rng(derive(STREAM, "signal", chi, size, seed))
    x[:, 0] = np.sqrt(2 * signal.standard_gamma((chi + 1) / 2, size))
    return torch.from_numpy(x / math.sqrt(dimension)).float()


def window(size: int, batch: int) -> int:
    """Samples looked at together: about those among which one is still to be learnt late in training."""
    least, most = WINDOWS
    return max(batch, min(most, max(least, size // 16)))


class Perceptron(Rounds):
    """K perceptrons f = w.x / sqrt(d) from w = 0; hinge loss max(0, 1 - alpha y f) / alpha, rate = temperature x batch.

    Most batches change nothing: all their samples lie outside the margin 1 / alpha. So a call of `descend` looks at
    several batches and takes the first that does change something; those before it are counted, those after it are
    drawn anew, which is the same process.
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        first, count = members[0], len(members)
        self._batch, self._width = first["batch"], window(first["size"], first["batch"])
        super().__init__(members, self._width, STREAM, device)
        rows = [data(m["chi"], m["size"], m["dimension"], m["seed"]) for m in members]
        self.data = torch.stack(rows).to(device)  # [K, P, d]
        self._stacked = self.data.view(-1, first["dimension"])
        self.margin = torch.tensor([[1 / m["alpha"]] for m in members], device=device)
        # learning rate over batch size: the mean over a batch divides what the learning rate multiplies
        self.temperature = torch.tensor([[m["temperature"]] for m in members], device=device)
        self._order = torch.arange(self._width // self._batch, device=device)
        zeros = torch.zeros(count, dtype=torch.float64, device=device)
        self.tensors |= {"w": torch.zeros(count, first["dimension"], device=device)}
        self.tensors |= {name: zeros.clone() for name in ("clock", "draws", "updates")}

    def descend(self, rows: Tensor) -> None:
        """Take the first batch with a sample inside the margin, if one is among those that are looked at."""
        w, clock, draws, updates = (self.tensors[name] for name in ("w", "clock", "draws", "updates"))
        seen = self._stacked.index_select(0, rows.flatten()).view(*rows.shape, -1)
        inside = (torch.bmm(seen, w[:, :, None])[..., 0] < self.margin).unflatten(1, (-1, self._batch))
        batches = len(self._order)
        first = torch.where(inside.any(2), self._order, batches).amin(1)  # `batches`: none
        found = first < batches
        taken = (inside & (self._order == first[:, None])[..., None]).flatten(1)
        w += torch.bmm((taken * self.temperature)[:, None], seen)[:, 0]
        clock += (first + found) * self._batch
        draws.copy_(torch.where(found, clock, draws))
        updates += found

    def unfitted(self) -> Tensor:
        """Samples inside the margin [K]."""
        margins = torch.bmm(self.data, self.tensors["w"][:, :, None])[..., 0]
        return (margins < self.margin).sum(1)

    def record(self) -> dict[str, Tensor]:
        """Clock at the last update, number of updates, samples left, w_1 and the norm of w, each [K]."""
        w = self.tensors["w"].double()
        kept = {name: self.tensors[name] for name in ("draws", "updates", "left")}
        return kept | {"signal": w[:, 0], "norm": w.norm(dim=1)}
