"""Trained networks: excess losses by data and width, and students by input dimension."""

import numpy as np
import pandas as pd

from replications.scaling_laws.bahri2024 import theory
from replications.scaling_laws.bahri2024.measuring.random_features import long_table
from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of

FAR = 4  # input dimensions from which 4/d is small


def measure_variance(artifact: Artifact, out: Tables) -> None:
    """B7 by initial weights, B8 by group, and the controls without replacement."""
    experiment, settings = "finite_networks", members_of(artifact.meta["job"]["settings"])[0]
    sizes, excess = settings["data_sizes"], artifact["data_excess"].mean(1)
    # an excess below 0 has no logarithm: the unit counts as diverged
    out.per_seed(experiment, "data_exponent", theory.slope(sizes, excess))
    out.per_seed(experiment, "raw_exponent", theory.slope(sizes, excess + artifact["data_floor"][:, None]))
    out.per_seed(experiment, "excess", excess[:, -1], {"D": sizes[-1]})
    out.per_seed(experiment, "excess_without_replacement", artifact["without_replacement"])
    pool = artifact["pool_excess"].mean(1)
    there = np.isfinite(pool).any(0)  # a sample larger than the population cannot be drawn
    if there.sum() > 1:
        out.per_seed(experiment, "exponent_without_replacement", theory.slope(np.array(sizes)[there], pool[:, there]))
    out.curve("b_deep", long_table(sizes, excess, np.nan))
    widths = [width for width, _ in settings["width_inits"]]
    by_width = np.stack([artifact[f"width_{width}"].mean(1) for width in widths], axis=1)
    out.per_seed(experiment, "width_exponent", theory.slope(widths, by_width))
    for k, width in enumerate(widths):
        out.per_seed(experiment, "width_excess", by_width[:, k], {"width": width})
    out.curve("b_width", long_table(widths, by_width, np.nan))


def measure_students(artifact: Artifact, out: Tables) -> None:
    """B9 and B10: exponent by seed and dimension, their order, and the count near the theory's line.

    The first student width and depth has no name in the conditions; further ones have.
    """
    settings = members_of(artifact.meta["job"]["settings"])[0]
    dimensions, sizes = settings["dimensions"], settings["sample_sizes"]
    losses, exponents = [], []
    for i, width in enumerate(settings["student_widths"]):
        for j, depth in enumerate(settings["depths"]):
            found = artifact["lowest"][..., i, j]  # [seeds, dimensions, sizes]
            name = {} if i == j == 0 else {"width": width, "depth": depth}
            frame = melt(found, seed=range(len(found)), d=dimensions, x=sizes)
            losses.append(frame.assign(width=width, depth=depth))
            if len(sizes) > 1:
                slopes = theory.slope(sizes, found)
                _exponents(slopes, dimensions, name, out)
                frame = melt(slopes, seed=range(len(slopes)), x=dimensions)
                exponents.append(frame.assign(width=width, depth=depth))
    out.curve("b_students", pd.concat(losses))
    if exponents:
        out.curve("b_exponents", pd.concat(exponents))


def _exponents(exponents: np.ndarray, dimensions: list[int], name: dict, out: Tables) -> None:
    """Statistics of exponents [seeds, dimensions]."""
    experiment = "teacher_student"
    columns = {dimension: exponents[:, k] for k, dimension in enumerate(dimensions)}
    for dimension, values in columns.items():
        out.per_seed(experiment, "exponent", values, name | {"d": dimension})
        difference = np.abs(values - theory.nearest_neighbour_exponent(dimension))
        out.per_seed(experiment, "distance_from_theory", difference, name | {"d": dimension})
    high = [columns[d] for d in dimensions if d >= FAR]
    if high:
        far = np.mean(high, axis=0)
        if 2 in columns:
            out.per_seed(experiment, "ratio_low_to_high_dimension", columns[2] / far, name)
        if 3 in columns:
            out.per_seed(experiment, "exponent_3_minus_high", columns[3] - far, name)
    if 2 in columns and 3 in columns:
        out.per_seed(experiment, "exponent_2_minus_3", columns[2] - columns[3], name)
    near = np.abs(4 / exponents - np.array(dimensions)) <= 1
    out.per_seed(experiment, "dimensions_near_line", near.sum(1), name)


def measure_sweep(artifact: Artifact, out: Tables) -> None:
    """Students by width and depth: losses, and the exponent in the number of parameters by dimension and depth.

    The largest sample has no name in the conditions; others have.
    """
    experiment, settings = "student_sweep", members_of(artifact.meta["job"]["settings"])[0]
    dimensions, widths, depths = (settings[name] for name in ("dimensions", "student_widths", "depths"))
    sizes = settings["sample_sizes"]
    for n, size in enumerate(sizes):
        name = {} if size == max(sizes) else {"D": size}
        for k, dimension in enumerate(dimensions):
            for j, depth in enumerate(depths):
                if len(widths) > 1:
                    counts = [parameters(dimension, width, depth) for width in widths]
                    exponents = theory.slope(counts, artifact["lowest"][:, k, n, :, j])
                    condition = name | {"d": dimension, "depth": depth}
                    out.per_seed(experiment, "parameter_exponent", exponents, condition)
    found = artifact["lowest"].transpose(2, 1, 4, 3, 0)  # [sizes, dimensions, depths, widths, seeds]
    frame = melt(found, samples=sizes, d=dimensions, depth=depths, width=widths, seed=range(found.shape[-1]))
    frame["parameters"] = parameters(frame["d"], frame["width"], frame["depth"])
    out.curve("b_sweep", frame[["seed", "d", "depth", "samples", "width", "parameters", "value"]])


def parameters(dimension: int, width: int, depth: int) -> int:
    """Weights and biases of a student; of many at once for arrays."""
    return (dimension + 1) * width + (depth - 1) * (width + 1) * width + width + 1
