"""The record of all benchmarks, reports/benchmarks.json, compared with the committed one (see `regressions`).

A figure that departs from the committed one is measured a second time, and what is nearer to that counts: other work on
the machine passes, a regression stays, and luck does not become the reference. A figure without a committed one is new. The committed record is that of git's HEAD; without git it
is the file as it lies.
"""

import importlib
import json
import math
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType

from verifig.benchmarking import growth, page
from verifig.benchmarking.bench import Result
from verifig.benchmarking.regressions import TOLERANCE, Regression, by_name, departs, quotient, regressions
from verifig.ground import paths
from verifig.ground.errors import InputError
from verifig.ground.files import read_json, write_json, write_text
from verifig.ground.version import __version__

THREADS = 1
FOLDER = paths.ROOT / "reports"
NAME = "benchmarks.json"


def run(slugs: Sequence[str], write: bool = True) -> list[Regression]:
    """Measure these papers (none: all that have benchmarks), print as they finish, and renew their entries and the page.

    Returns the regressions of these papers.

    Raises:
        InputError: an unknown paper, or one without benchmarks; a record that cannot be read.
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
    """All figures of one paper; those that depart from the committed ones are measured twice, the nearer counts."""
    old, results = by_name(before, slug), list(_printed(measure(slug)))
    suspects = [result.name for result in results if result.name in old and departs(result, old[result.name])]
    if not suspects:
        return results
    print(f"  once more, for what departs from the committed figures: {'; '.join(suspects)}", flush=True)
    again = {result.name: result for result in _printed(measure(slug))}
    return [
        min(result, again[result.name], key=lambda item: abs(math.log(quotient(item, old[item.name]))))
        if result.name in suspects
        else result
        for result in results
    ]


def _printed(results: Iterable[Result]) -> Iterator[Result]:
    for result in results:
        print(f"  {page.line(result)}", flush=True)
        yield result


def measure(slug: str) -> Iterator[Result]:
    """All figures of one paper."""
    from verifig.training.device import prepare_torch

    prepare_torch("cpu", THREADS)
    module = _module(slug)
    yield from module.bench()
    yield from growth.by_members(module.PROGRAM)
    yield from growth.by_width(module.PROGRAM)
    yield from growth.memory(slug, module.PROGRAM)


def entry(slug: str, results: Sequence[Result]) -> dict:
    """What the record holds of one paper."""
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
    """The record with the entry of one paper replaced; the others stay as they are, but for papers that are no more."""
    kept = {name: found for name, found in record.get("rule_sets", {}).items() if name in paths.slugs()}
    entries = dict(sorted((kept | {slug: new}).items()))
    return {"schema": 1, "verifig": __version__, "rule_sets": entries}


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
        raise InputError(f"the paper {slug} has no bench.py")
    return exists
