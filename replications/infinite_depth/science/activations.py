"""Activations as infinitely wide networks see them: dual activations, the three constants that decide the limit of depth.

All are normalised: E phi(g)^2 = 1 for g ~ N(0, 1). With phi = sum a_k h_k in orthonormal Hermite polynomials the dual
activation is psi(xi) = E phi(g) phi(g') = sum a_k^2 xi^k for standard normal g, g' of correlation xi.

Source: that the activation decides the limit is the statement of Radhakrishnan, Belkin, Uhler, PNAS 2023 (arXiv 2204.14126,
abstract); the formulas are derived here.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial, hermite_e

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Activation:
    """A normalised activation.

    Attributes:
        dual: psi, of correlations in [0, 1] (of odd activations in [-1, 1]); any shape.
        dual_slope: psi', the dual of phi'.
        mean: A = E phi, which is 0 or not.
        mean_slope_squared: A'^2 = (E phi')^2 = a_1^2.
        square_slope: B' = E phi'^2 = psi'(1).
        function, slope: phi and phi', None where there is no closed form.
    """

    name: str
    dual: Function
    dual_slope: Function
    mean: float
    mean_slope_squared: float
    square_slope: float
    function: Function | None = None
    slope: Function | None = None

    @property
    def regime(self) -> str:
        """The classifier that infinite depth makes of it.

        `nearest`: A = A' = 0; `singular`: A = 0 and A' != 0; `majority`: A != 0 and B' >= 1; `ordered`: B' < 1, where
        the limit is none of the three.
        """
        if self.square_slope < 1 - 1e-12:
            return "ordered"
        if self.mean:
            return "majority"
        return "singular" if self.mean_slope_squared else "nearest"

    @property
    def order(self) -> float:
        """alpha = -4 log A' / log B', the order of the singularity |x - x'|^-alpha of the limit, if it has one."""
        return -2 * math.log(self.mean_slope_squared) / math.log(self.square_slope)


def hermite(squares: Sequence[float], name: str = "hermite") -> Activation:
    """sum_k sqrt(squares[k]) h_k in orthonormal Hermite polynomials; `squares` are the a_k^2, which sum to 1."""
    squares = np.asarray(squares, float)
    dual = Polynomial(squares)
    norms = np.sqrt([math.factorial(k) for k in range(len(squares))])
    function = Polynomial(hermite_e.herme2poly(np.sqrt(squares) / norms))
    return Activation(
        name=name,
        dual=dual,
        dual_slope=dual.deriv(),
        mean=float(np.sqrt(squares[0])),
        mean_slope_squared=float(squares[1]) if len(squares) > 1 else 0.0,
        square_slope=float(np.arange(len(squares)) @ squares),
        function=function,
        slope=function.deriv(),
    )


def cubic_squares(dimension: float) -> list[float]:
    """a_k^2 of the cubic activation whose limit is singular of order `dimension` >= 2 exactly: B' = 2, A'^2 = 2^(-d/2)."""
    edge = 2.0 ** (-dimension / 2)
    return [0.0, edge, 1 - 2 * edge, edge]


def cubic(dimension: float) -> Activation:
    """2^(-d/4) (z^3 - 3z)/sqrt 6 + sqrt(1 - 2^(1 - d/2)) (z^2 - 1)/sqrt 2 + 2^(-d/4) z (see `cubic_squares`)."""
    return hermite(cubic_squares(dimension), f"cubic, d = {dimension:g}")


def relu() -> Activation:
    """sqrt 2 max(z, 0): A = 1/sqrt pi, A'^2 = 1/2, B' = 1."""

    def dual(xi: np.ndarray) -> np.ndarray:
        return (np.sqrt((1 - xi) * (1 + xi)) + xi * (np.pi - np.arccos(xi))) / np.pi

    return Activation(
        name="ReLU",
        dual=dual,
        dual_slope=lambda xi: 1 - np.arccos(xi) / np.pi,
        mean=1 / math.sqrt(math.pi),
        mean_slope_squared=0.5,
        square_slope=1.0,
        function=lambda z: math.sqrt(2) * np.maximum(z, 0),
        slope=lambda z: math.sqrt(2) * (z > 0),
    )


def sine(frequency: float) -> Activation:
    """sin(w z), normalised: psi = sinh(w^2 xi)/sinh(w^2), B' = w^2 coth w^2, A'^2 = w^2/sinh w^2."""
    s = frequency**2
    scale = math.sqrt(2 / -math.expm1(-2 * s))
    return Activation(
        name=f"sine, w = {frequency:g}",
        dual=lambda xi: np.sinh(s * xi) / math.sinh(s),
        dual_slope=lambda xi: s * np.cosh(s * xi) / math.sinh(s),
        mean=0.0,
        mean_slope_squared=s / math.sinh(s),
        square_slope=s / math.tanh(s),
        function=lambda z: scale * np.sin(frequency * z),
        slope=lambda z: scale * frequency * np.cos(frequency * z),
    )


def sine_frequency(order: float) -> float:
    """The w for which infinitely deep sin(w z) networks are singular of the given order > 1."""
    low, high = 1e-3, 20.0  # the order rises with w, from 1
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sine(middle).order < order else (low, middle)
    return (low + high) / 2


def moebius(p: float) -> Activation:
    """The family a_k^2 = p (1 - p)^(k - 1), k >= 1, whose iterates are known: psi = p xi/(1 - (1 - p) xi), B' = 1/p, alpha = 2."""
    return Activation(
        name=f"Moebius, p = {p:g}",
        dual=lambda xi: p * xi / (1 - (1 - p) * xi),
        dual_slope=lambda xi: p / (1 - (1 - p) * xi) ** 2,
        mean=0.0,
        mean_slope_squared=p,
        square_slope=1 / p,
    )
