"""The Hessian or Gauss-Newton matrix of a module as an operator: products with vectors, batch by batch of the data."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from scipy.sparse.linalg import LinearOperator
from torch import Tensor, nn
from torch.func import vmap

from verifig.curvature.networks import Loss, stack
from verifig.curvature.products import Kind, check_loss, linearised
from verifig.ground.errors import InputError

Batches = tuple[Tensor, Tensor] | Iterable[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Operator:
    """A symmetric matrix [P, P] known by its products.

    Args:
        product: vectors [B, P] -> the matrix times each, [B, P].
        size: P. dtype, device: of the vectors.
    """

    product: Callable[[Tensor], Tensor]
    size: int
    dtype: torch.dtype = torch.float64
    device: torch.device = torch.device("cpu")

    def dense(self) -> Tensor:
        """The matrix itself [P, P], from P products."""
        return self.product(torch.eye(self.size, dtype=self.dtype, device=self.device))

    def scipy(self) -> LinearOperator:
        """For SciPy's solvers: vectors in NumPy arrays, products where the parameters are."""

        def times(columns):
            vectors = torch.as_tensor(columns, dtype=self.dtype, device=self.device)
            return self.product(vectors.reshape(self.size, -1).T.contiguous()).T.reshape(vectors.shape).cpu().numpy()

        kind = torch.empty(0, dtype=self.dtype).numpy().dtype
        return LinearOperator((self.size, self.size), matvec=times, matmat=times, rmatvec=times, dtype=kind)


def operator(model: nn.Module, loss: Loss, data: Batches, curvature: Kind = "hessian", at_once: int = 8) -> Operator:
    """The matrix of second derivatives of `loss` by the parameters that require gradients, in evaluation mode.

    Args:
        loss: (outputs, targets) -> the mean over the samples, a tensor without dimensions.
        data: one pair (inputs [n, ...], targets [n, ...]), whose forward pass is kept; or batches of such pairs, weighted
            by their samples, that can be gone through again and again and hold the same samples each time, as a
            DataLoader without `drop_last` does.
        curvature: `hessian`, or `gauss_newton`, which leaves out the second derivatives of the model.
        at_once: vectors that are multiplied together; memory grows with it.

    Returns:
        An `Operator` of the parameters' type on their device; the order of the P parameters is that of
        `torch.nn.utils.parameters_to_vector`.

    Raises:
        InputError: no parameters that require gradients, or of another type than float32 and float64; no samples, or an
            iterator; a loss that is not one number; another `curvature`.
    """
    networks = stack(model)
    flat, fixed = networks.flat()[0], {name: value[0] for name, value in networks.fixed.items()}
    if flat.dtype not in (torch.float32, torch.float64):
        raise InputError(f"parameters must be float32 or float64 for second derivatives, not {flat.dtype}")
    product = linearised(curvature, networks, loss)
    pair = _is_pair(data)
    if not pair and iter(data) is data:
        raise InputError("the data are gone through many times: give a list or a DataLoader, not an iterator")
    first = data if pair else next(iter(data), None)
    if first is None:
        raise InputError("the data hold no samples")
    first = tuple(part.to(flat.device) for part in first)
    check_loss(networks, loss, *first)
    if pair:
        return Operator(vmap(product(flat, fixed, *first), chunk_size=at_once), networks.size, flat.dtype, flat.device)

    def times(vectors: Tensor) -> Tensor:
        total, samples = torch.zeros_like(vectors), 0
        for inputs, targets in data:
            part = product(flat, fixed, inputs.to(flat.device), targets.to(flat.device))
            total += len(targets) * vmap(part, chunk_size=at_once)(vectors)
            samples += len(targets)
        return total / samples

    return Operator(times, networks.size, flat.dtype, flat.device)


def _is_pair(data: Batches) -> bool:
    return isinstance(data, (tuple, list)) and len(data) == 2 and all(isinstance(part, Tensor) for part in data)
