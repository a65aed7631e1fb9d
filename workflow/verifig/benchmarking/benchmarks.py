"""The record of all benchmarks, reports/benchmarks.json, and what became worse since it was committed.

The rule: a figure is a regression when it is more than 20 % worse than the committed one (`TOLERANCE`; the quotient of
the two exceeds 1.2, whichever direction is better) and also worse by more than both spreads together, so that a figure
that wanders is not reported for wandering. A figure that departs that far in either direction is measured a second time,
and what is nearer to the committed one counts: other work on the machine passes, a regression stays, and luck does not
become the reference. A figure without a committed one is new. The committed record is that of git's HEAD; without git it
is the file as it lies.
"""

import importlib
import json
import math
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from verifig.benchmarking import bench, growth, page
from verifig.benchmarking.bench import Result
from verifig.ground import paths
from verifig.ground.errors import InputError
from verifig.ground.files import read_json, write_json, write_text
from verifig.ground.version import __version__

TOLERANCE = 0.2
THREADS = 1
FOLDER = paths.ROOT / "reports"
NAME = "benchmarks.json"


@dataclass(frozen=True)
class Regression:
    """A figure that became worse: `worse` = 0.5 is half as bad again."""

    slug: str
    result: Result
    before: Result
    worse: float

    def __str__(self) -> str:
        value, before = (bench.figure(item) for item in (self.result, self.before))
        return f"{self.slug}: {self.result.name}: {before} -> {value}, {self.worse:.0%} worse"


def run(slugs: Sequence[str], write: bool = True) -> list[Regression]:
    """Measure these rule sets (none: all that have benchmarks), print as they finish, and renew their entries and the page.

    Returns the regressions of these rule sets.

    Raises:
        InputError: an unknown rule set, or one without benchmarks; a record that cannot be read.
    """
    chosen = [slug for slug in slugs or paths.slugs() if _has_bench(slug, required=bool(slugs))]
    before, record = committed(), _on_disk()
    for slug in chosen:
        print(f"{slug}:", flush=True)
        record = updated(record, slug, entry(slug, _confirmed(slug, before)))
    found = [regression for regression in regressions(record, before) if regression.slug in chosen]
    for slug in chosen:
        old = before.get("rule_sets", {}).get(slug, {}).get("hardware")
        if old and old != record["rule_sets"][slug]["hardware"]:
            print(f"{slug}: the committed figures are from other hardware: {page.machine(old)}")
    for regression in found:
        print(f"worse: {regression}")
    if not found:
        print(f"nothing is more than {TOLERANCE:.0%} worse than committed")
    if write:
        write_json(FOLDER / NAME, record)
        write_text(FOLDER / "benchmarks.md", page.markdown(record, before, regressions(record, before)))
        page.chart(record, FOLDER / "benchmarks.svg")
        print("wrote reports/benchmarks.md, benchmarks.svg, benchmarks.json")
    return found


def _confirmed(slug: str, before: Mapping) -> list[Result]:
    """All figures of one rule set; those that depart from the committed ones are measured twice, the nearer counts."""
    old, results = _by_name(before, slug), list(_printed(measure(slug)))
    suspects = [result.name for result in results if result.name in old and _departs(result, old[result.name])]
    if not suspects:
        return results
    print(f"  once more, for what departs from the committed figures: {'; '.join(suspects)}", flush=True)
    again = {result.name: result for result in _printed(measure(slug))}
    return [
        min(result, again[result.name], key=lambda item: abs(math.log(_quotient(item, old[item.name]))))
        if result.name in suspects
        else result
        for result in results
    ]


def _printed(results: Iterable[Result]) -> Iterator[Result]:
    for result in results:
        print(f"  {page.line(result)}", flush=True)
        yield result


def measure(slug: str) -> Iterator[Result]:
    """All figures of one rule set."""
    from verifig.training.device import prepare_torch

    prepare_torch("cpu", THREADS)
    module = _module(slug)
    yield from module.bench()
    yield from growth.by_members(module.PROGRAM)
    yield from growth.by_width(module.PROGRAM)
    yield from growth.memory(slug, module.PROGRAM)


def entry(slug: str, results: Sequence[Result]) -> dict:
    """What the record holds of one rule set."""
    program = _module(slug).PROGRAM
    described = {name: getattr(program, name) for name in ("about", "member", "width", "usual", "together")}
    return {"hardware": hardware(), "program": described, "results": [result.to_json() for result in results]}


def hardware() -> dict:
    """Processor, threads and torch version."""
    import torch

    from verifig.ground.costs import describe

    return {"processor": describe("cpu"), "threads": torch.get_num_threads(), "torch": torch.__version__}


def _module(slug: str) -> ModuleType:
    return importlib.import_module(f"{paths.package(slug)}.bench")


def updated(record: Mapping, slug: str, new: Mapping) -> dict:
    """The record with the entry of one rule set replaced; the others stay as they are."""
    entries = dict(sorted((record.get("rule_sets", {}) | {slug: new}).items()))
    return {"schema": 1, "verifig": __version__, "rule_sets": entries}


def regressions(record: Mapping, before: Mapping) -> list[Regression]:
    """Figures that are worse than before, by the rule of this module, the worst first."""
    found = []
    for slug in record.get("rule_sets", {}):
        old = _by_name(before, slug)
        for name, result in _by_name(record, slug).items():
            if name in old and _departs(result, old[name]) and (quotient := _quotient(result, old[name])) > 1:
                found.append(Regression(slug, result, old[name], quotient - 1))
    return sorted(found, key=lambda regression: -regression.worse)


def _by_name(record: Mapping, slug: str) -> dict[str, Result]:
    """Figures of one rule set; empty when the record has none."""
    items = record.get("rule_sets", {}).get(slug, {}).get("results", [])
    return {item["name"]: Result(**item) for item in items}


def _departs(result: Result, before: Result) -> bool:
    """Whether a figure is worse or better than before by more than the tolerance and both spreads."""
    if result.better == "neither":
        return False
    quotient = _quotient(result, before)
    return max(quotient, 1 / quotient) > 1 + max(TOLERANCE, result.spread + before.spread)


def _quotient(result: Result, before: Result) -> float:
    """Above 1 where a figure is worse than before, below where it is better."""
    return result.value / before.value if result.better == "lower" else before.value / result.value


def committed() -> dict:
    """The record that figures are compared with; empty when there is none.

    Raises:
        InputError: it is not JSON.
    """
    command = ["git", "-C", str(FOLDER), "show", f"HEAD:./{NAME}"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    except OSError:  # no git, or no folder
        return _on_disk()
    if shown.returncode:
        return _on_disk()
    try:
        return json.loads(shown.stdout)
    except ValueError as error:
        raise InputError(f"the committed reports/{NAME} is not valid JSON ({error})") from None


def _on_disk() -> dict:
    return read_json(FOLDER / NAME) if (FOLDER / NAME).exists() else {}


def _has_bench(slug: str, required: bool) -> bool:
    exists = (paths.ruleset_dir(slug) / "bench.py").exists()
    if required and not exists:
        raise InputError(f"{paths.name_in_suite(paths.ruleset_dir(slug))} has no bench.py")
    return exists
