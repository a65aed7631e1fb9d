"""Layer-wise densities: which share of each layer's weights is kept when a network is pruned before training. No torch.

A layer is its weight's shape, (out, in) of a linear layer or (out, in, height, width) of a convolution, in the order from
input to output (of any module: `densities.layer_shapes`). Every rule maps shapes and an overall density (kept weights
over all maskable weights) to a density for each layer, in (0, 1], such that the sum of density x size over the layers is
the overall count. Biases and normalisation are never pruned.

Sources: Erdos-Renyi graphs are from Mocanu et al. 2018 (SET), with kernels from Evci et al. 2020 (RigL); uniform+ from
Gale et al. 2019; ERK+ from Liu et al. 2022.
"""

import math
from collections.abc import Callable, Mapping, Sequence

Shapes = Mapping[str, Sequence[int]]
Densities = dict[str, float]


def sizes(shapes: Shapes) -> dict[str, int]:
    """Number of weights by layer."""
    return {name: math.prod(shape) for name, shape in shapes.items()}


def overall(shapes: Shapes, densities: Mapping[str, float]) -> float:
    """Kept weights over all maskable weights."""
    counts = sizes(shapes)
    return sum(densities[name] * count for name, count in counts.items()) / sum(counts.values())


def spread(raw: Mapping[str, float], counts: Mapping[str, int], kept: float) -> Densities:
    """Densities proportional to `raw` that keep `kept` of the weights, none above 1.

    While a density exceeds 1, the layer with the largest raw value is made dense and the others are scaled anew.
    """
    dense: set[str] = set()
    while len(dense) < len(raw):
        rest = [name for name in raw if name not in dense]
        left = kept - sum(counts[name] for name in dense)
        scale = left / sum(raw[name] * counts[name] for name in rest)
        largest = max(rest, key=raw.__getitem__)
        if scale * raw[largest] <= 1:
            return {name: 1.0 if name in dense else scale * raw[name] for name in raw}
        dense.add(largest)
    return dict.fromkeys(raw, 1.0)


def uniform(shapes: Shapes, density: float) -> Densities:
    """The same density in every layer."""
    check(density)
    return dict.fromkeys(shapes, float(density))


def uniform_plus(shapes: Shapes, density: float, head: float = 0.2) -> Densities:
    """The first layer dense, the last at `head` at least, one density for the rest.

    Raises:
        ValueError: the first and the last layer alone hold more weights than are to be kept.
    """
    check(density)
    counts = sizes(shapes)
    first, *middle, last = counts
    fixed = {first: 1.0, last: max(head, density)}
    left = density * sum(counts.values()) - sum(fixed[name] * counts[name] for name in fixed)
    if left <= 0:
        raise ValueError(f"a density of {density} is used up by the first and the last layer")
    rest = spread(dict.fromkeys(middle, 1.0), {name: counts[name] for name in middle}, left)
    return {name: (fixed | rest)[name] for name in shapes}


def erdos_renyi_kernel(shapes: Shapes, density: float) -> Densities:
    """ERK: density proportional to (sum of the dimensions of the weight) / (their product)."""
    return _by(lambda shape: sum(shape) / math.prod(shape), shapes, density)


def erdos_renyi(shapes: Shapes, density: float) -> Densities:
    """ER: density proportional to (in + out) / (in x out), whatever the kernel; that of ERK where there are no kernels."""
    return _by(lambda shape: sum(shape[:2]) / math.prod(shape[:2]), shapes, density)


def by_size(shapes: Shapes, density: float) -> Densities:
    """Density proportional to the number of weights: about the reverse of ERK, as a control."""
    return _by(math.prod, shapes, density)


def erk_plus(shapes: Shapes, density: float, head: float = 1.0) -> Densities:
    """The last layer at density `head`, ERK for the rest, the overall count kept.

    Raises:
        ValueError: the last layer alone holds more weights than are to be kept.
    """
    check(density)
    counts = sizes(shapes)
    *others, last = shapes
    left = density * sum(counts.values()) - head * counts[last]
    if left <= 0:
        raise ValueError(f"a density of {density} is used up by the last layer")
    rest = {name: shapes[name] for name in others}
    found = erdos_renyi_kernel(rest, min(left / sum(counts[name] for name in others), 1.0))
    return found | {last: float(head)}


def _by(raw: Callable[[Sequence[int]], float], shapes: Shapes, density: float) -> Densities:
    check(density)
    counts = sizes(shapes)
    return spread({name: raw(shape) for name, shape in shapes.items()}, counts, density * sum(counts.values()))


def check(density: float) -> None:
    """Refuse a density outside (0, 1].

    Raises:
        ValueError: it lies outside.
    """
    if not 0 < density <= 1:
        raise ValueError(f"density must lie above 0 and be at most 1, not {density}")


RULES: dict[str, Callable[[Shapes, float], Densities]] = {
    "uniform": uniform,
    "uniform_plus": uniform_plus,
    "erk": erdos_renyi_kernel,
    "er": erdos_renyi,
    "erk_plus": erk_plus,
    "by_size": by_size,
}
