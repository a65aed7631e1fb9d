"""Figures of the loss around a teacher: on a line through its student, and on planes."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replications.random_teachers.sarnthein2023.plotting.drawing import REGIME_COLOURS
from verifig.pages import figures
from verifig.pages.figures import INK, ORANGE, pick

FLOOR = 1e-6  # smallest KL that a plane draws


def valley(kick: pd.DataFrame, wide: pd.DataFrame, regimes: Mapping[str, str]) -> Figure:
    """KL along the line through the teacher (0) and its local student (1), and along a random direction.

    At the teacher itself the KL is 0, which has no place on the axis: the lines break there.
    """
    figure, axes = figures.grid(2, width=8.9, sharey=True)
    for each, frame, regime in zip(axes, (kick, wide), ("kick", "wide_kick"), strict=True):
        rows, colour = pick(frame, condition="local"), REGIME_COLOURS[regime]
        for seed, one in rows.groupby("seed"):
            line = _broken(one.set_index("x")["value"])
            each.plot(line.index, line, color=colour, alpha=0.18, linewidth=0.9, gid=f"seed {seed}")
        middle = rows.groupby("x")[["value", "random"]].median()
        for field, style in (
            ("value", {"color": colour, "marker": "o", "markersize": 4, "label": f"{regime}, towards the student"}),
            ("random", {"color": figures.MUTED, "linestyle": "--", "label": "random direction"}),
        ):
            line = _broken(middle[field])
            each.plot(line.index, line, **style)
        for place, name, colour in ((0, "teacher", ORANGE), (1, "student", INK)):
            each.axvline(place, color=colour, linewidth=1)
            look = {"xytext": (-3, 0), "textcoords": "offset points", "rotation": 90, "ha": "right", "va": "center"}
            each.annotate(name, (place, 0.5), xycoords=("data", "axes fraction"), color=colour, fontsize=8.5, **look)
        each.set_title(regimes[regime], fontsize=9.5)
        each.set(xlabel="place g on the line", yscale="log")
    axes[0].set_ylabel("KL to the teacher (nats)")
    figures.legend_outside(axes, "lower center", ncols=3, fontsize=8.5)
    return figure


def _broken(line: pd.Series) -> pd.Series:
    """The line with a gap at 0."""
    return pd.concat([line, pd.Series([np.nan], [0.0])]).sort_index()


def planes(planes: pd.DataFrame, alphas: Mapping[str, float]) -> Figure:
    """Loss and linear probe over both planes, with circles of equal weight norm.

    Args:
        alphas: locality of the `local` and of the `independent` student.
    """
    figure, axes = figures.grid(2, 2, width=8.9, height=3.7)
    local, independent = (f"alpha = {alphas[name]:g}" for name in ("local", "independent"))
    models = {
        "shared": (f"student, {local}", f"student, {independent}"),
        "nonlocal": (f"start, {independent}", f"student, {independent}"),
    }
    for row, (view, (first, second)) in enumerate(models.items()):
        frame = pick(planes, view=view)
        for column, (field, title) in enumerate((("kl", "log10 KL to the teacher"), ("linear", "linear probe (%)"))):
            each = axes[2 * row + column]
            _surface(figure, each, frame, "a", "b", field)
            for name, place, colour in (
                ("teacher", (0, 0), ORANGE),
                (first, (1, 0), "white"),
                (second, (0, 1), "white"),
            ):
                _mark(each, place, name, colour)
            each.set(title=title, xlabel=f"share of the way to the {first}", ylabel=f"share to the {second}")
            each.set(xticks=np.arange(-0.5, 1.6, 0.5), yticks=np.arange(-0.5, 1.6, 0.5))
    return figure


def preserved(planes: pd.DataFrame, alphas: Mapping[str, float]) -> Figure:
    """The shared plane in distance-preserving coordinates: loss, probe, and divergence of the embeddings alone."""
    figure, axes = figures.grid(3, width=8.9, height=3.9, layout="compressed")
    frame = pick(planes, view="shared")
    titles = {"kl": "log10 KL, outputs", "linear": "linear probe (%)", "encoder_kl": "log10 KL, embeddings"}
    corners = {
        "teacher": ((0, 0), ORANGE),
        f"alpha = {alphas['local']:g}": ((1, 0), "white"),
        f"alpha = {alphas['independent']:g}": ((0, 1), "white"),
    }
    for each, (field, title) in zip(axes, titles.items(), strict=True):
        _surface(figure, each, frame, "x", "y", field)
        for name, (corner, colour) in corners.items():
            _mark(each, _place(frame, *corner), name, colour)
        each.set_title(title, fontsize=9.5)
        each.set(xlabel="L2 distance", aspect="equal")
    axes[0].set_ylabel("L2 distance of parameters")
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
    axes.plot(*place, "o", color=colour, markeredgecolor=figures.DARK_INK, markersize=7)
    box = {"boxstyle": "round,pad=0.15", "facecolor": "#1f2430", "edgecolor": "none", "alpha": 0.65}
    left, right = axes.get_xlim()
    ha, shift = ("right", (4, -15)) if place[0] > (left + right) / 2 else ("left", (-4, 8))
    look = {"textcoords": "offset points", "fontsize": 7.5, "color": "white", "bbox": box, "ha": ha}
    axes.annotate(name, place, shift, **look)
