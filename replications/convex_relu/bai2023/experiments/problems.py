"""The regression problem in the plane: ten numbers with noisy targets, and a bias."""

import numpy as np

from verifig.training.seeds import derive


def stream(*names: object) -> np.random.Generator:
    """Random numbers of the paper's own, from names."""
    return np.random.default_rng(derive("bai2023", *names))


def regression(settings: dict, *names: object) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [n, 2], sorted numbers of U(-1, 1) and a column of ones, and targets sin 4x + noise N(0, 1) [n]."""
    draw = stream("regression", *names)
    x = np.sort(draw.uniform(-1, 1, settings["samples"]))
    y = np.sin(4 * x) + settings["noise"] * draw.standard_normal(len(x))
    return np.stack([x, np.ones_like(x)], 1), y
