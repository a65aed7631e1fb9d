"""The eigenframework of random-feature ridge regression (Simon et al. 2024, "More is Better"): exact formulas, no torch.

A task is a spectrum `eigenvalues` lambda_i [M], target coefficients squared `target` v_i^2 [M] and a label-noise
variance. `n` samples, `k` features (infinite = kernel regression), `ridge` delta >= 0 added to K = Phi Phi^T / k as
it stands, not divided by n. Everything is float64.
"""

import math
from dataclasses import dataclass

import numpy as np

ITERATIONS = 100  # halvings of a bracket of about 160 in log gamma: far below rounding
GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Task:
    """Spectrum [M], squared target coefficients [M], noise variance."""

    eigenvalues: np.ndarray
    target: np.ndarray
    noise: float = 0.0


def power_law_task(size: int, spectral_exponent: float, target_exponent: float, noise: float = 0.0) -> Task:
    """lambda_i = i^-a and v_i^2 = i^-b for i = 1 .. size."""
    index = np.arange(1, size + 1, dtype=float)
    return Task(index**-spectral_exponent, index**-target_exponent, noise)


def implicit_constants(eigenvalues: np.ndarray, n: int, k: float, ridge: float) -> tuple[float, float]:
    """(kappa, gamma) >= 0 with n = sum L + ridge/kappa and k = sum L + k kappa/gamma, L = lambda/(lambda + gamma).

    kappa is eliminated: with z = sum L, kappa = gamma (k - z)/k, and z + ridge k/(gamma (k - z)) falls from infinity
    (z near min(n, k)) to 0, so one bisection in log gamma finds the root.

    Raises:
        ValueError: no ridge and k = n, where the risk is infinite; or a spectrum too short to reach min(n, k).
    """
    if ridge < 0 or n < 1 or k < 1:
        raise ValueError(f"n and k must be at least 1 and the ridge at least 0, got n={n}, k={k}, ridge={ridge}")
    if ridge == 0 and n == k:
        raise ValueError("without a ridge the risk at k = n is infinite")
    if ridge == 0 and len(eigenvalues) <= min(n, k):
        raise ValueError(f"{len(eigenvalues)} eigenvalues cannot carry min(n, k) = {min(n, k)} degrees of freedom")
    low, high = math.log(1e-40), math.log(eigenvalues.sum() + ridge) + 30
    for _ in range(ITERATIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _excess(eigenvalues, n, k, ridge, math.exp(middle)) > 0 else (low, middle)
    gamma = math.exp((low + high) / 2)
    z = _degrees(eigenvalues, gamma)
    return gamma * max(1 - z / k, 0.0), gamma


def _degrees(eigenvalues: np.ndarray, gamma: float) -> float:
    return float((eigenvalues / (eigenvalues + gamma)).sum())


def _excess(eigenvalues: np.ndarray, n: int, k: float, ridge: float, gamma: float) -> float:
    """Left side minus n of the equation for gamma; infinite where z >= k."""
    z = _degrees(eigenvalues, gamma)
    if z >= k:
        return math.inf
    return z + ridge / (gamma * (1 - z / k)) - n


def risk(task: Task, n: int, k: float, ridge: float) -> tuple[float, float]:
    """(test error, train error), mean squared, noise included, of RF ridge regression (Simon et al., RF eigenframework).

    `k = math.inf` gives kernel ridge regression. The train error is ((n - z)/n)^2 of the test error, since
    ridge/kappa = n - z.
    """
    kappa, gamma = implicit_constants(task.eigenvalues, n, k, ridge)
    learn = task.eigenvalues / (task.eigenvalues + gamma)
    z, q = learn.sum(), (learn**2).sum()
    if math.isinf(k):
        test = ((1 - learn) ** 2 @ task.target + task.noise) * n / (n - q)
    else:
        share = k / (k - q)
        bias = (gamma / (task.eigenvalues + gamma) - kappa * learn / (task.eigenvalues + gamma) * share) @ task.target
        test = (bias + task.noise) / (1 - (q * (k - 2 * z) + z**2) / (n * (k - q)))
    return float(test), float(((n - z) / n) ** 2 * test)


def optimal_ridge(task: Task, n: int, k: float, low: float = 1e-8, high: float = 1e6) -> tuple[float, float]:
    """(ridge, test error) at the smallest test error, by golden section in log ridge."""
    a, b = math.log(low), math.log(high)
    c, d = b - GOLDEN * (b - a), a + GOLDEN * (b - a)
    at_c, at_d = (risk(task, n, k, math.exp(x))[0] for x in (c, d))
    for _ in range(45):
        if at_c < at_d:
            b, d, at_d = d, c, at_c
            c = b - GOLDEN * (b - a)
            at_c = risk(task, n, k, math.exp(c))[0]
        else:
            a, c, at_c = c, d, at_d
            d = a + GOLDEN * (b - a)
            at_d = risk(task, n, k, math.exp(d))[0]
    return math.exp((a + b) / 2), min(at_c, at_d)


def pool_risk(test: float, train: float, n: int, pool: int) -> float:
    """Error on the rest of a finite pool that `n` training points are drawn from: (M E_test - n E_train)/(M - n)."""
    return (pool * test - n * train) / (pool - n)


def fitting_risk(ratio: np.ndarray | float, a: float, b: float, noise: float = 0.0, n: float = 1.0) -> np.ndarray:
    """Test error of kernel regression on power-law tasks by fitting ratio R = E_train/E_test (Theorem 2).

    Args:
        ratio: R in [0, 1).
        a, b: exponents of the spectrum and of the squared target coefficients.
        noise: rho, label noise in units of the noise-free, ridgeless test error.
    """
    t = np.sqrt(np.asarray(ratio, float))
    scale = n ** -(b - 1) * math.pi**b * (a - b + 1) * math.sin(math.pi / a) / math.sin(math.pi * (b - 1) / a)
    shape = (1 - t + a * noise * (1 - t) ** b) / (1 + (a - 1) * t)
    return scale * shape * (a * math.sin(math.pi / a) * (1 - t)) ** -b


def interpolation_noise(a: float, b: float) -> float:
    """Largest relative noise at which interpolation (R = 0) is optimal: (b - a)/(a (a - 1)); negative: never."""
    return (b - a) / (a * (a - 1))


def optimal_fitting_ratio(a: float, b: float, noise: float) -> float:
    """R* that minimises `fitting_risk` (Corollary 1): exactly 0 up to `interpolation_noise`.

    Above it, the root in t = sqrt R of (b - 1)(1 - t)^-b (1 + (a - 1) t) = (a - 1)[(1 - t)^(1 - b) + a rho].
    """
    if noise <= interpolation_noise(a, b):
        return 0.0

    def slope(t: float) -> float:
        return (b - 1) * (1 - t) ** -b * (1 + (a - 1) * t) - (a - 1) * ((1 - t) ** (1 - b) + a * noise)

    low, high = 0.0, 1 - 1e-9
    for _ in range(ITERATIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return ((low + high) / 2) ** 2


def arc_cosine_kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """E relu(w.x) relu(w.y) for w ~ N(0, (2/d) I): rows [n, d], [m, d] -> [n, m] (infinitely many ReLU features)."""
    norms = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)[None]
    angle = np.arccos(np.clip(x @ y.T / norms, -1, 1))
    return norms * (np.sin(angle) + (math.pi - angle) * np.cos(angle)) / (math.pi * x.shape[1])


def kernel_task(kernel: np.ndarray, targets: np.ndarray) -> Task:
    """Eigen-data of a pool of N points: lambda = eig(K)/N, v = U^T y / sqrt N, largest first."""
    values, vectors = np.linalg.eigh(kernel)
    coefficients = vectors.T @ targets / math.sqrt(len(targets))
    return Task(np.maximum(values[::-1] / len(targets), 0.0), coefficients[::-1] ** 2)
