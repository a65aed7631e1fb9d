"""Scores of examples by which data are pruned (Paul et al. 2021): what its theme shares, for a network of one's own."""

from replications.data_pruning.science.models import averaged, el2n, grand
from replications.data_pruning.science.scores import forgetting
from replications.data_pruning.science.subsets import window

__all__ = ["averaged", "el2n", "forgetting", "grand", "window"]
