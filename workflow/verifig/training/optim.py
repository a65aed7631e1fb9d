"""Optimisers over ensembles: one fused update for all members and layers, with hyperparameters per member.

Each works on flat parameters and gradients [K, P] (see `ensemble.Parameters`); hyperparameters are numbers or [K]
sequences. Gradient transforms are plain functions on the gradients, called before `step`. The updates are those of
`torch.optim` (its foreach form, with a scalar per member), to rounding.
"""

import contextlib
from collections.abc import Sequence

import torch
from torch import Tensor

from verifig.training.device import flushed_denormals

Hyper = float | Sequence[float]

NORMAL_ROOT = 1.1e-19  # square root of the smallest normal float32


def per_member(value: Hyper, members: int) -> list[float]:
    """A hyperparameter as one number a member."""
    values = [float(v) for v in value] if isinstance(value, Sequence) else [float(value)] * members
    if len(values) != members:
        raise ValueError(f"{len(values)} values for {members} members")
    return values


class SGD:
    """Stochastic gradient descent with momentum and coupled (L2) weight decay, as `torch.optim.SGD`."""

    def __init__(self, params: Tensor, learning_rate: Hyper, momentum: Hyper = 0.0, weight_decay: Hyper = 0.0):
        members = len(params)
        self.learning_rate = per_member(learning_rate, members)
        self.momentum = per_member(momentum, members)
        self.weight_decay = per_member(weight_decay, members)
        self.tensors = {"velocity": torch.zeros_like(params)}

    def step(self, params: Tensor, grads: Tensor) -> None:
        """Update `params` in place."""
        rows, velocity, slopes = params.unbind(), self.tensors["velocity"].unbind(), list(grads.unbind())
        if any(self.weight_decay):
            slopes = torch._foreach_add(slopes, torch._foreach_mul(rows, self.weight_decay))
        torch._foreach_mul_(velocity, self.momentum)
        torch._foreach_add_(velocity, slopes)
        torch._foreach_add_(rows, torch._foreach_mul(velocity, [-rate for rate in self.learning_rate]))


class Adam:
    """Adam with bias correction, as `torch.optim.Adam`; `decoupled=True` makes it `torch.optim.AdamW`."""

    def __init__(
        self,
        params: Tensor,
        learning_rate: Hyper,
        beta1: Hyper = 0.9,
        beta2: Hyper = 0.999,
        eps: Hyper = 1e-8,
        weight_decay: Hyper = 0.0,
        decoupled: bool = False,
    ):
        members = len(params)
        self.learning_rate = per_member(learning_rate, members)
        self.beta1, self.beta2 = per_member(beta1, members), per_member(beta2, members)
        self.eps = per_member(eps, members)
        self.weight_decay = per_member(weight_decay, members)
        self.decoupled = decoupled
        # moments of vanished gradients are denormal, and slow on a CPU; far below eps they may as well be zero
        self._guard = flushed_denormals if min(self.eps) > 1e3 * NORMAL_ROOT else contextlib.nullcontext
        self.tensors = {
            "mean": torch.zeros_like(params),
            "square": torch.zeros_like(params),
            "count": torch.zeros(1, dtype=torch.int64),
        }

    def step(self, params: Tensor, grads: Tensor) -> None:
        """Update `params` in place."""
        with self._guard():
            self._update(params, grads)

    def _update(self, params: Tensor, grads: Tensor) -> None:
        rows, slopes = params.unbind(), grads.unbind()
        mean, square = self.tensors["mean"].unbind(), self.tensors["square"].unbind()
        self.tensors["count"] += 1
        count = int(self.tensors["count"])
        if any(self.weight_decay):
            if self.decoupled:
                pairs = zip(self.learning_rate, self.weight_decay, strict=True)
                torch._foreach_mul_(rows, [1 - rate * decay for rate, decay in pairs])
            else:
                slopes = torch._foreach_add(slopes, torch._foreach_mul(rows, self.weight_decay))
        torch._foreach_lerp_(mean, slopes, [1 - beta for beta in self.beta1])
        torch._foreach_mul_(square, self.beta2)
        torch._foreach_addcmul_(square, slopes, slopes, [1 - beta for beta in self.beta2])
        denominator = torch._foreach_sqrt(square)
        torch._foreach_div_(denominator, [(1 - beta**count) ** 0.5 for beta in self.beta2])
        torch._foreach_add_(denominator, self.eps)
        pairs = zip(self.learning_rate, self.beta1, strict=True)
        torch._foreach_addcdiv_(rows, mean, denominator, [-rate / (1 - beta**count) for rate, beta in pairs])
