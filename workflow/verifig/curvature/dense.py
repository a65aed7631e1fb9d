"""Exact Hessians, Gauss-Newton matrices and per-sample Jacobians of small networks, batched over members.

K members have P parameters each, N samples and C outputs (outputs of another shape count as C = their number). Data are
shared by all members, (inputs [N, ...], targets [N, ...]), or with `shared=False` one set a member, [K, N, ...] each.
The loss is a mean over samples. Results have the type of the parameters: take `networks.to(torch.float64)` for spectra.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from verifig.curvature.networks import Loss, Networks
from verifig.curvature.products import check_loss, linearised
from verifig.ground.errors import InputError

NEGATIVE = 1e-6  # of the largest eigenvalue of S_i: below minus this the loss is not convex


def half_squared(outputs: Tensor, targets: Tensor) -> Tensor:
    """1/2 mean over samples of |f - y|^2, summed over outputs: its S_i is the identity.

    Raises:
        InputError: outputs and targets of different shapes.
    """
    if outputs.shape != targets.shape:
        raise InputError(f"outputs {tuple(outputs.shape)} and targets {tuple(targets.shape)} must have one shape")
    return (outputs - targets).square().sum() / (2 * len(outputs))


def hessian(
    networks: Networks, loss: Loss, data: tuple[Tensor, Tensor], *, shared: bool = True, at_once: int = 256
) -> Tensor:
    """Hessians of the loss by the parameters, [K, P, P], symmetric to rounding.

    Args:
        at_once: columns that are computed together, over all members; memory grows with it.

    Raises:
        InputError: no samples, or a loss that is not one number.
    """
    inputs, targets = _checked(networks, loss, data, shared)
    product = linearised("hessian", networks, loss)
    flat = networks.flat()
    basis = torch.eye(networks.size, dtype=flat.dtype, device=flat.device)

    def one(flat: Tensor, fixed: dict[str, Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
        return vmap(product(flat, fixed, inputs, targets), chunk_size=at_once)(basis)

    where = None if shared else 0
    every = vmap(one, (0, 0, where, where), chunk_size=max(1, at_once // len(basis)))
    return every(flat, dict(networks.fixed), inputs, targets)


def jacobians(networks: Networks, inputs: Tensor, *, shared: bool = True) -> Tensor:
    """Derivatives of each sample's outputs by the parameters, [K, N, C, P]."""

    def one(flat: Tensor, fixed: dict[str, Tensor], sample: Tensor) -> Tensor:
        return jacrev(lambda at: networks.outputs(at, fixed, sample[None]).flatten())(flat)

    every = vmap(vmap(one, (None, None, 0)), (0, 0, None if shared else 0))
    return every(networks.flat(), dict(networks.fixed), inputs)


def output_hessians(networks: Networks, loss: Loss, data: tuple[Tensor, Tensor], *, shared: bool = True) -> Tensor:
    """S_i, the second derivatives of each sample's loss by its outputs, [K, N, C, C].

    diag(p) - p p^T for cross-entropy with probabilities p, the identity for `half_squared`.
    """
    inputs, targets = data

    def sample(outputs: Tensor, target: Tensor) -> Tensor:
        shape = outputs.shape
        return jacrev(jacrev(lambda at: loss(at.view(shape)[None], target[None])))(outputs.flatten())

    def one(flat: Tensor, fixed: dict[str, Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
        return vmap(sample)(networks.outputs(flat, fixed, inputs), targets)

    where = None if shared else 0
    return vmap(one, (0, 0, where, where))(networks.flat(), dict(networks.fixed), inputs, targets)


def gauss_newton(
    networks: Networks, loss: Loss, data: tuple[Tensor, Tensor], *, shared: bool = True, at_once: int = 256
) -> Tensor:
    """Gauss-Newton matrices G = (1/N) sum_i J_i^T S_i J_i, [K, P, P], symmetric to rounding.

    Args:
        at_once: samples whose Jacobians [C, P] are kept together, over all members; memory grows with it.

    Raises:
        InputError: no samples, or a loss that is not one number.
    """
    inputs, targets = _checked(networks, loss, data, shared)
    samples = len(targets) if shared else targets.shape[1]
    result = networks.flat().new_zeros(len(networks), networks.size, networks.size)
    for members, part in _parts(len(networks), samples, at_once):
        chosen = (part,) if shared else (members, part)
        some, each = networks[members], (inputs[chosen], targets[chosen])
        rows = jacobians(some, each[0], shared=shared)
        weighted = output_hessians(some, loss, each, shared=shared) @ rows
        result[members].baddbmm_(rows.flatten(1, 2).mT, weighted.flatten(1, 2))
    return result / samples


def factors(networks: Networks, loss: Loss, data: tuple[Tensor, Tensor], *, shared: bool = True) -> Tensor:
    """A_i = S_i^(1/2) J_i, [K, N, C, P], so that G = (1/N) sum_i A_i^T A_i: for Gram matrices and for batches.

    Raises:
        InputError: no samples, a loss that is not one number, or one that is not convex in the outputs.
    """
    data = _checked(networks, loss, data, shared)
    values, vectors = torch.linalg.eigh(output_hessians(networks, loss, data, shared=shared))
    if (values < -NEGATIVE * values.abs().amax(-1, keepdim=True)).any():
        raise InputError("the loss is not convex in the outputs: its Gauss-Newton matrix has no square root")
    root = (vectors * values.clamp_min(0).sqrt()[..., None, :]) @ vectors.mT
    return root @ jacobians(networks, data[0], shared=shared)


def _checked(networks: Networks, loss: Loss, data: tuple[Tensor, Tensor], shared: bool) -> tuple[Tensor, Tensor]:
    inputs, targets = data
    if shared:
        check_loss(networks, loss, inputs, targets)
    elif len(inputs) != len(networks) or len(targets) != len(networks):
        raise InputError(f"one set of samples a member: {len(networks)} wanted, {len(inputs)} and {len(targets)} given")
    else:
        check_loss(networks, loss, inputs[0], targets[0])
    return inputs, targets


def _parts(members: int, samples: int, at_once: int) -> Iterator[tuple[slice, slice]]:
    """Slices of members and of samples that together hold at most `at_once` pairs (at least one)."""
    some = max(1, at_once // samples)
    for first in range(0, members, some):
        for start in range(0, samples, at_once):
            yield slice(first, first + some), slice(start, start + at_once)
