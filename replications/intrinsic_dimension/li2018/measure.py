"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import kstest

from replications.intrinsic_dimension.li2018 import reference
from replications.intrinsic_dimension.science import laws
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, first_crossing, melt, ratio
from verifig.training.artifacts import Artifact

SOLVED = 1e-20  # of the first loss of the toy: solved
PAIRS = {  # by experiment: conditions whose dimensions, dimensions per image or accuracies are compared
    "images": (("sparse", "middle"), ("fastfood", "middle"), ("other", "middle"), ("fc_shuffled", "middle"), ("conv", "middle"),
               ("conv_shuffled", "conv")),
    "labels": (("random_100", "random_50"), ("random_200", "random_50"), ("random_200", "true_200"), ("epochs_100", "epochs_50"),
               ("epochs_200", "epochs_50")),
    "mnist": (("lenet", "fc_200"), ("lenet_shuffled", "lenet")),
}  # fmt: skip
SLOPES = {"images": (("wide", "narrow"), ("wide_slow", "narrow")), "mnist": (("fc_400", "fc_50"),)}
IDENTITIES = ("norm_dense", "norm_sparse", "norm_fastfood", "inner_dense", "inner_sparse", "inner_fastfood", "hadamard", "gradient",
              "permuted_coordinates", "permuted_accuracy", "permuted_apart")  # fmt: skip
EVALUATED = {"images": "test", "labels": "train", "mnist": "test"}


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "toy" in artifacts:
        _toy(artifacts["toy"], out)
    if "identities" in artifacts:
        for name in IDENTITIES:
            out.exact("identities", name, float(artifacts["identities"][name]))
        _authors(out)
    for experiment in EVALUATED:
        if experiment in artifacts:
            _networks(experiment, artifacts[experiment], out)


def _toy(artifact: Artifact, out: Tables) -> None:
    """Where the least loss vanishes, and the law of what is left before."""
    series, frames = Series(artifact, "draw_dimensions"), []
    for condition, settings in series.settings.items():
        place, left = {"condition": condition}, series[condition, "left"]
        constraints, dimensions = settings["constraints"], np.arange(left.shape[1])
        solved = left < SOLVED
        out.per_seed("toy", "step", np.argmax(solved, axis=1), place, never=~solved.any(1))
        out.per_seed("toy", "left_solved", left[:, constraints:].max(1), place)
        out.per_seed("toy", "left_before", left[:, :constraints].min(1), place)
        frames.append(melt(left, condition=condition, constraints=constraints, seed=range(len(left)), x=dimensions))
    out.curve("toy", pd.concat(frames))
    constraints = artifact.meta["job"]["settings"]["constraints"]
    for dimension, values in zip(series.points.tolist(), artifact["draws"].T, strict=True):
        place = {"dimension": dimension}
        out.per_seed("toy", "left", values, place)
        drawn = dimension < constraints
        p = kstest(values, laws.law_left(dimension, constraints).cdf).pvalue if drawn else np.nan
        out.exact("toy", "law_p", p, place)
    grid = np.linspace(0, 1, 101)[1:]
    shares = (artifact["draws"][:, :, None] <= grid).mean(0)
    out.curve("draws", melt(shares, dimension=series.points, constraints=constraints, x=grid))


def _authors(out: Tables) -> None:
    """Of the authors' table of first crossings: largest over smallest, of d and of D, and the slope of ln d on ln D."""
    first, size = reference.FIRST, reference.parameters()
    out.exact("identities", "authors_ratio", first.max() / first.min())
    out.exact("identities", "authors_size_ratio", size.max() / size.min())
    out.exact("identities", "authors_slope", np.polyfit(np.log(size).ravel(), np.log(first).ravel(), 1)[0])
    out.curve("authors", melt({"size": size, "d": first}, width=reference.WIDTHS, depth=reference.DEPTHS))


def crossing(dimensions: np.ndarray, accuracy: np.ndarray, level: float) -> np.ndarray:
    """Dimension [units] at which accuracy [units, R] reaches `level`, between dimensions by interpolation in ln d.

    NaN where no dimension reaches it, or already the first does: it lies outside.
    """
    found, never = first_crossing(np.log(dimensions), accuracy, level)
    return np.where(never | (accuracy[:, 0] >= level), np.nan, np.exp(found))


def _networks(experiment: str, artifact: Artifact, out: Tables) -> None:
    """Crossings of every condition, and ratios, slopes and differences of accuracies between conditions by seed."""
    index = {name: np.asarray(artifact[name]) for name in artifact}
    series = Series(Artifact(index | {"when": np.array([0, 1])}, artifact.meta), "when")
    found, accuracies, frames = {}, {}, []
    for condition, settings in series.settings.items():
        place, dimensions = {"condition": condition}, np.array(settings["dimensions"])
        values = {name: series.last(condition, name)[:, : len(dimensions)] for name in ("test", "train", "exchanged")}
        accuracy = values[EVALUATED[experiment]]
        found[condition] = crossing(dimensions, accuracy, settings["level"])
        accuracies[condition], accuracies[f"{condition} exchanged"] = values["test"], values["exchanged"]
        out.per_seed(experiment, "dimension", found[condition], place)
        out.per_seed(experiment, "share", found[condition] / reference.size_of(settings), place)
        out.per_seed(experiment, "per_image", found[condition] / settings["samples"], place)
        over = accuracy > settings["level"]
        first = np.where(over.any(1), dimensions[np.argmax(over, axis=1)], dimensions[-1])
        out.per_seed(experiment, "first", first, place, never=~over.any(1))
        out.per_seed(experiment, "direct", series.last(condition, "direct"), place)
        out.per_seed(experiment, "direct_train", series.last(condition, "direct_train"), place)
        frames.append(melt(accuracy, condition=condition, seed=range(len(accuracy)), x=dimensions))
    _across(experiment, series.settings, found, accuracies, out)
    out.curve(f"{experiment}_accuracy", pd.concat(frames))
    out.curve(
        f"{experiment}_dimension", pd.concat([_told(series.settings[name], each) for name, each in found.items()])
    )


def _told(settings: Mapping, found: np.ndarray) -> pd.DataFrame:
    labels = {name: settings[name] for name in ("condition", "samples", "labels", "width")}
    fields = {"value": found, "per_image": found / settings["samples"]}
    return melt(fields, **labels, size=reference.size_of(settings), seed=range(len(found)))


def _across(experiment: str, settings: Mapping, found: Mapping, accuracies: Mapping, out: Tables) -> None:
    for high, low in PAIRS[experiment]:
        if {high, low} <= set(found):
            place = {"pair": f"{high}/{low}"}
            above, below = (found[name] / settings[name]["samples"] for name in (high, low))
            out.per_seed(experiment, "ratio", ratio(found[high], found[low]), place)
            out.per_seed(experiment, "ratio_per_image", ratio(above, below), place)
            if settings[high]["dimensions"] == settings[low]["dimensions"]:
                out.per_seed(experiment, "lost", difference(accuracies[low], accuracies[high]).mean(1), place)
                other = difference(accuracies[f"{low} exchanged"], accuracies[high]).mean(1)
                out.per_seed(experiment, "lost_exchanged", other, place)
    for high, low in SLOPES.get(experiment, ()):
        if {high, low} <= set(found):
            sizes = np.log(reference.size_of(settings[high]) / reference.size_of(settings[low]))
            out.per_seed(experiment, "slope", np.log(ratio(found[high], found[low])) / sizes, {"pair": f"{high}/{low}"})
