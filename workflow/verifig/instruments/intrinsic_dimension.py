"""Subspace training of any module (Li et al. 2018): what its theme shares, for a network of one's own."""

from replications.intrinsic_dimension.science.projections import Dense, Fastfood, Sparse, dense, fastfood, sparse
from replications.intrinsic_dimension.science.subspace import Subspace

__all__ = ["Dense", "Fastfood", "Sparse", "Subspace", "dense", "fastfood", "sparse"]
