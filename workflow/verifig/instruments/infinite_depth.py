"""Which classifier an activation makes of infinite width and depth (Radhakrishnan et al. 2023): what its theme shares."""

from replications.infinite_depth.science.activations import Activation, cubic, hermite, moebius, relu, sine
from replications.infinite_depth.science.kernels import by_depth, deep_limit

__all__ = ["Activation", "by_depth", "cubic", "deep_limit", "hermite", "moebius", "relu", "sine"]
