"""Supervised training of an encoder with a fresh linear classifier, as in the pruning experiments (Section 6, E.5)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from replications.random_teachers.sarnthein2023.experiments.convnets import encoder, initialise
from replications.random_teachers.sarnthein2023.experiments.distil_images import CHUNK, ImageDistiller
from replications.random_teachers.sarnthein2023.experiments.images import Images
from verifig.training.augment import CropsAndFlips
from verifig.training.batches import Epochs
from verifig.training.flat import buffers, flatten, size
from verifig.training.optim import SGD
from verifig.training.run import Run
from verifig.training.seeds import derive
from verifig.training.steps import Steps
from verifig.training.trainable import Trainable

PADDING = 4


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

    def __init__(self, settings: Mapping, data: Images):
        self.settings, self.data = settings, data
        body = encoder(settings["architecture"], settings["encoder_norm"], settings["width_factor"])
        self.model = nn.Sequential(body, nn.Linear(body.features, data.classes)).to(data.train.device)
        initialise(self.model, "classifier", settings["seed"])
        self.flat, self.grads = flatten(self.model.parameters())
        self.fresh = self.flat.clone()
        self.encoder_size = size(body.parameters())
        for parameter in self.model.parameters():
            parameter.grad.fill_(1)
        self.weights = self.grads[0] > 0

    def start_from(self, encoder_parameters: Tensor, statistics: Mapping[str, Tensor]) -> None:
        """Load a distilled (or initial) encoder beside the fresh classifier."""
        self.flat.copy_(self.fresh)
        self.flat[0, : self.encoder_size].copy_(encoder_parameters)
        self.load_statistics(statistics)

    def load_statistics(self, statistics: Mapping[str, Tensor]) -> None:
        """Running statistics of batch norm, by buffer name of the encoder."""
        for name, value in self.model[0].named_buffers():
            value.copy_(statistics[name])

    def train(self, order: int, epochs: int, mask: Tensor | None = None) -> float:
        """Train from the current parameters; returns the best test accuracy over epochs (the paper's number).

        See `Training` for the arguments.
        """
        program = Training(self, order, mask)
        steps, per_epoch, best = Steps(program, self.flat.device), program.batches.per_epoch, 0.0
        for epoch in range(epochs):
            for step in range(epoch * per_epoch, (epoch + 1) * per_epoch):
                steps.take(step)
            best = max(best, float(program.record()["accuracy"]))
        return best if epochs else 1 - self.error()

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
        for images in self.data.train.split(CHUNK) if norms else ():
            self.model(images)
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
        """Test accuracy [1]."""
        error = self.classifier.error()
        self.classifier.model.train()
        return {"accuracy": torch.tensor([1 - error], dtype=torch.float64)}


def distilled(settings: Mapping, run: Run) -> dict:
    """Encoder parameters and statistics of a student before (`initial`) and after (`distilled`) distillation."""
    program = ImageDistiller(settings, run)
    columns = size(program.student.encoder.parameters())

    def state(name: str) -> dict:
        statistics = {
            f"{name} {key}": value.cpu().numpy().copy() for key, value in program.student.encoder.named_buffers()
        }
        return {name: program.flat[0, :columns].cpu().numpy().copy()} | statistics

    before, total = state("initial"), settings["epochs"] * program.batches.per_epoch
    steps = Steps(program, run.device, run.log)
    for step in range(total):
        steps.take(step)
        run.progress(step + 1, total)
    return before | state("distilled")


def statistics_of(ends: Mapping, name: str) -> dict[str, Tensor]:
    """Batch-norm statistics that `distilled` stored under a name."""
    prefix = f"{name} "
    return {key.removeprefix(prefix): torch.from_numpy(v) for key, v in ends.items() if key.startswith(prefix)}
