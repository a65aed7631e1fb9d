"""Networks of one hidden layer on 8x8 digits, K at once: first weights, samples and gradients of the cross-entropy."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from verifig.training.data import embedded
from verifig.training.ensemble import MLP, generator

SLUG = "granziol2022"
CLASSES = 10


class Ensemble:
    """K multilayer perceptrons with biases and their samples; subset and first weights are drawn by seed.

    Attributes:
        model: the networks, float32; images [K, N, pixels] in [0, 1]; targets [K, N, 10], one-hot; gradient [K, P].
    """

    def __init__(self, members: Sequence[Mapping], device: torch.device):
        member = members[0]
        images, labels = embedded(member["dataset"])
        images, labels = torch.from_numpy(images).float(), torch.from_numpy(labels)
        self.model = MLP([images.shape[1], member["width"], CLASSES], len(members), bias=True, device=device)
        self.model.initialise([generator(SLUG, "weights", each["seed"]) for each in members])
        drawn = {each["seed"]: generator(SLUG, "subset", each["seed"]) for each in members}
        order = {seed: torch.randperm(len(images), generator=stream) for seed, stream in drawn.items()}
        chosen = torch.stack([order[each["seed"]][: each["samples"]] for each in members])
        self.images, self.targets = images[chosen].to(device), one_hot(labels[chosen], CLASSES).float().to(device)
        self.gradient = self.model.parameters.like()

    def slope(self, images: Tensor, targets: Tensor) -> Tensor:
        """Gradient [K, P] of the mean cross-entropy on images [K, B, pixels] with targets [K, B, 10]."""
        outputs = self.model(images, keep=True)
        self.model.backward((outputs.softmax(-1) - targets) / images.shape[1], self.gradient)
        return self.gradient

    def loss(self) -> Tensor:
        """Mean cross-entropy on all samples [K]; infinite where it is not finite."""
        loss = -(self.model(self.images).log_softmax(-1) * self.targets).sum(-1).mean(-1)
        return loss.masked_fill(~loss.isfinite(), torch.inf)
