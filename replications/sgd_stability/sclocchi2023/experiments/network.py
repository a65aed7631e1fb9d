"""Small ReLU networks on the parity of digits: SGD on the hinge loss until it is zero, by init scale and temperature."""

import functools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.sgd_stability.sclocchi2023.experiments.rounds import Rounds
from replications.sgd_stability.sclocchi2023.experiments.rows import expand, final, labels
from verifig.training import loop
from verifig.training.data import embedded
from verifig.training.ensemble import MLP, generator
from verifig.training.run import Run
from verifig.training.seeds import derive

STREAM = "sclocchi network"
TOGETHER = 64  # members at most in a chunk on a CPU


def network(run: Run) -> dict[str, np.ndarray]:
    """Train every condition, seed, size, init scale and temperature until no image lies inside the margin.

    Arrays [rows]: their `labels`, `steps` (SGD steps until the last update), `left` (images inside the margin at the
    end), `time` (steps x learning rate), `test_error`, `change` (of the weights, relative to their initial norm).
    """
    rows = expand(run.members)
    records = loop.train(
        run,
        rows,
        lambda chunk: Network(chunk, run.device),
        run.settings["rounds"],
        [run.settings["rounds"]],
        signature=lambda row: (row["size"], row["temperature"], row["batch"]),
        chunk=TOGETHER,
    )
    return final(records) | labels(rows)


@functools.cache
def images(name: str, pool: int) -> tuple[np.ndarray, np.ndarray]:
    """All images, mean over squares of `pool` pixels, zero mean and unit variance [n, pixels]; parity ±1 [n]."""
    pixels, digits = embedded(name)
    side = math.isqrt(pixels.shape[1]) // pool
    pixels = pixels.reshape(-1, side, pool, side, pool).mean((2, 4)).reshape(len(pixels), -1)
    return (pixels - pixels.mean()) / pixels.std(), 1 - 2 * (digits % 2)


def split(name: str, size: int, test_size: int, pool: int, seed: int) -> tuple[Tensor, Tensor]:
    """Inputs [P + test, pixels] and labels [P + test], float32: the first P to train on; smaller P are their beginnings."""
    pixels, parity = images(name, pool)
    order = np.random.default_rng(derive(STREAM, "split", seed)).permutation(len(pixels))
    rows = np.concatenate([order[:size], order[len(order) - test_size :]])
    return torch.from_numpy(pixels[rows]).float(), torch.from_numpy(parity[rows]).float()


class Network(Rounds):
    """K networks f with D hidden layers of width h; prediction alpha (f(w) - f(w_0)), hinge loss over alpha.

    Each layer is divided by the root of its fan-in (the last one by the fan-in) and each ReLU by the root of 1/2, its
    mean square, as in the authors' code; weights start standard Gaussian. Here these factors are part of the weights,
    whose learning rates carry their squares. Learning rate = temperature x batch size x width.
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        first = members[0]
        super().__init__(members, first["batch"], STREAM, device)
        sets = [split(m["images"], m["size"], m["test_size"], m["pool"], m["seed"]) for m in members]
        self.inputs, self.parity = (torch.stack(each).to(device) for each in zip(*sets, strict=True))
        pixels, self.size = self.inputs.shape[2], first["size"]
        self.train_inputs = self.inputs[:, : self.size].contiguous()
        sizes = pixels, *[first["width"]] * first["hidden_layers"], 1
        self.network = MLP(sizes, len(members), device=device)
        self.alpha = torch.tensor([[m["alpha"]] for m in members], device=device)
        self.rate = torch.tensor([m["temperature"] * m["batch"] * m["width"] for m in members], device=device)
        self._initialise([m["seed"] for m in members])
        self._stacked = self.train_inputs.view(-1, pixels)
        self._labels = self.parity[:, : self.size].flatten()
        self._start = self.network(self.inputs)[..., 0]  # f(w_0)
        self._offsets = self._start[:, : self.size].flatten()
        self._grads = self.network.parameters.like()
        zeros = torch.zeros(len(members), dtype=torch.float64, device=device)
        self.tensors |= {"flat": self.network.parameters.flat, "clock": zeros, "steps": zeros.clone()}

    def _initialise(self, seeds: Sequence[int]) -> None:
        """Weights with their factors, and by column the squares of these times the learning rate and over the factors."""
        parameters = self.network.parameters
        self._rates, self._factors = parameters.like(), torch.ones_like(parameters.flat)
        for layer, weight in enumerate(self.network.weights, start=1):
            fan_in = weight.shape[1]
            factor = 1 / fan_in if layer == self.network.depth else math.sqrt(2 / fan_in)
            for seed, member in zip(seeds, weight, strict=True):
                stream = generator(STREAM, "weights", layer, seed)
                member.copy_(factor * torch.randn(member.shape, generator=stream))
            columns = parameters.columns[f"w{layer}"]
            self._factors[:, columns] = factor
            self._rates[:, columns] = factor**2 * self.rate[:, None]
        self._initial = parameters.flat.clone()

    def descend(self, rows: Tensor) -> None:
        """One step of SGD on a batch."""
        chosen = rows.flatten()
        x = self._stacked.index_select(0, chosen).view(*rows.shape, -1)
        y = self._labels.index_select(0, chosen).view(rows.shape)
        outputs = self.network(x, keep=True)[..., 0] - self._offsets.index_select(0, chosen).view(rows.shape)
        inside = self.alpha * y * outputs < 1
        self.network.backward((inside * y / -rows.shape[1])[..., None], self._grads)
        flat, clock, steps = (self.tensors[name] for name in ("flat", "clock", "steps"))
        flat.addcmul_(self._rates, self._grads, value=-1)
        clock += 1
        steps.copy_(torch.where(inside.any(1), clock, steps))

    def unfitted(self) -> Tensor:
        """Images inside the margin [K]; 0 also where weights are not finite or every output is 0: nothing moves there."""
        outputs = self.network(self.train_inputs)[..., 0]
        moves = outputs.any(1) & self.tensors["flat"].isfinite().all(1)
        return self._inside(outputs).sum(1) * moves

    def _inside(self, outputs: Tensor) -> Tensor:
        """Which training images are not outside the margin [K, P]; those without a number are not."""
        centred = outputs - self._start[:, : self.size]
        return ~(self.alpha * self.parity[:, : self.size] * centred >= 1)

    def record(self) -> dict[str, Tensor]:
        """Steps, training time, images left, test error and relative change of the weights, each [K]."""
        outputs = self.network(self.inputs)[..., 0]
        wrong = ~((outputs - self._start)[:, self.size :] * self.parity[:, self.size :] > 0)
        moved = (self.tensors["flat"] - self._initial) / self._factors
        steps = self.tensors["steps"]
        return {
            "steps": steps,
            "time": steps * self.rate,
            "left": self._inside(outputs[:, : self.size]).sum(1),
            "test_error": wrong.double().mean(1),
            "change": moved.norm(dim=1) / (self._initial / self._factors).norm(dim=1),
        }
