"""Quadratic networks as the paper starts them."""

from collections.abc import Sequence

import torch

from replications.grokking.science.quadratic import Quadratic


class Network(Quadratic):
    """K networks f(m, n) = W (U e_m + V e_n)^2: `w1` [K, 2p, N] holds U above V (transposed), `w2` [K, N, p] is W."""

    def initialise(self, generators: Sequence[torch.Generator]) -> None:
        """Every weight N(0, (16 N)^(-2/3)), a standard deviation of 0.5 / (2 N)^(1/3); one CPU generator a member."""
        width = self.weights[1].shape[1]
        for member, stream in enumerate(generators):
            for weight in self.weights:
                draw = torch.randn(weight.shape[1:], generator=stream, dtype=torch.float64)
                weight[member].copy_(draw * (16 * width) ** (-1 / 3))
