"""The figures of the reduced-size runs: functions of tables of curves (see measure.py) that return matplotlib figures."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verifig import figures, stats

BLUE, ORANGE, GREEN, PURPLE, RED = figures.PALETTE[:5]
PROBE_NAMES = {"linear": "paper's linear probe", "ridge": "ridge", "neighbours": "20 nearest neighbours"}
PROBE_COLOURS = {"linear": BLUE, "ridge": ORANGE, "neighbours": GREEN}
REGIMES = {
    "plain": "paper's rates, head 128",
    "kick": "corrected rates, head 256",
    "wide_kick": "corrected rates, head 512",
}
REGIME_COLOURS = dict(zip(REGIMES, (BLUE, ORANGE, PURPLE), strict=True))


def percent(values: Sequence[float]) -> np.ndarray:
    """Fractions in percent."""
    return 100 * np.asarray(values, float)


def interval(axes: Axes, place: float, values: np.ndarray, colour: str, vertical: bool = True, **marker) -> None:
    """Mean and 95 % interval over seeds as a dot with a bar."""
    found = stats.mean(values)
    ends, middle = (found.low, found.high), found.observed
    xs, ys = ([place, place], ends) if vertical else (ends, [place, place])
    axes.plot(xs, ys, color=colour, linewidth=1.4)
    spot = (place, middle) if vertical else (middle, place)
    axes.plot(*spot, **({"marker": "o", "markersize": 5, "color": colour, "linestyle": "none"} | marker))


def fig1(probing: pd.DataFrame, final: pd.DataFrame) -> Figure:
    """Probing accuracy over training by probe: student, teacher, raw pixels."""
    figure, axes = figures.grid(3, width=10)
    runs, ends = probing[probing["condition"] == "full"], final[final["condition"] == "full"]
    for each, (probe, title) in zip(axes, PROBE_NAMES.items(), strict=True):
        rows = runs[runs["probe"] == probe].assign(value=lambda table: 100 * table["value"])
        figures.mean_band(each, rows, color=BLUE, label="student")
        teacher = stats.mean(percent(ends[f"teacher_{probe}"]))
        each.axhline(teacher.observed, color=ORANGE, label="teacher")
        each.axhspan(teacher.low, teacher.high, color=ORANGE, alpha=0.2, linewidth=0)
        pixels = 100 * ends[f"input_{probe}"].iloc[0]
        each.axhline(pixels, color=figures.MUTED, linestyle="--", label="raw pixels")
        each.set(title=title, xlabel="step", xlim=(0, rows["x"].max()))
    axes[0].set_ylabel("test accuracy (%)")
    axes[0].legend(loc="center right", bbox_to_anchor=(1, 0.68))
    return figure


def tab3(plain: pd.DataFrame, kick: pd.DataFrame, linear: dict, nearest: dict) -> Figure:
    """Gain over the teacher by probe, for three students, beside the paper's gains."""
    probes = ["linear", "linear_long", "ridge", "neighbours"]
    names = ["linear,\n315 steps", "linear,\n1,960 steps", "ridge", "20 nearest\nneighbours"]
    students = {
        "independent, paper's rates": (plain, "full", BLUE),
        "alpha = 0.6, paper's rates": (plain, "alpha_06", GREEN),
        "alpha = 0.001, corrected rates": (kick, "local", ORANGE),
    }
    figure, (axes,) = figures.grid(1, width=8.4, height=3.6)
    for offset, (label, (frame, condition, colour)) in enumerate(students.items()):
        rows = frame[frame["condition"] == condition]
        for place, probe in enumerate(probes):
            gains = percent(rows[probe] - rows[f"teacher_{probe}"])
            if np.isfinite(gains).all():
                interval(axes, place + 0.16 * (offset - 1), gains, colour, label=label if place == 0 else None)
    for place, rows in ((0, linear["rows"]), (3, nearest["rows"])):
        for network, marker in (("vgg11", "D"), ("resnet18", "s")):
            teacher, student = rows["CIFAR10"][network]
            label = f"paper, {'VGG11' if network == 'vgg11' else 'ResNet18'}, CIFAR10" if place == 0 else None
            style = {"markerfacecolor": "none", "markeredgecolor": figures.INK, "linestyle": "none", "markersize": 5}
            axes.plot(place + 0.34, student - teacher, marker=marker, label=label, **style)
    axes.axhline(0, color=figures.MUTED, linewidth=1)
    axes.set(xticks=range(4), xticklabels=names, ylabel="student − teacher (points)", xlim=(-0.5, 3.6))
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8.5)
    return figure


