"""Densities of any module: its maskable layers, and the ratios that SNIP finds (formulas by shape: `rules`).

SNIP is from Lee et al. 2019; that its ratios alone are kept, with positions drawn anew, from Liu et al. 2022.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from replications.sparse_training.science.rules import Densities, check


def layer_shapes(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Shapes of the maskable weights of a module by parameter name, from input to output: convolutions and linear layers."""
    return {name: tuple(weight.shape) for name, weight in maskable(module).items()}


def maskable(module: nn.Module) -> dict[str, nn.Parameter]:
    """The maskable weights of a module by parameter name."""
    layers = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    return {f"{name}.weight".lstrip("."): m.weight for name, m in module.named_modules() if isinstance(m, layers)}


def snip_scores(module: nn.Module, loss: Callable[[nn.Module], Tensor]) -> dict[str, Tensor]:
    """SNIP's connection sensitivity |w dL/dw| of every maskable weight, by name, each of its weight's shape.

    Args:
        loss: the loss [] of the module on a batch of the caller's.
    """
    weights = maskable(module)
    slopes = torch.autograd.grad(loss(module), list(weights.values()))
    return {name: (w * g).abs().detach() for (name, w), g in zip(weights.items(), slopes, strict=True)}


def largest(scores: Mapping[str, Tensor], density: float) -> dict[str, Tensor]:
    """Masks (bool, shaped like the scores) of the largest scores over all layers; ties go to the earlier weight."""
    check(density)
    flat = torch.cat([score.flatten() for score in scores.values()])
    chosen = torch.zeros_like(flat, dtype=torch.bool)
    chosen[flat.argsort(descending=True, stable=True)[: round(density * len(flat))]] = True
    parts = chosen.split([score.numel() for score in scores.values()])
    return {name: part.view(score.shape) for (name, score), part in zip(scores.items(), parts, strict=True)}


def ratios(masks: Mapping[str, Tensor]) -> Densities:
    """Density of each layer of given masks: all that a pruning criterion leaves when positions are drawn anew."""
    return {name: float(mask.double().mean()) for name, mask in masks.items()}


def snip_ratio(module: nn.Module, loss: Callable[[nn.Module], Tensor], density: float) -> Densities:
    """Densities of SNIP's mask for a module on one batch (see `snip_scores`)."""
    return ratios(largest(snip_scores(module, loss), density))
