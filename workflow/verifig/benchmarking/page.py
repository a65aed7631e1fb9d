"""The benchmarks for people: lines on the terminal, reports/benchmarks.md, and its chart."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from verifig.benchmarking.bench import Result
from verifig.benchmarking.regressions import Regression
from verifig.ground.numbers import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from verifig.benchmarking.regressions import Regression

INTRODUCTION = """\
# Benchmarks
Every figure is a ratio of two times measured in turn within one run, or a share of the machine's own rate, so it does
not depend on how fast the machine is (on its caches it may); memory is the peak of a fresh process. Processor seconds,
one thread, medians over rounds; "a over b" is the time of a in units of that of b. `make bench` renews this page,
`python -m verifig bench prieto2025` one part of it.

A figure is marked ▲ as a **regression** when it is more than 20 % worse than the committed one and also worse by more
than both spreads together (the spread, ±, is the range between the quartiles of the rounds). A figure that departs that
far in either direction is measured a second time, and what is nearer to the committed one counts."""

CHART = """\
![Four charts, a line or row of points for each paper. Time per member against the number of members trained \
together; time against the time that the operation count predicts when the width grows; peak memory against the number \
of members; how many times as long each plain reference takes as ours.](benchmarks.svg)

*Dashed: members cost as much together as alone; time as operations predict; a reference as fast as ours. Open marks \
are aims, joined to what is reached.*"""

TICKS = [1, 4, 16, 64, 256]  # members
SERIES = {
    "members": "time of each",
    "width": "time",
    "share": "share of the machine's rate",
    "memory": "peak memory",
}


def line(result: Result) -> str:
    """One result on the terminal."""
    remarks = [f"operations predict {text(result.predicted)}×"] if result.predicted else []
    remarks += [f"aim {text(result.aim)}×, {'met' if result.met else 'not met'}"] if result.aim else []
    remarks += [result.note] if result.note else []
    return f"{result.name}: {result.text(spread=True)}" + (f" ({'; '.join(remarks)})" if remarks else "")


def markdown(record: Mapping, before: Mapping, regressions: Sequence[Regression]) -> str:
    """The whole page.

    Args:
        record: all entries. before: the committed ones. regressions: between the two.
    """
    worse = {(regression.slug, regression.result.name): regression for regression in regressions}
    blocks = [INTRODUCTION, _summary(regressions), CHART, _machines(record, before)]
    for slug, entry in record["rule_sets"].items():
        blocks += [f"## {slug}", *_rule_set(slug, entry, worse)]
    return "\n\n".join(blocks) + "\n"


def _summary(regressions: Sequence[Regression]) -> str:
    if not regressions:
        return "**No regressions.**"
    return "\n".join(["**Regressions:**", "", *(f"- ▲ {regression}" for regression in regressions)])


def _machines(record: Mapping, before: Mapping) -> str:
    """Which paper was measured on what, and where the committed figures come from another machine."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for slug, entry in record["rule_sets"].items():
        old = before.get("rule_sets", {}).get(slug, {}).get("hardware", entry["hardware"])
        other = "" if old == entry["hardware"] else machine(old)
        rows.setdefault((machine(entry["hardware"]), other), []).append(slug)
    head = ("papers", "measured on", "compared with figures from")
    return _table(head, [(", ".join(slugs), now, other or "the same") for (now, other), slugs in rows.items()])


def machine(hardware: Mapping) -> str:
    """Processor, threads and torch version in words."""
    return f"{hardware['processor']}, {hardware['threads']} thread, torch {hardware['torch']}"


def _rule_set(slug: str, entry: Mapping, worse: Mapping) -> list[str]:
    """Comparisons as rows; curves as one row a series."""
    results, program = [Result(**item) for item in entry["results"]], entry["program"]
    rows = []
    for result in (result for result in results if not result.series):
        aim = f"{text(result.aim)}×: {'met' if result.met else 'not met'}" if result.aim else ""
        better = "" if result.better == "neither" else result.better
        rows.append((result.name, _marked(slug, result, worse), better, aim, result.note))
    curves = {name: [result for result in results if result.series == name] for name in SERIES}
    return [
        _table(("comparison", "figure", "better", "aim", "equal results"), rows),
        f"Growth of the main program, {program['about']}. By number of {program['member']}s, {program['width']} "
        f"{program['usual']}:",
        _curves(slug, f"{program['member']}s", [curves["members"], curves["memory"]], worse),
        f"By width, with {program['together']} {program['member']}{'s' * (program['together'] > 1)}:",
        _curves(slug, program["width"], [curves["width"], curves["share"]], worse),
    ]