SOURCES = {
    "full": "4,000\nimages",
    "images_1000": "1,000\nimages",
    "images_100": "100\nimages",
    "digits": "other\ndigits",
    "noise": "noise",
    "permuted": "answers\npermuted",
}


def fig4(final: pd.DataFrame, paper: dict) -> Figure:
    """Gains by what the student saw (bars), and by the number of distinct images."""
    figure, axes = figures.grid(2, width=10, height=3.4, width_ratios=[1.6, 1])
    for number, probe in enumerate(PROBE_NAMES):
        for place, condition in enumerate(SOURCES):
            rows = final[final["condition"] == condition]
            gains = stats.mean(percent(rows[probe] - rows[f"teacher_{probe}"]))
            x = place + 0.26 * (number - 1)
            label = PROBE_NAMES[probe] if place == 0 else None
            axes[0].bar(x, gains.observed, 0.24, color=PROBE_COLOURS[probe], alpha=0.75, label=label)
            axes[0].plot([x, x], [gains.low, gains.high], color=figures.INK, linewidth=1.1)
    axes[0].axhline(0, color=figures.MUTED, linewidth=1)
    axes[0].set(xticks=range(len(SOURCES)), xticklabels=list(SOURCES.values()), ylabel="student − teacher (points)")
    axes[0].set_title("what the student saw")
    axes[0].legend(fontsize=8.5)
    rows = final[final["condition"].isin(["images_100", "images_1000", "full"])]
    for probe in PROBE_NAMES:
        gains = pd.DataFrame({"x": rows["distinct_images"], "value": 100 * (rows[probe] - rows[f"teacher_{probe}"])})
        figures.mean_band(axes[1], gains, color=PROBE_COLOURS[probe], marker="o", markersize=4)
    above = np.asarray(paper["accuracy"]) - paper["teacher"]
    figures.paper_points(axes[1], paper["images"], above, "paper, VGG11, linear")
    axes[1].set(title="distinct images", xlabel="images", xscale="log")
    axes[1].legend(loc="lower right", fontsize=8.5)
    return figure


def fig3(curves: Sequence[pd.DataFrame], finals: Sequence[pd.DataFrame]) -> Figure:
    """Gain by locality in three regimes (above) and the linear probe over training (below)."""
    figure, axes = figures.grid(3, 2, width=10)
    for each, final, title in zip(axes[:3], finals, REGIMES.values(), strict=True):
        rows = final[(final["source"] == "real") & (final["distinct_images"] == 4000) & ~final["condition"].isin(OTHER)]
        for probe, name in PROBE_NAMES.items():
            gains = pd.DataFrame({"x": rows["alpha"], "value": 100 * (rows[probe] - rows[f"teacher_{probe}"])})
            figures.mean_band(each, gains, color=PROBE_COLOURS[probe], label=name, marker="o", markersize=3.5)
        each.axhline(0, color=figures.MUTED, linewidth=1)
        each.set(title=title, xlabel="alpha (0: copy, 1: independent)")
    axes[0].set_ylabel("student − teacher (points)")
    axes[0].legend(fontsize=8.5, loc="lower right")
    shown = (
        {"local": "alpha = 0.001", "alpha_06": "alpha = 0.6", "full": "alpha = 1"},
        {"local": "alpha = 0.001", "independent": "alpha = 1"},
    )
    for each, frame, final, names in zip(axes[3:5], curves[:2], finals[:2], shown, strict=True):
        for colour, (condition, label) in zip((BLUE, GREEN, RED), names.items(), strict=False):
            rows = frame[(frame["condition"] == condition) & (frame["probe"] == "linear")]
            colour = RED if condition in ("full", "independent") else colour
            figures.mean_band(each, rows.assign(value=100 * rows["value"]), color=colour, label=label)
        each.axhline(100 * final["teacher_linear"].mean(), color=ORANGE, label="teacher")
        each.set(xlabel="step", title="over training")
    axes[3].set_ylabel("linear probe (%)")
    axes[3].legend(fontsize=8.5)
    for final, (regime, title) in zip(finals, REGIMES.items(), strict=True):
        rows = final[(final["source"] == "real") & ~final["condition"].isin(OTHER)]
        alive = pd.DataFrame({"x": rows["alpha"], "value": 100 * rows["alive"]})
        figures.mean_band(axes[5], alive, color=REGIME_COLOURS[regime], label=title, marker="o", markersize=3.5)
    axes[5].set(title="embedding units that fire", xlabel="alpha", ylabel="%", ylim=(0, 105))
    axes[5].legend(fontsize=8, loc="lower left")
    return figure


