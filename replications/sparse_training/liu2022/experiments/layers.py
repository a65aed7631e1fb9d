"""Densities by layer of the paper's networks under every rule: formulas alone, nothing is trained."""

import math

import numpy as np
import torch

from replications.sparse_training.liu2022.experiments.resnets import ResNet, kind
from replications.sparse_training.science import densities, rules
from replications.sparse_training.science.rules import RULES, Shapes
from verifig.training.run import Run


def layers(run: Run) -> dict[str, np.ndarray]:
    """By network ("20-16" is ResNet-20 of width 16): layers' kinds, sizes and raw ERK values [layers]; of each rule the
    densities [asked, layers], and of ERK without its check those that it would ask for."""
    s = run.settings
    result = {"asked": np.array(s["densities"])}
    for depth in s["depths"]:
        for width in s["widths"]:
            with torch.device("meta"):
                shapes = densities.layer_shapes(ResNet(depth, width))
            arrays = _network(shapes, s["densities"])
            result |= {f"{depth}-{width} {name}": array for name, array in arrays.items()}
    return result


def _network(shapes: Shapes, asked: list[float]) -> dict[str, np.ndarray]:
    arrays = {rule: np.array([list(RULES[rule](shapes, d).values()) for d in asked]) for rule in RULES}
    sizes = np.array(list(rules.sizes(shapes).values()))
    raw = np.array([sum(shape) / math.prod(shape) for shape in shapes.values()])
    unchecked = np.outer(asked, raw) * sizes.sum() / (raw @ sizes)
    kinds = np.array([kind(name, tuple(shape)) for name, shape in shapes.items()])
    return arrays | {"kinds": kinds, "sizes": sizes, "raw": raw, "unchecked": unchecked}
