"""Sharpness of K networks at once, matrix-free: for records along the training of an ensemble."""

import torch
from torch import Tensor
from torch.func import vmap

from verifig.curvature import lanczos
from verifig.curvature.lanczos import Largest
from verifig.curvature.networks import Loss, Networks
from verifig.curvature.products import Kind, linearised


def sharpness(
    networks: Networks,
    loss: Loss,
    data: tuple[Tensor, Tensor],
    *,
    shared: bool = True,
    curvature: Kind = "hessian",
    steps: int = 30,
    start: Tensor | None = None,
) -> Largest:
    """Largest eigenvalues of the members' matrices in `steps` products, with bounds of their errors and eigenvectors.

    Args:
        data: as in `dense`; steps: at most, P are enough.
        start: [K, P], such as the eigenvectors of the last record; by default random and the same in every call.

    Returns:
        Values and errors [K], float64: NaN for members whose curvature is not finite; vectors [K, P].
    """
    flat, fixed = networks.flat(), dict(networks.fixed)
    product = linearised(curvature, networks, loss)
    where = None if shared else 0
    every = vmap(lambda vector, *at: product(*at)(vector), (0, 0, 0, where, where))
    if start is None:
        drawn = torch.randn(networks.size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        start = drawn.to(flat.device, flat.dtype).expand_as(flat)
    return lanczos.largest(lambda vectors: every(vectors, flat, fixed, *data), start, steps)
