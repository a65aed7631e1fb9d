"""Kernels of deep infinitely wide networks on the unit sphere as functions of xi = x^T x', and what they become with depth.

NTK parametrisation, no biases: s_0 = K_0 = xi, then s_{l+1} = psi(s_l) and K_{l+1} = psi(s_l) + K_l psi'(s_l). s_L is the kernel of
a network whose last layer alone is trained (NNGP), K_L that of one trained in all layers (NTK). The formulas are derived here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from replications.infinite_depth.science.activations import Activation

LINEAR = 1e-18  # below it an iterate is multiplied by A'^2 from layer to layer, to rounding


def layers(xi: np.ndarray, activation: Activation) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """(L, s_L, K_L/K_L(1)) for L = 0, 1, 2, ...; divided by the diagonal, so that nothing overflows."""
    s, kernel, inverse = xi, xi, 1.0  # inverse: 1/K_L(1)
    depth = 0
    while True:
        yield depth, s, kernel
        kept = 1 / (activation.square_slope + inverse)  # K_L(1)/K_{L+1}(1), as K_{L+1}(1) = 1 + B' K_L(1)
        inverse = inverse * kept
        kernel = inverse * activation.dual(s) + kept * activation.dual_slope(s) * kernel
        s = activation.dual(s)
        depth += 1


def by_depth(xi: np.ndarray, activation: Activation, depths: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """s_L and K_L/K_L(1) at each of `depths` (increasing): twice [depths, *shape of xi]."""
    wanted, found = set(depths), []
    for depth, s, kernel in layers(np.asarray(xi, float), activation):
        if depth in wanted:
            found.append((s, kernel))
        if depth == max(depths):
            break
    return np.stack([s for s, _ in found]), np.stack([kernel for _, kernel in found])


def diagonal(activation: Activation, depth: int) -> float:
    """K_L(1) = sum over j <= L of B'^j."""
    return float(np.sum(activation.square_slope ** np.arange(depth + 1)))


def monomial_ntk(xi: np.ndarray, k: int, depth: int) -> np.ndarray:
    """K_L of the k-th Hermite polynomial, k >= 2, in closed form: xi^(k^L) (k^(L+1) - 1)/(k - 1)."""
    return xi ** float(k**depth) * ((k ** (depth + 1) - 1) / (k - 1))


def moebius_nngp(xi: np.ndarray, p: float, depth: int) -> np.ndarray:
    """s_L/p^L of `activations.moebius` in closed form: xi/(1 - (1 - p^L) xi)."""
    return xi / (1 - xi + p**depth * xi)


def moebius_ntk(xi: np.ndarray, p: float, depth: int) -> np.ndarray:
    """K_L/p^L of `activations.moebius` in closed form, at any depth.

    [(L + 1)(1 - xi) + xi (1 - p^(L+1))/(1 - p)] xi/(1 - (1 - p^L) xi)^2. Without the factor p^L, which underflows.
    """
    left = (depth + 1) * (1 - xi) + xi * (1 - p ** (depth + 1)) / (1 - p)
    return xi * left / (1 - xi + p**depth * xi) ** 2


def limit_kernel(xi: np.ndarray, activation: Activation) -> np.ndarray:
    """c(xi) = lim s_L/A'^(2L) of an activation with A = 0 and A' != 0; infinite at xi = 1.

    c(psi(xi)) = A'^2 c(xi), and c ~ R |x - x'|^-alpha near xi = 1 with R bounded and periodic in log |x - x'|.

    Raises:
        ValueError: the activation has another regime.
    """
    if activation.regime != "singular":
        raise ValueError(f"{activation.name} has no singular limit: its regime is {activation.regime}")
    s = np.where(xi < 1, xi, 0.0)
    scale = 1.0
    while np.abs(s).max() > LINEAR:
        s, scale = activation.dual(s), scale * activation.mean_slope_squared
    return np.where(xi < 1, s / scale, np.inf)


@dataclass(frozen=True)
class Limit:
    """What an infinitely deep network does: it predicts the sign of `weights` [m, n] times the n training labels (+1, -1)."""

    regime: str
    weights: np.ndarray


def deep_limit(kernel: np.ndarray, activation: Activation) -> Limit:
    """The classifier of infinite depth by activation.

    Args:
        kernel: inner products xi [m, n] of m inputs with n training inputs, all of length 1 (K_0); in [0, 1], unless the
            activation is odd.

    Raises:
        ValueError: B' < 1, whose limit is not a vote of the training labels.
    """
    regime = activation.regime
    if regime == "nearest":
        weights = (np.arange(kernel.shape[1]) == kernel.argmax(1)[:, None]).astype(float)
    elif regime == "majority":
        weights = np.ones_like(kernel)
    elif regime == "singular":
        weights = limit_kernel(kernel, activation)
    else:
        raise ValueError(
            f"{activation.name} has B' = {activation.square_slope:g} < 1: its limit is no vote of the labels"
        )
    return Limit(regime, weights)
