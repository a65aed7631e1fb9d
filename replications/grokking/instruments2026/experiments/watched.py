"""Two-layer networks with squared hidden units on addition modulo p, watched by the instruments of the theme's papers.

One step is one full-batch update with AdamW. Members of a chunk share task, width, loss and precision (`SIGNATURE`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.grokking.instruments2026.experiments.instruments import Instruments
from replications.grokking.science import THEME, softmax
from replications.grokking.science.quadratic import Quadratic
from replications.grokking.science.tasks import divide, table
from verifig.training import optim
from verifig.training.device import flushed_denormals
from verifig.training.ensemble import dtype_of, generator, indicators
from verifig.training.loop import train
from verifig.training.run import Run
from verifig.training.trainable import Trainable

SIGNATURE = ("modulus", "train_fraction", "width", "dtype", "loss", "softmax_precision")


def watched(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed: the records of `Watched` [members, log points] with `steps` [log points]."""
    settings = run.settings
    points = log_points(settings["steps"], settings["points_per_octave"])
    records = train(
        run,
        run.members,
        lambda members: build(members, run.device),
        settings["steps"],
        points,
        signature=lambda member: tuple(member[name] for name in SIGNATURE),
        chunk=settings["chunk"],
    )
    return records | {"steps": np.array(points)}


def log_points(steps: int, per_octave: int) -> list[int]:
    """0, the last step, and between them `per_octave` numbers of steps from each power of two to the next."""
    octaves = np.arange(0, np.log2(steps) + 1e-9, 1 / per_octave)
    return sorted({0, steps, *np.exp2(octaves).round().astype(int).tolist()})


def split(member: Mapping) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """(train, test), each (tokens [N, 2], the second offset by p; sums [N]): a uniform random split of all p^2 pairs.

    With `shuffle_table` the sums are permuted over all pairs first, so that no rule is left.
    """
    p, seed = member["modulus"], member["seed"]
    pairs, sums = table(p, "add")
    if member["shuffle_table"]:
        sums = sums[torch.randperm(p * p, generator=generator(THEME, "instruments shuffle", p, seed))]
    size = int(member["train_fraction"] * p * p)
    tokens = pairs + torch.tensor([0, p])
    parts = divide(p * p, size, generator(THEME, "instruments split", p, seed))
    return tuple((tokens[rows], sums[rows]) for rows in parts)


def build(members: Sequence[Mapping], device: torch.device) -> "Watched":
    """A chunk of members of equal signature, ready to train."""
    return Watched(members, device)


class Watched(Trainable):
    """K networks f(x) = (x W1)^2 W2, each with its own training and test set of equal sizes."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        first, dtype = members[0], dtype_of(members[0])
        self.loss, self.precision = first["loss"], softmax.PRECISIONS[first["softmax_precision"]]
        classes = first["modulus"]
        sets = zip(*(split(member) for member in members), strict=True)
        (tokens, self.labels), (test_tokens, self.test_labels) = (
            tuple(torch.stack(tensors).to(device) for tensors in zip(*pairs, strict=True)) for pairs in sets
        )
        self.inputs, self.test_inputs = (indicators(each, 2 * classes, dtype) for each in (tokens, test_tokens))
        self.targets = torch.nn.functional.one_hot(self.labels, classes).to(dtype)
        self.net = Quadratic(2 * classes, first["width"], classes, len(members), dtype=dtype, device=device)
        self.net.initialise([generator(THEME, "instruments init", classes, m["width"], m["seed"]) for m in members])
        parameters = self.net.parameters
        self.grads, self.optimizer = parameters.like(), optim.of(parameters.flat, members)
        self.tensors = {
            "parameters": parameters.flat,
            **{f"optimizer {name}": tensor for name, tensor in self.optimizer.tensors.items()},
        }
        self.instruments = Instruments(parameters, tokens, self.labels, classes)

    def step(self) -> None:
        """One full-batch update."""
        self._gradient()
        self.optimizer.step(self.net.parameters.flat, self.grads)

    def record(self) -> dict[str, Tensor]:
        """Accuracies [K], mean training loss, and what the instruments show; these see training pairs and weights alone."""
        test = self.net(self.test_inputs).argmax(-1) == self.test_labels
        outputs, slope = self._gradient()
        train = outputs.argmax(-1) == self.labels
        result = {"test_accuracy": test.double().mean(1), "train_accuracy": train.double().mean(1)}
        result["train_loss"] = self._loss(outputs)
        result["collapsed"] = softmax.collapsed(outputs, self.precision).double().mean(1)
        if self.loss == "squared":  # no softmax that could collapse
            result["collapsed"].fill_(torch.nan)
        return result | self.instruments.read(outputs, slope, self.grads)

    def _gradient(self) -> tuple[Tensor, Tensor]:
        """Fill `grads`; returns training outputs [K, N, p] and the gradient of the mean loss by them."""
        with flushed_denormals():
            outputs = self.net(self.inputs, keep=True)
            slope = self._slope(outputs)
            self.net.backward(slope, self.grads)
        return outputs, slope

    def _slope(self, outputs: Tensor) -> Tensor:
        if self.loss == "squared":
            return (outputs - self.targets).mul_(2 / outputs.shape[1])
        return softmax.cross_entropy(outputs, self.labels, self.precision)[1]

    def _loss(self, outputs: Tensor) -> Tensor:
        """Mean over samples [K] of the cross-entropy, or of the squared error summed over classes."""
        if self.loss == "squared":
            return (outputs - self.targets).double().square().sum(2).mean(1)
        return softmax.cross_entropy(outputs, self.labels, self.precision)[0].double().mean(1)
