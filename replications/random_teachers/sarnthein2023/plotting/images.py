"""Figures of the paper-scale runs: convolutional networks, lottery tickets, connectivity."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.random_teachers.sarnthein2023.plotting.drawing import interval
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, INDIGO, MUTED, ORANGE, PINK, RED, paper_points, percent, pick

NETWORKS = {"vgg11": "VGG11", "resnet18": "ResNet18"}
NETWORK_COLOURS = {"vgg11": INDIGO, "resnet18": PINK}
DATA = ("CIFAR10", "CIFAR100", "STL10", "TinyImageNet")


def tables(cifar10: pd.DataFrame, datasets: pd.DataFrame, paper: Mapping, transfer: Mapping) -> Figure:
    """Probing over epochs, gain by locality, and student accuracies by data set beside the paper's."""
    figure, axes = figures.grid(2, 2, width=8.9, height=3.3)
    axes[3].axis("off")
    target = cifar10["target"].iloc[0]
    linear = pick(cifar10, probe="linear", target=target)
    for name, title in NETWORKS.items():
        colour = NETWORK_COLOURS[name]
        rows = pick(linear, condition=name)
        figures.mean_band(axes[0], percent(rows), color=colour, label=f"{title}, student")
        axes[0].axhline(100 * rows["teacher"].mean(), color=colour, linestyle=":", label=f"{title}, teacher")
        last = linear[linear["condition"].str.startswith(name) & (linear["x"] == linear["x"].max())]
        gains = pd.DataFrame({"x": last["alpha"], "value": 100 * (last["value"] - last["teacher"])})
        figures.mean_band(axes[1], gains, color=colour, marker="o", markersize=4, label=title)
        known = paper["rows"]["CIFAR10"][name][1]
        paper_points(axes[0], rows["x"].max(), known, None, markersize=6)
    axes[0].set(title=f"{target.upper()}, linear probe", xlabel="epoch", ylabel="test accuracy (%)")
    axes[1].set(title="gain by locality", xlabel="alpha", ylabel="student − teacher (points)")
    figures.legend_outside(axes[:2], "lower center", ncols=3, fontsize=8.5)
    _by_data(axes[2], datasets, paper, transfer)
    return figure


def _by_data(axes: Axes, datasets: pd.DataFrame, paper: Mapping, transfer: Mapping) -> None:
    """Dots for in-domain and transferred students, diamonds for the paper."""
    last = percent(pick(datasets, probe="linear", x=datasets["x"].max()))
    for name, shift in (("vgg11", -0.15), ("resnet18", 0.15)):
        colour = NETWORK_COLOURS[name]
        for place, title in enumerate(DATA):
            target = title.lower()
            for condition, move, marker in ((f"{name}_{target}", -0.06, "o"), (f"{name}_tinyimagenet", 0.06, "^")):
                rows = pick(last, condition=condition, target=target)
                if len(rows) > 1:
                    interval(axes, place + shift + move, rows["value"].to_numpy(), colour, marker=marker)
            known = paper["rows"][title][name][1], transfer["rows"].get(title, {}).get(name)
            for value, move in zip(known, (-0.06, 0.06), strict=True):
                if value is not None:
                    paper_points(axes, place + shift + move, value, None, markersize=6)
    axes.set(title="students by data set", xticks=range(4), xticklabels=DATA, ylabel="linear probe (%)")
    axes.tick_params(axis="x", labelsize=8)


