"""Training programs of the rule set: each takes a `Run` and returns arrays by name."""

from replications.neural_collapse.experiments.exact import theory
from replications.neural_collapse.experiments.minibatch import backbones
from replications.neural_collapse.experiments.multilayer import networks
from replications.neural_collapse.experiments.unconstrained import cross_entropy, direct, sweep

__all__ = ["backbones", "cross_entropy", "direct", "networks", "sweep", "theory"]
