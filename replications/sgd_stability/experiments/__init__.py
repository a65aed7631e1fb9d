"""Training programs of the rule set: each takes a `Run` and returns arrays by name."""

from replications.sgd_stability.experiments.diagonal_network import diagonal
from replications.sgd_stability.experiments.exact import thresholds
from replications.sgd_stability.experiments.linearised import escape
from replications.sgd_stability.experiments.relu_network import relu

__all__ = ["diagonal", "escape", "relu", "thresholds"]
