"""The paper's algorithms as one writes them first: one method, one data set, a loop in NumPy."""

import numpy as np
from scipy.special import expit


def plain(rows: np.ndarray, method: str, step_size: float = 1.0, cap: int = 5000) -> tuple[int, list[np.ndarray]]:
    """Iterations until all products are positive (0: not by `cap`), and theta after each of them."""
    n, theta, path = len(rows), np.zeros(rows.shape[1]), []
    for t in range(1, cap + 1):
        products = rows @ theta
        soft, wrong = expit(-products), (products <= 0).astype(float)
        weights = {
            "descent": step_size * soft / n,
            "normalised_descent": step_size * (soft / n) / soft.mean(),
            "perceptron": (0.5 if t == 1 else 1.0) * wrong / n,
            "normalised_perceptron": wrong / max(wrong.sum(), 1),
        }[method]
        theta = theta + weights @ rows
        path.append(theta)
        if (rows @ theta > 0).all():
            return t, path
    return 0, path
