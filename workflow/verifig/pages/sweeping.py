"""What a sweep has found: the measurements that moved, the claims that changed their verdict, the curves."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from verifig.ground import numbers
from verifig.ground.errors import InputError
from verifig.ground.paths import Layout
from verifig.judging import verdicts
from verifig.pages import drawn_curves, overlaid
from verifig.pages.terminal import coloured, escaped
from verifig.planning.curves import Curves
from verifig.planning.standing import load


def tell(runs: Mapping[str, Path], scale: str, slug: str, figure: Path) -> None:
    """Print how each run differs from the first, and draw their curves, those of the first in grey behind.

    Args:
        runs: folders with judged results by label.
        figure: to write, where the runs kept curves.
    """
    claims = {label: load(Layout(folder, scale, slug).verdicts)["claims"] for label, folder in runs.items()}
    console = Console(highlight=False)
    baseline, *others = claims
    settings, values = heads(others)
    columns = [
        "claim",
        "quantity",
        Column(baseline, no_wrap=True),
        *(Column(escaped(each), overflow="fold") for each in values),
    ]
    table = Table(*columns, box=None, title=escaped(f"by {settings}") if settings else None, title_justify="right")
    for cells in moved(list(claims.values())):
        table.add_row(*map(escaped, cells))
    console.print(table if table.row_count else f"no measurement left the interval that it has with {baseline}")
    for label in others:
        changed = [pair for pair in zip(claims[baseline], claims[label], strict=True) if len(told(pair)) > 1]
        text = "; ".join(
            f"{one['id']} {coloured(one, verdicts.word(one))} -> {coloured(other, verdicts.word(other))}"
            for one, other in changed
        )
        console.print(f"{escaped(label)}: {text or 'no claim changed its verdict'}")
    try:
        draw(runs, figure)
        print(f"wrote {figure}")
    except InputError:
        print("these runs kept no curves")


def heads(labels: Sequence[str]) -> tuple[str, list[str]]:
    """`["width=8,rate=1", "width=8,rate=2"]` -> `("width, rate", ["8, 1", "8, 2"])`; labels with lists stay as they are."""
    pairs = [[part.partition("=") for part in label.split(",")] for label in labels]
    if any(not equals for label in pairs for _, equals, _ in label):
        return "", list(labels)
    return ", ".join(name for name, _, _ in pairs[0]), [", ".join(value for _, _, value in label) for label in pairs]


def told(claims: Sequence[Mapping]) -> set[str]:
    """The different verdicts of a claim."""
    return {claim["verdict"] for claim in claims}


def moved(runs: Sequence[Sequence[Mapping]]) -> list[list[str]]:
    """Cells of each measurement that some run puts outside of its interval in the first one, or judges otherwise."""
    rows = []
    for claims in zip(*runs, strict=True):
        for parts in zip(*(claim["parts"] for claim in claims), strict=False):
            first, *others = parts
            if any(_moved(first, part) for part in others):
                rows.append([claims[0]["id"], verdicts.name_of(first), *map(_shown, parts)])
    return rows


def _moved(before: Mapping, after: Mapping) -> bool:
    values = [before["low"], after["observed"], before["high"]]
    if before["verdict"] != after["verdict"] or not all(isinstance(value, int | float) for value in values):
        return (before["verdict"], before["observed"]) != (after["verdict"], after["observed"])
    return not values[0] <= values[1] <= values[2]


def _shown(part: Mapping) -> str:
    """Value and verdict, the interval below."""
    value = f"{numbers.text(part['observed'], 4)} {verdicts.SYMBOLS[part['verdict']]}"
    ends = part["low"], part["high"]
    return value if None in ends or ends[0] == ends[1] else f"{value}\n{numbers.interval(*map(float, ends), 3)}"


def draw(runs: Mapping[str, Path], path: Path) -> None:
    """Write the curves of all runs to one figure: a condition and a run a colour, the first run in grey.

    Conditions that no run changes are left out.

    Raises:
        InputError: the runs kept no curves.
    """
    first, *others = (
        {".".join(place[1:]): found for place, found in overlaid.kept(folder).items()} for folder in runs.values()
    )
    jobs: dict[str, Curves] = {}
    behind: dict[str, Curves] = {}
    for label, found in zip(list(runs)[1:], others, strict=True):
        for title, usual in first.items():
            for condition, by_field in found.get(title, {}).items():
                if by_field != usual.get(condition):
                    jobs.setdefault(title, {})[f"{condition}, {label}"] = by_field
                    behind.setdefault(title, {})[condition] = usual.get(condition, {})
    drawn_curves.save(jobs, path, behind=behind, whose=next(iter(runs)))
