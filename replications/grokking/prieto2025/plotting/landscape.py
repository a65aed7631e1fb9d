"""Trajectories over the loss surface: Figure 7."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.grokking.prieto2025.plotting.common import legend
from verifig.pages import figures
from verifig.pages.figures import BLUE, ORANGE


def fig7(paths: pd.DataFrame, surface: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Each run over sections of its own training and test loss, and these losses along the run.

    `names` maps condition to label.
    """
    figure, axes = figures.grid(len(names), rows=3, width=9.4, height=2.75)
    axes = axes.reshape(3, -1)
    for column, (condition, label) in enumerate(names.items()):
        path, plane = (figures.pick(table, condition=condition) for table in (paths, surface))
        if path.empty:
            continue
        for row, which in enumerate(("train", "test")):
            each = axes[row, column]
            table = plane.pivot(index="y", columns="x", values=which)
            levels = each.contourf(
                table.columns, table.index, np.log10(table.to_numpy() + 1e-12), levels=14, cmap="Greys_r", alpha=0.75
            )
            figure.colorbar(levels, ax=each, label=f"log10 {which} loss", format="%.1f")
            each.plot(path["x"], path["y"], color=ORANGE)
            each.plot(path["x"].iloc[0], path["y"].iloc[0], "s", color=ORANGE, markersize=6, label="start")
            each.plot(path["x"].iloc[-1], path["y"].iloc[-1], "o", color=ORANGE, markersize=6, label="end")
            each.set(title=label if row == 0 else "")
            each.grid(False)
        axes[1, column].set_xlabel("start to end")
        last = axes[2, column]
        last.plot(path["epoch"], path["train_loss"], color=BLUE, linestyle="--", label="train")
        last.plot(path["epoch"], path["test_loss"], color=BLUE, label="test")
        last.set(xlabel="epoch", yscale="log")
    axes[0, 0].set_ylabel("train: sideways")
    axes[1, 0].set_ylabel("test: sideways")
    axes[2, 0].set_ylabel("loss (nats)")
    legend(axes[2, 0], "best")
    legend(axes[0, 0], "best", labelcolor=figures.DARK_INK)
    return figure
