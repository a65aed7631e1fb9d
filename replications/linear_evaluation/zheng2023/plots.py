"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.linear_evaluation.science.consistency import gamma
from replications.linear_evaluation.zheng2023 import theory
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, mean_band, pick

LEVEL, LEAST = 0.01, 1e-5  # the level that is sought; smaller errors are drawn at the second
RULES = {"logistic": ("logistic regression", BLUE, "o"), "naive_bayes": ("naive Bayes", ORANGE, "s")}
STRENGTHS = {0.1: GREY, 1.0: BLUE, 10.0: GREEN, 100.0: PURPLE}
TICKS = [100, 200, 400, 800, 1000]


def needed(sizes: pd.DataFrame, seen: pd.DataFrame) -> Figure:
    """Samples needed over the dimension with the simulation's covariance, and the errors seen on the way at one dimension."""
    figure, axes = figures.grid(2, width=8.8, height=4.0)
    _needed(axes[0], sizes, {"logistic": ["two"], "naive_bayes": ["two_bayes"]})
    _points(
        axes[0],
        sizes,
        {"logistic": ["three_100", "three_400", "three"], "naive_bayes": ["three_bayes"]},
        "three classes",
    )
    _guides(axes[0], sizes)
    axes[0].set(title="samples for an error below 0.01", ylabel="samples m*")
    shown = _largest(seen)
    for rule, condition in (("logistic", "two"), ("naive_bayes", "two_bayes"), ("nearest_mean", "two_bayes")):
        label, colour, marker = RULES.get(rule, ("nearest mean", GREY, "^"))
        rows = pick(shown, condition=condition, rule=rule)
        axes[1].plot(
            rows["x"], rows["value"].clip(lower=LEAST), marker, color=colour, markersize=4, alpha=0.55, label=label
        )
    figures.threshold(axes[1], LEVEL, "0.01", axis="y")
    axes[1].set(
        title=f"errors, two classes, n = {shown['dimension'].iloc[0]}",
        xlabel="samples m",
        ylabel="test error",
        yscale="log",
        ylim=(LEAST / 2, 0.8),
    )
    figures.log_ticks(axes[1].xaxis, [5, 10, 20, 50, 100, 200, 500, 1000])
    figures.legend_outside(list(axes), "lower center", ncols=3)
    return figure


def covariances(sizes: pd.DataFrame) -> Figure:
    """Samples needed over the dimension where all coordinates have variance 1, or n / 8."""
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    for place, (condition, title) in zip(
        axes, {"identity": "variance 1", "equal": "variance n / 8"}.items(), strict=True
    ):
        _needed(place, sizes, {rule: [condition] for rule in RULES})
        place.set(title=f"{title} in all coordinates", ylabel="samples m*")
        place.legend()
    axes[0].set_ylim(3, 25)
    return figure


def _needed(axes: Axes, sizes: pd.DataFrame, conditions: dict) -> None:
    """Dots a seed and their geometric means joined, for each rule."""
    for rule, names in conditions.items():
        label, colour, marker = RULES[rule]
        rows = sizes[(sizes["rule"] == rule) & sizes["condition"].isin(names)]
        axes.plot(rows["x"], rows["value"], marker, color=colour, markersize=3.5, alpha=0.5)
        means = rows.assign(value=np.log(rows["value"])).groupby("x")["value"].mean()
        axes.plot(means.index, np.exp(means), color=colour, label=label)
    axes.set(xlabel="dimension n", yscale="log")
    figures.log_ticks(axes.xaxis, TICKS)
    figures.log_ticks(axes.yaxis, [4, 10, 20, 50, 100, 200, 500, 1000])


def _points(axes: Axes, sizes: pd.DataFrame, conditions: dict, label: str) -> None:
    for rule, names in conditions.items():
        rows = sizes[(sizes["rule"] == rule) & sizes["condition"].isin(names)]
        axes.plot(rows["x"], rows["value"], "x", color=RULES[rule][1], markersize=5, label=f"{RULES[rule][0]}, {label}")


def _guides(axes: Axes, sizes: pd.DataFrame) -> None:
    """A line of slope 1 through logistic regression's first mean."""
    rows = pick(sizes, condition="two", rule="logistic")
    x = np.array(sorted(rows["x"].unique()))
    if len(x):
        first = np.exp(np.log(rows[rows["x"] == x[0]]["value"]).mean())
        axes.plot(x, first * x / x[0], label="slope 1", **figures.DASHED)


def _largest(seen: pd.DataFrame) -> pd.DataFrame:
    """Errors at the middle one of the dimensions that the first condition has."""
    dimensions = sorted(pick(seen, condition="two")["dimension"].unique())
    return pick(seen, dimension=dimensions[-2] if len(dimensions) > 1 else dimensions[0])


def images(errors: pd.DataFrame) -> Figure:
    """Test errors over the number of samples on principal components and supervised features; below, differences."""
    figure, axes = figures.grid(2, 2, width=8.8, height=3.0)
    for place, (condition, title) in enumerate(
        {"pca": "50 principal components", "supervised": "supervised features"}.items()
    ):
        rows = figures.percent(pick(errors, condition=condition))
        _errors(axes[place], rows)
        axes[place].set(title=title, ylabel="test error, %")
        _differences(axes[place + 2], rows)
        axes[place + 2].set_title(f"difference, {title}")
    axes[0].legend()
    return figure