def published(linear: Mapping, nearest: Mapping, transfer: Mapping) -> Figure:
    """The paper's tables alone: teacher and student by data set under two probes, and the raw input."""
    figure, axes = figures.grid(2, width=8.9, height=3.2)
    for each, table, title in zip(axes, (linear, nearest), ("linear probe", "nearest neighbours"), strict=True):
        for place, data in enumerate(DATA):
            raw = {"label": None if place else "raw input", "color": MUTED, "linestyle": "--", "linewidth": 1.2}
            each.plot([place - 0.35, place + 0.35], [table["rows"][data]["input"]] * 2, **raw)
            for name, shift in (("vgg11", -0.18), ("resnet18", 0.12)):
                colour, x, network = NETWORK_COLOURS[name], place + shift, NETWORKS[name]
                teacher, student = table["rows"][data][name]
                each.plot([x, x], [teacher, student], color=colour, linewidth=1.2)
                other = transfer["rows"].get(data, {}).get(name) if table is linear else None
                marks = (
                    ("teacher", x, teacher, "s"),
                    ("student", x, student, "D"),
                    ("from TinyImageNet", x + 0.1, other, "^"),
                )
                for what, at, value, marker in marks:
                    if value is not None:
                        label = None if place else f"{network}, {what}"
                        paper_points(each, [at], [value], label, marker=marker, markeredgecolor=colour)
        each.set(title=title, xticks=range(4), xticklabels=DATA, ylabel="test accuracy (%)", ylim=(0, None))
        each.tick_params(axis="x", labelsize=8)
    figures.legend_outside(axes, "lower center", ncols=4, fontsize=8.5)
    return figure


def ablations(paper: Mapping, frame: pd.DataFrame | None = None) -> Figure:
    """Teacher and student by variant of the network, beside the paper's values of Table 5, or these alone."""
    names, last, target = set(paper["rows"]), None, "cifar10"
    if frame is not None:
        target = frame["target"].iloc[0]
        last = percent(pick(frame, probe="linear", x=frame["x"].max(), target=target), "value", "teacher")
        names = set(last["condition"])
    names = sorted(names, key=lambda name: (name != "default", name))
    figure, (axes,) = figures.grid(1, width=8.4, height=0.32 * len(names) + 1.2)
    arms = (("teacher", ORANGE, "s"), ("student", BLUE, "D"))
    for place, name in enumerate(names):
        for k, (label, colour, marker) in enumerate(arms):
            if last is not None:
                values = pick(last, condition=name)["teacher" if label == "teacher" else "value"].to_numpy()
                interval(axes, place, values, colour, vertical=False, label=None if place else label)
            for value in paper["rows"].get(name, [])[k : k + 1]:
                text = None if place else f"paper, {label}"
                shift = 0.25 if last is not None else 0
                look = {"marker": marker, "markersize": 6, "markeredgecolor": colour}
                paper_points(axes, [value], [place + shift], text, **look)
    labels = [name.replace("_", " ") for name in names]
    axes.set(yticks=range(len(names)), yticklabels=labels, xlabel=f"linear probe on {target.upper()} (%)")
    axes.set_ylim(len(names) - 0.5, -0.5)
    figures.legend_outside(axes, "lower center", ncols=4, fontsize=8.5)
    return figure


def tickets(frame: pd.DataFrame, rewind_epochs: int) -> Figure:
    """Accuracy by share of weights left for three arms; the last is rewound to the epoch `rewind_epochs`."""
    figure, (axes,) = figures.grid(1, width=7)
    arms = {
        "distilled": ("distilled, rewound to its start", BLUE),
        "initial": ("initial, rewound to its start", ORANGE),
        "initial_rewound": (f"initial, rewound to epoch {rewind_epochs}", GREEN),
    }
    for arm, (label, colour) in arms.items():
        rows = percent(pick(frame, condition=arm))
        rows = rows.assign(x=100 * rows["x"].round(4))
        figures.band(axes, rows, color=colour, label=label, marker="o", markersize=3.5)
    axes.set(xlabel="weights left (%)", ylabel="best test accuracy (%)", xscale="log")
    axes.invert_xaxis()
    axes.legend(loc="lower left")
    return figure


def connectivity(frame: pd.DataFrame) -> Figure:
    """Test error between fine-tunings, averaged over pairs of batch orders."""
    figure, (axes,) = figures.grid(1, width=7)
    for start, colour in (("distilled", BLUE), ("initial", RED)):
        rows = percent(pick(frame, condition=start))
        figures.band(axes, rows, color=colour, label=f"from the {start} encoder")
    axes.set(xlabel="place on the line", ylabel="test error (%)", xlim=(0, 1), ylim=(0, None))
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.legend()
    return figure
