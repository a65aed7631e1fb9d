"""A formula that the reader moves: a curve in the browser, sliders for its arguments, and what it gives.

A paper states such a formula twice, in Python and in JavaScript; a test compares both in a browser. The axes stand
still, so that the curve is seen to move away from that of the run, which is drawn here and stays behind it.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import LogLocator, MaxNLocator

from verifig.ground import numbers
from verifig.pages.cards import Block
from verifig.pages.templating import TEMPLATES, fill

LEFT, RIGHT, TOP, BOTTOM = 56, 420, 30, 246  # of the plot in its picture of 440 x 296
PLACE = 'class="card explorer"'
Settings = Mapping[str, float]


@dataclass(frozen=True)
class Scale:
    """A linear or logarithmic range with its name; `unit` follows a value."""

    label: str
    low: float
    high: float
    log: bool = False
    unit: str = ""

    def on(self, value: float) -> float:
        """The value as it counts along the range."""
        return math.log10(value) if self.log else value

    def share(self, value: float) -> float | None:
        """How far along the range a value lies, 0 to 1 within it; None where it has no place."""
        if not math.isfinite(value) or (self.log and value <= 0):
            return None
        return (self.on(value) - self.on(self.low)) / (self.on(self.high) - self.on(self.low))

    def values(self, count: int) -> np.ndarray:
        """`count` values from end to end."""
        along = np.linspace(self.on(self.low), self.on(self.high), count)
        return 10**along if self.log else along

    def ticks(self) -> list[tuple[float, str]]:
        """(share, text) of the numbers on the axis."""
        found = LogLocator(numticks=7).tick_values(self.low, self.high) if self.log else []
        if sum(self.low <= value <= self.high for value in found) < 3:
            locator = LogLocator(subs=(1, 2, 5)) if self.log else MaxNLocator(6)
            found = locator.tick_values(self.low, self.high)
        inside = [float(value) for value in found if -1e-9 <= self.share(value) <= 1 + 1e-9]
        return [(self.share(value), _tick(value)) for value in inside]


@dataclass(frozen=True)
class Slider(Scale):
    """An argument of the formula, which starts at the setting of the run or of the paper; its range holds that setting.

    Attributes:
        name: of the argument, in both languages.
        whole: whether its values are whole numbers.
    """

    name: str = ""
    start: float = math.nan
    whole: bool = False

    def __post_init__(self):
        object.__setattr__(self, "low", min(self.low, self.start))
        object.__setattr__(self, "high", max(self.high, self.start))


@dataclass(frozen=True)
class Shown:
    """A number that the formula gives; of a curve that at the place of the first slider.

    `across`: a place on the horizontal axis, drawn as a line.
    """

    label: str
    colour: str = ""
    unit: str = ""
    across: bool = False


@dataclass(frozen=True)
class Explorer:
    """A formula with its sliders.

    Attributes:
        name: of the block's anchor; one a page.
        about: the formula in words, one or two sentences.
        sliders: one to three; the first is the horizontal axis.
        y: the vertical axis.
        curves, facts: what `at` and `of` give, in order.
        at: values of the curves at a place of the horizontal axis with these settings; what is not finite, or not
            positive on a logarithmic axis, is not drawn.
        of: values of the facts with these settings.
        script: JavaScript that defines `at(x, s)` and `of(s)` from constants `c`.
        constants: numbers and lists of the run that the script needs.
        setting: whose setting the sliders start at.
        points: of a curve.
    """

    name: str
    title: str
    about: str
    sliders: Sequence[Slider]
    y: Scale
    curves: Sequence[Shown]
    at: Callable[[float, Settings], Sequence[float]]
    script: str
    facts: Sequence[Shown] = ()
    of: Callable[[Settings], Sequence[float]] = lambda settings: []
    constants: Mapping = field(default_factory=dict)
    setting: str = "this run"
    points: int = 160

    @property
    def anchor(self) -> str:
        return f"explore-{self.name}"

    @property
    def start(self) -> dict[str, float]:
        """Where the sliders stand at first."""
        return {slider.name: slider.start for slider in self.sliders}


def block(explorer: Explorer) -> Block:
    """The formula on the page; in Markdown one sentence that leads there."""
    x, at_start = explorer.sliders[0], list(explorer.at(explorer.sliders[0].start, explorer.start))
    shown = [*zip(explorer.curves, at_start, strict=True), *zip(explorer.facts, _facts(explorer), strict=True)]
    html = fill(
        "explorer.html.j2",
        explorer=explorer,
        place=Markup(PLACE),
        frame={"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
        x_ticks=[(across(share), text) for share, text in x.ticks()],
        y_ticks=[(up(share), text) for share, text in explorer.y.ticks()],
        paths=_paths(explorer),
        marks=[_place(explorer, x.start, value) for value in at_start],
        sliders=[(slider, slider.on(slider.start), _told(slider, slider.start)) for slider in explorer.sliders],
        shown=[(each, _told(each, value)) for each, value in shown],
        data=Markup(_json(_data(explorer))),
        script=Markup(explorer.script.strip()),
        constants=Markup(_json(explorer.constants)),
    )
    said = f"{explorer.title}: [sliders on the page](index.html#{explorer.anchor}) move this formula in a browser."
    return Block(html, said)


def machinery(blocks: Sequence[str]) -> str:
    """The script that moves the formulas of a page; nothing if it has none."""
    if not any(PLACE in block for block in blocks):
        return ""
    script = (TEMPLATES / "explorer.js").read_text(encoding="utf-8")
    return f"<script>\n{script}</script>"


def across(share: float) -> float:
    """Pixels from the left of the picture."""
    return round(LEFT + share * (RIGHT - LEFT), 1)


def up(share: float) -> float:
    """Pixels from the top of the picture."""
    return round(BOTTOM - share * (BOTTOM - TOP), 1)


def _facts(explorer: Explorer) -> list[float]:
    return list(explorer.of(explorer.start))


def _paths(explorer: Explorer) -> list[str]:
    """SVG paths of the curves with the settings at the start."""
    places = explorer.sliders[0].values(explorer.points)
    values = [explorer.at(float(place), explorer.start) for place in places]
    return [
        _path([_place(explorer, place, value) for place, value in zip(places, curve, strict=True)])
        for curve in zip(*values, strict=True)
    ]


def _path(places: Sequence[tuple[float, float] | None]) -> str:
    """A line through places, broken where there is none."""
    parts, pen = [], "M"
    for place in places:
        if place:
            parts.append(f"{pen}{place[0]:g} {place[1]:g}")
        pen = "L" if place else "M"
    return "".join(parts)


def _place(explorer: Explorer, x: float, y: float) -> tuple[float, float] | None:
    """Where a value lies in the picture, held near the frame; None where it has no place."""
    along, height = explorer.sliders[0].share(x), explorer.y.share(y)
    return None if along is None or height is None else (across(along), up(min(max(height, -1.0), 2.0)))


def _data(explorer: Explorer) -> dict:
    """What the script must know beside the formula."""
    fields = ("low", "high", "log", "unit")
    return {
        "frame": [LEFT, RIGHT, TOP, BOTTOM],
        "points": explorer.points,
        "y": {name: getattr(explorer.y, name) for name in fields},
        "sliders": [
            {name: getattr(slider, name) for name in (*fields, "name", "start", "whole")} for slider in explorer.sliders
        ],
        "units": [each.unit for each in (*explorer.curves, *explorer.facts)],
        "across": [each.across and (each.colour or "currentColor") for each in explorer.facts],
    }


def _json(value: object) -> str:
    """JSON that may stand within a script."""
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def _told(of: Slider | Shown, value: float) -> str:
    shown = _trimmed(numbers.text(value)) if math.isfinite(value) else "–"
    return f"{shown} {of.unit}".strip()


def _trimmed(shown: str) -> str:
    """`0.022` for `0.0220`: a setting is exact."""
    return shown.rstrip("0").rstrip(".") if "." in shown and "×" not in shown else shown


def _tick(value: float) -> str:
    """`10⁻⁵` for small and large powers of ten, else as in the text."""
    power = math.log10(value) if value > 0 else 0.0
    if -2.5 < power < 3.5 or abs(power - round(power)) > 1e-9:
        return _trimmed(numbers.text(value))
    return f"10{str(round(power)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
