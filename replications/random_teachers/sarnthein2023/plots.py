"""The figures of the reduced-size runs: functions of tables of curves (see measure.py) that return matplotlib figures.

Labels that name a setting are arguments, made in report.py from the settings of the run: `probes` by probe, `regimes` by
experiment. Conditions that did not run are not drawn.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verifig.judging import stats
from verifig.pages import figures

BLUE, ORANGE, GREEN, PURPLE, RED, OLIVE = figures.PALETTE[:6]
PROBES = ("linear", "ridge", "neighbours")
PROBE_COLOURS = dict(zip(PROBES, (BLUE, OLIVE, GREEN), strict=True))
REGIMES = ("plain", "kick", "wide_kick")
REGIME_COLOURS = dict(zip(REGIMES, (BLUE, PURPLE, RED), strict=True))
INDEPENDENT = {"plain": "full", "kick": "independent", "wide_kick": "independent"}
BY_OUTPUTS = ("outputs_4", "outputs_64", "full")
BY_IMAGES = ("images_100", "images_1000", "full")
FLOOR = 1e-6  # smallest KL that a landscape draws
NOT_BY_ALPHA = {*BY_OUTPUTS, *BY_IMAGES, "permuted"} - {"full"}  # differ from `full` in more than alpha


def percent(values: Sequence[float]) -> np.ndarray:
    """Fractions in percent."""
    return 100 * np.asarray(values, float)


def gains(final: pd.DataFrame, probe: str) -> np.ndarray:
    """Student minus teacher, in percentage points, by seed."""
    return percent(final[probe] - final[f"teacher_{probe}"])


def interval(axes: Axes, place: float, values: np.ndarray, colour: str, vertical: bool = True, **marker) -> None:
    """Mean and 95 % interval over seeds as a dot with a bar."""
    found = stats.mean(values)
    ends, middle = (found.low, found.high), found.observed
    xs, ys = ([place, place], ends) if vertical else (ends, [place, place])
    axes.plot(xs, ys, color=colour, linewidth=1.4)
    spot = (place, middle) if vertical else (middle, place)
    axes.plot(*spot, **({"marker": "o", "markersize": 5, "color": colour, "linestyle": "none"} | marker))


def fig1(probing: pd.DataFrame, final: pd.DataFrame, probes: Mapping[str, str]) -> Figure:
    """Probing accuracy over training by probe: independent student, teacher, raw pixels."""
    figure, axes = figures.grid(3, width=9.2, sharey=True)
    runs, ends = probing[probing["condition"] == "full"], final[final["condition"] == "full"]
    for each, probe in zip(axes, PROBES, strict=True):
        rows = runs[runs["probe"] == probe]
        figures.mean_band(each, rows.assign(value=100 * rows["value"]), color=BLUE, label="student")
        teacher = stats.mean(percent(ends[f"teacher_{probe}"]))
        each.axhline(teacher.observed, color=ORANGE, label="teacher")
        each.axhspan(teacher.low, teacher.high, color=ORANGE, alpha=0.2, linewidth=0)
        each.axhline(100 * ends[f"input_{probe}"].iloc[0], color=figures.MUTED, linestyle="--", label="raw pixels")
        each.set(title=probes[probe], xlabel="step", xlim=(0, rows["x"].max()))
    axes[0].set_ylabel("test accuracy (%)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=3)
    return figure


def tab3(
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
    finals, colours = {"plain": plain, "kick": kick}, (BLUE, GREEN, PURPLE)
    figure, (axes,) = figures.grid(1, width=9, height=3.4)
    for offset, ((experiment, condition), label) in enumerate(students.items()):
        rows = finals[experiment][finals[experiment]["condition"] == condition]
        for place, probe in enumerate(probes):
            found = gains(rows, probe)
            if len(found) and np.isfinite(found).all():
                shift = place + 0.16 * (offset - 1)
                interval(axes, shift, found, colours[offset], label=label if place == 0 else None)
    places = list(probes)
    for probe, rows in (("linear", linear["rows"]), ("neighbours", nearest["rows"])):
        for network, name, marker in (("vgg11", "VGG11", "D"), ("resnet18", "ResNet18", "s")):
            teacher, student = rows["CIFAR10"][network]
            label = f"paper, {name} on CIFAR10" if probe == "linear" else None
            style = {"markerfacecolor": "none", "markeredgecolor": figures.INK, "linestyle": "none", "markersize": 5}
            axes.plot(places.index(probe) + 0.34, student - teacher, marker=marker, label=label, **style)
    axes.axhline(0, color=figures.MUTED, linewidth=1)
    axes.set(xticks=range(len(probes)), xticklabels=list(probes.values()), xlabel="probe")
    axes.set(ylabel="student − teacher (points)", xlim=(-0.5, len(probes) - 0.4))
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8.5)
    return figure


def fig4(final: pd.DataFrame, probes: Mapping[str, str], sources: Mapping[str, str], paper: Mapping) -> Figure:
    """Gains by what the student saw (bars), and by the number of distinct images beside the paper's.

    Args:
        sources: labels by condition.
    """
    figure, axes = figures.grid(2, width=9.4, height=3.4, width_ratios=[1.6, 1])
    shown = [condition for condition in sources if condition in set(final["condition"])]
    for number, probe in enumerate(PROBES):
        for place, condition in enumerate(shown):
            found = stats.mean(gains(final[final["condition"] == condition], probe))
            x = place + 0.26 * (number - 1)
            label = probes[probe] if place == 0 else None
            axes[0].bar(x, found.observed, 0.24, color=PROBE_COLOURS[probe], alpha=0.75, label=label)
            axes[0].plot([x, x], [found.low, found.high], color=figures.INK, linewidth=1.1)
    axes[0].axhline(0, color=figures.MUTED, linewidth=1)
    axes[0].set(xticks=range(len(shown)), xticklabels=[sources[condition] for condition in shown])
    axes[0].set(ylabel="student − teacher (points)", title="by what the student saw")
    rows = final[final["condition"].isin(BY_IMAGES)]
    for probe in PROBES:
        found = pd.DataFrame({"x": rows["distinct_images"], "value": gains(rows, probe)})
        figures.mean_band(axes[1], found, color=PROBE_COLOURS[probe], label=probes[probe], marker="o", markersize=4)
    above = np.asarray(paper["accuracy"]) - paper["teacher"]
    figures.paper_points(axes[1], paper["images"], above, "paper, VGG11, linear")
    axes[1].set(title="by distinct images", xlabel="images", xscale="log", ylabel="student − teacher (points)")
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside upper right", ncols=4, fontsize=8.5)
    return figure


def by_alpha(final: pd.DataFrame) -> pd.DataFrame:
    """Rows of conditions that differ in alpha alone."""
    return final[(final["source"] == "real") & ~final["condition"].isin(NOT_BY_ALPHA)]


def fig3(
    curves: Sequence[pd.DataFrame],
    finals: Sequence[pd.DataFrame],
    probes: Mapping[str, str],
    regimes: Mapping[str, str],
    over_training: Mapping[str, Mapping[str, str]],
) -> Figure:
    """Gain by locality in three regimes (above), the linear probe over training in two, and the units that fire.

    Args:
        over_training: by experiment, labels of the conditions whose probe over training is drawn.
    """
    figure, axes = figures.grid(3, 2, width=9.6)
    for each, final, regime in zip(axes[:3], finals, REGIMES, strict=True):
        rows = by_alpha(final)
        for probe in PROBES:
            found = pd.DataFrame({"x": rows["alpha"], "value": gains(rows, probe)})
            figures.mean_band(each, found, color=PROBE_COLOURS[probe], label=probes[probe], marker="o", markersize=3.5)
        each.axhline(0, color=figures.MUTED, linewidth=1)
        each.set_title(regimes[regime], fontsize=8.5)
        each.set_xlabel("alpha (0: copy, 1: independent)")
    axes[0].set_ylabel("student − teacher (points)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=3, fontsize=8.5)
    _over_training(axes[3:5], curves, finals, over_training)
    for final, regime in zip(finals, REGIMES, strict=True):
        rows = by_alpha(final)
        alive = pd.DataFrame({"x": rows["alpha"], "value": 100 * rows["alive"]})
        figures.mean_band(
            axes[5], alive, color=REGIME_COLOURS[regime], label=regimes[regime], marker="o", markersize=3.5
        )
    axes[5].set_title("embedding units that fire", fontsize=8.5)
    axes[5].set(xlabel="alpha", ylabel="units (%)", ylim=(0, 105))
    axes[5].legend(fontsize=7.5, loc="lower left")
    return figure


def _over_training(axes, curves, finals, over_training) -> None:
    """The linear probe by step for a few starts, a panel a regime."""
    styles = ("-", (0, (4, 2)), (0, (1, 1.5)))
    for each, experiment in zip(axes, over_training, strict=True):
        which = REGIMES.index(experiment)
        names = over_training[experiment]
        for style, (condition, label) in zip(styles, names.items(), strict=False):
            rows = curves[which]
            rows = rows[(rows["condition"] == condition) & (rows["probe"] == "linear")]
            rows = rows.assign(value=100 * rows["value"])
            figures.mean_band(each, rows, color=BLUE, label=label, linestyle=style)
        ends = finals[which][finals[which]["condition"].isin(names)].drop_duplicates("seed")
        each.axhline(100 * ends["teacher_linear"].mean(), color=ORANGE, label="teacher")
        each.set_title(f"{experiment}: linear probe over training", fontsize=8.5)
        each.set(xlabel="step", ylabel="test accuracy (%)")
        each.legend(fontsize=8)


def fig17(finals: Sequence[pd.DataFrame], regimes: Mapping[str, str]) -> Figure:
    """Final divergence and distance from the start by locality, in three regimes."""
    figure, axes = figures.grid(2, width=8.4)
    for final, regime in zip(finals, REGIMES, strict=True):
        rows = by_alpha(final)
        for each, field in zip(axes, ("kl", "distance"), strict=True):
            frame = pd.DataFrame({"x": rows["alpha"], "value": rows[field]})
            colour, label = REGIME_COLOURS[regime], regimes[regime]
            figures.band(each, frame, color=colour, label=label, marker="o", markersize=3.5)
    axes[0].set(title="KL to the teacher at the end", xlabel="alpha", ylabel="KL (nats)", yscale="log")
    axes[1].set(title="distance from the start", xlabel="alpha", ylabel="parameter distance", ylim=(0, None))
    axes[0].legend(fontsize=8, loc="lower right")
    return figure


def fig10(final: pd.DataFrame, probes: Mapping[str, str], bottleneck: int) -> Figure:
    """Gain by number of outputs."""
    figure, (axes,) = figures.grid(1, width=5.6)
    rows = final[final["condition"].isin(BY_OUTPUTS)]
    for probe in PROBES:
        found = pd.DataFrame({"x": rows["output_size"], "value": gains(rows, probe)})
        figures.mean_band(axes, found, color=PROBE_COLOURS[probe], label=probes[probe], marker="o", markersize=4)
    axes.axvline(bottleneck, color=figures.MUTED, linestyle=":")
    place = {"xytext": (-3, 0), "textcoords": "offset points", "ha": "right", "rotation": 90, "fontsize": 8.5}
    axes.annotate("bottleneck", (bottleneck, 0.03), xycoords=("data", "axes fraction"), **place)
    sizes = sorted(rows["output_size"].unique())
    axes.set(xlabel="outputs m", ylabel="student − teacher (points)", xscale="log", xticks=sizes)
    axes.set_xticklabels([f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.legend(loc="lower right", fontsize=8.5)
    return figure


def valley(kick: pd.DataFrame, wide: pd.DataFrame, regimes: Mapping[str, str]) -> Figure:
    """KL along the line through the teacher (0) and its local student (1), and along a random direction.

    At the teacher itself the KL is 0, which has no place on the axis: the lines break there.
    """
    figure, axes = figures.grid(2, width=9.4, sharey=True)
    for each, frame, regime in zip(axes, (kick, wide), ("kick", "wide_kick"), strict=True):
        rows = frame[frame["condition"] == "local"]
        for _, seed in rows.groupby("seed"):
            line = _broken(seed.set_index("x")["value"])
            each.plot(line.index, line, color=BLUE, alpha=0.18, linewidth=0.9)
        middle = rows.groupby("x")[["value", "random"]].median()
        for field, style in (
            ("value", {"color": BLUE, "marker": "o", "markersize": 4, "label": "towards the student, median"}),
            ("random", {"color": figures.MUTED, "linestyle": "--", "label": "random direction, median"}),
        ):
            line = _broken(middle[field])
            each.plot(line.index, line, **style)
        for place, name, colour in ((0, "teacher", ORANGE), (1, "student", GREEN)):
            each.axvline(place, color=colour, linewidth=1)
            look = {"xytext": (-3, 0), "textcoords": "offset points", "rotation": 90, "ha": "right", "va": "center"}
            each.annotate(name, (place, 0.5), xycoords=("data", "axes fraction"), color=colour, fontsize=8.5, **look)
        each.set_title(regimes[regime], fontsize=9.5)
        each.set(xlabel="place g on the line", yscale="log")
    axes[0].set_ylabel("KL to the teacher (nats)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, fontsize=8.5)
    return figure


def _broken(line: pd.Series) -> pd.Series:
    """The line with a gap at 0."""
    return pd.concat([line, pd.Series([np.nan], [0.0])]).sort_index()


def landscapes(planes: pd.DataFrame, alphas: Mapping[str, float]) -> Figure:
    """Loss and linear probe over both planes, with circles of equal weight norm.

    Args:
        alphas: locality of the `local` and of the `independent` student.
    """
    figure, axes = figures.grid(2, 2, width=9.4, height=3.7)
    local, independent = (f"alpha = {alphas[name]:g}" for name in ("local", "independent"))
    models = {
        "shared": (f"student, {local}", f"student, {independent}"),
        "nonlocal": (f"start, {independent}", f"student, {independent}"),
    }
    for row, (view, (first, second)) in enumerate(models.items()):
        frame = planes[planes["view"] == view]
        for column, (field, title) in enumerate((("kl", "log10 KL to the teacher"), ("linear", "linear probe (%)"))):
            each = axes[2 * row + column]
            _surface(figure, each, frame, "a", "b", field)
            for name, place, colour in (
                ("teacher", (0, 0), ORANGE),
                (first, (1, 0), GREEN),
                (second, (0, 1), RED),
            ):
                _mark(each, place, name, colour)
            each.set(title=title, xlabel=f"share of the way to the {first}", ylabel=f"to the {second}")
    return figure


def preserved(planes: pd.DataFrame, alphas: Mapping[str, float]) -> Figure:
    """The shared plane in distance-preserving coordinates: loss, probe, and divergence of the embeddings alone."""
    figure, axes = figures.grid(3, width=10, height=4.2)
    frame = planes[planes["view"] == "shared"]
    titles = {"kl": "log10 KL, outputs", "linear": "linear probe (%)", "encoder_kl": "log10 KL, embeddings"}
    corners = {
        "teacher": ((0, 0), ORANGE),
        f"alpha = {alphas['local']:g}": ((1, 0), GREEN),
        f"alpha = {alphas['independent']:g}": ((0, 1), RED),
    }
    for each, (field, title) in zip(axes, titles.items(), strict=True):
        _surface(figure, each, frame, "x", "y", field)
        for name, (corner, colour) in corners.items():
            _mark(each, _place(frame, *corner), name, colour)
        each.set(title=title, xlabel="parameter distance", aspect="equal")
    axes[0].set_ylabel("parameter distance")
    return figure


def _place(frame: pd.DataFrame, a: float, b: float) -> tuple[float, float]:
    """Distance-preserving coordinates of the place (a, b), which need not lie on the grid: they are affine in it."""
    design = np.column_stack([np.ones(len(frame)), frame["a"], frame["b"]])
    solved = np.linalg.lstsq(design, frame[["x", "y"]].to_numpy(), rcond=None)[0]
    return tuple(np.array([1, a, b]) @ solved)


def _surface(figure: Figure, axes: Axes, frame: pd.DataFrame, x: str, y: str, field: str) -> None:
    """Filled contours of a field, and thin contours of the weight norm."""
    side = round(len(frame) ** 0.5)
    xs, ys, values, norm = (frame[name].to_numpy().reshape(side, side) for name in (x, y, field, "norm"))
    logarithmic = field in ("kl", "encoder_kl")
    values = np.log10(np.maximum(values, FLOOR)) if logarithmic else 100 * values
    drawn = axes.contourf(xs, ys, values, levels=14, cmap="viridis_r" if logarithmic else "viridis", alpha=0.9)
    figure.colorbar(drawn, ax=axes)
    lines = axes.contour(xs, ys, norm, levels=5, colors="white", linewidths=0.7, alpha=0.8)
    axes.clabel(lines, fontsize=7, fmt="%.0f")
    axes.grid(False)


def _mark(axes: Axes, place: tuple[float, float], name: str, colour: str) -> None:
    """A model on a plane, its name above it, or below and to the left where there is no room to the right."""
    axes.plot(*place, "o", color=colour, markeredgecolor="white", markersize=7)
    box = {"boxstyle": "round,pad=0.15", "facecolor": "#1f2430", "edgecolor": "none", "alpha": 0.65}
    left, right = axes.get_xlim()
    ha, shift = ("right", (4, -15)) if place[0] > (left + right) / 2 else ("left", (-4, 8))
    look = {"textcoords": "offset points", "fontsize": 7.5, "color": "white", "bbox": box, "ha": ha}
    axes.annotate(name, place, shift, **look)
