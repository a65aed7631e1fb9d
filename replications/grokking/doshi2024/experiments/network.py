"""Quadratic networks that keep the memory of a training pass, and predictions from them with neurons left out."""

from collections.abc import Sequence

import torch
from torch import Tensor

from replications.grokking.science.quadratic import Quadratic


class Network(Quadratic):
    """K networks f(m, n) = W (U e_m + V e_n)^2: `w1` [K, 2p, N] holds U above V (transposed), `w2` [K, N, p] is W.

    A training pass over tokens [K, R, 2] writes into arrays that stay: on a CPU fresh ones cost a third of a step.
    """

    def initialise(self, generators: Sequence[torch.Generator]) -> None:
        """Every weight N(0, (16 N)^(-2/3)), a standard deviation of 0.5 / (2 N)^(1/3); one CPU generator a member."""
        width = self.weights[1].shape[1]
        for member, stream in enumerate(generators):
            for weight in self.weights:
                draw = torch.randn(weight.shape[1:], generator=stream, dtype=torch.float64)
                weight[member].copy_(draw * (16 * width) ** (-1 / 3))

    def squared(self, inputs: Tensor) -> Tensor:
        """Hidden values (U e_m + V e_n)^2, [K, R, N]."""
        return self._linear(inputs, 1).square_()

    def __call__(self, inputs: Tensor, keep: bool = False) -> Tensor:
        if not keep or inputs.dtype != torch.int64:
            return super().__call__(inputs, keep)
        hidden, squared, outputs = self._places(inputs)
        table, (first, second) = self.weights[0].flatten(0, 1), self._rows(inputs)
        torch.index_select(table, 0, first, out=hidden.flatten(0, 1))
        torch.index_select(table, 0, second, out=squared.flatten(0, 1))
        torch.mul(hidden.add_(squared), hidden, out=squared)
        self._kept = inputs, hidden, squared
        torch.bmm(self.weights[1].transpose(1, 2), squared.transpose(1, 2), out=outputs)
        return outputs.transpose(1, 2)

    def backward(self, gradient: Tensor, out: Tensor) -> None:
        inputs, hidden, squared = self._kept
        if inputs.dtype != torch.int64:
            super().backward(gradient, out)
            return
        grads = self.parameters.split(out)
        grads["w2"].copy_(torch.bmm(gradient.transpose(1, 2), squared).transpose(1, 2))
        slope = torch.bmm(gradient, self.weights[1].transpose(1, 2), out=squared).mul_(hidden)
        torch.mul(self._input_gradient(inputs, slope), 2, out=grads["w1"])

    def _places(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Memory of a training pass, made at the first: hidden values, their squares [K, R, N], outputs [K, p, R].

        Long rows of outputs make the products a tenth faster.
        """
        members, rows = inputs.shape[:2]
        width, outputs = self.weights[1].shape[1:]
        if not hasattr(self, "_memory"):
            new = self.weights[0].new_empty
            self._memory = new(members, rows, width), new(members, rows, width), new(members, outputs, rows)
        return self._memory
