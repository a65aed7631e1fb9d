"""Exact errors of stochastic gradient descent on two one-parameter families of problems."""

import numpy as np


def quadratic_errors(
    multiple: float, steps: int, start: float = 1.0, curvature: float = 1.0, noise: float = 1.0
) -> np.ndarray:
    """E F(x_t), t = 0 ... `steps` [steps + 1], on F = mu x^2 / 2 with step sizes c / (mu (t + 2)) and gradient noise of variance sigma^2.

    The second moment obeys v_{t+1} = (1 - c / (t + 2))^2 v_t + (c sigma / (mu (t + 2)))^2.

    Args:
        multiple: c.
        start: x_0^2.
        curvature: mu.
        noise: sigma, standard deviation.
    """
    moments = [start]
    for t in range(steps):
        step = multiple / (t + 2)
        moments.append((1 - step) ** 2 * moments[-1] + (step * noise / curvature) ** 2)
    return curvature * np.array(moments) / 2


def quadratic_limit(multiple: float, curvature: float = 1.0, noise: float = 1.0) -> float:
    """Limit of T E F(x_T) of `quadratic_errors`: c^2 sigma^2 / (2 mu (2 c - 1)) for c > 1/2; for c = 1/2 or less it grows without limit."""
    return multiple**2 * noise**2 / (2 * curvature * (2 * multiple - 1)) if multiple > 0.5 else np.inf


def sharp_error(step: float, slope: float = 1.0, noise: float = 1.0) -> float:
    """E F = eta (G^2 + sigma^2) / 2 of F = G |x| in any dimension, once E |x|^2 is stationary under steps of constant size eta.

    A step takes 2 eta G E|x| from E|x|^2 and adds eta^2 (G^2 + sigma^2).

    Args:
        step: eta.
        slope: G.
        noise: sigma; sigma^2 is the variance of the gradient noise summed over coordinates.
    """
    return step * (slope**2 + noise**2) / 2
