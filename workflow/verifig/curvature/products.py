"""Products of one network's Hessian or Gauss-Newton matrix with a vector, by torch.func: no matrix is formed.

A `Linearised` takes (parameters [P], fixed, inputs, targets) and returns the product, vector [P] -> [P], for the loss of
these samples; what does not depend on the vector is computed once and kept. Reverse mode only: forward mode was no
faster, and it fails in `mse_loss` (torch 2.13) and in operations without it. Losses are means over samples, as
`torch.nn.CrossEntropyLoss()` is. The Hessian H and the Gauss-Newton matrix G differ by a term in proportion to the
derivatives of the loss by the outputs: H = G where the model is linear in its parameters or fits exactly.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor
from torch.func import grad, vjp
from torch.nn.attention import SDPBackend, sdpa_kernel

from verifig.curvature.networks import Loss, Networks
from verifig.ground.errors import InputError

Kind = Literal["hessian", "gauss_newton"]
Product = Callable[[Tensor], Tensor]
Linearised = Callable[[Tensor, Mapping[str, Tensor], Tensor, Tensor], Product]


def linearised(kind: Kind, networks: Networks, loss: Loss) -> Linearised:
    """The products with the matrices named `kind`.

    Raises:
        InputError: another kind.
    """
    if kind not in LINEARISED:
        raise InputError(f"curvature must be one of {', '.join(LINEARISED)}, not {kind!r}")
    return LINEARISED[kind](networks, loss)


def hessian(networks: Networks, loss: Loss) -> Linearised:
    """H v, the gradient of the product of v with the gradient."""

    def at(flat: Tensor, fixed: Mapping[str, Tensor], inputs: Tensor, targets: Tensor) -> Product:
        with sdpa_kernel(SDPBackend.MATH):  # the fused kernels of attention have no second derivatives
            _, product = vjp(grad(lambda flat: loss(networks.outputs(flat, fixed, inputs), targets)), flat)
        return lambda vector: product(vector)[0]

    return at


def gauss_newton(networks: Networks, loss: Loss) -> Linearised:
    """G v = J^T S J v, J the Jacobian of the outputs and S the Hessian of the loss by the outputs."""

    def at(flat: Tensor, fixed: Mapping[str, Tensor], inputs: Tensor, targets: Tensor) -> Product:
        with sdpa_kernel(SDPBackend.MATH):
            outputs, transposed = vjp(lambda flat: networks.outputs(flat, fixed, inputs), flat)
            _, jacobian = vjp(lambda outputs: transposed(outputs)[0], torch.zeros_like(outputs))
            _, second = vjp(grad(lambda outputs: loss(outputs, targets)), outputs)
        return lambda vector: transposed(second(jacobian(vector)[0])[0])[0]

    return at


LINEARISED: dict[str, Callable[[Networks, Loss], Linearised]] = {"hessian": hessian, "gauss_newton": gauss_newton}


def check_loss(networks: Networks, loss: Loss, inputs: Tensor, targets: Tensor) -> None:
    """The loss of the first member on some samples must be one number.

    Raises:
        InputError: there are no samples, or the loss has another shape.
    """
    if not len(targets):
        raise InputError("the data hold no samples")
    first = networks[:1]
    outputs = networks.function({name: value[0] for name, value in (first.parameters | first.fixed).items()}, inputs)
    shape = tuple(loss(outputs, targets).shape)
    if shape:
        raise InputError(f"the loss must be one number, the mean over the samples, not a tensor of shape {shape}")
