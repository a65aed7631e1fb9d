"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, TEAL, pick, quartile_band

RATES = {"0.09": GREEN, "0.1": BLUE, "0.12": PURPLE}
BETAS = {"beta_1.5": ("|β| = 1.5", TEAL), "beta_3": ("|β| = 3", BLUE), "beta_6": ("|β| = 6", PURPLE)}
GROUPS = {"positive": ("outliers +A", RED), "negative": ("outliers −A", ORANGE), "rest": ("all others", GREY)}
ONE = "0.09"  # the rate whose oscillation is slow enough to be seen
SEED = 0


def groups(table: pd.DataFrame) -> Figure:
    """Losses of the two groups of outliers and the rest of one run: over steps, at the spike, and with outliers of one sign."""
    figure, axes = figures.grid(3, width=8.8, height=3.4)
    opposing, aligned = (pick(table, condition=f"{arm}_{ONE}", seed=SEED) for arm in ("opposing", "aligned"))
    peak = opposing["x"].loc[opposing[["positive", "negative"]].mean(axis=1).idxmax()]
    near = opposing[opposing["x"].between(peak - 14, peak + 2)]
    panels = (
        (opposing, "opposing signs", {}),
        (near, "the same at the spike", {"marker": "."}),
        (aligned, "one sign", {}),
    )
    for place, (rows, title, line) in zip(axes, panels, strict=True):
        for name, (label, colour) in GROUPS.items():
            place.plot(rows["x"], rows[name], color=colour, label=label, linewidth=1.2, **line)
        place.set(title=title, xlabel="steps", ylim=(-0.5, None))
    for place in (axes[0], axes[2]):
        place.set_xlim(0, 150)
    axes[0].set_ylabel("mean loss of the group")
    axes[2].legend(loc="upper right", fontsize=8.5)
    return figure


def valley(small: pd.DataFrame, large: pd.DataFrame, rates: Mapping[str, float], beta: str) -> Figure:
    """Sharpness over |β|pA² over steps at a small learning rate; sharpness at larger ones with 2 over the rate.

    Args:
        small, large: curves of the small rate and of the larger ones. rates: by condition of the larger ones.
        beta: condition of the small rate with the target of the larger ones.
    """
    figure, axes = figures.grid(2, width=8.8, height=3.4)
    for condition, (label, colour) in BETAS.items():
        rows = pick(small, condition=condition)
        quartile_band(axes[0], rows.assign(x=rows["x"].clip(lower=5)), y="over_valley", color=colour, label=label)
    axes[0].axhline(1, **figures.DASHED)
    axes[0].set(
        title="small learning rate",
        ylabel="sharpness / (|β| p A²)",
        xlabel="steps (left end: start)",
        ylim=(0, 1.1),
        xscale="log",
    )
    axes[0].legend(loc="lower right", fontsize=8.5)
    for name, colour in RATES.items():
        condition = f"opposing_{name}"
        quartile_band(axes[1], pick(large, condition=condition), y="sharpness", color=colour, label=f"η = {name}")
        axes[1].axhline(2 / rates[condition], color=colour, linestyle=":", linewidth=1)
    level = pick(small, condition=beta)
    axes[1].axhline(float((level["sharpness"] / level["over_valley"]).iloc[0]), **figures.DASHED)
    axes[1].set(title="larger rates (dotted: 2/η)", ylabel="sharpness", xlabel="steps", xlim=(0, 150), ylim=(0, None))
    axes[1].legend(loc="lower right", fontsize=8.5)
    return figure


def changes(table: pd.DataFrame) -> Figure:
    """Loss changes of one group against those of the other over the steps up to the spike, all seeds, scaled by run."""
    figure, axes = figures.grid(3, width=8.8, height=3.2, sharex=True, sharey=True)
    panels = [
        ("opposing_0.09", "opposing, η = 0.09"),
        ("opposing_0.12", "opposing, η = 0.12"),
        ("aligned_0.09", "one sign, η = 0.09"),
    ]
    for place, (condition, title) in zip(axes, panels, strict=True):
        rows = pick(table, condition=condition)
        pair = ["positive", "negative"]
        largest = rows.groupby("seed")[pair].transform(lambda column: column.abs().max()).max(axis=1).astype(float)
        place.plot(rows["positive"] / largest, rows["negative"] / largest, ".", color=BLUE, alpha=0.5, markersize=5)
        place.plot([-1, 1], [1, -1], **figures.DASHED)
        place.set(title=title, xlabel="change, group +A", xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
    axes[0].set_ylabel("change, other group")
    return figure


def network(turns: pd.DataFrame, followed: pd.DataFrame) -> Figure:
    """Shares of the extreme samples that turn at the next step; loss changes of groups chosen at one step, afterwards."""
    figure, axes = figures.grid(2, width=8.8, height=3.3)
    arms = (
        ("large", "turn_up", RED, "rose most"),
        ("large", "turn_down", BLUE, "fell most"),
        ("small", "turn_up", GREY, "rose most, small rate"),
    )
    for condition, curve, colour, label in arms:
        rows = pick(turns, condition=condition, curve=curve)
        smooth = rows.assign(x=10 * (rows["x"] // 10)).groupby(["seed", "x"], as_index=False)["value"].mean()
        quartile_band(axes[0], figures.percent(smooth), color=colour, label=label)
    axes[0].set(title="turn at the next step, %", xlabel="steps (means over 10)", ylim=(-3, 103))
    axes[0].legend(fontsize=8.5)
    rows = pick(followed, condition="large")
    rows = rows[rows["x"] < rows["x"].min() + 16]
    for name, colour, label in (("up", RED, "rose most"), ("down", BLUE, "fell most"), ("loss", GREY, "all samples")):
        changes = rows.assign(value=1000 * rows[name])
        quartile_band(axes[1], changes, color=colour, label=label, marker=".", markersize=5, linewidth=1.1)
    axes[1].set(title="groups chosen at one step", xlabel="steps", ylabel="change of loss in a step × 1000")
    axes[1].legend(fontsize=8.5, loc="lower left")
    return figure
