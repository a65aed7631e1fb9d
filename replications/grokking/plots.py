"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from replications.grokking.measure import COLLAPSE, predicted_delay
from verifig import figures

BLUE, ORANGE, GREEN, PURPLE, RED = figures.PALETTE[:5]
PRECISION_COLOURS = {"float16": ORANGE, "float32": BLUE, "float64": GREEN}


def curve(frame: pd.DataFrame, name: str, condition: str, percent: bool = False) -> pd.DataFrame:
    """Rows of one curve and condition; accuracies in percent if asked."""
    rows = frame[(frame["curve"] == name) & (frame["condition"] == condition)]
    return rows.assign(value=rows["value"] * 100) if percent else rows


def accuracies(axes, frame: pd.DataFrame, condition: str, colour: str = BLUE) -> None:
    """Train (dashed) and test (solid) accuracy with the range over seeds."""
    figures.band(
        axes, curve(frame, "train_accuracy", condition, True), color=colour, linestyle="--", label="train", alpha=0.7
    )
    figures.band(axes, curve(frame, "test_accuracy", condition, True), color=colour, label="test")
    axes.set(xlabel="epoch", ylim=(-3, 103))


def fig1a(edge: pd.DataFrame, paper_test: dict, paper_train: dict) -> Figure:
    """Three panels: perpAdamW with the paper's points, the same without the projection."""
    figure, axes = figures.grid(2, width=8.4, sharey=True)
    accuracies(axes[0], edge, "perp_adamw")
    figures.paper_points(axes[0], paper_test["epoch"], paper_test["accuracy"], "paper, test")
    axes[0].plot(
        paper_train["epoch"],
        paper_train["accuracy"],
        linestyle="none",
        marker="s",
        markersize=4.5,
        markerfacecolor="none",
        markeredgecolor=figures.INK,
        label="paper, train",
    )
    axes[0].set(title="perpAdamW", ylabel="accuracy (%)", xlim=(0, 150))
    axes[0].legend(loc="upper left")
    accuracies(axes[1], edge, "adamw", ORANGE)
    axes[1].set(title="AdamW", xlim=(0, 150))
    axes[1].legend(loc="center right")
    return figure


def fig1b(runs: pd.DataFrame, paper: dict | None = None) -> Figure:
    """StableMax against softmax in float64; the paper's points where the setting is the paper's."""
    figure, axes = figures.grid(2, width=8.4, sharey=True)
    accuracies(axes[0], runs, "stablemax")
    axes[0].set(title="StableMax", ylabel="accuracy (%)")
    accuracies(axes[1], runs, "softmax64", ORANGE)
    axes[1].set(title="softmax in float64")
    if paper is not None:
        figures.paper_points(axes[0], paper["epoch"], paper["accuracy"], "paper, test")
    axes[0].legend(loc="lower right")
    axes[1].legend(loc="center right")
    return figure


def fig2(runs: pd.DataFrame, names: dict[str, str]) -> Figure:
    """Test accuracy and collapsed share by softmax precision; `names` maps precision to condition."""
    figure, axes = figures.grid(2, width=8.4)
    for precision, condition in names.items():
        colour = PRECISION_COLOURS[precision]
        figures.band(axes[0], curve(runs, "test_accuracy", condition, True), color=colour, label=precision)
        collapsed = curve(runs, "collapsed", condition, True)
        figures.band(axes[1], collapsed, color=colour, label=precision)
        middle = collapsed.groupby("x")["value"].median()
        if (middle >= 100 * COLLAPSE).any():
            for each in axes:
                each.axvline(
                    middle.index[np.flatnonzero(middle >= 100 * COLLAPSE)[0]],
                    color=colour,
                    linestyle=":",
                    linewidth=1.2,
                )
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="%")
    axes[1].set(title="samples with collapsed softmax", xlabel="epoch", ylabel="%", ylim=(-3, 103))
    axes[0].legend(loc="upper left")
    return figure


