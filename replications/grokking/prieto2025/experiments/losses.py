"""StableMax and where softmax collapses in theory (Sections 3.1, 4.1 of the paper); cross-entropy is `science.softmax`'s."""

import torch
from torch import Tensor


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
    Shapes as in `softmax.cross_entropy`; the loss is float64.
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


def collapse_threshold(precision: torch.dtype) -> float:
    """Logit gap at which two-class softmax collapses in theory: p ln 2 with p significant bits (Sec 3.1, Def 1)."""
    bits = {torch.float16: 11, torch.float32: 24, torch.float64: 53}[precision]
    return bits * torch.log(torch.tensor(2.0, dtype=torch.float64)).item()
