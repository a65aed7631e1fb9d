"""When a network with squared ReLUs oscillates around a label under SGD."""

import numpy as np


def edge(loss_factor: float = 1.0) -> float:
    """The learning rate, in units of m / |u|^2, above which f = y is unstable on strong samples: 1/4 for the loss (f - y)^2.

    A step on the strong feature u multiplies every active <w, u> by 1 - 4 c r with residual r = f - y (|y| = 1, loss
    `loss_factor` (f - y)^2, rate c m / |u|^2), hence f by its square: f = y is stable if 8 c < 2.

    Args:
        loss_factor: 1/2 for half the squared error, with the edge at 1/2.
    """
    return 0.25 / loss_factor


def residuals(start: float, rate: float, steps: int) -> np.ndarray:
    """r = y f - 1 [steps + 1] of a strong sample trained alone: 1 + r becomes (1 + r) (1 - 4 rate r)^2.

    Args:
        start: r before the first step.
        rate: learning rate in units of m / |u|^2, loss (f - y)^2.
    """
    found = [start]
    for _ in range(steps):
        found.append((1 + found[-1]) * (1 - 4 * rate * found[-1]) ** 2 - 1)
    return np.array(found)


def chance_of_a_dead_start(width: int) -> float:
    """Chance that of `width` neurons of each sign none is active on the strong feature of its label, for one label or both."""
    return 1 - (1 - 0.5**width) ** 2
