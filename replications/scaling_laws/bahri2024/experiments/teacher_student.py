"""Resolution-limited scaling: students of random teachers on a d-dimensional cube (Bahri et al., Figures 1b and S4).

All dimensions, sample sizes and seeds are one batch: inputs are padded with zeros to the largest dimension, the first
layer is scaled by the true one.
"""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from verifig.training.ensemble import MLP, generator
from verifig.training.loop import log_points, train
from verifig.training.optim import Adam
from verifig.training.run import Run
from verifig.training.trainable import Trainable

BLOCK = 100  # steps whose minibatches are drawn at once
REFERENCE = 4096  # inputs by which a teacher's outputs are standardised


def teacher_student(run: Run) -> dict[str, np.ndarray]:
    """Lowest test loss (mean squared error) by [seeds, dimensions, sample sizes, student widths, depths], and curves.

    The lowest over log points stands for early stopping, as in the paper.
    """
    settings = run.members[0]
    axes = [settings[name] for name in ("dimensions", "sample_sizes", "student_widths", "depths")]
    names = ("dimension", "samples", "student_width", "depth")
    members = [
        dict(settings) | {"seed": seed} | dict(zip(names, values, strict=True))
        for seed, *values in itertools.product(range(settings["seeds"]), *axes)
    ]
    records = train(
        run,
        members,
        lambda chunk: Students(chunk, run.device),
        settings["steps"],
        log_points(settings["steps"], settings["log_every"]),
        signature=lambda member: (member["student_width"], member["depth"]),
        chunk=settings["chunk"],
    )
    shape = (settings["seeds"], *map(len, axes))
    return {
        "steps": np.array(log_points(settings["steps"], settings["log_every"])),
        "test_loss": records["test_loss"].reshape(*shape, -1),
        "lowest": records["test_loss"].min(1).reshape(shape),
    }


def teacher(seed: int, dimension: int, width: int, bias_variance: float) -> "Teacher":
    """The teacher of a seed: two hidden ReLU layers with biases, outputs standardised."""
    return Teacher(generator("scaling_laws", "teacher", dimension, seed), dimension, width, bias_variance)


class Teacher:
    """x -> v.relu(W2 relu(W1 x + b1) + b2) / sqrt(width), He weights, biases N(0, bias_variance), standardised."""

    def __init__(self, stream: torch.Generator, dimension: int, width: int, bias_variance: float):
        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=stream)

        self.layers = [
            (normal(fan_in, width) * math.sqrt(2 / fan_in), normal(width) * math.sqrt(bias_variance))
            for fan_in in (dimension, width)
        ]
        self.output = normal(width) / math.sqrt(width)
        self.shift, self.scale = 0.0, 1.0
        values = self(cube(REFERENCE, dimension, stream))
        self.shift, self.scale = float(values.mean()), float(values.std()) or 1.0  # a dead teacher is constant

    def __call__(self, x: Tensor) -> Tensor:
        """Standardised outputs [n] at x [n, dimension]."""
        hidden = x
        for weight, bias in self.layers:
            hidden = torch.relu(hidden @ weight + bias)
        return (hidden @ self.output - self.shift) / self.scale


def cube(count: int, dimension: int, stream: torch.Generator) -> Tensor:
    """Uniform points of [-1, 1]^dimension: [count, dimension]."""
    return 2 * torch.rand(count, dimension, generator=stream) - 1


