"""Grokking at the edge of numerical stability (Prieto et al. 2025), and how periodic weights are (Doshi et al. 2024).

`StableMaxLoss` and `PerpGrad` are the paper's two cures, `collapsed_share` and `weight_alignment` its two symptoms.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from replications.grokking.prieto2025.experiments.projection import orthogonal, restore_norm
from replications.grokking.science import softmax
from replications.grokking.science.fourier import participation as inverse_participation_ratio
from verifig.ground.errors import InputError
from verifig.instruments.data import Batches, batches, device_of, evaluating

__all__ = ["PerpGrad", "StableMaxLoss", "collapsed_share", "inverse_participation_ratio", "weight_alignment"]
FORMS = ("vector", "tensor")


class StableMaxLoss(nn.CrossEntropyLoss):
    """Cross-entropy of StableMax instead of softmax (Prieto et al. 2025, Definition 4 and Proposition 1).

    StableMax grows linearly where softmax grows exponentially, so nothing is absorbed in a sum: StableMax(x) is
    softmax(g(x)) with g(x) = ln(1 + x) for x >= 0 and -ln(1 - x) below. Computed in float64, as the authors do.

    Args:
        Those of `torch.nn.CrossEntropyLoss`: `weight`, `reduction`, `label_smoothing`, ...

    Shape:
        logits [N, C], labels [N] int64 -> a float64 number (mean over N), or what `reduction` says.
    """

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        x = logits.double()
        # each branch sees its own sign only: the other's slope is infinite at 1, and 0 times that is no number
        g = torch.where(x >= 0, torch.log1p(x.clamp_min(0)), -torch.log1p(-x.clamp_max(0)))
        return super().forward(g, labels)


class PerpGrad:
    """Take the part along the weights out of an optimizer's gradients before each of its steps (perpGrad, Definition 7).

    A step then turns the weights without scaling the logits. The optimizer stays what it is, schedulers and state
    included; its own weight decay acts as before.

        optimizer = torch.optim.AdamW(model.parameters())
        PerpGrad(optimizer)

    Args:
        optimizer: any `torch.optim.Optimizer` whose `step` is called after `backward`, without a closure.
        form: `vector`, the paper's equations: all parameters as one vector; `tensor`, the authors' code: each tensor by
            itself, with the norm of its gradient restored.

    Raises:
        InputError: another form; at a step, a closure.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, form: str = "vector"):
        if form not in FORMS:
            raise InputError(f"form must be one of {', '.join(FORMS)}, not {form!r}")
        self.form = form
        self._handle = optimizer.register_step_pre_hook(self._project)

    def remove(self) -> None:
        """Leave the optimizer's gradients alone again."""
        self._handle.remove()

    @torch.no_grad()
    def _project(self, optimizer: torch.optim.Optimizer, arguments: tuple, options: dict) -> None:
        if any(each is not None for each in (*arguments[1:], options.get("closure"))):
            raise InputError("PerpGrad cannot project the gradients of a closure: call backward before step")
        pairs = [
            (parameter.grad, parameter)
            for group in optimizer.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        if self.form == "vector" and pairs:
            whole = [torch.cat([each.flatten() for each in part])[None] for part in zip(*pairs, strict=True)]
            projected = orthogonal(*whole)[0].split([parameter.numel() for _, parameter in pairs])
            for (gradient, _), part in zip(pairs, projected, strict=True):
                gradient.copy_(part.view_as(gradient))
        elif self.form == "tensor":
            for gradient, parameter in pairs:
                part = orthogonal(gradient[None], parameter[None])
                gradient.copy_(restore_norm(part, gradient[None])[0])


def collapsed_share(logits: Tensor) -> float:
    """Share of samples whose softmax has collapsed (Definition 3), in the precision of the logits.

    Of such a sample the sum of exponentials is that of the largest logit alone: if that is the correct class, the loss
    is exactly 0 and its gradient on the correct class has vanished.

    Args:
        logits: [..., C] in float16, bfloat16, float32 or float64: what the loss is computed in.

    Returns:
        Between 0 and 1.
    """
    if not logits.is_floating_point() or not logits.numel():
        raise InputError("logits must be floating-point numbers, at least one row of them")
    return softmax.collapsed(logits, logits.dtype).double().mean().item()


def weight_alignment(model: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], data: Batches) -> dict[str, float]:
    """Cosine between each weight matrix and the negative gradient of the loss: 1 is naive loss minimisation (Section 4).

    Near 1, a step only scales the weights: the loss falls because the logits grow. In evaluation mode, over all data.

    Args:
        loss: (outputs, targets) -> the mean over the samples.
        data: a pair (inputs, targets) or batches of such pairs.

    Returns:
        By name of every parameter with two or more axes that requires a gradient; NaN where either is zero.
    """
    weights = {name: p for name, p in model.named_parameters() if p.requires_grad and p.dim() > 1}
    if not weights:
        raise InputError("the model has no weights with two axes that require gradients")
    total, samples = [torch.zeros_like(each, dtype=torch.float64) for each in weights.values()], 0
    with evaluating(model):
        for inputs, targets in batches(data, device_of(model)):
            slopes = torch.autograd.grad(loss(model(inputs), targets), list(weights.values()), allow_unused=True)
            for sum_, slope in zip(total, slopes, strict=True):
                if slope is not None:
                    sum_ += len(inputs) * slope
            samples += len(inputs)
    flat = {
        name: (p.detach().double().flatten(), -t.flatten() / samples)
        for (name, p), t in zip(weights.items(), total, strict=True)
    }
    return {
        name: float(functional.cosine_similarity(w, s, 0, 1e-300)) if w.norm() * s.norm() > 0 else float("nan")
        for name, (w, s) in flat.items()
    }
