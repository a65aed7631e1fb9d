"""`verifig check`: are the verdicts as they must be, and as they were recorded?"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from verifig.ground.paths import Layout
from verifig.judging import recorded as records
from verifig.judging import verdicts
from verifig.planning import standing, userconfig

NOT_TESTED = "not tested"


def check(results: Path, scale: str, without_data: bool = False) -> int:
    """Print what is not as it must be or not as recorded; 1 if there is anything, else 0.

    Args:
        without_data: claims recorded as judged may be not tested where their data is not there.
    """
    bad, lacking, differing = 0, set(), []
    for slug in userconfig.load().papers:
        layout = Layout(results, scale, slug)
        if refusal := standing.problem(layout):
            print(f"{slug}: FAILED, {refusal}")
            bad += 1
            continue
        contents = standing.load(layout.verdicts)
        problems = verdicts.failures(contents["claims"], contents.get("health"))
        past = recorded(slug, scale)
        found = differences(contents["claims"], past) if past else []
        absent = [row for row in found if row["without_data"]]
        counted = [row for row in found if not (without_data and row["without_data"])]
        problems += [row["sentence"] for row in counted]
        lacking |= {name for row in absent for name in row["without_data"]}
        differing += [(slug, row) for row in found]
        bad += len(problems)
        print(f"{slug}: {'FAILED' if problems else 'ok'}, {_state(contents['claims'], past, found, scale)}")
        for problem in problems:
            print(f"  {problem}")
    if differing:
        _print(differing)
    if lacking:
        print(
            f"Data that is not there: {', '.join(sorted(lacking))}. Fetch it with `python -m verifig prepare --scale {scale}` and run"
            " the workflow again"
            + (
                "."
                if without_data
                else f"; to check without it: `python -m verifig check --scale {scale} --without-data`."
            )
        )
    return int(bad > 0)


def recorded(slug: str, scale: str) -> dict[str, str]:
    """Verdicts recorded on purpose (`verifig record`) by claim id; empty where none are."""
    record = records.load(slug, scale)
    return record.verdicts if record else {}


def differences(claims: Sequence[Mapping], past: Mapping[str, str]) -> list[dict]:
    """Claims whose verdict is another than the recorded one.

    A claim recorded as not tested may be judged now: that is more than was recorded, not something else.

    Returns:
        Rows with `id`, `here`, `recorded` (null where there is none), `sentence`, and `without_data`: the data that is
        not there, where that is why a claim could not be judged.
    """
    here = {claim["id"]: claim for claim in claims}
    rows = []
    for name in dict.fromkeys([*here, *past]):
        now, before = here[name]["verdict"] if name in here else None, past.get(name)
        if now == before or (before == NOT_TESTED and now is not None):
            continue
        data = here[name].get("missing_data", []) if now == NOT_TESTED else []
        rows.append(
            {
                "id": name,
                "here": now,
                "recorded": before,
                "without_data": data,
                "sentence": _sentence(name, now, before, data),
            }
        )
    return rows


def _sentence(name: str, now: str | None, before: str | None, data: Sequence[str]) -> str:
    if now is None:
        return f"{name} was recorded as {before} and is no claim any more: look at it, then `python -m verifig record`"
    if before is None:
        return f"{name} is {now} and was never recorded: look at it, then `python -m verifig record`"
    reason = f" for lack of {', '.join(data)}" if data else ""
    return f"{name} was recorded as {before} and is {now} here{reason}"


def _state(claims: Sequence[Mapping], past: Mapping[str, str], found: Sequence[Mapping], scale: str) -> str:
    """How many claims were judged, how they compare with what was recorded, how the controls behave."""
    judged = sum(claim["verdict"] != NOT_TESTED for claim in claims)
    parts = [f"{judged} of {len(claims)} claims and controls judged"]
    if not judged:
        parts = [f"nothing was judged: no claim names the {scale} scale in its `scales`"]
    if past:
        parts.append(f"{len(found)} not as recorded" if found else "all as recorded")
    else:
        parts.append(f"nothing recorded at {scale} scale to compare with")
    behave, tested = verdicts.controls(claims)
    return ", ".join(parts) + f", {behave} of {tested} controls and oracles behave"


def _print(differing: Sequence[tuple[str, Mapping]]) -> None:
    """The table of claims that are not as recorded: here beside recorded."""
    table = Table("claim", "here", "recorded", box=None)
    for slug, row in differing:
        table.add_row(f"{slug}/{row['id']}", row["here"] or "no claim", row["recorded"] or "never")
    Console().print(table)
