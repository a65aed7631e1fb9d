"""Classification of small images and the networks that learn it, shared by both programs of this paper."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from verifig.training.data import embedded
from verifig.training.ensemble import MLP, generator

SLUG = "sagun2017"


def images_of(members: Sequence[Mapping]) -> tuple[Tensor, Tensor]:
    """Images [K, N, pixels] float32 and labels [K, N] of the first C classes: a subset by seed.

    `labels: random` shuffles the labels among the images of the subset; `centred` subtracts the mean image of the classes.
    """
    pixels, digits = (torch.from_numpy(each) for each in embedded(members[0]["dataset"]))
    images, labels = [], []
    for member in members:
        kept = digits < member["classes"]
        stream = generator(SLUG, "subset", member["seed"])
        chosen = torch.randperm(int(kept.sum()), generator=stream)[: member["samples"]]
        those, named = pixels[kept], digits[kept][chosen]
        shift = those.mean(0) if member["centred"] else 0.0
        images.append((those[chosen] - shift).float())
        random = member["labels"] == "random"
        labels.append(named[torch.randperm(len(named), generator=stream)] if random else named)
    return torch.stack(images), torch.stack(labels)


def model_of(members: Sequence[Mapping], pixels: int, device: torch.device, starts: Sequence[str] = ()) -> MLP:
    """Two-layer ReLU networks with biases, drawn as torch draws them, by seed and width; where a start is `other`, another draw."""
    member = members[0]
    model = MLP([pixels, member["width"], member["classes"]], len(members), bias=True, device=device)
    names = [("weights", "other") if start == "other" else ("weights",) for start in starts or ["same"] * len(members)]
    each = zip(names, members, strict=True)
    model.initialise([generator(SLUG, *name, member["width"], member["seed"]) for name, member in each])
    return model


def descend(model: MLP, images: Tensor, labels: Tensor, rates: Tensor, gradient: Tensor) -> None:
    """One step of gradient descent on the mean cross-entropy of images [K, n, pixels], at the rates [K, 1]."""
    outputs = model(images, keep=True)
    classes = torch.arange(outputs.shape[2], device=outputs.device)
    errors = outputs.softmax(-1) - (labels[..., None] == classes).to(outputs.dtype)
    model.backward(errors / images.shape[1], gradient)
    model.parameters.flat.addcmul_(rates, gradient, value=-1)


def losses(model: MLP, images: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of each member [K]; infinite where it is not finite."""
    each = cross_entropy(model(images).flatten(0, 1), labels.flatten(), reduction="none").view(labels.shape).mean(1)
    return each.masked_fill(~each.isfinite(), torch.inf)
