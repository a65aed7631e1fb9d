"""Two-layer networks with squared hidden units, f(x) = (x W1)^2 W2, K of them as one program."""

import torch
from torch import Tensor

from verifig.training.ensemble import MLP


class Quadratic(MLP):
    """K networks without biases: weights `w1` [K, inputs, width], `w2` [K, width, outputs]; inputs as those of `MLP`.

    Pairs of numbers modulo p are tokens [K, N, 2], the second offset by p, so that the rows of `w1` are the embeddings
    of the first number and then those of the second.
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

    def __call__(self, inputs: Tensor, keep: bool = False) -> Tensor:
        """Outputs [K, N, outputs]; `keep` stores what `backward` needs."""
        hidden = self._linear(inputs, 1)
        squared = hidden.square()
        if keep:
            self._kept = inputs, hidden, squared
        return torch.bmm(squared, self.weights[1])

    def backward(self, gradient: Tensor, out: Tensor) -> None:
        """Fill `out` [K, P] with the gradient of the loss, given its gradient by the outputs [K, N, outputs]."""
        inputs, hidden, squared = self._kept
        grads = self.parameters.split(out)
        grads["w2"].copy_(torch.bmm(squared.transpose(1, 2), gradient))
        slope = torch.bmm(gradient, self.weights[1].transpose(1, 2)).mul_(hidden).mul_(2)
        grads["w1"].copy_(self._input_gradient(inputs, slope))
