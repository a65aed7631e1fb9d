"""Scores of training examples: EL2N, GraNd and forgetting, their bounds and closed forms (Paul et al. 2021; Toneva et al. 2019)."""

from collections.abc import Sequence

import torch
from torch import Tensor


def errors(outputs: Tensor, labels: Tensor) -> Tensor:
    """Error vectors p - y, softmax minus one-hot label: [..., n, C] for outputs [..., n, C] and labels [..., n].

    They are also the gradient of the cross-entropy by the outputs.
    """
    classes = torch.arange(outputs.shape[-1], device=outputs.device)
    shares = (
        outputs - outputs.amax(-1, keepdim=True)
    ).exp()  # over few classes several times faster than torch's softmax
    shares = shares / shares.sum(-1, keepdim=True)
    return shares - (labels[..., None] == classes).to(outputs.dtype)


def el2n(outputs: Tensor, labels: Tensor) -> Tensor:
    """EL2N of each example, |p - y|: [..., n] for outputs [..., n, C] and labels [..., n] (Paul et al., Definition 2.3).

    The paper's score is its mean over about ten independently trained networks.
    """
    return errors(outputs, labels).norm(dim=-1)


def perceptron_scores(
    weights: Sequence[Tensor], biases: Sequence[Tensor], inputs: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """EL2N and GraNd of ReLU perceptrons under cross-entropy without gradients of single examples: [..., n] each.

    GraNd, the norm of the loss gradient by all weights (Paul et al., Definition 2.1), is in closed form
    GraNd^2 = sum_l |d_l|^2 (|h_(l-1)|^2 + 1) with the layers' inputs h and back-propagated errors d; the 1 is the bias.

    Args:
        weights: by layer, [..., fan_in, fan_out]; biases: by layer, [..., 1, fan_out].
        inputs: [..., n, D]; labels: [..., n].
    """
    hidden = [inputs]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        hidden.append((hidden[-1] @ weight + bias).relu())
    error = errors(hidden[-1] @ weights[-1] + biases[-1], labels)
    norms = error.norm(dim=-1)
    squared = layer(error, hidden[-1])
    for weight, below, value in zip(weights[:0:-1], hidden[-2::-1], hidden[:0:-1], strict=True):
        error = (error @ weight.mT) * (value > 0)
        squared = squared + layer(error, below)
    return norms, squared.sqrt()


def layer(error: Tensor, below: Tensor) -> Tensor:
    """Squared norm of the gradient by one linear layer's weights and bias: |d|^2 (|h|^2 + 1), [..., n].

    Of the last layer alone it is EL2N^2 (|h|^2 + 1), so that softmax regression has GraNd = EL2N sqrt(|x|^2 + 1).

    Args:
        error: gradient d by the layer's outputs [..., n, fan_out]; below: its inputs h [..., n, fan_in].
    """
    return error.square().sum(-1) * (below.square().sum(-1) + 1)


def el2n_bounds(probability: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """The least and the largest EL2N of an example whose own class has this probability: with q = 1 - p_y,
    q sqrt(C / (C - 1)) if the others share the rest equally, q sqrt(2) if one has all of it."""
    rest = 1 - probability
    return rest * (classes / (classes - 1)) ** 0.5, rest * 2**0.5


def uniform_el2n(classes: int) -> float:
    """EL2N of every example while the network gives all C classes equal probability: sqrt(1 - 1/C)."""
    return (1 - 1 / classes) ** 0.5


def forgetting(correct: Tensor) -> Tensor:
    """Forgetting score: how often an example went from correct to incorrect between visits; infinite if never correct.

    Args:
        correct: bool [visits, ..., n], in the order of the visits.

    Returns:
        [..., n] float64 (Toneva et al. 2019; never learned counts as infinite in Paul et al.'s code).
    """
    events = (correct[:-1] & ~correct[1:]).sum(0).double()
    return events.masked_fill(~correct.any(0), torch.inf)