def fig2_law(runs: pd.DataFrame) -> Figure:
    """Collapse epochs by seed for three pairs of precisions, and the predicted position of float64; loss on a log axis."""
    figure, axes = figures.grid(2, width=8.4)
    pairs = {"beta2 = 0.95": ("", 0.95), "lr doubled": ("_fast", 0.95), "beta2 = 0.90": ("_beta90", 0.90)}
    for row, (suffix, beta2) in enumerate(pairs.values()):
        early, late = (_crossings(curve(runs, "collapsed", f"float{bits}{suffix}")) for bits in (32, 64))
        axes[0].plot(
            early, [row] * len(early), "o", color=BLUE, markersize=5, alpha=0.8, label="float32" if row == 0 else None
        )
        axes[0].plot(
            late, [row] * len(late), "o", color=GREEN, markersize=5, alpha=0.8, label="float64" if row == 0 else None
        )
        target = np.mean(early) + predicted_delay(beta2)
        axes[0].plot(
            [np.mean(early), target],
            [row - 0.18] * 2,
            color=figures.INK,
            linewidth=1,
            label="predicted delay" if row == 0 else None,
        )
        axes[0].plot(target, row - 0.18, "D", markerfacecolor="none", markeredgecolor=figures.INK, markersize=5)
    axes[0].set(
        title="epoch of collapse", xlabel="epoch", yticks=range(len(pairs)), yticklabels=list(pairs), ylim=(-0.6, 2.9)
    )
    axes[0].legend(loc="upper right", ncols=3, fontsize=8)
    for label, (condition, beta2, colour) in {
        "beta2 = 0.95": ("float64", 0.95, GREEN),
        "beta2 = 0.90": ("float64_beta90", 0.90, PURPLE),
    }.items():
        loss = curve(runs, "train_loss", condition)
        loss = loss[loss["value"] > 0]
        figures.band(axes[1], loss, color=colour, label=label)
        middle = loss.groupby("x")["value"].median()
        start = middle.index[np.flatnonzero(middle < 1e-3)[0]]
        reach = np.array([start, start + 24 / (-np.log(beta2) / 2)])
        axes[1].plot(
            reach,
            middle[start] * np.exp(np.log(beta2) / 2 * (reach - start)),
            color=figures.INK,
            linestyle="--",
            linewidth=1,
            label="ln(beta2) / 2 per epoch" if beta2 == 0.95 else None,
        )
    axes[1].set(title="training loss, float64", xlabel="epoch", yscale="log", ylim=(1e-18, 10))
    axes[1].legend(loc="upper right")
    return figure


def _crossings(frame: pd.DataFrame) -> list[float]:
    """First epoch at which each seed passes the collapse share."""
    reached = frame[frame["value"] >= COLLAPSE]
    return list(reached.groupby("seed")["x"].min())


def fig3(function: pd.DataFrame) -> Figure:
    """s(x) and exp(x)."""
    figure, (axes,) = figures.grid(1, width=5)
    axes.plot(function["x"], function["exp"], color=ORANGE, label="exp(x)")
    axes.plot(function["x"], function["s"], color=BLUE, label="s(x), StableMax")
    axes.set(xlabel="x", ylim=(-0.5, 12))
    axes.legend(loc="upper left")
    return figure


def fig4_norm(runs: pd.DataFrame, names: dict[str, str]) -> Figure:
    """Weight norm and test accuracy against epochs; `names` maps condition to label."""
    figure, axes = figures.grid(2, width=8.4)
    for colour, (condition, label) in zip(figures.PALETTE, names.items(), strict=False):
        figures.band(axes[0], curve(runs, "norm", condition), color=colour, label=label)
        figures.band(axes[1], curve(runs, "test_accuracy", condition, True), color=colour, label=label)
    axes[0].set(title="L2 norm of all weights", xlabel="epoch", yscale="log")
    axes[1].set(title="test accuracy", xlabel="epoch", ylabel="%", ylim=(-3, 103))
    axes[1].legend(loc="upper left")
    return figure


def fig4_codes(runs: pd.DataFrame) -> Figure:
    """Train and test accuracy with binary codes of 14 and 7 bits."""
    figure, axes = figures.grid(2, width=8.4, sharey=True)
    for each, bits in zip(axes, (14, 7), strict=True):
        accuracies(each, runs, f"codes{bits}", BLUE)
        each.set(title=f"{bits} bits per integer")
        each.legend(loc="center right")
    axes[0].set_ylabel("accuracy (%)")
    return figure


def fig4_parity(runs: pd.DataFrame) -> Figure:
    """Sparse parity with StableMax."""
    figure, (axes,) = figures.grid(1, width=6)
    accuracies(axes, runs, "base")
    axes.set_ylabel("accuracy (%)")
    axes.legend()
    return figure


def fig5(runs: pd.DataFrame, paper: dict) -> Figure:
    """Cosine of weights and negative gradient by layer, without and with biases, beside the training accuracy."""
    figure, axes = figures.grid(2, width=8.4, sharey=True)
    for each, (condition, title) in zip(axes, {"float32": "no bias", "float32_bias": "with bias"}.items(), strict=True):
        for layer, colour in zip((1, 2, 3), (ORANGE, GREEN, BLUE), strict=True):
            figures.band(each, curve(runs, f"alignment_{layer}", condition), color=colour, label=f"layer {layer}")
        figures.band(
            each, curve(runs, "train_accuracy", condition), color=figures.MUTED, linestyle="--", label="train accuracy"
        )
        each.set(title=title, xlabel="epoch", ylim=(-0.25, 1.05))
    figures.paper_line(axes[0], paper["cosine"], "paper: up to 0.9 (output layer)")
    axes[0].set_ylabel("cos(W, −gradient)")
    axes[0].legend(loc="lower right", fontsize=8)
    return figure


