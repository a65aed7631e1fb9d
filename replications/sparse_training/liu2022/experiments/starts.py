"""Where a member's network starts: He weights under a mask with given layer-wise densities."""

import itertools
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from replications.sparse_training.science import densities, digits, masks
from replications.sparse_training.science.masked import Start, he_weights, sparse_start
from replications.sparse_training.science.rules import RULES
from verifig.training.ensemble import generator

PAPER = "liu2022"


def start(member: Mapping, images: Tensor, labels: Tensor) -> Start:
    """A member's weights and masks; members of a seed share weights, and the positions that a denser mask keeps.

    Args:
        images, labels: of the training set, of which SNIP sees one batch.
    """
    sizes = [images.shape[1], *[member["width"]] * member["hidden_layers"], digits.CLASSES]
    weights = he_weights(sizes, generator(PAPER, "weights", member["width"], member["seed"]))
    shapes = {f"w{layer}": tuple(weight.shape) for layer, weight in enumerate(weights, start=1)}
    if member["ratios"] == "snip":
        chosen = snip_masks(member, sizes, images, labels)
        if member["positions"] == "scored":
            return sparse_start(weights, chosen, member["rescale"])
        kept = densities.ratios(dict(zip(shapes, chosen, strict=True)))
    else:
        kept = RULES[member["ratios"]](shapes, member["density"])
    stream = generator(PAPER, "mask", member["width"], member["seed"], member["draw"])
    return sparse_start(weights, list(masks.draw(shapes, kept, stream).values()), member["rescale"])


def snip_masks(member: Mapping, sizes: list[int], images: Tensor, labels: Tensor) -> list[Tensor]:
    """SNIP's masks [fan_in, fan_out] by layer, of a network initialised anew (Xavier, no biases), on one batch."""
    stream = generator(PAPER, "snip", member["width"], member["seed"])
    rows = torch.randperm(len(labels), generator=stream)[: member["batch_size"]]
    network = xavier(sizes, stream)
    scores = densities.snip_scores(network, lambda module: cross_entropy(module(images[rows]), labels[rows]))
    return [mask.T for mask in densities.largest(scores, member["density"]).values()]


def xavier(sizes: list[int], stream: torch.Generator) -> nn.Sequential:
    """A multilayer perceptron without biases, its weights N(0, 2 / (fan_in + fan_out))."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        linear = nn.utils.skip_init(nn.Linear, fan_in, fan_out, bias=False)
        nn.init.xavier_normal_(linear.weight, generator=stream)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])
