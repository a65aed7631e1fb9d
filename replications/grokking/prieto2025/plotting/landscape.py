"""Trajectories over the loss surface: Figure 7."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.grokking.prieto2025.plotting.common import DECAY, PLAIN, REMEDY, legend_below
from verifig.pages import figures

BOX = {"boxstyle": "round,pad=0.15", "facecolor": figures.DARK_INK, "edgecolor": "none", "alpha": 0.65}
NAME = {"textcoords": "offset points", "fontsize": 8, "color": "white", "bbox": BOX}


def fig7(paths: pd.DataFrame, surface: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Each run over sections of its own training and test loss, and these losses along the run.

    `names` maps condition to label.
    """
    figure, axes = figures.grid(len(names), rows=3, width=8.9, height=2.75)
    axes = axes.reshape(3, -1)
    for column, ((condition, label), colour) in enumerate(zip(names.items(), (PLAIN, DECAY, REMEDY), strict=True)):
        path, plane = (figures.pick(table, condition=condition) for table in (paths, surface))
        if path.empty:
            continue
        for row, which in enumerate(("train", "test")):
            each = axes[row, column]
            table = plane.pivot(index="y", columns="x", values=which)
            levels = each.contourf(
                table.columns, table.index, np.log10(table.to_numpy() + 1e-12), levels=14, cmap="Greys_r", alpha=0.75
            )
            figure.colorbar(levels, ax=each, format="%.1f")
            each.plot(path["x"], path["y"], color=colour)
            for name, place, marker in (("start", 0, "s"), ("end", -1, "o")):
                end = {"marker": marker, "markersize": 6, "markeredgecolor": "white", "linestyle": "none"}
                each.plot(path["x"].iloc[place], path["y"].iloc[place], color=colour, **end)
                each.annotate(name, (path["x"].iloc[place], path["y"].iloc[place]), (0, 7), ha="center", **NAME)
            each.set_title(f"{label}\nlog10 {which} loss" if row == 0 else f"log10 {which} loss", fontsize=9)
            each.grid(False)
        axes[1, column].set_xlabel("start to end (L2 distance)")
        last = axes[2, column]
        last.plot(path["epoch"], path["train_loss"], color=colour, linestyle="--", label=f"train, {label}")
        last.plot(path["epoch"], path["test_loss"], color=colour, label=f"test, {label}")
        last.set(xlabel="epoch", yscale="log")
    axes[0, 0].set_ylabel("sideways (L2 distance)")
    axes[1, 0].set_ylabel("sideways (L2 distance)")
    axes[2, 0].set_ylabel("loss along the run (nats)")
    legend_below(axes[2], 3)
    return figure
