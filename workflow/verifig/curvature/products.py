"""Products of one network's Hessian or Gauss-Newton matrix with a vector, by torch.func: no matrix is formed.

A product is a function (parameters [P], fixed, inputs, targets, vector [P]) -> [P], for the loss of these samples, in
reverse mode only: forward mode was no faster and fails in `mse_loss` (torch 2.13) and in operations without it. Losses are means over samples, as `torch.nn.CrossEntropyLoss()` is. The Hessian H and the Gauss-Newton matrix G differ
by a term in proportion to the derivatives of the loss by the outputs: H = G where the model is linear in its parameters
or fits exactly.
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
Product = Callable[[Tensor, Mapping[str, Tensor], Tensor, Tensor, Tensor], Tensor]


def product_of(kind: Kind, networks: Networks, loss: Loss) -> Product:
    """The product with the matrix named `kind`.

    Raises:
        InputError: another kind.
    """
    if kind not in PRODUCTS:
        raise InputError(f"curvature must be one of {', '.join(PRODUCTS)}, not {kind!r}")
    return PRODUCTS[kind](networks, loss)


def hessian_product(networks: Networks, loss: Loss) -> Product:
    """H v, the gradient of the product of v with the gradient."""

    def product(flat: Tensor, fixed: Mapping[str, Tensor], inputs: Tensor, targets: Tensor, vector: Tensor) -> Tensor:
        with sdpa_kernel(SDPBackend.MATH):  # the fused kernels of attention have no second derivatives
            gradient = grad(lambda at: loss(networks.outputs(at, fixed, inputs), targets))
            return vjp(gradient, flat)[1](vector)[0]

    return product


def gauss_newton_product(networks: Networks, loss: Loss) -> Product:
    """G v = J^T S J v, J the Jacobian of the outputs and S the Hessian of the loss by the outputs."""

    def product(flat: Tensor, fixed: Mapping[str, Tensor], inputs: Tensor, targets: Tensor, vector: Tensor) -> Tensor:
        with sdpa_kernel(SDPBackend.MATH):
            outputs, transposed = vjp(lambda at: networks.outputs(at, fixed, inputs), flat)
            along = vjp(lambda at: transposed(at)[0], torch.zeros_like(outputs))[1](vector)[0]  # J v
            curved = vjp(grad(lambda at: loss(at, targets)), outputs)[1](along)[0]
            return transposed(curved)[0]

    return product


PRODUCTS: dict[str, Callable[[Networks, Loss], Product]] = {
    "hessian": hessian_product,
    "gauss_newton": gauss_newton_product,
}


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
