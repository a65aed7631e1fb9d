"""What changed between two runs, as they were judged and as curves: of other settings, machines, versions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from verifig.ground import numbers
from verifig.ground.errors import InputError
from verifig.judging import stats, verdicts
from verifig.pages.terminal import escaped
from verifig.planning import whatif
from verifig.planning.standing import load

SITE = "site"  # beside the papers of a results folder; its verdicts are theirs


def compare(before: Path, after: Path, plot: Path | None = None, names: Sequence[str] | None = None) -> int:
    """Print every quantity that changed, by name, and how the runs differ; 1 if a verdict differs, else 0.

    Args:
        before, after: a verdicts.json each, or folders with results of runs; of those the papers that both judged.
        plot: a figure of the curves of both to write (of folders); `names` are those of the fields.

    Raises:
        InputError: a file is missing or not a verdicts.json, or the folders have nothing in common.
    """
    pairs = _pairs(before, after, needed=plot is None)
    if not pairs:
        print(f"{before} and {after} hold no verdicts of the same paper: their curves alone are compared")
    differing = [_compare(load(first), load(second)) for first, second in pairs]
    if plot is not None:
        from verifig.pages import overlaid

        overlaid.save(*(path if path.is_dir() else path.parent for path in (before, after)), plot, names)
        print(f"wrote {plot}")
    return int(any(differing))


def _pairs(before: Path, after: Path, needed: bool) -> list[tuple[Path, Path]]:
    """Verdicts of the same scale and paper; of two folders with one each, these."""
    found = [_judged(path) for path in (before, after)]
    if all(len(each) == 1 for each in found):
        return [tuple(next(iter(each.values())) for each in found)]
    if pairs := [(path, found[1][place]) for place, path in found[0].items() if place in found[1]]:
        return pairs
    if needed:
        for path, each in zip((before, after), found, strict=True):
            if not each:
                raise InputError(f"{path} holds no verdicts: verifig run writes them once all is trained")
        raise InputError(f"{before} and {after} hold no verdicts of the same paper and scale")
    return []


def _judged(path: Path) -> dict[tuple[str, ...], Path]:
    """Every verdicts.json of a results folder or a folder in it, by scale and paper; the file itself, if it is none."""
    if not path.is_dir():
        return {(): path}
    found = [each for form in ("", "*/", "*/*/") for each in sorted(path.absolute().glob(f"{form}verdicts.json"))]
    return {(each.parent.parent.name, each.parent.name): each for each in found if each.parent.name != SITE}


def _compare(*runs: Mapping) -> bool:
    """Print how two runs of a paper differ; whether a verdict does."""
    console = Console(highlight=False)
    console.print(f"[bold]{runs[1]['slug']}[/] at {runs[1]['scale']} scale")
    for key in ("slug", "scale", "verifig", "versions"):
        if runs[0].get(key) != runs[1].get(key):
            console.print(escaped(f"{key}: {runs[0].get(key)} -> {runs[1].get(key)}"))
    for name, run in zip(("before", "after"), runs, strict=True):
        for sentence in whatif.sentences(run.get("what_if")):
            console.print(escaped(f"{name}: what-if, {sentence}"))
    by_id = [{claim["id"]: claim for claim in run["claims"]} for run in runs]
    names = list(dict.fromkeys([*by_id[0], *by_id[1]]))
    pairs = {name: [run.get(name) for run in by_id] for name in names}
    table = Table("claim", "quantity", "before", "after", "difference", box=None)
    differing, one_sided = [], []
    for name, pair in pairs.items():
        told = [_verdict(claim) for claim in pair]
        if told[0] != told[1]:
            differing.append(name)
        if all(claim and claim["parts"] for claim in pair):
            for cells in _changed_parts(*pair, told):
                table.add_row(name, *map(escaped, cells))
        elif told[0] != told[1]:
            one_sided.append(f"{name} ({told[0]} -> {told[1]})")
    if table.row_count:
        console.print(table)
    if one_sided:
        console.print(f"judged in one only: {', '.join(one_sided)}")
    both = len(names) - len(one_sided)
    moved = f"{len(differing) - len(one_sided)} of {numbers.count(both, 'claim')} judged in both have another verdict"
    same = not (differing or table.row_count)
    console.print(f"no differences in {numbers.count(len(names), 'claim')}" if same else moved)
    return bool(differing)


def _verdict(claim: Mapping | None) -> str:
    return claim["verdict"] if claim else "absent"


def _changed_parts(before: Mapping, after: Mapping, told: list[str]) -> list[list[str]]:
    """Cells of each part whose value or verdict changed, or of the claim's verdict where only that did."""
    old = {_key(part): part for part in before["parts"]}
    rows = []
    for part in after["parts"]:
        past = old.get(_key(part))
        shown = [_shown(past), _shown(part)]
        if past is None or (past["observed"], past["verdict"]) != (part["observed"], part["verdict"]):
            rows.append([_named(part), *shown, _difference(past, part)])
    return rows or ([["verdict", *told, ""]] if told[0] != told[1] else [])


def _key(part: Mapping) -> tuple:
    return part["experiment"], part["condition"], part["statistic"], part["estimator"], verdicts.name_of(part)


def _named(part: Mapping) -> str:
    """The name of a quantity, and below it where the statistic stands, unless that is its name."""
    name, place = verdicts.name_of(part), verdicts.place(part)
    return name if name == place else f"{name}\n{place}"


def _shown(part: Mapping | None) -> str:
    """Value and verdict, the interval below."""
    if part is None:
        return "–"
    value = f"{numbers.text(part['observed'], 6)} {verdicts.SYMBOLS[part['verdict']]}"
    interval = _interval(part)
    return value if interval is None else f"{value}\n{numbers.interval(interval.low, interval.high, 4)}"


def _difference(past: Mapping | None, part: Mapping) -> str:
    """after - before, and below it the interval that their intervals make."""
    ends = [None if each is None else each["observed"] for each in (past, part)]
    if any(not isinstance(value, int | float) for value in ends):
        return ""
    intervals = [_interval(each) for each in (past, part)]
    if None in intervals:
        return numbers.text(ends[1] - ends[0], 4)
    found = stats.difference(*intervals)
    return f"{numbers.text(found.observed, 4)}\n{numbers.interval(found.low, found.high, 4)}"


def _interval(part: Mapping) -> stats.Interval | None:
    """The interval of a judged quantity; None of one that has none (an exact number), or is not a number."""
    values = [part["observed"], part["low"], part["high"]]
    if not all(isinstance(value, int | float) or value in ("inf", "-inf") for value in values) or len({*values}) == 1:
        return None
    found = stats.Interval(*map(float, values))
    return found if isinstance(part["observed"], int | float) else None
