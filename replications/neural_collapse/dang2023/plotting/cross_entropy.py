"""The figure of heads under cross-entropy."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.neural_collapse.dang2023.plotting.drawing import colour, entry, legend_below
from verifig.pages import figures


def simplex_boundary(table: pd.DataFrame) -> Figure:
    """Final objective of each start over the best simplex objective, and rank of the logits."""
    figure, axes = figures.grid(2, width=8.9, height=3.4)
    conditions = list(dict.fromkeys(table.sort_values(["classes", "depth"])["condition"]))
    facts = table.drop_duplicates("condition").set_index("condition").loc[conditions]
    for column, each in (("ratio", axes[0]), ("rank", axes[1])):
        for place, condition in enumerate(conditions):
            rows = figures.pick(table, condition=condition)
            spread = place + np.linspace(-0.2, 0.2, len(rows))
            each.plot(spread, rows[column], "o", color=colour(facts["depth"].iloc[place]), markersize=5, alpha=0.8)
            if column == "rank":
                full, ends = facts["classes"].iloc[place] - 1, [place - 0.35, place + 0.35]
                name = "full rank K − 1" if place == 0 else None
                each.plot(ends, [full, full], color=figures.INK, linestyle="--", linewidth=1, label=name)
        labels = [f"K = {k}\nM = {m}" for k, m in zip(facts["classes"], facts["depth"], strict=True)]
        each.set(xlim=(-0.6, len(conditions) - 0.4))
        each.set_xticks(range(len(conditions)), labels, fontsize=8.5)
    axes[0].set(title="objective over the best simplex point's", ylabel="ratio")
    axes[1].set(title="rank of the logits", ylabel="rank", ylim=(0, facts["classes"].max()))
    figures.paper_line(axes[0], 1.0, "simplex")
    axes[0].margins(y=0.15)
    for depth in sorted(set(facts["depth"])):
        entry(axes[0], f"M = {depth}", marker="o", markersize=5, linestyle="none", color=colour(depth))
    legend_below(axes, 6)
    return figure
