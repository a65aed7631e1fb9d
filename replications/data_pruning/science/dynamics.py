"""How groups of examples move a network: tangent kernels of two-layer ReLU networks and their velocity, and error barriers."""

import torch
from torch import Tensor


def relu_kernel(inputs: Tensor, w1: Tensor, b1: Tensor, w2: Tensor) -> Tensor:
    """Tangent kernel summed over the outputs c, <grad f_c(x), grad f_c(x')>, of f(x) = relu(x W1 + b1) W2 + b2.

    C (h . h' + 1) + (x . x' + 1) sum_j |W2_j|^2 1[h_j > 0] 1[h'_j > 0]: the parts of the second and of the first layer.

    Args:
        inputs: [..., n, D]; w1: [..., D, H]; b1: [..., 1, H]; w2: [..., H, C].

    Returns:
        [..., n, n].
    """
    hidden = (inputs @ w1 + b1).relu()
    active = (hidden > 0) * w2.norm(dim=-1)[..., None, :]
    first = (inputs @ inputs.mT + 1) * (active @ active.mT)
    return first + w2.shape[-1] * (hidden @ hidden.mT + 1)


def kernel_velocity(before: Tensor, after: Tensor) -> Tensor:
    """1 - cosine between kernels [..., n, n] of one group of examples at two times: [...] (Paul et al. 2021, Section 5)."""
    size = before.square().sum((-2, -1)).sqrt() * after.square().sum((-2, -1)).sqrt()
    return 1 - (before * after).sum((-2, -1)) / size


def barrier(first: Tensor, middle: Tensor, last: Tensor) -> Tensor:
    """Error barrier at alpha = 1/2, R((w + w') / 2) - (R(w) + R(w')) / 2, of errors R of any shape (Frankle et al. 2020)."""
    return middle - (first + last) / 2


def error_rate(outputs: Tensor, labels: Tensor) -> Tensor:
    """Share of wrong predictions [...] of outputs [..., n, C] and labels [..., n]."""
    return (outputs.argmax(-1) != labels).to(torch.float64).mean(-1)
