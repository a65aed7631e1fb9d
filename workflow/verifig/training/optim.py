"""Optimisers over ensembles: one fused update for all members and layers, with hyperparameters per member.

Each works on flat parameters and gradients [K, P] (see `ensemble.Parameters`); hyperparameters are numbers or [K]
sequences. Gradient transforms are plain functions on the gradients, called before `step`. The updates are those of
`torch.optim`, to rounding. Nothing that changes from step to step is a Python number, so that an update can be
captured once and replayed: a schedule writes to `learning_rate` [K, 1] in place.
"""

import contextlib
from collections.abc import Mapping, Sequence

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


def column(value: Hyper, params: Tensor) -> Tensor:
    """A hyperparameter of parameters [K, P] as a float64 tensor [K, 1] beside them."""
    return torch.tensor(per_member(value, len(params)), dtype=torch.float64, device=params.device)[:, None]


class SGD:
    """Stochastic gradient descent with momentum and coupled (L2) weight decay, as `torch.optim.SGD`."""

    def __init__(self, params: Tensor, learning_rate: Hyper, momentum: Hyper = 0.0, weight_decay: Hyper = 0.0):
        self.learning_rate = column(learning_rate, params)
        self.momentum = column(momentum, params).to(params.dtype)
        self.weight_decay = per_member(weight_decay, len(params))
        self.decay = column(weight_decay, params).to(params.dtype)
        self.tensors = {"velocity": torch.zeros_like(params)}

    def step(self, params: Tensor, grads: Tensor) -> None:
        """Update `params` in place."""
        velocity = self.tensors["velocity"]
        if any(self.weight_decay):
            grads = torch.addcmul(grads, params, self.decay)
        velocity.mul_(self.momentum).add_(grads)
        params.addcmul_(velocity, self.learning_rate.to(params.dtype), value=-1)


class Adam:
    """Adam with bias correction, as `torch.optim.Adam`; `decoupled=True` makes it `torch.optim.AdamW`.

    What never had a gradient stays where it is, also with an eps of 0 (torch divides 0 by 0).
    """

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
        precision = torch.finfo(params.dtype)
        least = 1e3 * precision.tiny * precision.eps  # stays above 0 as eps sqrt(1 - beta2^t)
        self._rates = torch.stack([column(learning_rate, params), column(eps, params).clamp_min(least)])
        self.learning_rate = self._rates[0]
        self.beta1, self.beta2 = per_member(beta1, members), per_member(beta2, members)
        self._alike = len({*self.beta1}) == len({*self.beta2}) == 1
        self.betas = torch.stack([column(beta1, params), column(beta2, params)])
        self.weight_decay = per_member(weight_decay, members)
        self.decay = column(weight_decay, params)
        self.decoupled = decoupled
        # moments of vanished gradients are denormal, and slow on a CPU; far below eps they may as well be zero
        smallest = min(per_member(eps, members))
        self._guard = flushed_denormals if smallest > 1e3 * NORMAL_ROOT else contextlib.nullcontext
        self.tensors = {
            "mean": torch.zeros_like(params),
            "square": torch.zeros_like(params),
            "powers": torch.ones_like(self.betas),  # of both betas: beta^t after t steps
        }

    def step(self, params: Tensor, grads: Tensor) -> None:
        """Update `params` in place."""
        with self._guard():
            self._update(params, grads)

    def _update(self, params: Tensor, grads: Tensor) -> None:
        mean, square, powers = (self.tensors[name] for name in ("mean", "square", "powers"))
        if any(self.weight_decay):
            if self.decoupled:
                params.mul_((1 - self.learning_rate * self.decay).to(params.dtype))
            else:
                grads = torch.addcmul(grads, params, self.decay.to(params.dtype))
        if self._alike:
            mean.lerp_(grads, 1 - self.beta1[0])
            square.mul_(self.beta2[0]).addcmul_(grads, grads, value=1 - self.beta2[0])
        else:
            slopes = grads.unbind()
            torch._foreach_lerp_(mean.unbind(), slopes, [1 - beta for beta in self.beta1])
            torch._foreach_mul_(square.unbind(), self.beta2)
            torch._foreach_addcmul_(square.unbind(), slopes, slopes, [1 - beta for beta in self.beta2])
        # rate mean / c1 / (sqrt(square / c2) + eps) with the corrections c = 1 - beta^t, both fractions times sqrt(c2)
        first, second = (1 - powers.mul_(self.betas)).unbind()
        rate, eps = (self._rates * second.sqrt_()).unbind()
        update = square.sqrt().add_(eps.to(params.dtype))
        torch.div(mean, update, out=update)
        params.addcmul_(update, rate.div_(first).to(params.dtype), value=-1)


def of(params: Tensor, members: Sequence[Mapping]) -> SGD | Adam:
    """The optimiser that settings ask for, hyperparameters per member: `optimizer` is sgd, adam or adamw.

    Args:
        params: [K, P].
        members: settings by member, of one `optimizer`, with `learning_rate`; `momentum`, `weight_decay`, `beta1`, `beta2` and
            `eps` where they have them, else torch's defaults.
    """
    kind, names = members[0]["optimizer"], {"sgd": ("momentum",)}
    names = ("learning_rate", "weight_decay", *names.get(kind, ("beta1", "beta2", "eps")))
    values = {name: [member[name] for member in members] for name in names if name in members[0]}
    return SGD(params, **values) if kind == "sgd" else Adam(params, **values, decoupled=kind == "adamw")
