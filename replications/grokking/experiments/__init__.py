"""Training programs of the rule set: each takes a `Run` and returns arrays by name."""

from replications.grokking.experiments.encoder import transformer
from replications.grokking.experiments.exact import thresholds
from replications.grokking.experiments.mnist_images import mnist
from replications.grokking.experiments.modular_arithmetic import modular
from replications.grokking.experiments.sparse_parity import parity
from replications.grokking.experiments.trajectories import landscape

__all__ = ["landscape", "mnist", "modular", "parity", "thresholds", "transformer"]
