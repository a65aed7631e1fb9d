"""Up to which learning rate SGD stays at a minimum, of a network of one's own (Wu and Su 2023; Mulayoff and Michaeli 2023).

`stable_learning_rate` needs the Gauss-Newton rows of every sample and output; `sharpness`, `trace` and the rest of
`verifig.curvature.modules` need products with vectors alone, at any size.
"""

from collections.abc import Callable

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor, nn

from verifig.curvature.dense import factors, half_squared
from verifig.curvature.modules import sharpness, spectral_density, top_eigenvalues, trace
from verifig.curvature.networks import Networks, stack
from verifig.curvature.stability import RANK_TOLERANCE, exact_threshold, sampling_factor
from verifig.ground.errors import InputError
from verifig.instruments.data import Batches, batches, device_of, evaluating

__all__ = [
    "exact_threshold", "half_squared", "sharpness", "spectral_density", "stable_learning_rate", "top_eigenvalues", "trace",
]  # fmt: skip
MOST_ROWS = 4000  # samples x outputs: of the Gram matrix
MOST_DIRECTIONS = 1000  # of the Gauss-Newton matrix's range
AT_ONCE = 2**27  # numbers of the Jacobian that are held at a time: half a GiB in float32


def stable_learning_rate(
    model: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], data: Batches, batch_size: int, replacement: bool = True
) -> float:
    """The largest learning rate at which linearised SGD is stable in mean square about an interpolating minimum.

    With the Gauss-Newton matrices H_i of the samples, mean H, and q the variance of a batch mean over that of a sample
    (`curvature.stability.sampling_factor`):

        eta* = 2 / max_M [(1 - q) tr(M H M H) + q mean_i tr(M H_i M H_i)] / tr(M M H)   over symmetric M

    For a squared loss with one output this is `exact_threshold`; here H_i may have any rank. At a batch as large as the
    data, drawn without replacement, it is 2 / sharpness.

    Args:
        loss: (outputs, targets) -> the mean over the samples, convex in the outputs: `half_squared`,
            `torch.nn.CrossEntropyLoss()`.
        data: a pair (inputs, targets) or batches of such pairs, taken together: at most 4,000 samples x outputs.
        replacement: whether the samples of a batch are drawn with replacement.

    Returns:
        eta*, for plain SGD on this loss; infinite where the Gauss-Newton matrix is zero.

    Raises:
        InputError: too many rows, a loss that is not convex or not one number, an impossible batch size.
    """
    networks, device = stack(model), device_of(model)
    pair = tuple(torch.cat(parts) for parts in zip(*batches(data, device), strict=True))
    q = sampling_factor(len(pair[0]), batch_size, replacement)
    with evaluating(model), torch.no_grad():
        outputs = model(pair[0][:1]).numel()
    if len(pair[0]) * outputs > MOST_ROWS:
        raise InputError(
            f"{len(pair[0])} samples x {outputs} outputs are more than {MOST_ROWS} rows: give fewer samples"
        )
    values, vectors = torch.linalg.eigh(_gram(networks, loss, pair, AT_ONCE // (len(pair[0]) * outputs)))
    if not values[-1] > 0:
        return float("inf")
    kept = values > max(RANK_TOLERANCE, len(values) * torch.finfo(networks.flat().dtype).eps) * values[-1]
    if int(kept.sum()) > MOST_DIRECTIONS:
        raise InputError(f"the Gauss-Newton matrix has rank {int(kept.sum())}, at most {MOST_DIRECTIONS} are solved")
    values, samples = values[kept], len(pair[0])
    rows = vectors[:, kept] * (samples * values).sqrt()  # in the eigenbasis of H
    return 2 / _largest(values.numpy(), rows.unflatten(0, (samples, -1)).numpy(), q)


def _gram(
    networks: Networks, loss: Callable[[Tensor, Tensor], Tensor], data: tuple[Tensor, Tensor], parameters: int
) -> Tensor:
    """A A^T / n [nC, nC] of the Gauss-Newton rows A of all samples (`dense.factors`), float64: few parameters at a time."""
    total = 0
    for names in _groups(networks, parameters):
        some = {name: value for name, value in networks.parameters.items() if name in names}
        rest = {name: value for name, value in networks.parameters.items() if name not in names}
        part = Networks(networks.function, some, {**networks.fixed, **rest})
        rows = factors(part, loss, data)[0].flatten(0, 1)
        total = total + (rows @ rows.T).double().cpu()
    return total / len(data[0])


def _groups(networks: Networks, numbers: int) -> list[set[str]]:
    """Names of the parameters in groups of at most so many numbers, or of one tensor."""
    groups, size = [], 0
    for name, value in networks.parameters.items():
        count = value[0].numel()
        if not groups or size + count > numbers:
            groups, size = [*groups, set()], 0
        groups[-1].add(name)
        size += count
    return groups


def _largest(values: np.ndarray, rows: np.ndarray, q: float) -> float:
    """The largest quotient over M: eigenvalues of H [r], Gauss-Newton rows of the samples in its eigenbasis [n, C, r]."""
    size = len(values)
    roots = np.sqrt((values[:, None] + values) / 2)
    drift = (1 - q) * np.outer(values, values)

    def times(flat: np.ndarray) -> np.ndarray:
        a = flat.reshape(size, size) / roots
        inner = rows @ ((a + a.T) / 2) @ rows.transpose(0, 2, 1)  # [n, C, C]
        fourth = np.einsum("nci,ncd,ndj->ij", rows, inner, rows, optimize=True) / len(rows)
        return ((q * fourth + drift * a) / roots).ravel()

    if size == 1:
        return float(times(np.ones(1))[0])
    operator = LinearOperator((size**2, size**2), matvec=times, dtype=float)
    return float(eigsh(operator, 1, which="LA", v0=np.diag(np.sqrt(values)).ravel(), return_eigenvectors=False)[0])
