"""Random projections from d coordinates to all D parameters of a network, with columns of norm one.

Li et al. 2018 (arXiv 1804.08838) train theta = theta_0 + P phi in place of theta. Each class is P as a linear map: called on
coordinates [..., d] it gives changes of the parameters [..., D]; `transpose` takes gradients [..., D] to [..., d], and autograd does
the same. Entries of different tensors have one variance, and a column has norm 1 over all tensors together. Draws are made on
the CPU, so that all devices get the same P.

    projection = fastfood([p.numel() for p in module.parameters()], 500, torch.Generator().manual_seed(0))
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


class Dense:
    """P with independent normal entries, then columns of norm 1; `rows` [d, D] are the columns of P.

    Called: coordinates [..., d] -> [..., D]. Memory d D.
    """

    def __init__(self, rows: Tensor):
        self.rows = rows

    @property
    def shape(self) -> tuple[int, int]:
        """(D, d)."""
        return self.rows.shape[1], self.rows.shape[0]

    def __call__(self, coordinates: Tensor) -> Tensor:
        return coordinates @ self.rows

    def transpose(self, gradient: Tensor) -> Tensor:
        """Gradients [..., D] -> [..., d]."""
        return gradient @ self.rows.T

    def matrix(self) -> Tensor:
        """The columns of P as rows [d, D]."""
        return self.rows

    def to(self, device: torch.device) -> "Dense":
        """The same map on a device."""
        return Dense(self.rows.to(device))


class Sparse:
    """P with few entries other than 0, kept as a list: parameter, coordinate [n] int64 and value [n].

    Called: coordinates [..., d] -> [..., D]. Memory n, about d times the sum of the square roots of the tensors' sizes.
    """

    def __init__(self, parameter: Tensor, coordinate: Tensor, value: Tensor, shape: tuple[int, int]):
        self.parameter, self.coordinate, self.value, self.shape = parameter, coordinate, value, shape

    def __call__(self, coordinates: Tensor) -> Tensor:
        zeros = coordinates.new_zeros(*coordinates.shape[:-1], self.shape[0])
        return zeros.index_add(-1, self.parameter, coordinates[..., self.coordinate] * self.value)

    def transpose(self, gradient: Tensor) -> Tensor:
        """Gradients [..., D] -> [..., d]."""
        zeros = gradient.new_zeros(*gradient.shape[:-1], self.shape[1])
        return zeros.index_add(-1, self.coordinate, gradient[..., self.parameter] * self.value)

    def matrix(self) -> Tensor:
        """The columns of P as rows [d, D]."""
        rows = self.value.new_zeros(self.shape[1], self.shape[0])
        return rows.index_put((self.coordinate, self.parameter), self.value)

    def to(self, device: torch.device) -> "Sparse":
        """The same map on a device."""
        return Sparse(*(part.to(device) for part in (self.parameter, self.coordinate, self.value)), self.shape)


class Fastfood:
    """P = (H diag(g) S H diag(b)) cut to D rows and d columns, over its norm: one block of length L = 2^ceil(log2 D), never formed.

    H is the Walsh-Hadamard matrix [L, L] of +-1, b [L] signs, S a permutation, g [L] normal (Le, Sarlos, Smola 2013). Columns have
    norm 1 exactly where D = L, else in the mean of squares; their inner products have variance 2 / L there, twice those of `Dense`.
    Called: coordinates [..., d] -> [..., D] in O(L log L). Memory 3 L.
    """

    def __init__(self, signs: Tensor, order: Tensor, scales: Tensor, shape: tuple[int, int]):
        self.signs, self.order, self.scales, self.shape = signs, order, scales, shape
        length = len(signs)
        self._norm = (length * scales.square().sum() * shape[0] / length).sqrt()

    def __call__(self, coordinates: Tensor) -> Tensor:
        size, dimension = self.shape
        signed = coordinates * self.signs[:dimension]
        padded = torch.nn.functional.pad(signed, (0, len(self.signs) - dimension))
        return hadamard(hadamard(padded)[..., self.order] * self.scales)[..., :size] / self._norm

    def transpose(self, gradient: Tensor) -> Tensor:
        """Gradients [..., D] -> [..., d]."""
        size, dimension = self.shape
        mixed = hadamard(torch.nn.functional.pad(gradient, (0, len(self.signs) - size))) * self.scales
        ordered = hadamard(torch.zeros_like(mixed).index_copy(-1, self.order, mixed))
        return (ordered * self.signs)[..., :dimension] / self._norm

    def matrix(self) -> Tensor:
        """The columns of P as rows [d, D]."""
        units = torch.eye(self.shape[1], dtype=self.scales.dtype, device=self.scales.device)
        return torch.cat([self(part) for part in units.split(64)])

    def to(self, device: torch.device) -> "Fastfood":
        """The same map on a device."""
        return Fastfood(*(part.to(device) for part in (self.signs, self.order, self.scales)), self.shape)


def dense(sizes: Sequence[int], dimension: int, stream: torch.Generator, dtype: torch.dtype = torch.float32) -> Dense:
    """P of normal entries.

    Args:
        sizes: numbers of entries of the parameter tensors; their sum is D.
        dimension: d.
        stream: a CPU generator.
    """
    rows = torch.randn(dimension, sum(sizes), generator=stream, dtype=dtype)
    return Dense(rows / rows.norm(dim=1, keepdim=True))


def sparse(sizes: Sequence[int], dimension: int, stream: torch.Generator, dtype: torch.dtype = torch.float32) -> Sparse:
    """P of +-1/sqrt(p) with probability p, else 0, with p = 1/sqrt(n) in a tensor of n entries, as the authors' code has it.

    After Achlioptas 2003, Li, Hastie, Church 2006. Arguments as of `dense`.
    """
    parts, start = [], 0
    for size in sizes:
        share = size**-0.5
        coordinate, entry = (torch.rand(dimension, size, generator=stream) < share).nonzero(as_tuple=True)
        signs = torch.randint(2, (len(entry),), generator=stream).to(dtype) * 2 - 1
        parts.append((start + entry, coordinate, signs / share**0.5))
        start += size
    parameter, coordinate, value = (torch.cat(each) for each in zip(*parts, strict=True))
    squares = value.new_zeros(dimension).index_add(0, coordinate, value.square())
    return Sparse(parameter, coordinate, value / squares.sqrt()[coordinate], (start, dimension))


def fastfood(
    sizes: Sequence[int], dimension: int, stream: torch.Generator, dtype: torch.dtype = torch.float32
) -> Fastfood:
    """P of one Fastfood block; `dimension` at most L. Arguments as of `dense`."""
    size = sum(sizes)
    length = 2 ** math.ceil(math.log2(size))
    signs = torch.randint(2, (length,), generator=stream).to(dtype) * 2 - 1
    order = torch.randperm(length, generator=stream)
    return Fastfood(signs, order, torch.randn(length, generator=stream, dtype=dtype), (size, dimension))


def hadamard(values: Tensor) -> Tensor:
    """Walsh-Hadamard transform H x of x [..., L], L a power of two, unnormalised: H H = L I."""
    shape = values.shape
    length, half = shape[-1], 1
    while half < length:
        pairs = values.reshape(*shape[:-1], length // (2 * half), 2, half)
        first, second = pairs.unbind(-2)
        values = torch.stack([first + second, first - second], -2).reshape(shape)
        half *= 2
    return values


KINDS = {"dense": dense, "sparse": sparse, "fastfood": fastfood}
