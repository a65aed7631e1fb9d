"""Supervised training of an encoder with a fresh linear classifier, as in the pruning experiments (Section 6, E.5)."""

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from replications.random_teachers.sarnthein2023.experiments import images
from replications.random_teachers.sarnthein2023.experiments.convnets import encoder, initialise
from replications.random_teachers.sarnthein2023.experiments.distil_images import CHUNK, ImageDistiller
from verifig.ground.keys import key
from verifig.training.augment import CropsAndFlips
from verifig.training.batches import Epochs
from verifig.training.flat import buffers, flatten, size
from verifig.training.loop import train
from verifig.training.optim import SGD
from verifig.training.run import Run
from verifig.training.seeds import derive
from verifig.training.trainable import Trainable

PADDING = 4
OF_ARMS = ("condition", "start", "rewind_epochs")  # settings that no student depends on

State = Mapping[str, np.ndarray]  # `parameters` [P], and running statistics of the encoder as `buffer <name>`


class Classifier:
    """Encoder and classifier.

    Args:
        settings: architecture, `batch_size`, `finetune_learning_rate`, `milestones`, `finetune_weight_decay`,
            `momentum`, `seed`.
        data: on the device.

    Attributes:
        flat: parameters [1, P], the encoder's first.
        weights: [P], true where a column of `flat` is a parameter, and none of the gaps between (see `flat.flatten`).
    """

    def __init__(self, settings: Mapping, data: images.Images):
        self.settings, self.data = settings, data
        body = encoder(settings["architecture"], settings["encoder_norm"], settings["width_factor"])
        self.model = nn.Sequential(body, nn.Linear(body.features, data.classes)).to(data.train.device)
        initialise(self.model, "classifier", settings["seed"])
        self.flat, self.grads = flatten(self.model.parameters())
        self.fresh = self.flat.clone()
        for parameter in self.model.parameters():
            parameter.grad.fill_(1)
        self.weights = self.grads[0] > 0

    @property
    def per_epoch(self) -> int:
        """Steps in an epoch."""
        return math.ceil(len(self.data.train) / self.settings["batch_size"])

    def start_from(self, state: State) -> None:
        """Load an encoder beside the fresh classifier, or both if the parameters are those of both."""
        parameters = torch.from_numpy(state["parameters"])
        self.flat.copy_(self.fresh)
        self.flat[0, : len(parameters)].copy_(parameters)
        for name, value in buffers(self.model[0]).items():
            value.copy_(torch.as_tensor(state[name]))

    @torch.no_grad()
    def error(self) -> float:
        """Test error with the running statistics."""
        self.model.eval()
        parts = zip(self.data.test.split(CHUNK), self.data.test_labels.split(CHUNK), strict=True)
        wrong = sum(int((self.model(images).argmax(1) != labels).sum()) for images, labels in parts)
        return wrong / len(self.data.test)

    @torch.no_grad()
    def refresh_statistics(self) -> None:
        """Recompute batch-norm statistics as plain averages over the training images (no augmentation)."""
        norms = [module for module in self.model.modules() if isinstance(module, nn.BatchNorm2d)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        self.model.train()
        for part in self.data.train.split(CHUNK) if norms else ():
            self.model(part)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


class Training(Trainable):
    """A classifier's steps of SGD with momentum and a stepwise learning rate on augmented images.

    Args:
        order: names the streams of batches and augmentations, one an epoch.
        mask: [P], 0 where a weight is pruned: such weights stay 0.
    """

    def __init__(self, classifier: Classifier, order: int, mask: Tensor | None = None):
        super().__init__()
        self.classifier, self.order, self.mask = classifier, order, mask
        self.settings, self.data = classifier.settings, classifier.data
        self.flat, self.grads = classifier.flat, classifier.grads
        if mask is not None:
            self.flat.mul_(mask)
        names = ("finetune_learning_rate", "momentum", "finetune_weight_decay")
        self.optimizer = SGD(self.flat, *(self.settings[name] for name in names))
        self.augment = CropsAndFlips(PADDING, self.flat.device)
        self.batches = Epochs(self._order, len(self.data.train), self.settings["batch_size"], self.flat.device)
        self.stream = torch.Generator()
        self.generators = {"epoch": self.stream}
        self.tensors = {"parameters": self.flat, **self.optimizer.tensors, **self.batches.tensors}
        self.tensors |= buffers(classifier.model)
        classifier.model.train()

    def _order(self, epoch: int) -> Tensor:
        """An epoch's stream gives its order, then by batch what augments it."""
        self.stream.manual_seed(derive("random_teachers", "finetune", self.settings["seed"], self.order, epoch))
        return torch.randperm(len(self.data.train), generator=self.stream)

    def prepare(self, step: int) -> int:
        """The batch, its augmentation, and the learning rate, a tenth from every milestone on."""
        epoch = step // self.batches.per_epoch
        decays = sum(epoch >= milestone for milestone in self.settings["milestones"])
        self.optimizer.learning_rate.fill_(self.settings["finetune_learning_rate"] * 0.1**decays)
        count = self.batches.prepare(step)
        self.augment.draw(count, self.stream)
        return count

    def step(self) -> None:
        """One update on one batch."""
        rows = self.batches.rows
        batch = self.augment(self.data.train[rows])
        self.grads.zero_()
        nn.functional.cross_entropy(self.classifier.model(batch), self.data.train_labels[rows]).backward()
        self.optimizer.step(self.flat, self.grads)
        if self.mask is not None:
            self.flat.mul_(self.mask)

    def record(self) -> dict[str, Tensor]:
        """The state (see `State`), with an axis for the one member in front."""
        return _state(self.flat, self.classifier.model[0])


class Student(ImageDistiller):
    """A student that records its encoder."""

    def record(self) -> dict[str, Tensor]:
        """The encoder's state (see `State`), with an axis for the one member in front."""
        encoder = self.student.encoder
        return _state(self.flat[:, : size(encoder.parameters())], encoder)


def _state(parameters: Tensor, encoder: nn.Module) -> dict[str, Tensor]:
    return {"parameters": parameters} | {name: value[None] for name, value in buffers(encoder).items()}


def starts(run: Run) -> Iterator[State]:
    """The encoder that each member's fine-tuning starts from; conditions share a student where its settings are equal."""
    students: dict[str, dict[str, State]] = {}
    for member in run.members:
        source = member | dict.fromkeys(OF_ARMS)
        name = f"student {key(source)}"
        if name not in students:
            students[name] = distilled(source, run, name)
        yield students[name][member["start"]]


def distilled(settings: Mapping, run: Run, name: str) -> dict[str, State]:
    """A student's encoder before (`initial`) and after (`distilled`) distillation.

    Args:
        name: of what is kept.
    """
    student = functools.cache(lambda: Student(settings, run))  # takes a while; not needed if all is kept
    epoch = run.once(f"{name} epoch", lambda: {"steps": student().batches.per_epoch})
    steps = settings["epochs"] * int(epoch["steps"])
    found = train(run, [settings], lambda chunk: student(), steps, [0, steps], name=name)
    places = {"initial": 0, "distilled": -1}
    return {start: {field: values[0, at] for field, values in found.items()} for start, at in places.items()}


class Finetuning:
    """Trainings of one member's classifier, which are kept; it is built when one of them is not finished.

    Args:
        name: of what is kept.
    """

    def __init__(self, run: Run, name: str, member: Mapping):
        self.run, self.name, self.member = run, name, member

    @functools.cached_property
    def classifier(self) -> Classifier:
        """The classifier, for the member's first target."""
        data = images.load(self.member["targets"][0], self.member, self.run)
        return Classifier(self.member, data.to(self.run.device))

    def train(
        self, name: str, start: State, programs: Sequence[Callable[[Classifier], Training]], epochs: int
    ) -> dict[str, np.ndarray]:
        """Train one program after the other, each from `start`; what they record at their ends, [programs, ...]."""
        epoch = self.run.once(f"{self.name} epoch", lambda: {"steps": self.classifier.per_epoch})
        steps = epochs * int(epoch["steps"])

        def begin(chunk: list[Mapping]) -> Training:
            self.classifier.start_from(start)
            return programs[chunk[0]["number"]](self.classifier)

        found = train(
            self.run,
            [{"number": number} for number in range(len(programs))],
            begin,
            steps,
            [steps],
            signature=lambda member: member["number"],  # alone on a GPU too
            name=f"{self.name} {name}",
        )
        return {field: values[:, 0] for field, values in found.items()}
