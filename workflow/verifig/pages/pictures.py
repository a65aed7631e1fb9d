"""Small inline pictures: one part against its bounds, and a paper's claims by kind and verdict."""

import html
import math
from collections.abc import Mapping, Sequence

import numpy as np

from verifig.ground import numbers
from verifig.judging import scales, verdicts
from verifig.pages import units

WIDTH, HEIGHT, MARGIN = 220, 40, 6
MIDDLE = 13  # of the strip above the tick labels
LETTER = 6.4  # pixels that a digit of a tick label takes in a wide font
LOG_SPAN = 20.0  # positive values that differ by more are shown on a logarithmic axis
SHOWN_UNITS = 40


class _Axis:
    """Where values of a part lie in its picture: a window around the bounds, our value, the paper's and the control's.

    Our interval may widen the window by three times that span and single units by once, so that a heavy tail does not
    flatten the rest; what lies outside is drawn at the edge as an arrow.
    """

    def __init__(self, part: Mapping):
        marks = [*part["bounds"], part["observed"], part.get("paper"), part.get("control_arm", {}).get("observed")]
        marks, limits = _numbers(marks), _numbers([part["low"], part["high"]])
        positive = min(marks + limits, default=0) > 0 and max(marks + limits) > LOG_SPAN * min(marks + limits)
        self.log = part.get("scale") == "log" or (part.get("scale") != "logit" and positive)
        self.scale = scales.Log() if self.log else scales.of(part)
        core, limits, units = self._on(marks), self._on(limits), self._on(_numbers(part["values"])[:SHOWN_UNITS])
        core = core or limits or [0.0]
        self.low, self.high = low, high = min(core), max(core)
        for values, room in ((limits, 3 * (high - low) or math.inf), (units, high - low)):
            self.low = min(self.low, max(min(values, default=low), low - room))
            self.high = max(self.high, min(max(values, default=high), high + room))
        pad = 0.12 * (self.high - self.low) or max(abs(low) * 0.1, 0.1)
        self.low, self.high = self.low - pad, self.high + pad

    def _on(self, values: Sequence[float]) -> list[float]:
        return [float(v) for v in self.scale.forward(np.asarray(values, float)) if np.isfinite(v)]

    def place(self, value: float | str) -> float:
        """Pixels from the left, also beyond the edges; infinite where the axis ends before the value."""
        if isinstance(value, str):
            return math.inf if value == "inf" else -math.inf
        position = float(self.scale.forward(value))
        if math.isnan(position):  # beyond what the axis can hold, as 100.7 % on one of logits
            return -math.inf if value <= 0 else math.inf
        return round(MARGIN + (position - self.low) / (self.high - self.low) * (WIDTH - 2 * MARGIN), 1)

    def inside(self, value: float | str) -> float:
        """The same, held within the picture."""
        return min(max(self.place(value), 0.0), float(WIDTH))


def _numbers(values: Sequence[object]) -> list[float]:
    return [float(v) for v in values if isinstance(v, int | float) and math.isfinite(v)]