def fig6a(runs: pd.DataFrame) -> Figure:
    """The transformer with the projection, with weight decay, and plain."""
    figure, axes = figures.grid(3, width=9, sharey=True)
    for each, (condition, title) in zip(
        axes, {"perp_adamw": "perpAdamW", "adamw_wd": "AdamW, decay 1.5", "adamw": "AdamW"}.items(), strict=True
    ):
        accuracies(each, runs, condition)
        each.set(title=title)
    axes[0].set_ylabel("accuracy (%)")
    return figure


def fig6b(slow: pd.DataFrame, delay: pd.DataFrame, paper: dict, chou: dict) -> Figure:
    """Learning rate 0.005 at p = 113 (disputed), and SGD with and without the projection."""
    figure, axes = figures.grid(3, width=10, sharey=True)
    accuracies(axes[0], slow, "perp_adamw")
    figures.paper_points(axes[0], paper["epoch"], paper["accuracy"], "paper, test")
    axes[0].axhspan(chou["low"], chou["high"], color=RED, alpha=0.2, linewidth=0, label="Chou, plateau")
    axes[0].set(title="perpAdamW, lr 0.005, p = 113", ylabel="accuracy (%)")
    axes[0].legend(loc="lower right", fontsize=8)
    for each, (condition, title, colour) in zip(
        axes[1:],
        (("perp_sgd", "perpSGD + StableMax, p = 53", BLUE), ("sgd", "SGD + StableMax, p = 53", ORANGE)),
        strict=True,
    ):
        accuracies(each, delay, condition, colour)
        each.set(title=title)
    return figure


def fig6c(delay: pd.DataFrame) -> Figure:
    """Accuracy, loss and norm of AdamW with weight decay against epochs (log)."""
    figure, axes = figures.grid(2, width=8.4)
    accuracies(axes[0], delay, "adamw_wd4", PURPLE)
    axes[0].set(title="AdamW, weight decay 4", ylabel="accuracy (%)")
    axes[0].legend(loc="center right")
    for name, colour, label in (
        ("train_loss", BLUE, "softmax cross-entropy"),
        ("norm", ORANGE, "L2 norm of the weights"),
    ):
        rows = curve(delay, name, "adamw_wd4")
        rows = rows[rows["x"] > 0]
        figures.band(axes[1], rows, color=colour, label=label)
    axes[1].set(title="loss and norm", xlabel="epoch", xscale="log", yscale="log")
    axes[1].legend(loc="lower left")
    return figure


def fig7(paths: pd.DataFrame, surface: pd.DataFrame) -> Figure:
    """Trajectories over train and test loss in the plane of most variance."""
    figure, axes = figures.grid(2, width=9, height=3.9)
    names = {"sgd": ("SGD", ORANGE), "sgd_wd": ("SGD + decay", PURPLE), "perp_sgd": ("perpSGD + StableMax", BLUE)}
    for each, which in zip(axes, ("train", "test"), strict=True):
        table = surface.pivot(index="y", columns="x", values=which)
        levels = each.contourf(
            table.columns, table.index, np.log10(table.to_numpy() + 1e-12), levels=14, cmap="Greys", alpha=0.75
        )
        figure.colorbar(levels, ax=each, label="log10 loss", shrink=0.85)
        for condition, (label, colour) in names.items():
            path = paths[paths["condition"] == condition]
            each.plot(path["x"], path["y"], color=colour, label=label)
            each.plot(path["x"].iloc[-1], path["y"].iloc[-1], "o", color=colour, markersize=5)
        each.set(title=f"{which} loss", xlabel="first axis", ylabel="second axis")
        each.grid(False)
    axes[0].legend(loc="best", fontsize=8)
    return figure


def fig8(runs: pd.DataFrame) -> Figure:
    """Correct-class logits taken out of the loss, against the untouched run."""
    figure, (axes,) = figures.grid(1, width=6)
    for condition, label, colour in (("not_zeroed", "untouched", BLUE), ("zeroed", "logits zeroed", ORANGE)):
        figures.band(axes, curve(runs, "test_accuracy", condition, True), color=colour, label=label)
    axes.set(xlabel="epoch", ylabel="test accuracy (%)", ylim=(-3, 103))
    axes.legend()
    return figure


def fig14(runs: pd.DataFrame) -> Figure:
    """Test accuracy and collapsed share on MNIST for three settings."""
    figure, axes = figures.grid(2, width=8.4)
    for condition, label, colour in (
        ("x100", "weights × 100", ORANGE),
        ("x100_wd3", "weights × 100, decay 3", BLUE),
        ("x1", "weights × 1", figures.MUTED),
    ):
        figures.band(axes[0], curve(runs, "test_accuracy", condition, True), color=colour, label=label)
        figures.band(axes[1], curve(runs, "collapsed", condition, True), color=colour, label=label)
    axes[0].set(title="test accuracy", xlabel="epoch", ylabel="%")
    axes[1].set(title="samples with collapsed softmax", xlabel="epoch", ylabel="%", ylim=(-3, 103))
    axes[0].legend(loc="lower right")
    return figure
