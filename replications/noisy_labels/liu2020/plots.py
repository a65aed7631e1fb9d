"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.noisy_labels.liu2020 import closed_form
from verifig.judging import stats
from verifig.pages import figures
from verifig.pages.figures import BLUE, DASHED, GREEN, GREY, ORANGE, PURPLE, RED, TEAL, log_ticks, percent, pick

METHODS = {"ce": ("cross-entropy", ORANGE), "elr": ("regularised", BLUE), "kl": ("KL", PURPLE)}
EXAMPLES = {"clean": ("right labels", GREEN), "wrong": ("wrong labels", RED), "fresh": ("fresh examples", BLUE)}
LINES = {  # by condition of the linear model
    "ce": ("cross-entropy", ORANGE, "-"),
    "elr": ("regularised, λ = 3", BLUE, "-"),
    "elr_slow": ("regularised, λ = 3, β = 0.9", TEAL, "-"),
    "elr_weak": ("regularised, λ = 1", GREEN, "-"),
    "kl": ("KL, λ = 3", PURPLE, (0, (4, 3))),
}
NOISES = {"sym40": "40 % symmetric", "sym80": "80 % symmetric", "asym40": "40 % asymmetric"}


def memorisation(runs: pd.DataFrame, conditions: Sequence[str] = ("sym40_ce", "sym40_elr")) -> Figure:
    """Accuracies and memorised share over epochs with cross-entropy and with the regularisation; test accuracy of both."""
    figure, axes = figures.grid(3, width=8.9, height=3.3, sharey=True)
    curves = {
        "clean_accuracy": ("right labels: true class", GREEN),
        "wrong_accuracy": ("wrong labels: true class", BLUE),
        "memorised": ("wrong labels: memorised", RED),
    }
    for each, condition in zip(axes[:2], conditions, strict=True):
        for name, (label, colour) in curves.items():
            figures.band(each, percent(pick(runs, condition=condition, curve=name)), color=colour, label=label)
        each.set(title=METHODS[condition.partition("_")[2]][0], xlabel="epoch")
    for condition in conditions:
        label, colour = METHODS[condition.partition("_")[2]]
        figures.band(
            axes[2], percent(pick(runs, condition=condition, curve="test_accuracy")), color=colour, label=label
        )
    axes[0].set(ylabel="share of examples (%)", ylim=(0, 101))
    axes[2].set(title="test accuracy", xlabel="epoch")
    axes[1].legend(loc="center right", fontsize=8)
    axes[2].legend(loc="lower right", fontsize=8)
    return figure


def ends(runs: pd.DataFrame, curve: str = "test_accuracy") -> pd.Series:
    """The last value of a curve by condition and seed."""
    rows = pick(runs, curve=curve)
    return rows[rows["x"] == rows["x"].max()].set_index(["condition", "seed"])["value"]


def gains(runs: pd.DataFrame, paper: Mapping) -> Figure:
    """Test accuracy at the end by noise and method, single runs; the paper's on CIFAR-10 beside them."""
    figure, (axes,) = figures.grid(width=7.6, height=3.5)
    last, places = ends(runs), np.arange(len(NOISES))
    for shift, (method, (label, colour)) in zip((-0.12, 0.12), list(METHODS.items())[:2], strict=True):
        for place, noise in zip(places, NOISES, strict=True):
            values = 100 * last[f"{noise}_{method}"].to_numpy()
            name = label if place == 0 else None
            axes.plot(
                np.full(len(values), place + shift), values, "o", color=colour, markersize=5, alpha=0.7, label=name
            )
        shown = [paper[method][noise] for noise in NOISES]
        figures.paper_points(
            axes, places + 1.9 * shift, shown, f"paper, CIFAR-10: {label}", markeredgecolor=colour, markersize=6
        )
    axes.set(
        xticks=places,
        xticklabels=[title.replace("% ", "%\n") for title in NOISES.values()],
        ylabel="test accuracy at the end (%)",
        ylim=(0, 100),
        xlim=(-0.5, 2.5),
    )
    axes.legend(loc="lower left", fontsize=8)
    return figure


def targets(runs: pd.DataFrame) -> Figure:
    """Accuracy of the targets and test accuracy over epochs by method, 40 % symmetric noise."""
    figure, axes = figures.grid(2, width=8.9, height=3.3, sharey=True)
    for each, curve, title in (
        (axes[0], "target_accuracy", "accuracy of the targets"),
        (axes[1], "test_accuracy", "test accuracy"),
    ):
        for method, (label, colour) in METHODS.items():
            figures.band(each, percent(pick(runs, condition=f"sym40_{method}", curve=curve)), color=colour, label=label)
        each.set(title=title, xlabel="epoch")
    axes[0].set(ylabel="true classes (%)", ylim=(0, 101))
    axes[1].legend(loc="lower right", fontsize=8)
    return figure


