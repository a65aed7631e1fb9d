"""Closed forms of Bahri et al. for linear models with random features, and of what we derived from them.

Conventions: features F in S dimensions with covariance eigenvalues lambda_i, targets omega . F with omega ~ N(0, 1/S),
loss = half the mean squared error, averaged over omega. Everything is float64 numpy.
"""

import math

import numpy as np
from scipy import optimize


def power_spectrum(size: int, alpha: float) -> np.ndarray:
    """lambda_i = i^-(1 + alpha), i = 1 ... size."""
    return np.arange(1, size + 1, dtype=float) ** -(1 + alpha)


def kappa(eigenvalues: np.ndarray, samples: float) -> float:
    """The root kappa(D) of sum_i lambda_i / (kappa + D lambda_i) = 1; kappa(0) = the trace; 0 for D >= rank.

    Bahri et al., supplement E (replica result for ridgeless regression).
    """
    eigenvalues = np.asarray(eigenvalues, float)
    if samples >= np.count_nonzero(eigenvalues):
        return 0.0
    trace = float(eigenvalues.sum())

    def excess(log_kappa: float) -> float:
        return float((eigenvalues / (math.exp(log_kappa) + samples * eigenvalues)).sum() - 1)

    return math.exp(optimize.brentq(excess, math.log(trace) - 200, math.log(trace) + 1e-9, xtol=1e-14, rtol=1e-14))


def expected_loss(eigenvalues: np.ndarray, samples: float) -> float:
    """L(D) = kappa(D) / (2 S) with unlimited parameters; by duality also L(P) with unlimited data.

    Our simplification of the paper's kappa^2/(1 - gamma) sum_i lambda_i w_i^2/(kappa + D lambda_i)^2 for w_i^2 = 1/S.
    """
    return kappa(eigenvalues, samples) / (2 * len(eigenvalues))


def kappa_asymptotic(alpha: float, samples: float) -> float:
    """kappa(D) for lambda_i = i^-(1+alpha) and an infinite spectrum: D^-alpha [pi/((1+alpha) sin(pi/(1+alpha)))]^(1+alpha)."""
    return samples**-alpha * (math.pi / ((1 + alpha) * math.sin(math.pi / (1 + alpha)))) ** (1 + alpha)


def relative_excess(parameters: int, samples: float) -> float:
    """E[L(D, P) / L(P)] - 1 = P / (D - P - 1) for Gaussian features and D > P + 1 (variance-limited, exponent 1).

    From least squares with a Gaussian design; by duality the same with D and P exchanged.
    """
    return parameters / (samples - parameters - 1)


def nearest_neighbour_exponent(dimension: int) -> float:
    """Resolution-limited exponent 4/d for smooth functions on a d-dimensional manifold (Bahri et al., Section 2)."""
    return 4 / dimension


def slope(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """-(log-log least-squares slope): x [points], y [..., points] -> exponents [...]; NaN where a y is not positive."""
    values = np.asarray(y, float)
    log_x, log_y = np.log(np.asarray(x, float)), np.log(np.where(values > 0, values, np.nan))
    centred = log_x - log_x.mean()
    return -(log_y @ centred) / (centred @ centred)


def nested_losses(rows: np.ndarray, eigenvalues: np.ndarray) -> np.ndarray:
    """Loss of the minimum-norm fit to the first 1, 2, ... rows [D]: rows [D, S] in the eigenbasis of the covariance.

    L(D) = (1/2S) (Tr C - Tr[(X X')^-1 X C X']), all D from one Cholesky factor. Rows may be data points (L(D), P = S) or
    random projections times C^(1/2) (L(P), unlimited data): the formula is the same, which is the duality of D and P.
    """
    eigenvalues = np.asarray(eigenvalues, float)
    factor = np.linalg.cholesky(rows @ rows.T)
    solved = np.linalg.solve(factor, rows) * np.sqrt(eigenvalues)
    explained = np.cumsum((solved**2).sum(1))
    return (eigenvalues.sum() - explained) / (2 * len(eigenvalues))


def loss_of(data: np.ndarray, projection: np.ndarray, eigenvalues: np.ndarray) -> float:
    """L(D, P) = |C^(1/2) (I - Q'(X Q')^+ X)|^2 / (2 S) for whitened data [D, S] and projection [P, S], any D and P."""
    root = np.sqrt(np.asarray(eigenvalues, float))
    features = data * root  # X
    fitted = projection.T @ (np.linalg.pinv(features @ projection.T) @ features)
    residual = root[:, None] * (np.eye(len(root)) - fitted)
    return float((residual**2).sum() / (2 * len(root)))