OTHER = ("outputs_4", "outputs_64", "images_100", "images_1000", "permuted")


def fig17(finals: Sequence[pd.DataFrame]) -> Figure:
    """Final divergence and distance from the start by locality, in three regimes."""
    figure, axes = figures.grid(2, width=8.4)
    for final, (regime, title) in zip(finals, REGIMES.items(), strict=True):
        rows = final[(final["source"] == "real") & ~final["condition"].isin(OTHER)]
        for each, field in zip(axes, ("kl", "distance"), strict=True):
            frame = pd.DataFrame({"x": rows["alpha"], "value": rows[field]})
            figures.band(each, frame, color=REGIME_COLOURS[regime], label=title, marker="o", markersize=3.5)
    axes[0].set(title="KL to the teacher at the end", xlabel="alpha", yscale="log")
    axes[1].set(title="distance from the start", xlabel="alpha", ylim=(0, None))
    axes[0].legend(fontsize=8.5, loc="lower right")
    return figure


def fig10(final: pd.DataFrame) -> Figure:
    """Gain by number of outputs."""
    figure, (axes,) = figures.grid(1, width=5.6)
    rows = final[final["condition"].isin(["outputs_4", "outputs_64", "full"])]
    for probe, name in PROBE_NAMES.items():
        gains = pd.DataFrame({"x": rows["output_size"], "value": 100 * (rows[probe] - rows[f"teacher_{probe}"])})
        figures.mean_band(axes, gains, color=PROBE_COLOURS[probe], label=name, marker="o", markersize=4)
    axes.axvline(32, color=figures.MUTED, linestyle=":")
    axes.annotate("bottleneck", (32, 0.03), xycoords=("data", "axes fraction"), fontsize=8.5, ha="right", rotation=90)
    axes.set(xlabel="outputs m", ylabel="student − teacher (points)", xscale="log", xticks=[4, 64, 256])
    axes.set_xticklabels(["4", "64", "256"])
    axes.minorticks_off()
    axes.legend(loc="lower right", fontsize=8.5)
    return figure


def valley(kick: pd.DataFrame, wide: pd.DataFrame) -> Figure:
    """KL along the line through the teacher (0) and its local student (1), and along a random direction."""
    figure, axes = figures.grid(2, width=10, sharey=True)
    for each, frame, title in zip(axes, (kick, wide), ("head width 256", "head width 512"), strict=True):
        rows = frame[frame["condition"] == "local"]
        for _, seed in rows.groupby("seed"):
            each.plot(seed["x"], seed["value"], color=BLUE, alpha=0.18, linewidth=0.9)
        middle = rows.groupby("x")[["value", "random"]].median()
        each.plot(middle.index, middle["value"], color=BLUE, marker="o", markersize=4, label="towards the student")
        each.plot(middle.index, middle["random"], color=figures.MUTED, linestyle="--", label="random direction")
        each.axvline(0, color=ORANGE, linewidth=1)
        each.axvline(1, color=GREEN, linewidth=1)
        for place, name, colour in ((0, "teacher", ORANGE), (1, "student", GREEN)):
            each.annotate(
                name, (place, 0.01), xycoords=("data", "axes fraction"), color=colour, rotation=90, ha="right"
            )
        each.set(title=title, xlabel="place g on the line", yscale="log")
    axes[0].set_ylabel("KL to the teacher")
    axes[1].legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8.5)
    return figure


