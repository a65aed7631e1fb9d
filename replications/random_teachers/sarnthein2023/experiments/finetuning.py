"""Supervised training of an encoder with a fresh linear classifier, as in the pruning experiments (Section 6, E.5)."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from replications.random_teachers.sarnthein2023.experiments.convnets import encoder, initialise
from replications.random_teachers.sarnthein2023.experiments.distil_images import CHUNK, ImageDistiller
from replications.random_teachers.sarnthein2023.experiments.images import Images
from verifig.training.ensemble import generator
from verifig.training.flat import flatten
from verifig.training.optim import SGD
from verifig.training.run import Run

PADDING = 4


class Classifier:
    """Encoder and classifier trained by SGD with momentum and a stepwise learning rate on augmented images.

    Args:
        settings: architecture, `batch_size`, `finetune_epochs`, `finetune_learning_rate`, `milestones`,
            `finetune_weight_decay`, `momentum`, `seed`.
        data: on the device.
    """

    def __init__(self, settings: Mapping, data: Images):
        self.settings, self.data = settings, data
        classes = int(data.train_labels.max()) + 1
        body = encoder(settings["architecture"], settings["encoder_norm"], settings["width_factor"])
        self.model = nn.Sequential(body, nn.Linear(body.features, classes)).to(data.train.device)
        initialise(self.model, "classifier", settings["seed"])
        self.flat, self.grads = flatten(self.model.parameters())
        self.fresh = self.flat.clone()
        self.encoder_size = sum(p.numel() for p in body.parameters())

    def start_from(self, encoder_parameters: Tensor, statistics: Mapping[str, Tensor]) -> None:
        """Load a distilled (or initial) encoder beside the fresh classifier."""
        self.flat.copy_(self.fresh)
        self.flat[0, : self.encoder_size].copy_(encoder_parameters)
        self.load_statistics(statistics)

    def load_statistics(self, statistics: Mapping[str, Tensor]) -> None:
        """Running statistics of batch norm, by buffer name of the encoder."""
        for name, value in self.model[0].named_buffers():
            value.copy_(statistics[name])

    def train(
        self, order: int, epochs: int, mask: Tensor | None = None, after_epoch: Callable[[int], None] | None = None
    ) -> float:
        """Train from the current parameters; returns the best test accuracy over epochs (the paper's number).

        Args:
            order: names the stream of batches and augmentations.
            mask: [P], 0 where a weight is pruned: such weights stay 0.
            after_epoch: called with the number of finished epochs.
        """
        settings, count = self.settings, len(self.data.train)
        optimizer = SGD(
            self.flat, settings["finetune_learning_rate"], settings["momentum"], settings["finetune_weight_decay"]
        )
        best, size = 0.0, settings["batch_size"]
        if mask is not None:
            self.flat.mul_(mask)
        for epoch in range(epochs):
            decays = sum(epoch >= milestone for milestone in settings["milestones"])
            optimizer.learning_rate = [settings["finetune_learning_rate"] * 0.1**decays]
            stream = generator("random_teachers", "finetune", settings["seed"], order, epoch)
            self.model.train()
            for rows in torch.randperm(count, generator=stream).split(size):
                batch = augment(self.data.train[rows.to(self.flat.device)], stream)
                self.grads.zero_()
                labels = self.data.train_labels[rows.to(self.flat.device)]
                nn.functional.cross_entropy(self.model(batch), labels).backward()
                optimizer.step(self.flat, self.grads)
                if mask is not None:
                    self.flat.mul_(mask)
            best = max(best, 1 - self.error())
            if after_epoch is not None:
                after_epoch(epoch + 1)
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


def augment(images: Tensor, stream: torch.Generator) -> Tensor:
    """Random horizontal flips and crops after padding by 4 zeros: [n, 3, 32, 32] -> the same shape."""
    count, _, height, width = images.shape
    flip = (torch.rand(count, generator=stream) < 0.5).to(images.device)
    images = torch.where(flip[:, None, None, None], images.flip(3), images)
    padded = nn.functional.pad(images, [PADDING] * 4)
    top, left = torch.randint(0, 2 * PADDING + 1, (2, count, 1), generator=stream).to(images.device)
    rows = top + torch.arange(height, device=images.device)
    columns = left + torch.arange(width, device=images.device)
    index = torch.arange(count, device=images.device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def distilled(settings: Mapping, run: Run) -> dict:
    """Encoder parameters and statistics of a student before (`initial`) and after (`distilled`) distillation."""
    program = ImageDistiller(settings, run)
    size = sum(p.numel() for p in program.student.encoder.parameters())

    def state(name: str) -> dict:
        statistics = {
            f"{name} {key}": value.cpu().numpy().copy() for key, value in program.student.encoder.named_buffers()
        }
        return {name: program.flat[0, :size].cpu().numpy().copy()} | statistics

    before, steps = state("initial"), settings["epochs"] * program.per_epoch
    for step in range(steps):
        program.step()
        run.progress(step + 1, steps)
    return before | state("distilled")


def statistics_of(ends: Mapping, name: str) -> dict[str, Tensor]:
    """Batch-norm statistics that `distilled` stored under a name."""
    prefix = f"{name} "
    return {key.removeprefix(prefix): torch.from_numpy(v) for key, v in ends.items() if key.startswith(prefix)}