def ablation(runs: pd.DataFrame, shown: Mapping[str, str], paper: float) -> Figure:
    """Test accuracy of single runs at the end by variant of the method; the paper's without average, on CIFAR-10."""
    figure, (axes,) = figures.grid(width=7.8, height=3.6)
    last = ends(runs)
    names = [name for name in shown if name in last.index.get_level_values(0)]
    for row, name in enumerate(names):
        values = 100 * last[name].to_numpy()
        colour = {"sym40_ce": ORANGE, "sym40_kl": PURPLE, "sym40_elr_shifted": GREY}.get(name, BLUE)
        axes.plot(values, np.full(len(values), row), "o", color=colour, markersize=5, alpha=0.7)
        axes.plot([np.median(values)], [row], "|", color=figures.INK, markersize=14)
    if "sym40_elr_beta0" in names:
        figures.paper_points(axes, [paper], [names.index("sym40_elr_beta0")], "paper, CIFAR-10")
        axes.legend(loc="lower left", fontsize=8)
    axes.set(
        yticks=range(len(names)),
        yticklabels=[shown[name] for name in names],
        xlabel="test accuracy at the end (%)",
        xlim=(0, 100),
    )
    axes.invert_yaxis()
    return figure


def linear(runs: pd.DataFrame) -> Figure:
    """Accuracy on wrong labels and on fresh examples over steps, by method."""
    figure, axes = figures.grid(2, width=8.9, height=3.4, sharey=True)
    for each, curve, title in (
        (axes[0], "wrong_accuracy", "examples with wrong labels"),
        (axes[1], "fresh_accuracy", "fresh examples"),
    ):
        rows = pick(runs[runs["x"] > 0], curve=curve)
        for condition, (label, colour, style) in LINES.items():
            figures.band(each, percent(pick(rows, condition=condition)), color=colour, label=label, linestyle=style)
        log_ticks(each.xaxis, (1, 10, 100, 1000), minor=True)
        each.set(title=title, xlabel="step")
    axes[0].set(ylabel="true class predicted (%)", ylim=(-2, 101))
    axes[1].legend(loc="lower left", fontsize=8)
    return figure


def pulls(runs: pd.DataFrame, strengths: Sequence[float]) -> Figure:
    """Mean pulls of right and of wrong labels over steps; the law of pulls by confidence."""
    figure, axes = figures.grid(3, width=8.9, height=3.3)
    for each, curve, title in ((axes[0], "clean_pull", "right labels"), (axes[1], "wrong_pull", "wrong labels")):
        for condition in ("ce", "elr", "kl"):
            label, colour = METHODS[condition]
            rows = pick(runs[runs["x"] > 0], curve=curve, condition=condition)
            figures.band(each, rows, color=colour, label=label)
        log_ticks(each.xaxis, (1, 10, 100, 1000), minor=True)
        each.set(title=f"mean pull, {title}", xlabel="step")
        figures.threshold(each, 0, axis="y")
    axes[0].set_ylabel("towards the label")
    axes[0].legend(loc="upper right", fontsize=8)
    confidence = np.linspace(0.5, 1, 50)
    for strength, colour in zip((0, *strengths), (ORANGE, GREEN, BLUE), strict=False):
        axes[2].plot(confidence, closed_form.pulls(confidence, strength)[0], color=colour, label=f"λ = {strength:g}")
    figures.threshold(axes[2], 0, axis="y")
    axes[2].set(title="law: a wrong label's pull", xlabel="output for the true class", ylabel="towards the label")
    axes[2].legend(loc="lower left", fontsize=8)
    return figure


def theorem(
    runs: pd.DataFrame, small: pd.DataFrame, paper: Mapping, sigmas: Sequence[float], wrong: float, aspect: float
) -> Figure:
    """Cosine with v, squared coefficients, and accuracy on wrong labels up to T, with laws and the paper's bounds.

    Args:
        runs, small: of the larger and of the smaller sigma; only accuracies are drawn of the second.
    """
    figure, axes = figures.grid(3, width=8.9, height=3.4)
    end = closed_form.early_time(wrong)
    figures.band(axes[0], pick(runs, curve="cosine"), color=BLUE, label="measured")
    start = closed_form.first_cosine(wrong, sigmas[0], aspect)
    axes[0].plot([0], [start], "s", color=BLUE, markersize=6, label="law at the start")
    figures.paper_line(axes[0], paper["cosine"], "paper: at least 1/6")
    axes[0].set(title="cosine of −gradient and v", ylim=(0, 1.05))
    axes[0].legend(loc="center left", fontsize=8)
    for curve, label, colour, sign in (("right", "right labels", GREEN, -1), ("wrong", "wrong labels", RED, 1)):
        figures.band(axes[1], pick(runs, curve=curve), color=colour, label=label)
        law = 1 + closed_form.coefficient_changes()[sign > 0]
        axes[1].plot([end], [law], "s", color=colour, markersize=6, label=f"{label}: law at T")
        figures.paper_line(axes[1], 1 + sign * paper["change"], "paper: beyond this at T" if sign > 0 else "")
    axes[1].set(title="mean squared coefficient", ylim=(0.85, 1.32))
    axes[1].legend(loc="upper left", fontsize=8)
    for table, sigma, colour in ((runs, sigmas[0], RED), (small, sigmas[1], PURPLE)):
        figures.band(axes[2], percent(pick(table, curve="wrong_accuracy")), color=colour, label=f"σ = {sigma:g}")
        law = closed_form.wrong_accuracy_at_end(sigma)
        axes[2].plot([end], [100 * law], "s", color=colour, markersize=6, label=f"law at T, σ = {sigma:g}")
    axes[2].set(title="accuracy on wrong labels (%)", ylim=(40, 103))
    axes[2].legend(loc="lower right", fontsize=8)
    for each in axes:
        figures.threshold(each, end)
        each.set_xlabel("learning rate × steps (dotted: T)")
    return figure