def landscapes(planes: pd.DataFrame) -> Figure:
    """Loss and linear probe over both planes, with circles of equal weight norm."""
    figure, axes = figures.grid(2, 2, width=9.6, height=3.7)
    models = {
        "shared": {"teacher": (0, 0), "student, alpha ≈ 0": (1, 0), "student, alpha = 1": (0, 1)},
        "nonlocal": {"teacher": (0, 0), "start, alpha = 1": (1, 0), "student, alpha = 1": (0, 1)},
    }
    for row, (view, places) in enumerate(models.items()):
        frame = planes[planes["view"] == view]
        for column, (field, title) in enumerate((("kl", "log10 KL to the teacher"), ("linear", "linear probe (%)"))):
            each = axes[2 * row + column]
            _surface(figure, each, frame, "a", "b", field)
            for (name, place), colour in zip(places.items(), (ORANGE, GREEN, RED), strict=True):
                _mark(each, place, name, colour)
            first, second = list(places)[1:]
            each.set(title=title, xlabel=f"towards {first}", ylabel=f"towards {second}")
    return figure


def preserved(planes: pd.DataFrame) -> Figure:
    """The shared plane in distance-preserving coordinates: loss, probe, and divergence of the embeddings alone."""
    figure, axes = figures.grid(3, width=10, height=4.2)
    frame = planes[planes["view"] == "shared"]
    titles = {"kl": "log10 KL, outputs", "linear": "linear probe (%)", "encoder_kl": "log10 KL, embeddings"}
    for each, (field, title) in zip(axes, titles.items(), strict=True):
        _surface(figure, each, frame, "x", "y", field)
        for name, corner, colour in (
            ("teacher", (0, 0), ORANGE),
            ("alpha ≈ 0", (1, 0), GREEN),
            ("alpha = 1", (0, 1), RED),
        ):
            here = frame[np.isclose(frame["a"], corner[0]) & np.isclose(frame["b"], corner[1])]
            _mark(each, (here["x"].iloc[0], here["y"].iloc[0]), name, colour)
        each.set(title=title, xlabel="distance", aspect="equal")
    return figure


def _surface(figure: Figure, axes: Axes, frame: pd.DataFrame, x: str, y: str, field: str) -> None:
    """Filled contours of a field, and thin contours of the weight norm."""
    side = round(len(frame) ** 0.5)
    xs, ys, values, norm = (frame[name].to_numpy().reshape(side, side) for name in (x, y, field, "norm"))
    logarithmic = field in ("kl", "encoder_kl")
    values = np.log10(np.maximum(values, 1e-6)) if logarithmic else 100 * values
    drawn = axes.contourf(xs, ys, values, levels=14, cmap="viridis_r" if logarithmic else "viridis", alpha=0.9)
    figure.colorbar(drawn, ax=axes, shrink=0.85)
    lines = axes.contour(xs, ys, norm, levels=5, colors="white", linewidths=0.7, alpha=0.8)
    axes.clabel(lines, fontsize=7, fmt="%.0f")
    axes.grid(False)


def _mark(axes: Axes, place: tuple[float, float], name: str, colour: str) -> None:
    axes.plot(*place, "o", color=colour, markeredgecolor="white", markersize=7)
    box = {"boxstyle": "round,pad=0.15", "facecolor": "#1f2430", "edgecolor": "none", "alpha": 0.65}
    axes.annotate(name, place, (4, 6), textcoords="offset points", fontsize=7.5, color="white", bbox=box)
