"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, TEAL, band, pick

LINES = {  # by score and the epoch at which it is taken (None: any, it needs no network)
    ("el2n", 8): ("EL2N, epoch 8", BLUE, "o"),
    ("forgetting", 15): ("forgetting, epoch 15", GREEN, "s"),
    ("grand", 0): ("GraNd at initialisation", RED, "v"),
    ("random", None): ("random", GREY, "."),
}
CHOICES = (  # of half of the examples: arm, label, colour
    ("random_50_again", "random, again", GREY),
    ("grand_50_at_0", "GraNd at initialisation", RED),
    ("input_norm_50", "norm of the input", ORANGE),
    ("grand_50_at_15", "GraNd at the end", PURPLE),
    ("el2n_50", "EL2N, epoch 8", BLUE),
    ("lowest_50", "EL2N, lowest half", TEAL),
)
FRACTIONS = (0.1, 0.25, 0.5, 0.75)  # of the digits kept, in Figure 1
GROUPS = (("top", "highest", BLUE), ("random", "random", GREY), ("bottom", "lowest", ORANGE))


def pruning(table: pd.DataFrame) -> Figure:
    """Accuracy against the fraction kept by score, and at half kept against the epoch of the score."""
    figure, (left, right) = figures.grid(2, width=8.8, height=3.6)
    table = figures.percent(table, "accuracy")
    highest = table[(table["start"] + table["keep"]).round(6) == 1]
    full = table[table["keep"] == 1]
    for (score, epoch), (label, colour, marker) in LINES.items():
        rows = pick(highest, score=score, draw=0)
        rows = rows if epoch is None else pick(rows, score_epoch=epoch)
        rows = pd.concat([rows[rows["keep"].isin(FRACTIONS)], full])
        band(left, rows, x="keep", y="accuracy", color=colour, label=label, marker=marker, markersize=4)
    level = full["accuracy"].median()
    figures.threshold(left, level, "all digits", "y")
    left.set(xlabel="fraction kept", ylabel="test accuracy in %", title="highest scores kept")
    left.xaxis.set_major_formatter(PercentFormatter(1))
    left.legend(fontsize=8, loc="lower right")
    half = pick(highest, keep=0.5)
    for score, label, colour, marker in (("el2n", "EL2N", BLUE, "o"), ("grand", "GraNd", PURPLE, "v")):
        rows = pick(half, score=score)
        band(right, rows, x="score_epoch", y="accuracy", color=colour, label=label, marker=marker, markersize=4)
    right.axhline(level, color=GREY, linestyle=":", linewidth=1, label="all digits")
    right.axhline(
        pick(table, arm="random_50")["accuracy"].median(), color=GREY, linestyle="--", linewidth=1, label="random half"
    )
    right.set(xlabel="epoch of the score", title="half kept")
    right.legend(fontsize=8, loc="lower right")
    return figure


def initialisation(norms: pd.DataFrame, table: pd.DataFrame) -> Figure:
    """GraNd at initialisation against the input's norm, and what choices of a half gain over a random one, seed by seed."""
    figure, (left, right) = figures.grid(2, width=8.8, height=3.4)
    left.plot(norms["norm"], norms["grand"], ".", color=RED, markersize=3, alpha=0.6)
    left.set(xlabel="norm of the input", ylabel="GraNd at epoch 0", title="one score set, every eighth digit")
    random = pick(table, arm="random_50").set_index("seed")["accuracy"]
    for place, (arm, label, colour) in enumerate(CHOICES):
        rows = pick(table, arm=arm).set_index("seed")["accuracy"]
        gains = 100 * (rows - random.reindex(rows.index))
        right.plot(gains, [place] * len(gains), "o", color=colour, markersize=4, alpha=0.6, label=label)
        right.plot(gains.median(), place, "|", color=colour, markersize=16, markeredgewidth=2)
    figures.threshold(right, 0, "random half")
    right.set(xlabel="accuracy less that of a random half, in points", title="half kept")
    right.set_yticks(range(len(CHOICES)), [label for _, label, _ in CHOICES])
    return figure