def small(images: pd.DataFrame, others: pd.DataFrame) -> Figure:
    """The same on pixels of MNIST, digits and breast_cancer; differences to the best C."""
    figure, axes = figures.grid(3, 2, width=8.8, height=2.9)
    pixels = images[images["condition"].isin(["pixels", "pixels_many"])]
    parts = {
        "MNIST, pixels": pixels,
        "digits": pick(others, condition="digits"),
        "breast_cancer": pick(others, condition="breast_cancer"),
    }
    for place, (title, part) in enumerate(parts.items()):
        rows = figures.percent(part)
        _errors(axes[place], rows)
        axes[place].set(title=title, ylabel="test error, %")
        _differences(axes[place + 3], rows)
        axes[place + 3].set_title(f"difference, {title}")
    axes[0].legend(fontsize=8)
    return figure


def _errors(axes: Axes, rows: pd.DataFrame) -> None:
    mean_band(axes, pick(rows, rule="naive_bayes"), color=ORANGE, label="naive Bayes")
    for strength, colour in STRENGTHS.items():
        part = pick(rows, rule="logistic", strength=strength)
        if len(part):
            mean_band(axes, part, color=colour, label=f"logistic, C = {strength:g}")
    _samples(axes, rows)


def _differences(axes: Axes, rows: pd.DataFrame) -> None:
    """Naive Bayes less logistic regression by seed, in points."""
    keys = ["condition", "seed", "x"]
    bayes = pick(rows, rule="naive_bayes").set_index(keys)["value"]
    for strength, colour in STRENGTHS.items():
        part = pick(rows, rule="logistic", strength=strength)
        if len(part):
            apart = (bayes - part.set_index(keys)["value"]).dropna().rename("value").reset_index()
            mean_band(axes, apart, color=colour)
    figures.threshold(axes, 0, axis="y")
    axes.set(ylabel="naive Bayes − logistic,\npoints")
    _samples(axes, rows)


def _samples(axes: Axes, rows: pd.DataFrame) -> None:
    axes.set_xlabel("training samples m")
    figures.log_ticks(axes.xaxis, [5, 10, 20, 50, 100, 200, 500, 1000])


def consistency(pairs: pd.DataFrame) -> Figure:
    """Logistic over zero-one regret of random pairs, with the bound."""
    figure, (axes,) = figures.grid(1, width=6.4, height=3.5)
    colours = (BLUE, GREEN, PURPLE, RED, GREY)
    for (classes, rows), colour in zip(pairs.groupby("classes"), colours, strict=False):
        axes.plot(rows["x"], rows["value"], ".", color=colour, markersize=4, alpha=0.6, label=f"K = {classes:.0f}")
    t = np.linspace(0.003, 1, 300)
    axes.plot(t, gamma(t), label="Γ(t)", **figures.DASHED)
    axes.plot(t, t**2 / 2, color=ORANGE, linewidth=1, label="t² / 2")
    axes.set(xlabel="zero-one regret t", ylabel="logistic regret r", yscale="log", xlim=(0, 1), ylim=(1e-5, 30))
    axes.legend(fontsize=8.5, loc="lower right", ncols=2)
    return figure


def errata(tolerances: pd.DataFrame) -> Figure:
    """The authors' table beside both counts; errors of scikit-learn at two tolerances."""
    figure, axes = figures.grid(2, width=8.8, height=3.3)
    sizes = np.array(theory.SIZES)
    for name, high, colour in (
        ("n / 2 coordinates of variance n", sizes // 2, GREEN),
        ("n / 2 + 1", sizes // 2 + 1, RED),
    ):
        counted = [theory.counted_error(n, h) for n, h in zip(sizes, high, strict=True)]
        axes[0].plot(sizes, counted, "o-", color=colour, markersize=4, label=name)
    figures.paper_points(axes[0], sizes, theory.STORED, label="authors' table")
    axes[0].set(title="Bayes errors", xlabel="dimension n", ylabel="error", yscale="log")
    figures.log_ticks(axes[0].xaxis, list(sizes))
    axes[0].legend(fontsize=8.5)
    for place, (name, colour) in enumerate((("default_tolerance", RED), ("tight_tolerance", BLUE), ("newton", GREEN))):
        axes[1].plot(np.full(len(tolerances), place), tolerances[name], "o", color=colour, markersize=5, alpha=0.6)
    for _, row in tolerances.iterrows():
        axes[1].plot(
            [0, 1, 2],
            [row[name] for name in ("default_tolerance", "tight_tolerance", "newton")],
            color=GREY,
            linewidth=0.7,
            alpha=0.6,
        )
    figures.threshold(axes[1], LEVEL, "0.01", axis="y")
    axes[1].set(title="the same data, three solutions", ylabel="test error", yscale="log", xlim=(-0.4, 2.4))
    axes[1].set_xticks([0, 1, 2], ["scikit-learn,\ndefault", "scikit-learn,\ntol = 1e-8", "Newton"])
    return figure
