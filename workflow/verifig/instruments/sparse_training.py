"""Layer-wise densities and random masks of any module (Liu et al. 2022): what its theme shares, for a network of one's own."""

from replications.sparse_training.science.densities import layer_shapes, snip_ratio
from replications.sparse_training.science.masks import draw
from replications.sparse_training.science.rules import erdos_renyi, erdos_renyi_kernel, erk_plus, uniform, uniform_plus

__all__ = [
    "draw",
    "erdos_renyi",
    "erdos_renyi_kernel",
    "erk_plus",
    "layer_shapes",
    "snip_ratio",
    "uniform",
    "uniform_plus",
]
