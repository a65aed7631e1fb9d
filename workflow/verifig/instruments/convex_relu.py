"""Global optima of two-layer ReLU networks with their certificate (Bai et al. 2023; Pilanci and Ergen 2020): what its theme shares."""

from replications.convex_relu.science.patterns import all_patterns, sampled_patterns
from replications.convex_relu.science.programme import convex_two_layer

__all__ = ["all_patterns", "convex_two_layer", "sampled_patterns"]