def _curves(slug: str, axis: str, curves: Sequence[Sequence[Result]], worse: Mapping) -> str:
    """One column a point of the axis, one row a curve and one for what operations predict."""
    places = sorted({result.at for curve in curves for result in curve})
    rows = []
    for curve in filter(None, curves):
        by_place = {result.at: result for result in curve}
        cells = [_marked(slug, by_place[place], worse) if place in by_place else "" for place in places]
        rows.append((SERIES[curve[0].series], *cells))
        if curve[0].predicted:
            rows.append(("operations predict", *(f"{text(by_place[place].predicted)}×" for place in places)))
    return _table((axis, *(f"{place:,}" if place else "libraries alone" for place in places)), rows)


def _marked(slug: str, result: Result, worse: Mapping) -> str:
    found = worse.get((slug, result.name))
    mark = f" ▲ was {found.before.text()}" if found else ""
    return result.text(spread=True) + mark


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def chart(record: Mapping, path: Path) -> None:
    """Write the figure of growth, memory and references as SVG: a line a paper, and a row a paper with its name."""
    from verifig.pages.figures import BLUE, grid, save

    drawing, (members, right, width, *others) = grid(2, 3, width=8.9, height=2.7)
    memory = others[1]
    for panel in (right, others[0], others[2]):
        panel.remove()
    references = drawing.add_subplot(right.get_gridspec()[:, 1])
    style = {"color": BLUE, "marker": "o", "markersize": 3.5}
    thin = style | {"linewidth": 1, "alpha": 0.55}
    for row, entry in enumerate(record["rule_sets"].values()):
        results = [Result(**item) for item in entry["results"]]
        for panel, name in ((members, "members"), (memory, "memory")):
            curve = [result for result in results if result.series == name and result.at]
            panel.plot([result.at for result in curve], [result.value for result in curve], **thin)
        curve = [result for result in results if result.series == "width"]
        width.plot([result.predicted for result in curve], [result.value for result in curve], **thin)
        _references(references, row, results, style)
    members.set(title="Time per member, 1 alone = 1", xlabel="members together")
    width.set(title="Time by width, smallest = 1", xlabel="predicted by the operation count")
    memory.set(title="Peak memory, MiB", xlabel="members together")
    references.set(title="Plain references", xlabel="times as long as ours", yticks=range(len(record["rule_sets"])))
    references.set_yticklabels(list(record["rule_sets"]), fontsize=8)
    references.set_ylim(len(record["rule_sets"]) - 0.5, -0.5)
    _axes(members, width, memory, references)
    save(drawing, path, "Cost of the training programs")


def _references(panel: "Axes", row: int, results: Sequence[Result], style: Mapping) -> None:
    """One point a reference, from the top of the row down; an aim is an open point at the same height."""
    found = [result for result in results if result.better == "higher" and not result.series]
    for place, result in enumerate(found):
        height = row + 0.6 * (place + 0.5) / len(found) - 0.3
        if result.aim:
            ends = [result.value, result.aim]
            panel.plot(ends, [height] * 2, **style | {"markersize": 8, "markerfacecolor": "none", "markevery": [1]})
        panel.plot(result.value, height, **style)


def _axes(members: "Axes", width: "Axes", memory: "Axes", references: "Axes") -> None:
    """Logarithmic axes with plain numbers, and dashed lines at what would be neutral."""
    from verifig.pages.figures import DASHED, log_ticks

    members.axhline(1, **DASHED, alpha=0.75)
    width.axline((1, 1), (2, 2), **DASHED, alpha=0.75)
    references.axvline(1, **DASHED, alpha=0.75)
    for panel in (members, memory):
        log_ticks(panel.xaxis, TICKS)
    for axis in (members.yaxis, width.xaxis, width.yaxis, memory.yaxis, references.xaxis):
        log_ticks(axis)
