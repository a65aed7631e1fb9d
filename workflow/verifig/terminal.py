"""Verdicts on a terminal: the table, one claim in full, what fails a check, what changed between two runs."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from verifig import cards, numbers, schema, userconfig, verdicts
from verifig.errors import InputError
from verifig.files import read_json, read_yaml
from verifig.paths import SCHEMAS, Layout, ruleset_dir

COLOURS = {
    "reproduced": "green",
    "caught": "green",
    "contradicted": "red",
    "missed": "red",
    "inconclusive": "yellow",
    "not tested": "bright_black",
}


def load(path: Path) -> dict:
    """A verdicts.json, checked against its schema.

    Raises:
        InputError: missing, not JSON, or of another shape.
    """
    contents = read_json(path)
    schema.validate(contents, read_yaml(SCHEMAS / "verdicts.schema.yaml"), str(path))
    return contents


def _coloured(verdict: str) -> str:
    return f"[{COLOURS[verdict]}]{verdicts.SYMBOLS[verdict]} {verdict}[/]"


def _escaped(text: object) -> str:
    return str(text).replace("[", r"\[")


def verdict_table(results: Path, scale: str, slug: str | None = None) -> None:
    """Print counts by rule set, or every claim of one rule set.

    Raises:
        InputError: no verdicts there.
    """
    console = Console()
    if slug is not None:
        ruleset_dir(slug)
        claims = load(Layout(results, scale, slug).verdicts)["claims"]
        table = Table("claim", "verdict", "ours", "statement", box=None)
        for claim in claims:
            ours = (
                cards.part_value(claim["parts"][0]) + _escaped(cards.part_interval(claim["parts"][0]))
                if claim["parts"]
                else ""
            )
            table.add_row(claim["id"], _coloured(claim["verdict"]), ours, _escaped(claim["statement"]))
        console.print(table)
        console.print(_escaped(verdicts.summary(claims, scale)))
        return
    table = Table("rule set", *verdicts.ORDER, "controls", title=f"{scale} scale", box=None)
    for name in userconfig.load().papers:
        claims = load(Layout(results, scale, name).verdicts)["claims"]
        behave, tested = verdicts.controls(claims)
        table.add_row(
            name,
            *[f"[{COLOURS[v]}]{count}[/]" for v, count in verdicts.counts(claims).items()],
            f"{behave} of {tested}",
        )
    console.print(table)


def check(results: Path, scale: str) -> int:
    """Print what is not as it must be; 1 if there is anything, else 0."""
    bad = 0
    for name in userconfig.load().papers:
        path = Layout(results, scale, name).verdicts
        if not path.exists():
            print(f"{name}: no verdicts at {path}: run the workflow first")
            bad += 1
            continue
        contents = load(path)
        claims = contents["claims"]
        problems = verdicts.failures(claims, contents.get("health"))
        bad += len(problems)
        counts = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.counts(claims).items())
        behave, tested = verdicts.controls(claims)
        print(f"{name}: {'FAILED' if problems else 'ok'} ({counts}; {behave} of {tested} controls and oracles behave)")
        for problem in problems:
            print(f"  {problem}")
    return int(bad > 0)


def explain(results: Path, scale: str, name: str) -> None:
    """Print one claim: `EN-10`, or `grokking/EN-10` where several rule sets use the id.

    Raises:
        InputError: unknown or ambiguous claim.
    """
    wanted, _, claim_id = name.rpartition("/")
    found = {}
    for slug in [wanted] if wanted else userconfig.load().papers:
        ruleset_dir(slug)
        path = Layout(results, scale, slug).verdicts
        if path.exists():
            found.update((slug, claim) for claim in load(path)["claims"] if claim["id"] == claim_id)
    if not found:
        raise InputError(
            f"unknown claim {name!r}, or no verdicts at {scale} scale yet (python -m verifig verdicts <paper> lists them)"
        )
    if len(found) > 1:
        raise InputError(
            f"claim {name!r} exists in {' and '.join(found)}: write for example {next(iter(found))}/{claim_id}"
        )
    ((slug, claim),) = found.items()
    console = Console(highlight=False)
    console.print(f"[bold]{slug}/{claim['id']}[/] {_coloured(claim['verdict'])}  {_escaped(claim['place'])}")
    console.print(_escaped(claim["statement"]))
    console.print(
        f"paper: {_escaped(claim['paper_value'] or 'no number')} ({claim['source']}); {claim['basis']}, setting: {claim['setting']}"
    )
    console.print(f"why these bounds: {_escaped(claim['why'])}")
    if "varies" in claim:
        console.print(f"units: {_escaped(claim['varies'])}")
    for part in claim["parts"] + claim.get("healthy", []):
        console.print(
            f"\n  {_coloured(part['verdict'])} {_escaped(part.get('label', part['statistic']))}: claimed {cards.part_bounds(part)}"
        )
        console.print(
            f"    {part['experiment']} / {_escaped(part['condition'])} / {part['statistic']}, {part['estimator']}"
        )
        console.print(f"    ours {cards.part_value(part)}{_escaped(cards.part_interval(part))}")
        console.print("    by unit: " + " ".join(numbers.text(value) for value in part["values"][:40]))
        for note in part["notes"]:
            console.print(f"    {_escaped(note)}")
    console.print("\n" + _escaped(verdicts.wording(claim, scale)))


def compare(before: Path, after: Path) -> None:
    """Print which verdicts and values changed between two verdicts.json (runs, machines, versions).

    Raises:
        InputError: a file is missing or not a verdicts.json.
    """
    old, new = load(before), load(after)
    console = Console(highlight=False)
    changes = [
        f"{key}: {old[key]} -> {new[key]}" for key in ("slug", "scale", "verifig", "versions") if old[key] != new[key]
    ]
    for line in changes:
        console.print(_escaped(line))
    by_id: tuple[Mapping, Mapping] = tuple({claim["id"]: claim for claim in run["claims"]} for run in (old, new))
    table = Table("claim", "before", "after", "value before", "value after", box=None)
    for claim_id in [*by_id[0], *(name for name in by_id[1] if name not in by_id[0])]:
        pair = [run.get(claim_id) for run in by_id]
        shown = [
            (claim["verdict"], [part["observed"] for part in claim["parts"]]) if claim else ("absent", [])
            for claim in pair
        ]
        if shown[0] != shown[1]:
            table.add_row(
                claim_id,
                *[shown[k][0] for k in (0, 1)],
                *[" ".join(numbers.text(v, 6) for v in shown[k][1][:4]) for k in (0, 1)],
            )
    if table.row_count:
        console.print(table)
    same = len(set(by_id[0]) & set(by_id[1])) - table.row_count
    console.print(
        f"{table.row_count} of {len(set(by_id[0]) | set(by_id[1]))} claims differ"
        if table.row_count
        else f"no differences in {same} claims"
    )