def agreement(scores: pd.DataFrame) -> Figure:
    """Rank correlations of EL2N with GraNd and forgetting, of GraNd with the norm, and the mean EL2N, against epochs."""
    figure, (left, right) = figures.grid(2, width=8.8, height=3.3)
    for field, label, colour in (
        ("el2n_grand", "EL2N and GraNd", BLUE),
        ("grand_norm", "GraNd and norm of the input", RED),
        ("forgetting", "EL2N and forgetting at the end", GREEN),
    ):
        band(left, scores, y=field, color=colour, label=label, marker=".")
    left.set(xlabel="epoch of the score", ylabel="rank correlation", title="scores against each other")
    left.legend(fontsize=8, loc="center right")
    band(right, scores, y="mean_el2n", color=BLUE, marker=".")
    figures.threshold(right, 0.9**0.5, "all classes equally probable", "y", linestyle="--")
    right.set(xlabel="epoch", ylabel="mean EL2N", title="how fast errors vanish", ylim=(0, 1.02))
    return figure


def windows(clean: pd.DataFrame, noisy: pd.DataFrame, wrong: pd.DataFrame) -> Figure:
    """Accuracy of windows of two fifths against where they begin, clean and with random labels; where wrong labels lie."""
    figure, (left, right) = figures.grid(2, width=8.8, height=3.5)
    for table, label, colour in ((clean, "clean labels", BLUE), (noisy, "a tenth random", RED)):
        table = figures.percent(table, "accuracy")
        rows = table[table["arm"].str.startswith("window_")]
        band(left, rows, x="start", y="accuracy", color=colour, label=label, marker=".")
        level = pick(table, arm="random_40")["accuracy"].median()
        left.axhline(level, color=colour, linestyle=":", linewidth=1, label=f"random, {label}")
    left.set(xlabel="where the window begins in the EL2N order", ylabel="test accuracy in %", title="40 % kept")
    left.xaxis.set_major_formatter(PercentFormatter(1))
    left.legend(fontsize=8, loc="lower left")
    band(right, figures.percent(wrong, "share"), y="share", color=RED, marker=".")
    right.set(
        xlabel="place in the EL2N order",
        ylabel="wrong labels in %",
        title="a tenth of the labels random",
        ylim=(0, 100),
    )
    right.xaxis.set_major_formatter(PercentFormatter(1))
    return figure


def velocity(clean: pd.DataFrame, noisy: pd.DataFrame, epochs: Sequence[int]) -> Figure:
    """Kernel velocity of groups of examples against their place in the score order at some epochs."""
    figure, panels = figures.grid(2, width=8.8, height=3.3)
    for axes, table, title in zip(
        panels, (clean, noisy), ("clean labels", "a tenth of the labels random"), strict=True
    ):
        for epoch, colour in zip(epochs, (ORANGE, GREEN, BLUE, PURPLE), strict=False):
            rows = pick(table, x=epoch)
            band(axes, rows, x="group", y="velocity", color=colour, label=f"epoch {epoch + 1}", marker=".")
        axes.set(xlabel="place of the group in the EL2N order", title=title)
        figures.log_ticks(axes.yaxis, figures.decade_ticks(table[table["x"].isin(epochs)]["velocity"], (1, 2, 5)))
    panels[0].set_ylabel("kernel velocity")
    panels[0].legend(fontsize=8, ncols=2)
    return figure


def barriers(table: pd.DataFrame) -> Figure:
    """Error barriers between children against the epoch at which they part, by group."""
    figure, (axes,) = figures.grid(1, width=6, height=3.2)
    for group, label, colour in GROUPS:
        rows = figures.percent(pick(table, group=group), "barrier")
        figures.mean_band(axes, rows, y="barrier", color=colour, label=f"{label} 1,000", marker="o", markersize=4)
    axes.set(xlabel="epoch at which the children part", ylabel="error barrier in points")
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.legend(fontsize=8)
    return figure


def cifar(half: pd.DataFrame, last: pd.DataFrame, noisy: pd.DataFrame) -> Figure:
    """Accuracy of ResNet18 by what is kept (`last`: by scores at the end of training), and of windows with random labels."""
    figure, (left, right) = figures.grid(2, width=8.8, height=3.3)
    for axes, table in ((left, pd.concat([half, last])), (right, noisy)):
        names = list(dict.fromkeys(table["arm"]))
        for place, arm in enumerate(names):
            values = 100 * pick(table, arm=arm)["accuracy"]
            axes.plot(values, [place] * len(values), "o", color=BLUE, alpha=0.7, markersize=4)
        axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
        axes.set_xlabel("test accuracy in %")
    left.set_title("clean labels")
    right.set_title("a tenth of the labels random")
    return figure
