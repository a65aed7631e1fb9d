"""Tangent kernels of finite networks against those of infinite width, by activation and depth."""

from collections.abc import Sequence

import numpy as np
import torch

from replications.infinite_depth.science import THEME, activations
from replications.infinite_depth.science.activations import Activation
from replications.infinite_depth.science.kernels import by_depth, diagonal
from verifig.training.ensemble import generator
from verifig.training.run import Run


def width(run: Run) -> dict[str, np.ndarray]:
    """Groups (seeds) of nets; nets of all activations share their weights.

    Arrays, in the order relu, sine, cubic, h_2: `kernel` [activations, seeds, nets, depths, correlations], tangent kernels of a
    point with others; `limit` [activations, depths, correlations].
    """
    s = run.settings
    chosen = [
        activations.relu(),
        activations.sine(s["frequency"]),
        activations.cubic(s["cubic_dimension"]),
        activations.hermite([0, 0, 1]),
    ]
    xi, depths = np.array(s["correlations"]), s["depths"]
    others = np.stack([xi, np.sqrt(1 - xi**2)])
    inputs = np.concatenate([[[1.0], [0.0]], others], 1).astype(np.float32)

    def group(seed: int) -> np.ndarray:
        nets = []
        for net in range(s["nets"]):
            weights = draw(seed, net, s["width"], depths[-1])
            nets.append([tangents(each, inputs, weights, depths) for each in chosen])
        return np.array(nets).swapaxes(0, 1)

    found = []
    for seed in range(s["seeds"]):
        found.append(run.once(f"seed {seed}", lambda seed=seed: {"kernel": group(seed)})["kernel"])
        run.progress(seed + 1, s["seeds"], "groups")
    limit = [by_depth(xi, each, depths)[1] * [[diagonal(each, L)] for L in depths] for each in chosen]
    return {"kernel": np.stack(found, 1), "limit": np.array(limit)}


def draw(seed: int, net: int, width: int, depth: int) -> list[np.ndarray]:
    """Hidden weights [width, 2], [width, width], ..., and a readout [width], of standard normal numbers."""
    stream = generator(THEME, "width", seed, net)
    shapes = [(width, 2)] + [(width, width)] * (depth - 1) + [(width,)]
    return [torch.randn(shape, generator=stream).numpy() for shape in shapes]


def tangents(
    activation: Activation, inputs: np.ndarray, weights: Sequence[np.ndarray], depths: Sequence[int]
) -> np.ndarray:
    """Tangent kernels [depths, points] of the first input with the others, for networks of the first L hidden layers.

    f = v.h_L/sqrt(width), h_l = phi(z_l), z_1 = W_1 x, z_{l+1} = W_{l+1} h_l/sqrt(width). A heavy-tailed one may overflow.

    Args:
        inputs: [2, 1 + points].
        weights: see `draw`.
    """
    *hidden, readout = weights
    scale = len(readout) ** -0.5
    before, slopes = [inputs], []  # what each layer multiplies, and phi' behind it
    with np.errstate(over="ignore", invalid="ignore"):
        for matrix in hidden:
            z = matrix @ before[-1]
            before.append(scale * activation.function(z))
            slopes.append(activation.slope(z))
        kernels = []
        for depth in depths:
            kernel = _products(before[depth])
            signal = scale * readout[:, None] * slopes[depth - 1]
            for layer in range(depth - 1, -1, -1):
                kernel = kernel + _products(before[layer]) * _products(signal)
                if layer:
                    signal = scale * (hidden[layer].T @ signal) * slopes[layer - 1]
            kernels.append(kernel)
    return np.array(kernels)


def _products(columns: np.ndarray) -> np.ndarray:
    """Inner products [points] of the first column with each other one."""
    return columns[:, 0] @ columns[:, 1:]