def one_step(table: pd.DataFrame, wrong: float, aspect: float) -> Figure:
    """Accuracies after one step over sigma: means with intervals on the law, and where early learning ends."""
    figure, (axes,) = figures.grid(width=7.6, height=3.7)
    sigma = np.linspace(table["x"].min(), table["x"].max(), 80)
    law = closed_form.one_step(wrong, sigma, aspect)
    for examples, (label, colour) in EXAMPLES.items():
        axes.plot(sigma, 100 * law[examples], color=colour, label=label)
        found = {
            x: stats.mean(100 * v.to_numpy(float)) for x, v in pick(table, examples=examples).groupby("x")["value"]
        }
        middle = np.array([each.observed for each in found.values()])
        reach = [middle - [each.low for each in found.values()], [each.high for each in found.values()] - middle]
        axes.errorbar(list(found), middle, reach, color=colour, linestyle="none", marker="o", markersize=4)
    figures.threshold(axes, 50, axis="y")
    end = closed_form.end_of_early_learning(wrong, aspect)
    figures.threshold(axes, end)
    axes.annotate("σ*", (end, 22), (4, 0), textcoords="offset points")
    axes.set(xlabel="σ", ylabel="true class predicted (%)", ylim=(20, 102))
    axes.legend(loc="lower left", fontsize=8)
    return figure


def crossing(table: pd.DataFrame) -> Figure:
    """Measured noise at which early learning ends against the law: means over seeds with intervals."""
    figure, (axes,) = figures.grid(width=6.4, height=3.7)
    ends = [0.95 * table["x"].min(), 1.05 * table["x"].max()]
    axes.plot(ends, ends, label="law: √(a n/p)", **DASHED)
    for (wrong, rows), colour in zip(table.groupby("wrong"), (GREEN, ORANGE, RED), strict=False):
        found = {x: stats.mean(v.to_numpy(float)) for x, v in rows.groupby("x")["value"]}
        middle = np.array([each.observed for each in found.values()])
        reach = [middle - [each.low for each in found.values()], [each.high for each in found.values()] - middle]
        axes.errorbar(
            list(found),
            middle,
            reach,
            color=colour,
            linestyle="none",
            marker="o",
            markersize=5,
            label=f"{100 * wrong:g} % wrong",
        )
    axes.set(xlabel="σ* by the law", ylabel="σ at which accuracy on wrong labels is 1/2")
    axes.legend(loc="upper left", fontsize=8)
    return figure


def separability(table: pd.DataFrame, sigma: float, margin: float) -> Figure:
    """Both thresholds over the share of wrong labels; separable share of instances over multiples of the sharp one."""
    figure, axes = figures.grid(2, width=8.9, height=3.5)
    wrong = np.linspace(0.01, 0.5, 50)
    axes[0].plot(2 * wrong, closed_form.paper_threshold(wrong), label="paper: 1 − Δ/2", **DASHED)
    for level, colour in ((sigma, BLUE), (0, TEAL)):
        axes[0].plot(
            2 * wrong,
            [closed_form.separability_threshold(w, level) for w in wrong],
            color=colour,
            label=f"sharp h, σ = {level:g}",
        )
    shares = sorted(table["wrong"].unique())
    tried = [closed_form.paper_threshold(w) + margin for w in shares]
    axes[0].plot(2 * np.array(shares), tried, "o", color=GREEN, markersize=5, label="tried beyond the paper's")
    axes[0].set(xlabel="Δ (twice the share of wrong labels)", ylabel="p/n", ylim=(0, 1.1), title="separable above")
    axes[0].legend(loc="lower right", fontsize=8)
    for share, colour in zip(shares, (GREEN, ORANGE, RED, PURPLE), strict=False):
        rows = pick(table, wrong=share)
        axes[1].plot(rows["x"], 100 * rows["value"], color=colour, marker="o", markersize=4, label=f"Δ = {2 * share:g}")
    figures.threshold(axes[1], 1, "sharp threshold")
    axes[1].set(xlabel="p/n in units of h", title="separable instances (%)", ylim=(-3, 103))
    axes[1].legend(loc="upper left", fontsize=8)
    return figure
