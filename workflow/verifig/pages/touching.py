"""Figures that answer when they are touched: what their script needs to know of axes, curves and legends.

A saved figure names its curves and the entries of its legends by ids, and tells beside them how places become values.
`templates/figure.js`, which the file refers to, does the rest: values under the pointer, curves off and on, zoom. Where
no script runs (an `<img>`, a code host) the picture is the same. Data are not repeated: places in the paths serve.
"""

import html
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from verifig.ground.files import write_text
from verifig.pages import figures, legible, notation
from verifig.pages.curves import Curve, curves_of, entries_of, join, titles_of
from verifig.pages.templating import TEMPLATES

SCRIPT = "figure.js"
END = "</svg>\n"
POINT = 72  # an inch in units of the SVG
TITLE = 30  # letters of a legend's title that is told before its labels
SAMPLES = 65  # values along an axis that is neither linear nor logarithmic
GROUND = "<style>svg{color-scheme:light dark}</style>"  # else an <object> is white on a dark page


def save(figure: Figure, path: Path, title: str) -> None:
    """Write the figure as SVG that refers to `figure.js` beside it, atomically."""
    write_text(path, svg(figure, Path(path).stem, title))


def lay_script(folder: Path) -> None:
    """Copy the script that touchable figures refer to into their folder."""
    write_text(folder / SCRIPT, (TEMPLATES / SCRIPT).read_text(encoding="utf-8"))


def svg(figure: Figure, name: str, title: str) -> str:
    """The figure as `figures.svg` gives it, and what its script needs; one without curves can be zoomed."""
    legible.unmark(figure)
    curves, entries = list(curves_of(figure)), entries_of(figure)
    join(figure, curves, entries)
    labels = [label for label in entries if any(label in curve.entries for curve in curves)]
    _name(curves, {label: entries[label] for label in labels})
    text = figures.svg(figure, name, title)  # lays out: places are known only now
    titles = titles_of(figure)
    panels = list(dict.fromkeys(curve.axes for curve in curves))
    told = {
        "axes": [_axes(each) for each in panels],
        "entries": [plain(_titled(label, titles.get(label, ""))) for label in labels],
        "curves": [_curve(curve, panels, labels) for curve in curves],
    }
    data = html.escape(json.dumps(told, ensure_ascii=False, separators=(",", ":")), quote=False)
    added = f'{GROUND}<metadata id="touch">{data}</metadata><script href="{SCRIPT}"/>'
    return f"{text.removesuffix(END)}{added}{END}"


def _name(curves: list[Curve], entries: Mapping[str, list[tuple[Artist, ...]]]) -> None:
    """Ids: `curve3`, what is drawn around it `curve3-0`, what stands for entry 2 in the first legend `entry2-0-0`."""
    for k, curve in enumerate(curves):
        curve.artist.set_gid(f"curve{k}")
        for j, artist in enumerate(curve.around):
            artist.set_gid(f"curve{k}-{j}")
    for k, places in enumerate(entries.values()):
        for j, artists in enumerate(places):
            for i, artist in enumerate(artists):
                artist.set_gid(f"entry{k}-{j}-{i}")


def _curve(curve: Curve, panels: list[Axes], labels: list[str]) -> dict:
    """Its panel, the entries that it belongs to, else its own name, its unit, and what it is: dots, a line across."""
    told: dict = {"axes": panels.index(curve.axes)}
    if of := [k for k, label in enumerate(labels) if label in curve.entries]:
        told["of"] = of
    elif curve.label:
        told["name"] = plain(curve.label)
    told |= {"unit": curve.unit} if curve.unit else {}
    told |= {"only": curve.only} if curve.only else {}
    return told | ({"dots": 1} if curve.scattered else {})


def _titled(label: str, title: str) -> str:
    return f"{title}: {label}" if 0 < len(title) <= TITLE else label


def _axes(axes: Axes) -> dict:
    """Left, top, right and bottom in units of the SVG, and what both axes are."""
    width, height = POINT * axes.figure.get_size_inches()
    place = axes.get_position()
    box = [place.x0 * width, height * (1 - place.y1), place.x1 * width, height * (1 - place.y0)]
    title = axes.get_title(loc="left") or axes.get_title()
    x = _axis(axes.xaxis, axes.get_xlim()) | {"name": plain(_label(axes, "x") or "x")}
    y = _axis(axes.yaxis, axes.get_ylim()) | {"name": plain(_label(axes, "y") or title or "y")}
    return {"box": [round(float(each), 2) for each in box], "x": x, "y": y}


def _label(axes: Axes, which: str) -> str:
    """What an axis is called: as written there, or beside a panel that shares it."""
    shared = getattr(axes, f"get_shared_{which}_axes")().get_siblings(axes)
    labels = [getattr(each, f"get_{which}label")() for each in [axes, *sorted(shared, key=axes.figure.axes.index)]]
    return next(filter(None, labels), "")


def _axis(axis: Axis, limits: tuple[float, float]) -> dict:
    """`at`: values from the left or lower end to the other, evenly apart on a linear or (`log`) logarithmic scale."""
    scale = axis.get_scale()
    if scale in ("linear", "log"):
        told = {"at": [_short(each) for each in limits]} | ({"log": 1} if scale == "log" else {})
    else:
        transform = axis.get_transform()
        along = np.linspace(*transform.transform(np.array(limits, float)), SAMPLES)
        told = {"at": [_short(each) for each in transform.inverted().transform(along)]}
    return told | ({"ticks": named} if (named := list(_named(axis))) else {})


def _named(axis: Axis) -> Iterator[tuple[float, str]]:
    """Ticks that are called by words instead of numbers."""
    if not isinstance(axis.get_major_locator(), FixedLocator):
        return
    places = axis.get_majorticklocs()
    told = [(_short(place), plain(text)) for place, text in zip(places, _texts(axis, places), strict=False)]
    if any(text and not _number(text) for _, text in told):
        yield from told


def _texts(axis: Axis, places: np.ndarray) -> list[str]:
    return [str(text) for text in axis.get_major_formatter().format_ticks(places)]


def _number(text: str) -> bool:
    try:
        float(text.replace("−", "-").replace(",", ""))
    except ValueError:
        return False
    return True


def _short(value: float) -> float:
    return float(f"{value:.7g}")


def plain(text: str) -> str:
    """A label on one line, without marks of mathematics, as the picture writes it (see `notation`)."""
    bare = text.replace("$", "").replace("\\", "").replace("^{", "^").replace("{", "").replace("}", "")
    return notation.plain(" ".join(bare.split()))