def range_plot(part: Mapping) -> str:
    """One part: allowed band with its bounds, our interval and units, the paper's value. The text beside says the same."""
    if not _numbers([part["observed"], part["low"], part["high"]]):
        return ""
    axis = _Axis(part)
    left, right = (axis.inside(bound) for bound in part["bounds"])
    shapes = [f'<rect class="allowed" x="{left}" y="2" width="{max(right - left, 2):.1f}" height="22" rx="2"/>']
    if isinstance(part["low"], int | float | str) and isinstance(part["high"], int | float | str):
        a, b = axis.inside(part["low"]), axis.inside(part["high"])
        shapes.append(f'<path class="interval" d="M{a:g} {MIDDLE}H{b:g}"/>')
    places = [axis.place(v) for v in _numbers(part["values"])[:SHOWN_UNITS]]
    if seeds := "".join(f"M{x:g} {MIDDLE}h0" for x in sorted(places) if 0 <= x <= WIDTH):
        shapes.append(f'<path class="seed" d="{seeds}"/>')
    ends = [v for v in (part["low"], part["high"], *part["values"][:SHOWN_UNITS]) if v is not None]
    shapes += _arrows([axis.place(v) for v in ends])
    if isinstance(part["observed"], int | float):
        x = axis.inside(part["observed"])
        shapes.append(f'<path class="observed" d="M{x:g} 4v18"/>')
    if isinstance(arm := part.get("control_arm", {}).get("observed"), int | float):
        x = axis.inside(arm)
        shapes.append(f'<path class="arm" d="M{x - 4} 3h8l-4 7z"/>')
    if "paper" in part:
        x = axis.inside(part["paper"])
        shapes.append(f'<path class="paper" d="M{x} {MIDDLE - 5}l5 5l-5 5l-5 -5z"/>')
    title = f"<title>{html.escape(_described(part, axis))}</title>"
    return _svg("range-plot", title + "".join(shapes) + _ticks(part, left, right), WIDTH, HEIGHT, 'role="img"')


def past_plot(part: Mapping, then: Mapping, labelled: bool) -> str:
    """What was measured in another run, on the axis and beside the bounds of a part as it is now.

    Args:
        labelled: with the bounds' values below.
    """
    if not _numbers([part["observed"], part["low"], part["high"]]):
        return ""
    axis = _Axis(part)
    left, right = (axis.inside(bound) for bound in part["bounds"])
    shapes = [f'<rect class="allowed" x="{left}" y="2" width="{max(right - left, 2):.1f}" height="22" rx="2"/>']
    if then["low"] is not None and then["high"] is not None:
        a, b = axis.inside(then["low"]), axis.inside(then["high"])
        shapes.append(f'<path class="interval" d="M{a:g} {MIDDLE}H{b:g}"/>')
    shapes += _arrows([axis.place(then[name]) for name in ("low", "observed", "high") if then[name] is not None])
    if isinstance(then["observed"], int | float):
        x = axis.inside(then["observed"])
        shapes.append(f'<path class="observed" d="M{x:g} 4v18"/>')
    ticks = _ticks(part, left, right) if labelled else ""
    return _svg("range-plot", "".join(shapes) + ticks, WIDTH, HEIGHT if labelled else 2 * MIDDLE)


def _arrows(places: Sequence[float]) -> list[str]:
    """Marks at the edges for what lies beyond them."""
    result = []
    if any(x < 0 for x in places):
        result.append(f'<path class="beyond" d="M0 {MIDDLE}l6 -5v10z"/>')
    if any(x > WIDTH for x in places):
        result.append(f'<path class="beyond" d="M{WIDTH} {MIDDLE}l-6 -5v10z"/>')
    return result


def _ticks(part: Mapping, left: float, right: float) -> str:
    """The bounds' values under their ends of the band, side by side where they would meet."""
    shown = units.shown(part)
    bounds = shown["bounds"]
    digits = numbers.digits_for(*bounds, shown["observed"])
    given = [
        (x, numbers.bound(b, digits)) for x, b in zip((left, right), bounds, strict=True) if not isinstance(b, str)
    ]
    if len(given) == 2 and given[0][1] == given[1][1]:
        given = given[:1]
    ends = "".join(f"M{x:g} 2v26" for x, _ in given)
    lines = f'<path class="tick" d="{ends}"/>' if ends else ""
    halves = [LETTER * len(text) / 2 for _, text in given]
    centres = [min(max(x, half), WIDTH - half) for (x, _), half in zip(given, halves, strict=True)]
    if len(given) == 2 and (lack := halves[0] + halves[1] + 5 - (centres[1] - centres[0])) > 0:
        shift = min(max(centres[0] - lack / 2, halves[0]), WIDTH - halves[0] - 2 * halves[1] - 5)
        centres = [shift, shift + halves[0] + halves[1] + 5]
    return lines + "".join(
        f'<text x="{centre:.1f}" y="38">{text}</text>' for centre, (_, text) in zip(centres, given, strict=True)
    )


