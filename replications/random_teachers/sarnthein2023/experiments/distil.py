"""Distillation from a frozen random teacher, all seeds and conditions as one program (Sections 3 and 4)."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from replications.random_teachers.sarnthein2023.experiments import probes
from replications.random_teachers.sarnthein2023.experiments.network import Network, distillation_loss, divergence, mix
from replications.random_teachers.sarnthein2023.experiments.sources import Arrays, Labelled, labelled, training_images
from verifig.training import data as datasets
from verifig.training.batches import Epochs
from verifig.training.device import flushed_denormals
from verifig.training.ensemble import dtype_of, generator
from verifig.training.loop import train
from verifig.training.optim import Adam
from verifig.training.run import Run
from verifig.training.trainable import Trainable

KL_IMAGES = 1000  # training images that divergences are averaged over
SHAPE = ("width", "head_width", "bottleneck", "output_size", "output_std", "weight_norm", "dtype")
PROBE = ("probe_at", "probe_steps", "long_probe_steps", "ridge_penalty", "neighbours")
NOT_BATCHED = (*SHAPE, *PROBE, "source", "line", "batch_size", "teacher_temperature", "student_temperature", "centring")


def distil(run: Run) -> dict[str, np.ndarray]:
    """Train every condition x seed; records [members, log points, ...], and the probes of teachers and of the input."""
    members, common = run.members, run.members[0]
    task = labelled(datasets.embedded)
    by_dtype = {member["dtype"]: member for member in members}
    data = {name: task.to(run.device, dtype_of(member)) for name, member in by_dtype.items()}
    points = sorted({0, 1, common["steps"]}.union(*(member["probe_at"] for member in members)))
    points = [point for point in points if point <= common["steps"]]
    records = train(
        run,
        members,
        lambda chunk: Distiller(chunk, data[chunk[0]["dtype"]], datasets.embedded, run.device),
        common["steps"],
        points,
        signature=lambda member: str([member[name] for name in NOT_BATCHED]),
        chunk=common["chunk"],
    )
    teachers = run.once("teachers", lambda: _teachers(members, data, run.device))
    pixels = run.once("input", lambda: _input(common, data[common["dtype"]]))
    return records | teachers | pixels | {"steps": np.array(points), "line": np.array(common["line"], float)}


class Distiller(Trainable):
    """K students and their teachers.

    Args:
        members: settings by member, equal in `NOT_BATCHED`.
        data: the probing task, on the device.
        arrays: embedded data sets by name.
    """

    def __init__(self, members: Sequence[Mapping], data: Labelled, arrays: Arrays, device: torch.device):
        super().__init__()
        self.members, self.data = members, data
        settings = shape(members[0], data)
        seeds = [member["seed"] for member in members]
        self.student = Network(settings, len(members), device)
        self.teacher = Network(settings, len(members), device).initialise("teacher", seeds)
        fresh = Network(settings, len(members), device).initialise("fresh", seeds)
        rows = zip(self.teacher.parameters.flat, fresh.parameters.flat, members, strict=True)
        self.student.parameters.flat.copy_(torch.stack([mix(t, f, m["alpha"]) for t, f, m in rows]))
        self.start = self.student.parameters.flat.clone()
        sources = torch.stack([training_images(member, data, arrays) for member in members])
        self.images = sources.to(data.train)
        self.targets = targets(self.teacher, self.images, settings)
        for row, member in enumerate(members):
            if member["permute_targets"]:
                order = torch.randperm(
                    self.targets.shape[1], generator=generator("random_teachers", "permute", member["seed"])
                )
                self.targets[row] = self.targets[row, order.to(device)]
        self.grads = self.student.parameters.like()
        self.optimizers = optimizers(self.student, members)
        count, size = self.images.shape[1], members[0]["batch_size"]
        self.batches = Epochs(self._orders, count, size, device, members=len(members), last="dropped")
        self.tensors = {"parameters": self.student.parameters.flat, **self.batches.tensors}
        for group, optimizer in self.optimizers.items():
            self.tensors |= {f"{group} {name}": tensor for name, tensor in optimizer.tensors.items()}

    def prepare(self, step: int) -> int:
        """The batch; the last partial one of an epoch is dropped."""
        return self.batches.prepare(step)

    def _orders(self, epoch: int) -> Tensor:
        """Every seed's own order, the same in all conditions, as rows [K, N] of all members' images together."""
        streams = [generator("random_teachers", "order", member["seed"], epoch) for member in self.members]
        count = self.images.shape[1]
        return torch.stack([row * count + torch.randperm(count, generator=s) for row, s in enumerate(streams)])

    def _batch(self, samples: Tensor) -> Tensor:
        """The batch [K, B, n] out of samples [K, N, n]."""
        rows = self.batches.rows
        return samples.flatten(0, 1).index_select(0, rows.flatten()).unflatten(0, rows.shape)

    def step(self) -> None:
        """One update on one batch."""
        keep: dict = {}
        with flushed_denormals():
            logits = self.student(self._batch(self.images), keep)
            temperature = self.members[0]["student_temperature"]
            _, gradient = distillation_loss(logits, self._batch(self.targets), temperature)
            self.student.backward(gradient, keep, self.grads)
        for group, optimizer in self.optimizers.items():
            columns = self.student.groups[group]
            optimizer.step(self.student.parameters.flat[:, columns], self.grads[:, columns])

    def record(self) -> dict[str, Tensor]:
        """KL to the teacher, distance from the start, and at the probing points the probes; NaN where not measured."""
        first = self.members[0]
        last = self.taken == first["steps"]
        some = self.images[:, :KL_IMAGES]
        flat = self.student.parameters.flat
        result = {
            "kl": divergence(self.teacher(some), self.student(some)),
            "distance": (flat - self.start).double().norm(dim=1),
        }
        result |= probing(self.student, self.data, first, last or self.taken in first["probe_at"], last)
        result["kl_line"] = self._line(flat - self.teacher.parameters.flat, last)
        result["kl_random_line"] = self._line(self._random_direction(), last)
        return result

    def _line(self, direction: Tensor, wanted: bool) -> Tensor:
        """KL at teacher + g direction for every g of `line`: [K, points]."""
        places = self.members[0]["line"]
        result = torch.full((len(self.members), len(places)), torch.nan, dtype=torch.float64)
        if wanted and places:
            moved = Network(self.student.settings, len(self.members), direction.device)
            some = self.images[:, :KL_IMAGES]
            reference = self.teacher(some)
            for column, place in enumerate(places):
                moved.parameters.flat.copy_(self.teacher.parameters.flat + place * direction)
                result[:, column] = divergence(reference, moved(some)).cpu()
        return result

    def _random_direction(self) -> Tensor:
        """A Gaussian direction that has, tensor by tensor, the norm of student - teacher."""
        parameters = self.student.parameters
        actual = parameters.split(parameters.flat - self.teacher.parameters.flat)
        result = parameters.like()
        for name, target in parameters.split(result).items():
            for row, member in enumerate(self.members):
                stream = generator("random_teachers", "direction", name, member["seed"])
                draw = torch.randn(target.shape[1:], generator=stream).to(target)
                target[row] = draw * (actual[name][row].norm() / draw.norm())
        return result


def shape(member: Mapping, data: Labelled) -> dict:
    """Settings of the network for this data."""
    return dict(member) | {"input_size": data.train.shape[1]}


def targets(teacher: Network, images: Tensor, settings: Mapping) -> Tensor:
    """The teacher's distributions [K, N, m], computed once: it is frozen and nothing is augmented.

    `centring` subtracts the mean logits over the images (DINO's centre at its fixed point; off in the paper).
    """
    logits = teacher(images)
    if settings["centring"]:
        logits -= logits.mean(1, keepdim=True)
    return torch.softmax(logits / settings["teacher_temperature"], -1)


def optimizers(network: Network, members: Sequence[Mapping]) -> dict[str, Adam]:
    """Adam with a learning rate of its own for the encoder, the head and the biases, per member."""
    eps = [member["eps"] for member in members]
    rates = {"encoder": "encoder_learning_rate", "head": "head_learning_rate", "bias": "bias_learning_rate"}
    flat = network.parameters.flat
    return {
        group: Adam(flat[:, columns], [member[rates[group]] for member in members], eps=eps)
        for group, columns in network.groups.items()
    }


def probing(network: Network, data: Labelled, settings: Mapping, wanted: bool, last: bool) -> dict[str, Tensor]:
    """The probes of K encoders, share of embedding units that ever fire, and root mean square of the embedding.

    `ridge_shuffled` is the ridge probe trained on permuted labels: it must be at chance.
    """
    names = ("linear", "linear_long", "ridge", "ridge_shuffled", "neighbours", "alive", "scale")
    count = len(network.parameters.flat)
    result = {name: torch.full((count,), torch.nan, dtype=torch.float64) for name in names}
    if not wanted:
        return result
    train_part, test_part = network.embed(data.train[None]), network.embed(data.test[None])
    result["alive"] = (train_part > 0).any(1).double().mean(1)
    result["scale"] = train_part.double().square().mean((1, 2)).sqrt()
    return result | probe_all(train_part, test_part, data, settings, last)


def probe_all(
    train_part: Tensor, test_part: Tensor, data: Labelled, settings: Mapping, last: bool
) -> dict[str, Tensor]:
    """Every probe of embeddings [R, N, r], [R, T, r]; the long and the shuffled one only at the last step."""
    sets = (train_part, data.train_labels, test_part, data.test_labels)
    short = probes.LinearProbe(settings["probe_steps"])
    result = {
        "linear": probes.linear(*sets, short),
        "ridge": probes.ridge(*sets, settings["ridge_penalty"]),
        "neighbours": probes.neighbours(*sets, settings["neighbours"]),
    }
    if last:
        order = torch.randperm(len(data.train), generator=generator("random_teachers", "shuffle"))
        wrong = data.train_labels[order.to(data.train_labels.device)]
        result["ridge_shuffled"] = probes.ridge(train_part, wrong, *sets[2:], settings["ridge_penalty"])
        if settings["long_probe_steps"]:
            result["linear_long"] = probes.linear(*sets, probes.LinearProbe(settings["long_probe_steps"]))
    return result


def _teachers(members: Sequence[Mapping], data: Mapping[str, Labelled], device: torch.device) -> dict[str, np.ndarray]:
    """Probes of each member's teacher [members]; of the settings its encoder depends on width and precision alone."""
    result: dict[str, np.ndarray] = {}
    for width, dtype in sorted({(member["width"], member["dtype"]) for member in members}):
        rows = [k for k, member in enumerate(members) if (member["width"], member["dtype"]) == (width, dtype)]
        seeds = sorted({members[k]["seed"] for k in rows})
        longest = max((members[k] for k in rows), key=lambda member: member["long_probe_steps"])
        network = Network(shape(longest, data[dtype]), len(seeds), device).initialise("teacher", seeds)
        for name, value in probing(network, data[dtype], longest, True, True).items():
            values = result.setdefault(f"teacher_{name}", np.full(len(members), np.nan))
            values[rows] = value.cpu().numpy()[[seeds.index(members[k]["seed"]) for k in rows]]
    return result


def _input(settings: Mapping, data: Labelled) -> dict[str, np.ndarray]:
    """Probes of the raw pixels."""
    found = probe_all(data.train[None], data.test[None], data, settings, True)
    return {f"input_{name}": value.cpu().numpy()[0] for name, value in found.items()}
