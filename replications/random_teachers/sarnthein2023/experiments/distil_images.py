"""Distillation of convolutional networks on images, in the paper's settings (Tables 1-5; Figures 1, 3, 4, 10-12, 17)."""

import functools
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from replications.random_teachers.sarnthein2023.experiments import images, probes
from replications.random_teachers.sarnthein2023.experiments.convnets import Student, initialise
from replications.random_teachers.sarnthein2023.experiments.network import distillation_loss, divergence, mix
from verifig.training.batches import Epochs
from verifig.training.ensemble import generator
from verifig.training.flat import buffers, flatten
from verifig.training.loop import train
from verifig.training.optim import Adam
from verifig.training.run import Run
from verifig.training.trainable import Trainable

CHUNK = 500  # images in one forward pass without gradients
KL_IMAGES = 1000
PROBES = ("linear", "ridge", "neighbours")


def distil_images(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed, one model after the other.

    Returns records [members, log points, ...] with probes [..., targets] (NaN beyond a member's own targets), the same
    probes of the teachers [members, targets, probes] and of the input, and the log points in epochs.
    """
    most = max(len(member["targets"]) for member in run.members)
    records = [_one(run, member, most) for member in run.members]
    return {field: np.stack([record[field] for record in records]) for field in records[0]}


def _one(run: Run, member: Mapping, most: int) -> dict[str, np.ndarray]:
    """One model's records."""
    name = f"{member['condition']} {member['seed']}"
    program = functools.cache(lambda: ImageDistiller(member, run, most))  # takes a while; not needed if all is kept

    def before() -> dict[str, np.ndarray]:
        return {
            "per_epoch": program().batches.per_epoch,
            "teacher": program().probe(program().teacher, member["probe_teacher"]),
            "input": program().probe(torch.nn.Flatten(), member["probe_input"]),
        }

    fixed = run.once(f"before {name}", before)
    epochs = sorted({*range(0, member["epochs"] + 1, member["probe_every"]), member["epochs"]})
    points = [epoch * int(fixed["per_epoch"]) for epoch in epochs]
    found = train(run, [member], lambda chunk: program(), points[-1], points, name=name)
    result = {field: values[0] for field, values in found.items()} | {"epochs": np.array(epochs)}
    return result | {field: fixed[field] for field in ("teacher", "input")}


class ImageDistiller(Trainable):
    """One student and its teacher.

    Args:
        member: settings; `source` is what it distils on, `targets` name what it is probed on.
        run: gives the data and the device.
        most: number of columns of the probe records.
    """

    def __init__(self, member: Mapping, run: Run, most: int = 1):
        super().__init__()
        self.member, self.device, self.most = member, run.device, most
        self.source = images.source(member, run)
        self.targets = [images.load(name, member, run).to(run.device) for name in member["targets"]]
        self.teacher, self.student = (Student(member).to(run.device) for _ in range(2))
        flats = []
        for purpose, model in (("teacher", self.teacher), ("fresh", self.student)):
            initialise(model, purpose, member["seed"])
            flats.append(flatten(model.parameters()))
        (teacher, _), (self.flat, self.grads) = flats
        self.flat.copy_(mix(teacher, self.flat, member["alpha"]))
        self.start = self.flat.clone()
        self.teacher.eval()
        self.student.train()
        self.units = in_chunks(self.teacher.bottleneck, self.source)  # z of the frozen teacher, computed once
        self.centre = self.teacher.logits(self.units[:KL_IMAGES]).detach().mean(0) if member["centring"] else 0.0
        self.optimizer = Adam(self.flat, member["learning_rate"], eps=member["eps"])
        self.batches = Epochs(self._order, len(self.source), member["batch_size"], self.device)
        self.tensors = {"parameters": self.flat, **self.batches.tensors, **buffers(self.student)}
        self.tensors |= {f"optimizer {name}": tensor for name, tensor in self.optimizer.tensors.items()}

    def prepare(self, step: int) -> int:
        """The batch; the last one of an epoch may be smaller, as in the released code."""
        return self.batches.prepare(step)

    def _order(self, epoch: int) -> Tensor:
        stream = generator("random_teachers", "order", self.member["seed"], epoch)
        return torch.randperm(len(self.source), generator=stream)

    def step(self) -> None:
        """One update."""
        rows = self.batches.rows
        self.grads.zero_()
        logits = self.student(self.source[rows])
        with torch.no_grad():
            wanted = self._targets(rows)
            _, gradient = distillation_loss(logits, wanted, self.member["student_temperature"])
        logits.backward(gradient)
        self.optimizer.step(self.flat, self.grads)

    @torch.no_grad()
    def _targets(self, rows: Tensor) -> Tensor:
        """The teacher's distributions for rows of the source."""
        logits = self.teacher.logits(self.units[rows]) - self.centre
        return torch.softmax(logits / self.member["teacher_temperature"], -1)

    @torch.no_grad()
    def record(self) -> dict[str, Tensor]:
        """Divergence from the teacher (student in evaluation mode), distance from the start, probes [1, targets, ...]."""
        self.student.eval()
        parts = []
        for rows in torch.arange(min(KL_IMAGES, len(self.source)), device=self.device).split(50):
            wanted = self.teacher.logits(self.units[rows])
            parts.append(divergence(wanted, self.student(self.source[rows])) * len(rows))
        result = {"kl": torch.stack(parts).sum(0, keepdim=True) / min(KL_IMAGES, len(self.source))}
        result["distance"] = (self.flat - self.start).double().norm(dim=1)
        result["probes"] = torch.from_numpy(self.probe(self.student))[None]
        self.student.train()
        return result

    @torch.no_grad()
    def probe(self, model: torch.nn.Module, wanted: bool = True) -> np.ndarray:
        """Accuracies [targets, probes] of a model's encoder (or of the pixels), NaN where there is no target."""
        result = np.full((self.most, len(PROBES)), np.nan)
        embed = model.encoder if isinstance(model, Student) else model
        for row, data in enumerate(self.targets if wanted else []):
            train_part, test_part = in_chunks(embed, data.train)[None], in_chunks(embed, data.test)[None]
            sets = (train_part, data.train_labels, test_part, data.test_labels)
            steps = self.member["probe_epochs"] * -(-len(data.train) // 256)
            values = (
                probes.linear(*sets, probes.LinearProbe(steps, reshuffle=False)),
                probes.ridge(*sets, self.member["ridge_penalty"]),
                probes.neighbours(*sets, self.member["neighbours"]),
            )
            result[row] = [float(value) for value in values]
        return result


@torch.no_grad()
def in_chunks(function: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """A function of images [n, ...], some hundred at a time."""
    return torch.cat([function(part) for part in inputs.split(CHUNK)])