def _described(part: Mapping, axis: _Axis) -> str:
    part, sign = units.shown(part), units.sign(part)
    theirs = f", paper {numbers.text(part['paper'])}{sign}" if "paper" in part else ""
    kind = "logarithmic axis" if axis.log else "logit axis" if part.get("scale") == "logit" else "linear axis"
    return f"bound {numbers.bounds(*part['bounds'])}, ours {numbers.text(part['observed'])}{sign}{theirs}; {kind}"


def _svg(name: str, content: str, width: int, height: int, told: str = 'aria-hidden="true"') -> str:
    return (
        f'<svg class="{name}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" {told}>{content}</svg>'
    )


LEGEND = (
    ('<rect class="allowed" x="0" y="2" width="26" height="16" rx="2"/>', "what the claim allows, its bounds below"),
    ('<path class="interval" d="M4 10H22"/>', "our 95 % interval"),
    ('<path class="observed" d="M13 2v16"/>', "our value"),
    ('<path class="seed" d="M13 10h0"/>', "single seeds (or draws, groups)"),
    ('<path class="paper" d="M13 5l5 5l-5 5l-5 -5z"/>', "the paper’s value"),
    ('<path class="arm" d="M9 6h8l-4 7z"/>', "control arm, where the cause is absent"),
    ('<path class="beyond" d="M26 10l-6 -5v10z"/>', "some lie beyond the edge"),
)


def legend() -> str:
    """What the marks of a range plot mean, once a page."""
    items = "".join(f"<li>{_svg('range-plot', shape, 26, 20)} {text}</li>" for shape, text in LEGEND)
    return f'<ul class="legend" aria-label="marks of the small plots beside the measurements">{items}</ul>'


def bar(claims: Sequence[Mapping], longest: int, label: str) -> str:
    """Claims by kind and, within a kind, by verdict, as one stacked bar; `longest` claims fill the width.

    Each segment carries its number and names itself; kinds are set apart by gaps, the paper's numbers first.
    """
    counts = verdicts.by_kind(claims)
    total, at, shapes = max(longest, 1), 0.0, []
    gap = 0.8
    unit = (100 - gap * (len(verdicts.KINDS) - 1)) / total
    for kind in verdicts.KINDS:
        segments = [(verdict, count) for verdict, count in counts[kind.name].items() if count]
        for verdict, count in segments:
            width = count * unit
            told = f"{kind.title}: {count} {kind.word if verdict == 'reproduced' else verdict}"
            shapes.append(
                f'<g class="{kind.name} {verdict.replace(" ", "-")}"><title>{html.escape(told)}</title>'
                f'<rect x="{at:.2f}%" width="{width:.2f}%" y="0" height="22"/>'
                f'<text x="{at + width / 2:.2f}%" y="15.5" text-anchor="middle">{count}</text></g>'
            )
            at += width
        at += gap if segments else 0
    return f'<svg class="bar" width="100%" height="22" role="img" aria-label="{html.escape(label + ": " + in_words(claims), quote=True)}">{"".join(shapes)}</svg>'


def in_words(claims: Sequence[Mapping]) -> str:
    """The same counts as text."""
    counts = verdicts.by_kind(claims)
    kinds = []
    for kind in verdicts.KINDS:
        found = [
            f"{n} {kind.word if verdict == 'reproduced' else verdict}" for verdict, n in counts[kind.name].items() if n
        ]
        if found:
            kinds.append(f"{kind.title}: {', '.join(found)}")
    return "; ".join(kinds) or "no claims"


def bar_legend() -> str:
    """What the colours of a bar mean."""
    items = [(f"{kind.name} reproduced", f"{kind.title}: {kind.word}") for kind in verdicts.KINDS]
    items += [(verdict.replace(" ", "-"), verdict) for verdict in verdicts.ORDER[1:]]
    keys = "".join(f'<li><span class="key {name}"></span> {html.escape(text)}</li>' for name, text in items)
    return f'<ul class="legend" aria-label="kinds and verdicts in the bar">{keys}</ul>'
