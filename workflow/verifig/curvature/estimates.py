"""Eigenvalues, trace and spectral density of an `Operator`, without its matrix.

Random starts and probes derive from `seed`: the same call gives the same numbers.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse.linalg import ArpackNoConvergence, eigsh
from torch import Tensor

from verifig.curvature import lanczos
from verifig.curvature.operators import Operator
from verifig.ground.errors import InputError, RunError

SMALL = 64  # parameters up to which the matrix is formed


@dataclass(frozen=True)
class Estimate:
    """A random estimate and its standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class Density:
    """A spectral density phi(t) = (1/P) sum_i delta(t - lambda_i) as quadratures: one row a random probe.

    Args:
        nodes, weights: [probes, steps] float64; the weights of a probe sum to 1.
        size: P.
    """

    nodes: np.ndarray
    weights: np.ndarray
    size: int

    def smoothed(self, grid: np.ndarray, width: float) -> np.ndarray:
        """Density on `grid` [...] (per unit of the eigenvalues), each node a Gaussian of standard deviation `width`."""
        distance = (np.asarray(grid, float)[..., None, None] - self.nodes) / width
        bumps = self.weights * np.exp(-(distance**2) / 2) / (width * math.sqrt(2 * math.pi))
        return bumps.sum(-1).mean(-1)

    def moment(self, order: int) -> Estimate:
        """tr(A^order)/P."""
        return _estimate((self.weights * self.nodes**order).sum(1))

    def share(self, low: float, high: float) -> Estimate:
        """Share of the eigenvalues in [low, high]."""
        return _estimate((self.weights * ((self.nodes >= low) & (self.nodes <= high))).sum(1))


def top_eigenpairs(
    operator: Operator, count: int = 1, *, tolerance: float = 1e-6, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The `count` largest eigenvalues, decreasing [count], and their eigenvectors [count, P].

    By ARPACK's restarted Lanczos method (`scipy.sparse.linalg.eigsh`), or from the matrix itself where P is small or
    almost all eigenvalues are asked for.

    Args:
        tolerance: residual of an eigenpair relative to the eigenvalue.

    Raises:
        InputError: a count outside 1 ... P, or a matrix that is not finite.
        RunError: not converged.
    """
    if not 1 <= count <= operator.size:
        raise InputError(f"count = {count} must be between 1 and the number of parameters, {operator.size}")
    start = torch.randn(operator.size, generator=_stream(seed), dtype=torch.float64)
    probe = start.to(operator.device, operator.dtype)
    if not torch.isfinite(operator.product(probe[None])).all():
        raise InputError("the curvature is not finite at these parameters")
    if operator.size <= max(SMALL, 2 * count):
        values, vectors = (part.cpu().numpy() for part in torch.linalg.eigh(operator.dense()))
        values, vectors = values[-count:], vectors[:, -count:]
    else:
        try:
            matrix = operator.scipy()
            first = start.numpy().astype(matrix.dtype)
            values, vectors = eigsh(matrix, k=count, which="LA", tol=tolerance, v0=first)
        except ArpackNoConvergence as error:
            raise RunError(f"the largest eigenvalues did not converge to a tolerance of {tolerance:g}") from error
    order = np.argsort(values)[::-1]
    return values[order], vectors[:, order].T


def trace(operator: Operator, probes: int = 32, *, deflated: int = 0, seed: int = 0) -> Estimate:
    """Trace by random signs (Hutchinson 1990); with `deflated` directions by Hutch++ (Meyer et al., arXiv 2010.09649).

    Hutch++ takes the trace over the range of A times `deflated` random vectors exactly and estimates the rest, which
    pays where few eigenvalues carry the trace. Products: probes + 2 deflated.

    Args:
        probes: random vectors that the standard error comes from, at least 2.

    Raises:
        InputError: fewer than two probes.
    """
    if probes < 2:
        raise InputError(f"probes = {probes} must be at least 2 for a standard error")
    if probes + 2 * deflated >= operator.size:
        return Estimate(float(operator.dense().double().trace()), 0.0)
    signs, exact = _signs(deflated + probes, operator, seed), 0.0
    sketch, signs = signs[:deflated], signs[deflated:]
    if deflated:
        basis = torch.linalg.qr(operator.product(sketch).T).Q.T
        exact = float((operator.product(basis) * basis).double().sum())
        signs = signs - signs @ basis.T @ basis
    rest = _estimate((operator.product(signs) * signs).double().sum(1).cpu().numpy())
    return Estimate(exact + rest.value, rest.error)


def density(operator: Operator, probes: int = 8, steps: int = 64, *, seed: int = 0) -> Density:
    """Spectral density by stochastic Lanczos quadrature (Ubaru, Chen and Saad 2017), from `probes` random signs.

    Args:
        steps: nodes a probe; the outermost ones are close to the extreme eigenvalues. Memory: probes steps P numbers.

    Raises:
        InputError: fewer than one probe or step, or a matrix that is not finite.
    """
    if probes < 1 or steps < 1:
        raise InputError(f"probes = {probes} and steps = {steps} must be at least 1")
    found = lanczos.quadrature(operator.product, _signs(probes, operator, seed), steps)
    if not torch.isfinite(found.nodes).all():
        raise InputError("the curvature is not finite at these parameters")
    return Density(found.nodes.cpu().numpy(), found.weights.cpu().numpy(), operator.size)


def _stream(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _signs(count: int, operator: Operator, seed: int) -> Tensor:
    """Random signs [count, P], the same on every device."""
    signs = torch.randint(2, (count, operator.size), generator=_stream(seed)) * 2 - 1
    return signs.to(operator.device, operator.dtype)


def _estimate(values: np.ndarray) -> Estimate:
    error = values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return Estimate(float(values.mean()), float(error))
