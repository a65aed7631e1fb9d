"""Figures of probing accuracy: over training, by probe, by what the student saw, by number of outputs.

Labels that name a setting are arguments, made from the settings of the run: `probes` by probe. Conditions that did not
run are not drawn.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple

from replications.random_teachers.sarnthein2023.measuring.conditions import BY_IMAGES, BY_OUTPUTS, PROBES
from replications.random_teachers.sarnthein2023.plotting.drawing import (
    PROBE_COLOURS,
    REGIME_COLOURS,
    gain_lines,
    gains,
    interval,
)
from verifig.judging import stats
from verifig.pages import figures
from verifig.pages.figures import MUTED, ORANGE, percent, pick


def over_training(probing: pd.DataFrame, final: pd.DataFrame, probes: Mapping[str, str]) -> Figure:
    """Probing accuracy over training by probe: independent student, teacher, raw pixels."""
    figure, axes = figures.grid(3, width=8.9, sharey=True)
    runs, ends = (pick(table, condition="full") for table in (probing, final))
    for each, probe in zip(axes, PROBES, strict=True):
        rows = percent(pick(runs, probe=probe))
        figures.mean_band(each, rows, color=PROBE_COLOURS[probe], label="student")
        teacher = stats.mean(100 * ends[f"teacher_{probe}"].to_numpy(float))
        each.axhline(teacher.observed, color=ORANGE, label="teacher")
        each.axhspan(teacher.low, teacher.high, color=ORANGE, alpha=0.2, linewidth=0)
        each.axhline(100 * ends[f"input_{probe}"].iloc[0], color=MUTED, linestyle="--", label="raw pixels")
        each.set(title=probes[probe], xlabel="step", xlim=(0, rows["x"].max()))
    axes[0].set_ylabel("test accuracy (%)")
    handles, labels = axes[0].get_legend_handles_labels()
    students = tuple(each.get_lines()[0] for each in axes if each.get_lines())
    together = {"handler_map": {tuple: HandlerTuple(None)}, "handlelength": 4}
    figure.legend([students, *handles[1:]], labels, loc="outside lower center", ncols=3, **together)
    return figure


def by_probe(
    plain: pd.DataFrame,
    kick: pd.DataFrame,
    probes: Mapping[str, str],
    students: Mapping[tuple[str, str], str],
    linear: Mapping,
    nearest: Mapping,
) -> Figure:
    """Gain over the teacher by probe, beside the paper's gains on CIFAR10.

    Args:
        probes: labels by column, the long linear probe included.
        students: labels by experiment and condition.
        linear, nearest: the paper's tables of both probes.
    """
    finals, drawn = {"plain": plain, "kick": kick}, []
    figure, (axes,) = figures.grid(1, width=8.4, height=3.4)
    for offset, ((experiment, condition), label) in enumerate(students.items()):
        rows, colour = pick(finals[experiment], condition=condition), REGIME_COLOURS[experiment]
        look = {"markerfacecolor": "none" if experiment in drawn else colour}  # the second student of a regime is open
        drawn.append(experiment)
        for place, probe in enumerate(probes):
            found = gains(rows, probe)
            if len(found) and np.isfinite(found).all():
                shift = place + 0.16 * (offset - 1)
                interval(axes, shift, found, colour, label=label if place == 0 else None, **look)
    places = list(probes)
    for probe, rows in (("linear", linear["rows"]), ("neighbours", nearest["rows"])):
        for network, name, marker in (("vgg11", "VGG11", "D"), ("resnet18", "ResNet18", "s")):
            teacher, student = rows["CIFAR10"][network]
            label = f"paper, {name} on CIFAR10" if probe == "linear" else None
            figures.paper_points(axes, places.index(probe) + 0.34, student - teacher, label, marker=marker)
    axes.axhline(0, color=MUTED, linewidth=1)
    axes.set(xticks=range(len(probes)), xticklabels=list(probes.values()), xlabel="probe")
    axes.set(ylabel="student − teacher (points)", xlim=(-0.5, len(probes) - 0.4))
    figures.legend_outside(axes, "lower center", ncols=3, fontsize=8.5)
    return figure


def by_data(
    final: pd.DataFrame,
    probes: Mapping[str, str],
    sources: Mapping[str, str],
    paper: Mapping,
    paper_sources: Mapping[str, Sequence[float]],
) -> Figure:
    """Gains by what the student saw (bars), and by the number of distinct images, beside the paper's.

    Args:
        sources: labels by condition.
        paper_sources: the paper's gains under the linear probe by condition.
    """
    figure, axes = figures.grid(2, width=8.9, height=3.4, width_ratios=[1.6, 1])
    shown = [condition for condition in sources if condition in set(final["condition"])]
    for number, probe in enumerate(PROBES):
        for place, condition in enumerate(shown):
            found = stats.mean(gains(pick(final, condition=condition), probe))
            x = place + 0.26 * (number - 1)
            label = probes[probe] if place == 0 else None
            axes[0].bar(x, found.observed, 0.24, color=PROBE_COLOURS[probe], alpha=0.75, label=label)
            axes[0].plot([x, x], [found.low, found.high], color=figures.INK, linewidth=1.1)
    for condition in shown:
        theirs = paper_sources.get(condition, [])
        figures.paper_points(axes[0], [shown.index(condition) - 0.26] * len(theirs), theirs, None)
    axes[0].axhline(0, color=MUTED, linewidth=1)
    axes[0].set(xticks=range(len(shown)), xticklabels=[sources[condition] for condition in shown])
    axes[0].set(ylabel="student − teacher (points)", title="by what the student saw")
    rows = final[final["condition"].isin(BY_IMAGES)]
    gain_lines(axes[1], rows, "distinct_images", probes)
    above = np.asarray(paper["accuracy"]) - paper["teacher"]
    figures.paper_points(axes[1], paper["images"], above, "paper, VGG11, linear probe")
    axes[1].set(title="by distinct images", xlabel="distinct images", ylabel="student − teacher (points)")
    figures.log_ticks(axes[1].xaxis, (100, 1e4, 1e6), minor=True)
    axes[1].xaxis.set_major_formatter("{x:,.0f}")
    figures.legend_outside(axes[1], "lower center", ncols=4, fontsize=8.5)
    return figure


def by_outputs(final: pd.DataFrame, probes: Mapping[str, str], bottleneck: int) -> Figure:
    """Gain by number of outputs."""
    figure, (axes,) = figures.grid(1, width=5.6)
    rows = final[final["condition"].isin(BY_OUTPUTS)]
    gain_lines(axes, rows, "output_size", probes)
    figures.threshold(axes, bottleneck, linewidth=1.7)
    place = {"xytext": (-3, 0), "textcoords": "offset points", "ha": "right", "rotation": 90, "fontsize": 8.5}
    axes.annotate("bottleneck", (bottleneck, 0.03), xycoords=("data", "axes fraction"), **place)
    sizes = sorted(rows["output_size"].unique())
    axes.set(xlabel="outputs m", ylabel="student − teacher (points)")
    figures.log_ticks(axes.xaxis, sizes)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    figures.legend_outside(axes, "lower center", ncols=3, fontsize=8.5)
    return figure
