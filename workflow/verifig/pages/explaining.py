"""One claim in full on a terminal: bounds and their reasons, values by unit, where they come from, how to make them again."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from verifig.ground import numbers
from verifig.ground.errors import InputError
from verifig.ground.paths import Layout, name_in_suite, ruleset_dir
from verifig.ground.spelling import did_you_mean
from verifig.judging import claims as claims_module
from verifig.judging import history, verdicts
from verifig.judging import recorded as records
from verifig.pages import moved, recorded, words
from verifig.pages.terminal import coloured, escaped
from verifig.planning import userconfig, whatif
from verifig.planning.standing import load

ASIDE = ("tests", "report.py", "plots.py", "plotting")  # of a paper, but where no statistic is formed


def explain(results: Path, scale: str, name: str) -> None:
    """Print one claim: `EN-10`, or `prieto2025/EN-10` where several papers use the id; case does not matter.

    Raises:
        InputError: unknown or ambiguous claim, or no verdicts on it yet.
    """
    slug, claim_id = find(name)
    path = Layout(results, scale, slug).verdicts
    if not path.exists():
        raise InputError(f"{slug}/{claim_id} is known, but there are no verdicts at {path} yet: run the workflow first")
    contents = load(path)
    claim = next((claim for claim in contents["claims"] if claim["id"] == claim_id), None)
    if claim is None:
        raise InputError(f"{slug}/{claim_id} is newer than the verdicts at {path}: run the workflow again")
    _print(claim, slug, contents, Layout(results, scale, slug))


def find(name: str) -> tuple[str, str]:
    """(paper, id) of a claim named in any case, also as pages write it: `prieto2025:EN-10`.

    Raises:
        InputError: unknown (with what it may have meant), or in several papers.
    """
    wanted, _, claim_id = name.replace(":", "/").rpartition("/")
    slugs = [wanted] if wanted else userconfig.load().papers
    known = [(slug, claim["id"]) for slug in slugs if ruleset_dir(slug) for claim in claims_module.load(slug)]
    found = [(slug, known_id) for slug, known_id in known if known_id.lower() == claim_id.lower()]
    if len(found) > 1:
        there = " and ".join(slug for slug, _ in found)
        raise InputError(f"claim {name!r} exists in {there}: write for example {found[0][0]}/{found[0][1]}")
    if not found:
        hint = did_you_mean(claim_id, [known_id for _, known_id in known])
        raise InputError(f"unknown claim {name!r}{hint or ':'} `python -m verifig verdicts <paper>` lists them")
    return found[0]


def _print(claim: Mapping, slug: str, contents: Mapping, layout: Layout) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for sentence in whatif.sentences(contents.get("what_if")):
        console.print(f"what-if {sentence}", markup=False)
    word = coloured(claim, verdicts.word(claim))
    console.print(f"[bold]{slug}/{claim['id']}[/] {word}  {escaped(claim['place'])}")
    console.print(escaped(claim["statement"]))
    value = "no number" if claim["paper_value"] is None else claim["paper_value"]
    console.print(f"paper: {escaped(value)} ({claim['source']}); {claim['basis']}, setting: {claim['setting']}")
    origin = words.origin(claim) + "; " if "bounds_from" in claim else ""
    console.print(f"why these bounds: {escaped(origin + claim['why'])}")
    if "varies" in claim:
        console.print(f"units: {escaped(claim['varies'])}")
    for part in claim["parts"] + claim.get("healthy", []):
        _print_part(console, part, slug)
    console.print("\n" + escaped(words.wording(claim)))
    for line in _recorded(claim, slug):
        console.print(line, markup=False)
    for experiment in dict.fromkeys(part["experiment"] for part in claim["parts"]):
        console.print(f"run again: {rerun(slug, experiment, contents)}", markup=False)
    if claim["parts"]:
        console.print(f"statistics: {layout.statistics}; curves: {layout.curves}", markup=False)


def _print_part(console: Console, part: Mapping, slug: str) -> None:
    theirs = f", paper {words.paper(part)}" if "paper" in part else ""
    name = escaped(verdicts.name_of(part))
    console.print(f"\n  {coloured(part)} {name}: bound {words.bounds(part)}{theirs}")
    console.print(f"    ours {words.value(part)}, {escaped(words.certainty(part))}")
    console.print("    by unit: " + " ".join(numbers.text(value) for value in part["values"][:40]))
    for sentence in (words.agrees(part), words.control_arm(part), *part["notes"]):
        if sentence:
            console.print(f"    {escaped(sentence)}")
    console.print(f"    from {escaped(verdicts.place(part))}, {part['estimator']}; formed in {source(slug, part)}")


def _recorded(claim: dict, slug: str) -> list[str]:
    """What is recorded of a claim at paper scale, and how it moved between versions, machines and scales."""
    recorded.attach([claim], slug, records.load(slug, "paper"))
    lines, past = [f"recorded: {sentence}" for sentence in claim["recorded_sentences"]], claim.get("recorded")
    if past:
        word = f"{verdicts.SYMBOLS[past['verdict']]} {verdicts.word(past)}"
        lines.append(f"recorded at paper scale on {past['recorded_on']}: {word}. {words.wording(past)}")
        lines += [f"  {words.short(part)}" for part in past["parts"]]
    return lines + [f"history: {line}" for line in moved.lines(claim, history.load(slug))]


def source(slug: str, part: Mapping) -> str:
    """File and line that names a statistic; the measure module where its name is put together."""
    folder = ruleset_dir(slug)
    files = sorted(folder.rglob("*.py"), key=lambda path: ("measur" not in path.as_posix(), path.as_posix()))
    for path in files:
        if path.relative_to(folder).parts[0] in ASIDE or path.name.startswith("plots"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if f'"{part["statistic"]}"' in line:
                return f"{name_in_suite(path)}:{number}"
    return f"{name_in_suite(folder)}/measure.py"


def rerun(slug: str, experiment: str, contents: Mapping) -> str:
    """The command that trains and judges an experiment again, with the settings that were changed."""
    changed = dict((contents.get("what_if") or {}).get("changed", {}).get(experiment, {}))
    seeds = changed.pop("seeds", None)
    options = [f"--set {shlex.quote(f'{name}={_yaml(used)}')}" for name, (_, used) in changed.items()]
    options += [f"--seeds {seeds[1]}"] if seeds else []
    command = ["python -m verifig run", slug, experiment, f"--scale {contents['scale']}", *options, "--out again"]
    return " ".join(command)


def _yaml(value: object) -> str:
    """A setting as `--set` reads it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("'", '"') if isinstance(value, list | dict) else f"{value}"