class Students(Trainable):
    """Students of equal width, each with its own dimension, sample and seed; minibatch Adam with a cosine schedule."""

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        super().__init__()
        first = members[0]
        self.steps, self.peak, self.batch = first["steps"], first["learning_rate"], first["batch_size"]
        widest = max(member["dimension"] for member in members)
        self._data(members, widest, device)
        self.model = MLP(
            (widest, *[first["student_width"]] * first["depth"], 1), len(members), bias=True, device=device
        )
        self._initialise(members)
        self.grads = self.model.parameters.like()
        # all members share their hyperparameters: one row makes one fused update
        self.flat, self.flat_grads = self.model.parameters.flat.view(1, -1), self.grads.view(1, -1)
        self.optimizer = Adam(self.flat, self.peak)
        self.seeds = sorted({member["seed"] for member in members})
        self.row_of_seed = torch.tensor([self.seeds.index(member["seed"]) for member in members], device=device)
        self.generators = {f"batches {s}": generator("scaling_laws", "batches", s) for s in self.seeds}
        self.tensors = {
            "parameters": self.model.parameters.flat,
            **self.optimizer.tensors,
            "batches": torch.zeros(len(self.seeds), BLOCK, self.batch, device=device),
        }
        self.uniform = torch.zeros(len(self.seeds), self.batch, device=device)

    def _data(self, members: Sequence[Mapping], widest: int, device: torch.device) -> None:
        """Training sets padded to the largest sample, and test sets; a larger sample contains the smaller."""
        most = max(member["samples"] for member in members)
        count = members[0]["test_size"]
        self.x, self.y = torch.zeros(len(members), most, widest), torch.zeros(len(members), most, 1)
        self.x_test, self.y_test = torch.zeros(len(members), count, widest), torch.zeros(len(members), count, 1)
        for k, member in enumerate(members):
            dimension, seed = member["dimension"], member["seed"]
            target = teacher(seed, dimension, member["teacher_width"], member["teacher_bias_variance"])
            points = cube(member["samples"], dimension, generator("scaling_laws", "points", dimension, seed))
            fresh = cube(count, dimension, generator("scaling_laws", "test points", dimension, seed))
            self.x[k, : len(points), :dimension], self.y[k, : len(points), 0] = points, target(points)
            self.x_test[k, :, :dimension], self.y_test[k, :, 0] = fresh, target(fresh)
        self.samples = torch.tensor([member["samples"] for member in members], device=device)
        self.offset = torch.arange(len(members), device=device)[:, None] * most
        self.x, self.y = self.x.to(device), self.y.to(device)
        self.x_test, self.y_test = self.x_test.to(device), self.y_test.to(device)

    def _initialise(self, members: Sequence[Mapping]) -> None:
        """He initialisation by the true dimension, output layer 1/sqrt(width), biases 0; equal over sample sizes."""
        for k, member in enumerate(members):
            stream = generator("scaling_laws", "student", member["dimension"], member["seed"])
            last = len(self.model.weights) - 1
            for layer, weight in enumerate(self.model.weights):
                fan_in = member["dimension"] if layer == 0 else weight.shape[1]
                gain = 1.0 if layer == last else 2.0
                weight[k, :fan_in] = (
                    torch.randn(fan_in, weight.shape[2], generator=stream) * math.sqrt(gain / fan_in)
                ).to(weight.device)

    def prepare(self, step: int) -> None:
        """The learning rate, and the uniform draws [seeds, batch] of the minibatch, drawn a block at a time."""
        self.optimizer.learning_rate.fill_(0.5 * self.peak * (1 + math.cos(math.pi * step / self.steps)))
        if step % BLOCK == 0:
            streams = self.generators.values()
            drawn = [torch.rand(BLOCK, self.batch, generator=stream) for stream in streams]
            self.tensors["batches"].copy_(torch.stack(drawn))
        self.uniform.copy_(self.tensors["batches"][:, step % BLOCK])

    def _minibatch(self) -> tuple[Tensor, Tensor]:
        """Inputs and targets [K, batch, ...], drawn with replacement; students of one seed share the uniform draws."""
        uniform = self.uniform.index_select(0, self.row_of_seed)
        rows = ((uniform * self.samples[:, None]).long() + self.offset).flatten()
        shape = (len(self.samples), self.batch, -1)
        x, y = (data.flatten(0, 1).index_select(0, rows).view(shape) for data in (self.x, self.y))
        return x, y

    def step(self) -> None:
        """One Adam update of all students."""
        x, y = self._minibatch()
        residual = self.model(x, keep=True) - y
        self.model.backward(residual * (2 / self.batch), self.grads)
        self.optimizer.step(self.flat, self.flat_grads)

    def record(self) -> dict[str, Tensor]:
        """Test loss [K]."""
        return {"test_loss": (self.model(self.x_test) - self.y_test).square().mean((1, 2))}
