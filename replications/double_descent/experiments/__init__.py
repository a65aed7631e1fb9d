"""Training programs of the rule set: each takes a `Run` and returns arrays by name."""

from replications.double_descent.experiments.conditioning import conditioning
from replications.double_descent.experiments.deep import deep
from replications.double_descent.experiments.iterated import iterated
from replications.double_descent.experiments.minimal import minimal
from replications.double_descent.experiments.random_features import random_features
from replications.double_descent.experiments.ridge import ridge
from replications.double_descent.experiments.two_layer import two_layer

__all__ = ["conditioning", "deep", "iterated", "minimal", "random_features", "ridge", "two_layer"]
