"""Losses and their floating-point behaviour (Sections 3.1, 4.1 of the paper).

Softmax cross-entropy uses torch's native `log_softmax` and its own backward pass in the stated precision: the effect
under study is one of rounding, and another kernel collapses at another point (Appendix I).
"""

import torch
from torch import Tensor

PRECISIONS = {"float16": torch.float16, "float32": torch.float32, "float64": torch.float64}


def cross_entropy(logits: Tensor, labels: Tensor, precision: torch.dtype) -> tuple[Tensor, Tensor]:
    """Softmax cross-entropy (Def 2), averaged over samples.

    Args:
        logits: [K, N, C]; cast to `precision` for everything that follows.
        labels: [K, N] int64.

    Returns:
        (loss per sample [K, N] in `precision`, gradient of the mean loss by the logits [K, N, C] in their own dtype).
    """
    scores = logits.to(precision)
    log_probabilities = torch.log_softmax(scores, -1)
    upstream = torch.zeros_like(log_probabilities)
    upstream.scatter_(-1, labels[..., None], -1.0 / labels.shape[1])
    gradient = torch.ops.aten._log_softmax_backward_data(upstream, log_probabilities, -1, precision)
    loss = -log_probabilities.gather(-1, labels[..., None]).squeeze(-1)
    return loss, gradient.to(logits.dtype)


def s(x: Tensor) -> Tensor:
    """StableMax's replacement of exp (Def 4): x + 1 for x >= 0, 1 / (1 - x) below."""
    return torch.where(x >= 0, x + 1, 1 / (1 - x))


def stablemax(x: Tensor) -> Tensor:
    """s(x_i) / sum_j s(x_j) over the last axis (Eq 5)."""
    values = s(x)
    return values / values.sum(-1, keepdim=True)


def g(x: Tensor) -> Tensor:
    """The map with StableMax(x) = softmax(g(x)) (Prop 1)."""
    return torch.where(x >= 0, torch.log1p(x), -torch.log1p(-x))


def stable_cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """StableMax cross-entropy (Eq 6) in float64, with its gradient in closed form.

    dL/dx_k = s'(x_k) (1 / sum_j s(x_j) - [k = y] / s(x_y)) / N, with s' = 1 for x >= 0 and s^2 below.
    Shapes as in `cross_entropy`; the loss is float64.
    """
    scores = logits.double()
    values = s(scores)
    total = values.sum(-1, keepdim=True)
    slope = torch.where(scores >= 0, 1.0, values * values)
    correct = values.gather(-1, labels[..., None])
    gradient = slope / total
    gradient.scatter_add_(-1, labels[..., None], -slope.gather(-1, labels[..., None]) / correct)
    loss = (total.log() - correct.log()).squeeze(-1)
    return loss, (gradient / labels.shape[1]).to(logits.dtype)


def collapsed(logits: Tensor, precision: torch.dtype) -> Tensor:
    """Softmax collapse per sample (Def 3): the exponentials sum to exactly 1 after subtraction of the row maximum.

    logits [..., C] -> bool [...]. Equation 2 with the summation of the given precision, as the authors log it.
    """
    scores = logits.to(precision)
    shifted = scores - scores.max(-1, keepdim=True).values
    return shifted.exp().sum(-1) == 1


def collapse_threshold(precision: torch.dtype) -> float:
    """Logit gap at which two-class softmax collapses in theory: p ln 2 with p significant bits (Sec 3.1, Def 1)."""
    bits = {torch.float16: 11, torch.float32: 24, torch.float64: 53}[precision]
    return bits * torch.log(torch.tensor(2.0, dtype=torch.float64)).item()
