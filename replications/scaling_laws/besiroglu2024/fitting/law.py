"""The law L(N, D) = E + A/N^alpha + B/D^beta: prediction, robust objective, likelihood and compute-optimal policy.

Parameters are theta = (a, b, e, alpha, beta) with A = exp(a), B = exp(b), E = exp(e), along the last axis of an array
(Hoffmann et al. 2022, approach 3; Besiroglu et al. 2024). N = parameters, D = training tokens, L = loss in nats,
C = training compute in FLOP = 6 N D. Everything is float64 numpy.
"""

import math

import numpy as np
from scipy import optimize, special

PARAMETERS = ("a", "b", "e", "alpha", "beta")
DELTA = 1e-3  # Hoffmann et al.: width of the quadratic part of the Huber loss, in log loss
FLOP_PER_TOKEN_AND_PARAMETER = 6.0


def theta_from(A: float, B: float, E: float, alpha: float, beta: float) -> np.ndarray:
    """(A, B, E, alpha, beta) -> theta [5]."""
    return np.array([math.log(A), math.log(B), math.log(E), alpha, beta])


def coefficients(theta: np.ndarray) -> np.ndarray:
    """theta [..., 5] -> (A, B, E, alpha, beta) [..., 5]."""
    theta = np.asarray(theta, float)
    return np.concatenate([np.exp(theta[..., :3]), theta[..., 3:]], axis=-1)


def terms(theta: np.ndarray, n: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Logs of the three terms of the law [..., rows, 3] at n = ln N [rows] and d = ln D [rows]."""
    a, b, e, alpha, beta = (np.asarray(theta, float)[..., k, None] for k in range(5))
    return np.stack(np.broadcast_arrays(a - alpha * n, b - beta * d, e + 0 * n), axis=-1)


def log_loss(theta: np.ndarray, N: np.ndarray, D: np.ndarray) -> np.ndarray:
    """ln L(N, D) as the log-sum-exp of the three terms: theta [..., 5], N and D [rows] -> [..., rows]."""
    return special.logsumexp(terms(theta, np.log(N), np.log(D)), axis=-1)


def loss(theta: np.ndarray, N: np.ndarray, D: np.ndarray) -> np.ndarray:
    """L(N, D): theta [..., 5], N and D [rows] -> [..., rows]."""
    return np.exp(log_loss(theta, N, D))


def huber(residual: np.ndarray, delta: float = DELTA) -> np.ndarray:
    """r^2 / 2 for |r| <= delta, else delta (|r| - delta / 2)."""
    size = np.abs(residual)
    return np.where(size <= delta, 0.5 * residual**2, delta * (size - 0.5 * delta))


def objective(
    theta: np.ndarray, N: np.ndarray, D: np.ndarray, L: np.ndarray, delta: float = DELTA, mean: bool = False
) -> np.ndarray:
    """Sum (or mean) over rows of the Huber loss of ln L - ln L(N, D): theta [..., 5] -> [...]."""
    each = huber(np.log(L) - log_loss(theta, N, D), delta)
    return each.mean(-1) if mean else each.sum(-1)


def gradient(
    theta: np.ndarray, N: np.ndarray, D: np.ndarray, L: np.ndarray, delta: float = DELTA, mean: bool = False
) -> np.ndarray:
    """Gradient [5] of `objective` at one theta [5]; the softmax of the terms is the derivative of the prediction."""
    n, d = np.log(N), np.log(D)
    parts = terms(theta, n, d)
    share = special.softmax(parts, axis=-1)
    slope = -np.clip(np.log(L) - special.logsumexp(parts, axis=-1), -delta, delta)
    one, two, three = (slope * share[:, k] for k in range(3))
    result = np.array([one.sum(), two.sum(), three.sum(), -(one @ n), -(two @ d)])
    return result / len(n) if mean else result


def huber_normaliser(delta: float = DELTA) -> float:
    """Integral of exp(-huber(x, delta)) over the real line."""
    tail = special.ndtr(-delta)
    return math.sqrt(2 * math.pi) * (1 - 2 * tail) + 2 / delta * math.exp(-(delta**2) / 2)


def log_likelihood(
    theta: np.ndarray, N: np.ndarray, D: np.ndarray, L: np.ndarray, delta: float = DELTA
) -> tuple[float, float]:
    """(log-likelihood, scale s) of the Huber density of r/s, s chosen best for this theta.

    -ln p = sum huber(r/s, delta) + n (ln s + ln Z). With s far below the residuals this is a Laplace density, so its
    best theta is the least-absolute-deviation fit (Besiroglu et al., likelihood ratio test).
    """
    residual = np.log(L) - log_loss(theta, N, D)
    laplace = math.log(delta * np.abs(residual).mean())

    def negative(log_scale: float) -> float:
        return huber(residual * math.exp(-log_scale), delta).sum() + len(residual) * log_scale

    best = optimize.minimize_scalar(negative, bracket=(laplace - 0.5, laplace + 0.5), options={"xtol": 1e-12})
    return -best.fun - len(residual) * math.log(huber_normaliser(delta)), math.exp(best.x)


def compute_exponent(theta: np.ndarray) -> np.ndarray:
    """a = beta / (alpha + beta): the optimal N grows as C^a, the optimal D as C^(1 - a); theta [..., 5] -> [...]."""
    theta = np.asarray(theta, float)
    return theta[..., 4] / (theta[..., 3] + theta[..., 4])


def policy(theta: np.ndarray, compute: np.ndarray, exponent: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Loss-minimising (N, D) for a compute budget C = 6 N D in FLOP.

    Args:
        theta: [..., 5]; compute: broadcastable with [...].
        exponent: use this a instead of beta / (alpha + beta) (as published rounded values ask for).
    """
    a, b, _, alpha, beta = np.moveaxis(np.asarray(theta, float), -1, 0)
    balance = np.exp((np.log(alpha) + a - np.log(beta) - b) / (alpha + beta))
    share = compute_exponent(theta) if exponent is None else exponent
    tokens_times_parameters = np.asarray(compute, float) / FLOP_PER_TOKEN_AND_PARAMETER
    return balance * tokens_times_parameters**share, tokens_times_parameters ** (1 - share) / balance


def tokens_per_parameter(theta: np.ndarray, compute: np.ndarray, exponent: float | None = None) -> np.ndarray:
    """D/N of the optimal policy at compute C in FLOP."""
    N, D = policy(theta, compute, exponent)
    return D / N
