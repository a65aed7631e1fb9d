"""What changed between two verdicts.json: runs, machines, versions, what-ifs."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from verifig.ground import numbers
from verifig.judging import verdicts
from verifig.pages.terminal import escaped
from verifig.planning import whatif
from verifig.planning.standing import load


def compare(before: Path, after: Path) -> int:
    """Print every quantity that changed, by name, and how the runs differ; 1 if a verdict differs, else 0.

    Raises:
        InputError: a file is missing or not a verdicts.json.
    """
    runs = load(before), load(after)
    console = Console(highlight=False)
    for key in ("slug", "scale", "verifig", "versions"):
        if runs[0].get(key) != runs[1].get(key):
            console.print(escaped(f"{key}: {runs[0].get(key)} -> {runs[1].get(key)}"))
    for name, run in zip(("before", "after"), runs, strict=True):
        for sentence in whatif.sentences(run.get("what_if")):
            console.print(escaped(f"{name}: what-if, {sentence}"))
    by_id = [{claim["id"]: claim for claim in run["claims"]} for run in runs]
    names = list(dict.fromkeys([*by_id[0], *by_id[1]]))
    pairs = {name: [run.get(name) for run in by_id] for name in names}
    table = Table("claim", "quantity", "before", "after", box=None)
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
    moved = f"{len(differing)} of {numbers.count(len(names), 'claim')} have another verdict"
    same = not (differing or table.row_count)
    console.print(f"no differences in {numbers.count(len(names), 'claim')}" if same else moved)
    return int(bool(differing))


def _verdict(claim: Mapping | None) -> str:
    return claim["verdict"] if claim else "absent"


def _changed_parts(before: Mapping, after: Mapping, told: list[str]) -> list[list[str]]:
    """Cells of each part whose value or verdict changed, then of the claim's verdict where only that did."""
    old = {_key(part): part for part in before["parts"]}
    rows = []
    for part in after["parts"]:
        past = old.get(_key(part))
        shown = [_shown(past), _shown(part)]
        if past is None or (past["observed"], past["verdict"]) != (part["observed"], part["verdict"]):
            rows.append([verdicts.name_of(part), *shown])
    return rows or ([["verdict", *told]] if told[0] != told[1] else [])


def _key(part: Mapping) -> tuple:
    return part["experiment"], part["condition"], part["statistic"], part["estimator"], verdicts.name_of(part)


def _shown(part: Mapping | None) -> str:
    return f"{numbers.text(part['observed'], 6)} {verdicts.SYMBOLS[part['verdict']]}" if part else "–"
