"""One style for all figures: legible on light and dark ground, intervals as bands, the paper's values as marked lines.

Figures are SVG with real text. Ink (text, axes) is written as `currentColor`, so that one file follows the reader's
colour scheme; data colours are mid-tones that stand out on both. Equal data give equal bytes.
"""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from verifig.ground.files import write_text
from verifig.pages import legible, marked, narrow, notation, slim
from verifig.pages.notices import PLACEHOLDER

INK = "#010203"  # stands for currentColor until the figure is saved
MUTED = "#8a8f98"
PALETTE = ("#3f86d2", "#d9762b", "#2f9e73", "#b05fc4", "#d64f62", "#8f8420", "#2aa3b8", "#8a8f98")
BLUE, ORANGE, GREEN, PURPLE, RED, OLIVE, TEAL, GREY = PALETTE
PINK, INDIGO = "#d877ab", "#6a6fd6"  # for pages on which the palette's colours all mean something
DASHED = {"color": INK, "linestyle": (0, (4, 3)), "linewidth": 1}  # what theory or a paper says, beside our data
DARK_INK, LIGHT_INK = "#1f2430", "#d6dae2"

STYLE = {
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.prop_cycle": matplotlib.cycler(color=PALETTE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "grid.alpha": 0.25,
    "grid.color": MUTED,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.7,
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "text.color": INK,
    "xtick.color": INK,
    "xtick.labelsize": 9,
    "ytick.color": INK,
    "ytick.labelsize": 9,
}


def grid(
    columns: int = 1, rows: int = 1, width: float = 8.0, height: float = 3.1, narrow_columns: int = 1, **options
) -> tuple[Figure, np.ndarray]:
    """A figure with `rows` x `columns` axes in the suite's style; `height` is of one row, in inches.

    Returns the figure and a flat array of axes. For a narrow screen (`narrow.drawing`) they stand in one column,
    those of a matrix in as many (`narrow_columns`) as divide its own: panel by panel, in the same order.
    """
    columns, rows, width, height, options = narrow.shape(columns, rows, width, height, options, narrow_columns)
    sns.set_theme(style=None, rc=STYLE)
    figure, axes = plt.subplots(rows, columns, figsize=(width, height * rows), squeeze=False, **options)
    return figure, axes.ravel()


def pick(frame: pd.DataFrame, /, **values: object) -> pd.DataFrame:
    """Rows of a long table with these values in their columns: `pick(runs, curve="loss", condition="sgd")`."""
    for column, value in values.items():
        frame = frame[frame[column] == value]
    return frame


