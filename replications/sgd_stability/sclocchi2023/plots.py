"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.sgd_stability.sclocchi2023.theory import exponents
from verifig.pages import figures
from verifig.pages.figures import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, log_ticks, pick

CHIS = {"chi0": ("χ = 0", BLUE), "chi1": ("χ = 1", ORANGE), "chi3": ("χ = 3", GREEN)}
HEATS = {"heat0": ("χ = 0", BLUE), "heat1": ("χ = 1", ORANGE)}
NETWORKS = {"lazy": PURPLE, "cold": GREY}
GUIDE = {"color": INK, "linestyle": (0, (4, 3)), "linewidth": 1}


def phase(perceptron: pd.DataFrame, network: pd.DataFrame, condition: str = "heat1") -> Figure:
    """Test error over init scale and temperature: perceptron (by alpha T, which alone matters), network.

    Cells are means over seeds, of those with every run fitted; the others stay empty.
    """
    figure, axes = figures.grid(2, width=8.9, height=3.5)
    heats = pick(perceptron, condition=condition).groupby("temperature")[["error", "fitted"]]
    by_product = {np.log2(heat): rows["error"].mean() for heat, rows in heats if rows["fitted"].all()}
    alphas, temperatures = np.arange(-4, 5, 2.0), np.arange(-4, 9, 2.0)
    cells = [[by_product.get(a + t, np.nan) for t in temperatures] for a in alphas]
    _map(axes[0], np.array(cells), alphas, temperatures)
    axes[0].set(title="perceptron: test error, %", xlabel="temperature T", ylabel="init scale α")
    rows = pick(network, condition="phase")
    table = rows.groupby(["alpha", "temperature"]).agg(error=("test_error", "mean"), fitted=("fitted", "all"))
    table = table["error"].where(table["fitted"]).unstack()
    _map(axes[1], table.to_numpy(), np.log2(table.index), np.log2(table.columns))
    axes[1].set(title="network: test error, %", xlabel="temperature T", ylabel="init scale α")
    return figure


def _map(axes: Axes, errors: np.ndarray, alphas: Sequence[float], temperatures: Sequence[float]) -> None:
    """Errors [alphas, temperatures] in percent as colours and numbers, the axes as powers of 2."""
    shown = 100 * errors
    low, high = np.nanmin(shown), np.nanmax(shown)
    axes.imshow(shown, cmap="cividis", origin="lower", aspect="auto", vmin=low, vmax=high)
    for (i, j), value in np.ndenumerate(shown):
        if np.isfinite(value):
            dark = value < (low + high) / 2
            axes.annotate(
                f"{value:.1f}", (j, i), ha="center", va="center", fontsize=8, color="white" if dark else "black"
            )
    axes.set_xticks(range(len(temperatures)), [_power(value) for value in temperatures])
    axes.set_yticks(range(len(alphas)), [_power(value) for value in alphas])
    axes.grid(False)


def _power(exponent: float) -> str:
    return f"2^{exponent:g}".replace("-", "−")


def sizes(perceptron: pd.DataFrame, fitted: Mapping[str, Mapping[str, float]]) -> Figure:
    """Training time and norm against P on log axes, with fitted exponents in the legends, and the asymptotic ones.

    Args:
        fitted: by field (`time`, `norm`) and condition, the mean exponent.
    """
    figure, axes = figures.grid(2, width=8.9, height=3.4)
    titles = {"time": "training time t*", "norm": "norm of the weights ‖w‖"}
    for panel, (field, title) in zip(axes, titles.items(), strict=True):
        for condition, (label, colour) in CHIS.items():
            rows = _kept(perceptron, condition)
            if rows.empty:
                continue
            slope = exponents(rows["chi"].iloc[0])[field]
            exponent = fitted[field].get(condition, np.nan)
            _points(panel, rows, "size", field, colour, f"{label}: {exponent:.2f} (asymptotic {slope:g})")
            _guide(panel, rows, "size", field, slope)
        panel.set(title=title, xlabel="training samples P", xscale="log", yscale="log")
        log_ticks(panel.xaxis, sorted(perceptron["size"].unique()))
        panel.legend(fontsize=8, loc="upper left")
        low, high = panel.get_ylim()
        panel.set_ylim(low, high * (high / low) ** 0.35)
    return figure


def heat(perceptron: pd.DataFrame, network: pd.DataFrame) -> Figure:
    """Training time against T, perceptron and networks, with lines t* ~ T; of networks also against P."""
    figure, axes = figures.grid(3, width=8.9, height=3.3)
    for condition, (label, colour) in HEATS.items():
        rows = _kept(perceptron, condition)
        _points(axes[0], rows, "temperature", "time", colour, label)
        _guide(axes[0], rows[rows["temperature"] >= 4], "temperature", "time", 1)
    axes[0].set(title="perceptron: t*", xlabel="temperature T")
    for condition, colour in NETWORKS.items():
        rows = _kept(network, condition)
        if rows.empty:
            continue
        label = f"α = {_power(np.log2(rows['alpha'].iloc[0]))}"
        _points(axes[1], rows, "temperature", "time", colour, label)
        if condition == "lazy":
            _guide(axes[1], rows, "temperature", "time", 1)
    axes[1].set(title="networks: t*", xlabel="temperature T")
    grown = _kept(network, "grow")
    _points(axes[2], grown, "size", "time", PURPLE, "")
    axes[2].set(title="networks: t* by P", xlabel="training images P")
    for panel in axes:
        panel.set(xscale="log", yscale="log")
    log_ticks(axes[2].xaxis, sorted(grown["size"].unique()))
    for panel in axes[:2]:
        panel.legend(fontsize=8, loc="upper left")
    return figure


def batches(perceptron: pd.DataFrame) -> Figure:
    """Training time and norm by batch size, at a fixed temperature and (one point) at a fixed learning rate."""
    figure, axes = figures.grid(2, width=8.0, height=2.9)
    for panel, (field, title) in zip(axes, {"time": "t*", "norm": "‖w‖"}.items(), strict=True):
        fixed = pd.concat([_kept(perceptron, name) for name in ("batch1", "batch8", "batch64")])
        _points(panel, fixed, "batch", field, BLUE, "T fixed: rate grows with B")
        rate = pd.concat([_kept(perceptron, name) for name in ("batch1", "rate8")])
        _points(panel, rate, "batch", field, RED, "rate fixed: T falls with B")
        panel.set(title=title, xlabel="batch size B", xscale="log", yscale="log")
        log_ticks(panel.xaxis, sorted(fixed["batch"].unique()))
    axes[1].legend(fontsize=8)
    return figure


def _kept(frame: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Fitted runs of a condition."""
    rows = pick(frame, condition=condition)
    return rows[rows["fitted"]]


def _points(axes: Axes, rows: pd.DataFrame, x: str, y: str, colour: str, label: str) -> None:
    """Geometric means over seeds with a line, and every run as a faint dot."""
    means = np.exp(np.log(rows[y]).groupby(rows[x]).mean())
    axes.plot(rows[x], rows[y], ".", color=colour, alpha=0.25, markersize=4, markeredgewidth=0)
    axes.plot(means.index, means, "o-", color=colour, label=label, markersize=4)


def _guide(axes: Axes, rows: pd.DataFrame, x: str, y: str, slope: float) -> None:
    """A dashed line of a slope that ends at the last mean."""
    if rows.empty:
        return
    ends = np.array([rows[x].min(), rows[x].max()], float)
    last = np.exp(np.log(rows.loc[rows[x] == rows[x].max(), y]).mean())
    axes.plot(ends, last * (ends / ends[1]) ** slope, **GUIDE)
