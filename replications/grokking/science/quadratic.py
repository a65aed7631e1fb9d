"""Two-layer networks with squared hidden units, f(x) = (x W1)^2 W2, K of them as one program."""

import torch
from torch import Tensor

from verifig.training.ensemble import MLP


class Quadratic(MLP):
    """K networks without biases: weights `w1` [K, inputs, width], `w2` [K, width, outputs]; inputs as those of `MLP`.

    Pairs of numbers modulo p are tokens [K, N, 2], the second offset by p, so that the rows of `w1` are the embeddings
    of the first number and then those of the second.

    Two things make a step on a CPU half as long: a training pass writes into arrays that stay, and products with `w2`
    are taken transposed, with the few outputs as rows.
    """

    def __init__(
        self,
        inputs: int,
        width: int,
        outputs: int,
        members: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device = torch.device("cpu"),
    ):
        super().__init__((inputs, width, outputs), members, dtype=dtype, device=device)
        self._memory: tuple[Tensor, Tensor, Tensor] | None = None

    def features(self, inputs: Tensor) -> Tensor:
        """Squared hidden values (x W1)^2 [K, N, width]."""
        return self._linear(inputs, 1).square_()

    def __call__(self, inputs: Tensor, keep: bool = False) -> Tensor:
        """Outputs [K, N, outputs]; `keep` stores what `backward` needs, and the outputs hold until the next such pass."""
        if not keep:
            return torch.bmm(self.weights[1].mT, self.features(inputs).mT).mT
        hidden, squared, outputs = self._arrays(inputs.shape[-2])
        if inputs.dtype == torch.int64:
            table, (first, second) = self.weights[0].flatten(0, 1), self._rows(inputs)
            torch.index_select(table, 0, first, out=hidden.flatten(0, 1))
            torch.index_select(table, 0, second, out=squared.flatten(0, 1))
            hidden.add_(squared)
        else:
            torch.bmm(self._per_member(inputs), self.weights[0], out=hidden)
        torch.mul(hidden, hidden, out=squared)
        self._kept = inputs, hidden, squared
        return torch.bmm(self.weights[1].mT, squared.mT, out=outputs).mT

    def backward(self, gradient: Tensor, out: Tensor) -> None:
        """Fill `out` [K, P] with the gradient of the loss, given its gradient by the outputs [K, N, outputs]."""
        inputs, hidden, squared = self._kept
        grads = self.parameters.split(out)
        grads["w2"].copy_(torch.bmm(gradient.mT, squared).mT)
        slope = torch.bmm(gradient, self.weights[1].mT, out=squared).mul_(hidden)
        torch.mul(self._input_gradient(inputs, slope), 2, out=grads["w1"])

    def _arrays(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Those of a training pass over N = `count` rows: hidden values, their squares [K, N, width], outputs [K, outputs, N]."""
        members, width, outputs = self.weights[1].shape
        if self._memory is None or self._memory[0].shape[1] != count:
            new = self.weights[0].new_empty
            self._memory = new(members, count, width), new(members, count, width), new(members, outputs, count)
        return self._memory