def percent(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The table with fractions in percent: those of the named columns, of `value` if none is named."""
    return frame.assign(**{name: 100 * frame[name] for name in columns or ["value"]})


def band(
    axes: Axes, frame: pd.DataFrame, x: str = "x", y: str = "value", color: str = BLUE, label=None, **line
) -> None:
    """Median over units as a line and the range over units as a band, from a long table with one row a unit and x."""
    _median_band(axes, frame, x, y, (0, 1), 0.2, {"color": color, "label": label} | line, "range")


def quartile_band(
    axes: Axes, frame: pd.DataFrame, x: str = "x", y: str = "value", color: str = BLUE, label=None, **line
) -> None:
    """Median over units with the band from the first to the third quartile, for values whose range spans decades."""
    _median_band(axes, frame, x, y, (0.25, 0.75), 0.18, {"color": color, "label": label} | line, "quartiles")


def _median_band(axes, frame, x, y, shares, opacity, line, name) -> None:
    if frame.empty:  # the condition was left out of this run
        return
    legible.band_is(axes, f"medians, bands: {name}")
    groups = frame.groupby(x)[y]
    middle, (low, high) = groups.median(), (groups.quantile(share) for share in shares)
    axes.plot(middle.index, middle, **line)
    axes.fill_between(middle.index, low, high, color=line["color"], alpha=opacity, linewidth=0)


def mean_band(
    axes: Axes, frame: pd.DataFrame, x: str = "x", y: str = "value", color: str = BLUE, label=None, **line
) -> None:
    """Mean over units with its pointwise 95 % Student t interval as a band."""
    from verifig.judging.stats import mean

    if frame.empty:
        return
    legible.band_is(axes, "means, bands: 95 % intervals")
    groups = frame.groupby(x)[y]
    intervals = {key: mean(values.to_numpy(float)) for key, values in groups}
    axes.plot(list(intervals), [i.observed for i in intervals.values()], color=color, label=label, **line)
    low, high = ([getattr(i, side) for i in intervals.values()] for side in ("low", "high"))
    axes.fill_between(list(intervals), low, high, color=color, alpha=0.2, linewidth=0)


def threshold(axes: Axes, value: float, text: str = "", axis: str = "x", **line) -> None:
    """A line across the axes at a threshold, dotted and grey unless `line` says otherwise, with `text` at its end."""
    draw = axes.axhline if axis == "y" else axes.axvline
    draw(value, **({"color": MUTED, "linestyle": ":", "linewidth": 1} | line))
    if text and axis == "y":
        place = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "bottom"}
        axes.annotate(text, (1, value), (0, 1.5), textcoords="offset points", fontsize=8, **place)
    elif text:
        place = {"xycoords": ("data", "axes fraction"), "ha": "right", "va": "top", "rotation": 90}
        axes.annotate(text, (value, 1), (-1.5, 0), textcoords="offset points", fontsize=8, **place)


def paper_line(axes: Axes, value: float, text: str, axis: str = "y") -> None:
    """The paper's value: a dashed line with its label on the line."""
    threshold(axes, value, text, axis, **DASHED, alpha=0.75)


def paper_points(axes: Axes, x: Sequence[float], y: Sequence[float], label: str = "paper", **marker) -> None:
    """Values read off the paper: open diamonds in ink, unless `marker` says otherwise."""
    look = {"linestyle": "none", "marker": "D", "markersize": 5, "markerfacecolor": "none", "markeredgecolor": INK}
    axes.plot(x, y, label=label, **(look | marker))


def log_ticks(axis: Axis, ticks: Sequence[float] | None = None, minor: bool = False) -> None:
    """Make an axis logarithmic, with plain numbers that values can be read off by.

    Args:
        ticks: where the numbers stand, as far as they lie within the axis; None: at 1, 2, 5, 10, ...
        minor: keep marks without numbers in between.
    """
    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)) if ticks is None else FixedLocator(list(ticks)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
    if not minor:
        axis.set_minor_locator(NullLocator())


def decade_ticks(values: pd.Series, steps: Sequence[float] = (1, 2, 3, 5)) -> list[float]:
    """`steps` times every power of ten, from the smallest positive to the largest of `values`, or just beyond."""
    low, high = 0.85 * values[values > 0].min(), 1.2 * values.max()
    ticks = (step * 10.0**power for power in range(-9, 6) for step in steps)
    return [tick for tick in ticks if low <= tick <= high]


def legend_outside(axes: Axes | Sequence[Axes], place: str, **options) -> None:
    """One legend for all panels, outside them (`place`: "upper right", "lower center", ...), of what `axes` name."""
    named: dict[str, object] = {}
    for panel in [axes] if isinstance(axes, Axes) else axes:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    if named:
        panel.figure.legend(list(named.values()), list(named), loc=f"outside {place}", **options)


def legend_panel(empty: Axes, *named: Axes, **options) -> None:
    """Use a panel without data for the legend of what other panels name, each name once."""
    found = {}
    for axes in named:
        handles, labels = axes.get_legend_handles_labels()
        found |= {label: handle for label, handle in zip(labels, handles, strict=True) if label not in found}
    empty.axis("off")
    empty.legend(found.values(), found, **({"loc": "center left", "title_fontsize": 9, "alignment": "left"} | options))


def end_labels(axes: Axes, labels: Mapping[str, str], gap: float = 0.06) -> None:
    """Write each line's label at its right end instead of a legend; `labels` maps a line's label to its text.

    Labels that would overlap are moved apart by at least `gap` of the axis height.
    """
    places = []
    for line in axes.get_lines():
        if line.get_label() in labels:
            x, y = line.get_xdata()[-1], line.get_ydata()[-1]
            height = axes.transAxes.inverted().transform(axes.transData.transform((x, y)))[1]
            places.append([height, line.get_label(), line.get_color()])
    places.sort(key=lambda place: place[0])
    for k in range(1, len(places)):
        places[k][0] = max(places[k][0], places[k - 1][0] + gap)
    for height, label, color in places:
        axes.annotate(
            labels[label],
            (1.015, height),
            xycoords="axes fraction",
            color=color,
            va="center",
            fontsize=8.5,
            annotation_clip=False,
            label=label,
        )


def svg(figure: Figure, name: str, title: str) -> str:
    """The figure as SVG text that follows the colour scheme; `name` makes its ids unique, `title` describes it."""
    legible.settle(figure, INK)
    buffer = io.StringIO()
    with plt.rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Title": marked.plain(title)})
    plt.close(figure)
    text = re.sub(r"<\?xml.*?<svg", "<svg", buffer.getvalue(), count=1, flags=re.DOTALL)
    text = text.replace(INK, "currentColor")
    style = f"<style>svg{{color:{DARK_INK}}}@media (prefers-color-scheme:dark){{svg{{color:{LIGHT_INK}}}}}</style>"
    return notation.svg(slim.slim(re.sub(r"(<svg[^>]*>)", rf"\1{style}", text, count=1)))


def save(figure: Figure, path: Path, title: str) -> None:
    """Write the figure as SVG, atomically."""
    write_text(path, svg(figure, Path(path).stem, title))


def pixels_wide(path: Path) -> int:
    """Width of a saved figure in CSS pixels."""
    return round(float(re.search(r'width="([\d.]+)pt"', Path(path).read_text(encoding="utf-8"))[1]) * 96 / 72)


def behind(figure: Figure, draw: Callable[..., Figure], tables: Sequence[pd.DataFrame]) -> None:
    """Draw the lines of another run's figure behind a figure's own, in grey, with one entry of a legend.

    Args:
        draw: makes the other run's figure from `tables`; if it cannot, or has other axes, nothing is drawn.

    Lines in data coordinates only; those that both figures have (theory, the paper's values) are left out.
    """
    try:
        other = draw(*tables)
    except Exception:  # the other run need not have all that a changed one draws
        return
    copied = []
    if len(other.axes) == len(figure.axes):
        for axes, old in zip(figure.axes, other.axes, strict=True):
            own = [line.get_xydata() for line in axes.get_lines()]
            for line in old.get_lines():
                data = line.get_xydata()
                if line.get_transform() == old.transData and not any(_equal(data, each) for each in own):
                    look = {"linestyle": line.get_linestyle(), "marker": line.get_marker(), "markersize": 3}
                    copied += axes.plot(*data.T, color=MUTED, alpha=0.45, linewidth=1.2, zorder=0.5, **look)
    plt.close(other)
    if copied:
        entry = plt.Line2D([], [], color=MUTED, alpha=0.45, linewidth=1.2)
        figure.legend([entry], ["default settings"], loc="outside lower right", fontsize=8)


def _equal(one: np.ndarray, two: np.ndarray) -> bool:
    return one.shape == two.shape and np.allclose(one, two, equal_nan=True)


def placeholder(path: Path) -> None:
    """An empty SVG where the workflow expects a file but there is no figure; pages do not show it."""
    figure, (axes,) = grid(height=1.2)
    axes.axis("off")
    save(figure, path, PLACEHOLDER)
