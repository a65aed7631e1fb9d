"""Trained networks: excess losses by data and width, and students by input dimension."""

import numpy as np
import pandas as pd

from replications.scaling_laws import theory
from replications.scaling_laws.measuring.random_features import long_table
from verifig.artifacts import Artifact
from verifig.tables import Tables

FAR = 4  # input dimensions from which 4/d is small


def measure_variance(artifact: Artifact, out: Tables) -> None:
    """B7 by initial weights, B8 by group, and the control without replacement."""
    experiment, settings = "finite_networks", artifact.meta["job"]["settings"]
    sizes, excess = settings["data_sizes"], artifact["data_excess"].mean(1)
    with np.errstate(invalid="ignore"):  # an excess below 0 has no logarithm: the unit counts as diverged
        out.per_seed(experiment, "data_exponent", theory.slope(sizes, excess))
    out.per_seed(experiment, "raw_exponent", theory.slope(sizes, excess + artifact["data_floor"][:, None]))
    out.per_seed(experiment, "excess", excess[:, -1], {"D": sizes[-1]})
    out.per_seed(experiment, "excess_without_replacement", artifact["without_replacement"])
    out.curve("b_deep", long_table(sizes, excess, np.full(len(sizes), np.nan)))
    widths = [width for width, _ in settings["width_inits"]]
    by_width = np.stack([artifact[f"width_{width}"].mean(1) for width in widths], axis=1)
    with np.errstate(invalid="ignore"):
        out.per_seed(experiment, "width_exponent", theory.slope(widths, by_width))
    for k, width in enumerate(widths):
        out.per_seed(experiment, "width_excess", by_width[:, k], {"width": width})
    out.curve("b_width", long_table(widths, by_width, np.full(len(widths), np.nan)))


def measure_students(artifact: Artifact, out: Tables) -> None:
    """B9 and B10: exponent by seed and dimension, their order, and the count near the theory's line."""
    experiment, settings = "teacher_student", artifact.meta["job"]["settings"]
    dimensions, sizes = settings["dimensions"], settings["sample_sizes"]
    losses = artifact["lowest"][..., 0, 0]  # [seeds, dimensions, sizes]
    exponents = theory.slope(sizes, losses)
    columns = {dimension: exponents[:, k] for k, dimension in enumerate(dimensions)}
    for dimension, values in columns.items():
        out.per_seed(experiment, "exponent", values, {"d": dimension})
        difference = np.abs(values - theory.nearest_neighbour_exponent(dimension))
        out.per_seed(experiment, "distance_from_theory", difference, {"d": dimension})
    far = np.mean([columns[d] for d in dimensions if d >= FAR], axis=0)
    out.per_seed(experiment, "ratio_low_to_high_dimension", columns[2] / far)
    if 3 in columns:
        out.per_seed(experiment, "exponent_2_minus_3", columns[2] - columns[3])
        out.per_seed(experiment, "exponent_3_minus_high", columns[3] - far)
    near = np.abs(4 / exponents - np.array(dimensions)) <= 1
    out.per_seed(experiment, "dimensions_near_line", near.sum(1))
    seeds, which, size = np.indices(losses.shape)
    frame = {"seed": seeds, "d": np.array(dimensions)[which], "x": np.array(sizes)[size], "value": losses}
    out.curve("b_students", pd.DataFrame({name: values.ravel() for name, values in frame.items()}))
    seeds, which = np.indices(exponents.shape)
    frame = {"seed": seeds.ravel(), "x": np.array(dimensions)[which].ravel(), "value": exponents.ravel()}
    out.curve("b_exponents", pd.DataFrame(frame))


def measure_sweep(artifact: Artifact, out: Tables) -> None:
    """Students by width and depth: losses, and the exponent in the number of parameters by dimension and depth."""
    experiment, settings = "student_sweep", artifact.meta["job"]["settings"]
    dimensions, widths, depths = (settings[name] for name in ("dimensions", "student_widths", "depths"))
    losses = artifact["lowest"][:, :, -1]  # [seeds, dimensions, widths, depths]
    records = []
    for k, dimension in enumerate(dimensions):
        for j, depth in enumerate(depths):
            counts = [parameters(dimension, width, depth) for width in widths]
            exponents = theory.slope(counts, losses[:, k, :, j])
            out.per_seed(experiment, "parameter_exponent", exponents, {"d": dimension, "depth": depth})
            for i, (width, count) in enumerate(zip(widths, counts, strict=True)):
                records += [(s, dimension, depth, width, count, v) for s, v in enumerate(losses[:, k, i, j])]
    columns = ["seed", "d", "depth", "width", "parameters", "value"]
    out.curve("b_sweep", pd.DataFrame(records, columns=columns))


def parameters(dimension: int, width: int, depth: int) -> int:
    """Weights and biases of a student."""
    return (dimension + 1) * width + (depth - 1) * (width + 1) * width + width + 1
