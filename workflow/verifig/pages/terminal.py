"""Verdicts on a terminal: counts by paper, the claims of one paper."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from verifig.ground import numbers
from verifig.ground.paths import Layout, ruleset_dir
from verifig.judging import recorded as records
from verifig.judging import verdicts
from verifig.pages import words
from verifig.planning import userconfig, whatif
from verifig.planning.standing import load

COLOURS = {
    "reproduced": "green",
    "caught": "green",
    "contradicted": "red",
    "missed": "red",
    "inconclusive": "yellow",
    "not tested": "bright_black",
}


def coloured(item: Mapping, word: str | None = None) -> str:
    """The verdict of a claim or part, for rich; `word` in place of the verdict."""
    verdict = item["verdict"]
    return f"[{COLOURS[verdict]}]{verdicts.SYMBOLS[verdict]} {word or verdict}[/]"


def escaped(text: object) -> str:
    """Text whose brackets rich leaves alone."""
    return str(text).replace("[", r"\[")


def verdict_table(results: Path, scale: str, slug: str | None = None) -> None:
    """Print counts by paper and kind, or every judged claim of one paper.

    Raises:
        InputError: no verdicts there.
    """
    if slug is None:
        _counts(results, scale)
        return
    ruleset_dir(slug)
    _claims(load(Layout(results, scale, slug).verdicts))


def _counts(results: Path, scale: str) -> None:
    papers = userconfig.load().papers
    # names are what people type: a narrow terminal folds counts, not names
    table = Table(
        Column("paper", no_wrap=True, min_width=max(map(len, papers))),
        *verdicts.COLUMNS,
        title=f"{scale} scale",
        box=None,
    )
    for name in papers:
        contents = load(Layout(results, scale, name).verdicts)
        mark = " (what-if)" if contents.get("what_if") else ""
        table.add_row(name + mark, *verdicts.row(contents["claims"]))
    Console().print(table)


def _claims(contents: Mapping) -> None:
    """What was changed, then every judged claim with its deciding part; the others by their names alone."""
    console = Console(highlight=False)
    claims, what_if = contents["claims"], contents.get("what_if")
    for sentence in whatif.sentences(what_if):
        console.print(f"[bold]what-if[/] {escaped(sentence)}")
    recorded = _recorded(contents["slug"], contents["scale"]) if what_if else {}
    table = Table("claim", "verdict", "deciding quantity", *(["as recorded"] if recorded else []), box=None)
    for claim in claims:
        part = verdicts.deciding(claim)
        if part is not None:
            shown = escaped(words.short(part) + words.more_parts(claim))
            before = [_before(claim, part, recorded)] if recorded else []
            table.add_row(claim["id"], coloured(claim, verdicts.word(claim)), shown, *before)
    if table.row_count:
        console.print(table)
    if left := [claim["id"] for claim in claims if claim["verdict"] == "not tested"]:
        console.print(f"not tested ({len(left)}): {', '.join(left)}")
    console.print(escaped(words.summary(claims, contents["scale"])))
    console.print(f"one claim in full: python -m verifig explain {contents['slug']}/<claim>")


def _recorded(slug: str, scale: str) -> dict[str, Mapping]:
    record = records.load(slug, scale)
    return {claim["id"]: claim for claim in record.contents["claims"]} if record else {}


def _before(claim: Mapping, part: Mapping, recorded: Mapping[str, Mapping]) -> str:
    """Verdict and value of the same part with the configured settings, as recorded."""
    past = recorded.get(claim["id"])
    if past is None or len(past["parts"]) != len(claim["parts"]):
        return "–"
    value = past["parts"][claim["parts"].index(part)]["observed"]
    return f"{verdicts.SYMBOLS[past['verdict']]} {numbers.text(value, numbers.digits_for(*part['bounds'], value))}"
