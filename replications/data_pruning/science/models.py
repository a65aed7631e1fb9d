"""EL2N and GraNd of any classifier over a DataLoader, and their means over networks."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.functional import cross_entropy

from replications.data_pruning.science import scores

Batches = Iterable[tuple[Tensor, Tensor]]
Score = Callable[[nn.Module, Tensor, Tensor], Tensor]


def el2n(model: nn.Module, loader: Batches) -> Tensor:
    """EL2N of every example, |softmax(model(x)) - y| (Paul et al. 2021, Definition 2.3).

    Args:
        model: a classifier, images [B, ...] -> outputs [B, C]; scored in evaluation mode, and left in the mode it was in.
        loader: batches of inputs and labels [B] int64, not shuffled and not augmented, on the model's device.

    Returns:
        [n], in the order of the loader.
    """
    return _over(model, loader, batch_el2n)


def grand(model: nn.Module, loader: Batches, chunk: int | None = None) -> Tensor:
    """GraNd of every example, the norm of the cross-entropy's gradient by all weights (Paul et al. 2021, Definition 2.1).

    Args:
        model, loader: as for `el2n`; batch normalisation uses its running statistics.
        chunk: examples whose gradients are computed together, all of a batch by default.

    Returns:
        [n], in the order of the loader.
    """
    return _over(model, loader, lambda each, inputs, labels: batch_grand(each, inputs, labels, chunk))


def averaged(models: Iterable[nn.Module], loader: Batches, score: Callable[[nn.Module, Batches], Tensor]) -> Tensor:
    """Mean of a score [n] over networks: `averaged(models, loader, el2n)`; the paper takes ten. Means of scores, not of ranks."""
    return torch.stack([score(model, loader) for model in models]).mean(0)


@torch.no_grad()
def batch_el2n(model: nn.Module, inputs: Tensor, labels: Tensor) -> Tensor:
    """EL2N [B] of a batch, the model as it is."""
    return scores.el2n(model(inputs), labels)


def batch_grand(model: nn.Module, inputs: Tensor, labels: Tensor, chunk: int | None = None) -> Tensor:
    """GraNd [B] of a batch, the model as it is, by one gradient an example."""
    weights = {name: value.detach() for name, value in model.named_parameters() if value.requires_grad}
    fixed = dict(model.named_buffers())

    def loss(values: dict[str, Tensor], example: Tensor, label: Tensor) -> Tensor:
        return cross_entropy(functional_call(model, (values, fixed), (example[None],)), label[None])

    def norm(example: Tensor, label: Tensor) -> Tensor:
        slopes = grad(loss)(weights, example, label)
        return sum(slope.square().sum() for slope in slopes.values()).sqrt()

    return vmap(norm, chunk_size=chunk)(inputs, labels)


def _over(model: nn.Module, loader: Batches, score: Score) -> Tensor:
    """Scores of all batches in evaluation mode, one after the other."""
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        return torch.cat([score(model, inputs, labels) for inputs, labels in loader])
    finally:  # some may have been frozen
        for layer, training in modes:
            layer.training = training
