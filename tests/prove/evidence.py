"""What the proofs found, as data (reports/trust.json, renewed case by case) and as a page (reports/trust.md)."""

import datetime
import inspect
import subprocess
from dataclasses import asdict, dataclass, field

import pytest
from conftest import ROOT

from verifig.ground.costs import describe
from verifig.ground.errors import InputError
from verifig.ground.files import read_json, write_json, write_text
from verifig.ground.version import __version__

HEAD = """# Trust
What was tried to break the suite, and what came of it. `make prove` runs all of it and writes this page (some hours
on two cores); `make prove only=<name>` renews one proof, `make prove only=<name> cases=<word>` some of its cases; what
is done is kept case by case. `make test` holds a short form of each. *Revision* is the commit that was tried (+: with
changes not yet committed).
"""


@dataclass
class Case:
    """One case of a proof: when, of what and where, its outcome, and figures by name in the order of the columns."""

    date: str
    revision: str
    verifig: str
    processor: str
    outcome: str = "passed"
    seconds: float = 0.0
    why: str = ""
    figures: dict = field(default_factory=dict)


class Found(dict):
    """proof (name of the test module without `test_`) -> {"about": its docstring, "cases": {name: Case}}."""

    def __init__(self):
        super().__init__()
        self.revision = _revision()  # now: what is committed during an hour of proofs was not tried
        self.existing: dict[str, list[str]] = {}  # proof -> all its cases, also those that were not chosen

    def exists(self, items: list[pytest.Item]) -> None:
        """Take over what was collected; the evidence of other cases of these proofs is dropped."""
        for item in items:
            self.existing.setdefault(_proof(item), []).append(_name(item))

    def case(self, item: pytest.Item) -> Case:
        entry = self.setdefault(_proof(item), {"about": inspect.getdoc(item.module), "cases": {}})
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        return entry["cases"].setdefault(_name(item), Case(today, self.revision, __version__, describe("cpu")))

    def finished(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """Take over the outcome of one phase of a test; a failure in any phase is the case's."""
        case = self.case(item)
        case.seconds = round(case.seconds + report.duration, 1)
        if report.failed or report.skipped:
            case.outcome = "failed" if report.failed else "not run"
            case.why = _reason(report)


def _proof(item: pytest.Item) -> str:
    return item.path.stem.removeprefix("test_")


def _name(item: pytest.Item) -> str:
    name = item.originalname.removeprefix("test_").replace("_", " ")
    return f"{name}: {item.callspec.id}" if hasattr(item, "callspec") else name


def _reason(report: pytest.TestReport) -> str:
    if report.skipped:
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message if crash else str(report.longrepr)).splitlines()[0][:200]


def write(found: Found) -> None:
    """Renew the cases that ran, keep the others that still exist, render the pages."""
    path = ROOT / "reports" / "trust.json"
    try:
        proofs = read_json(path)["proofs"]
    except InputError:
        proofs = {}
    for name, entry in found.items():
        before = proofs[name]["cases"] if name in proofs else {}
        # that a machine could not try a case says nothing about what another one found
        new = {
            case: value for case, value in entry["cases"].items() if value.outcome != "not run" or case not in before
        }
        cases = before | {case: asdict(value) for case, value in new.items()}
        existing = found.existing.get(name) or list(cases)
        proofs[name] = {"about": entry["about"], "cases": {case: cases[case] for case in existing if case in cases}}
    proofs = dict(sorted(proofs.items()))
    write_json(path, {"schema": 2, "proofs": proofs})
    write_text(path.with_suffix(".md"), page(proofs))
    if "hardware" in proofs:
        write_text(path.with_name("hardware.md"), "# Hardware\n" + "\n".join(_section(proofs["hardware"])) + "\n")


def _revision() -> str:
    """The commit that was tried; reports/ is what the proofs themselves renew."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, text=True, capture_output=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--", ".", ":!reports")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def page(proofs: dict) -> str:
    """reports/trust.md."""
    lines = [HEAD, "| Proof | cases | passed | failed | not run | minutes | date | revision |", "|" + "---|" * 8]
    for name, entry in proofs.items():
        outcomes = [case["outcome"] for case in entry["cases"].values()]
        counts = " | ".join(str(outcomes.count(outcome)) for outcome in ("passed", "failed", "not run"))
        minutes = sum(case["seconds"] for case in entry["cases"].values()) / 60
        place = "hardware.md" if name == "hardware" else f"#{name}"
        what = f"[{_title(entry)}]({place}) | {len(outcomes)} | {counts} | {minutes:.0f}"
        lines.append(f"| {what} | {_span(_values(entry, 'date'))} | {', '.join(_values(entry, 'revision'))} |")
    for name, entry in proofs.items():
        if name != "hardware":
            lines += ["", f'<a id="{name}"></a>', "", f"## {_title(entry)}", *_section(entry)]
    return "\n".join(lines) + "\n"


def _title(entry: dict) -> str:
    return entry["about"].partition("\n")[0].rstrip(".")


def _values(entry: dict, name: str) -> list[str]:
    """Different values of a field of a proof's cases, in order."""
    return sorted({case[name] for case in entry["cases"].values()})


def _span(dates: list[str]) -> str:
    return dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"


def _section(entry: dict) -> list[str]:
    """What was done, on which processors, and one table for each test of the proof."""
    about = entry["about"].partition("\n")[2].strip()
    lines = [*([about, ""] if about else []), f"Run on {' and '.join(_values(entry, 'processor'))}."]
    groups: dict[str, dict[str, dict]] = {}
    for name, case in entry["cases"].items():
        test, _, place = name.partition(": ")
        groups.setdefault(test, {})[place] = case
    several = [name for name in ("date", "revision") if len(_values(entry, name)) > 1]
    for test, cases in groups.items():
        lines += ["", *_table(test, cases, several)]
    return lines


def _table(test: str, cases: dict, several: list[str]) -> list[str]:
    """Rows of the cases of a test, and in one line those not run; `several`: fields in which the proof's cases differ."""
    ran = {place: case for place, case in cases.items() if case["outcome"] != "not run"}
    columns = list(dict.fromkeys(name for case in ran.values() for name in case["figures"]))
    head = [test, *columns, *several, "outcome"]
    rows = []
    for place, case in ran.items():
        outcome = case["outcome"] if case["outcome"] == "passed" else f"**{case['outcome']}**: {case['why']}"
        shown = [str(case["figures"].get(column, "")) for column in columns] + [case[name] for name in several]
        rows.append([place, *(cell.replace("|", "/") for cell in (*shown, outcome))])
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)] if ran else []
    left: dict[str, list[str]] = {}
    for place, case in cases.items():
        if case["outcome"] == "not run":
            left.setdefault(case["why"], []).append(place)
    return lines + [
        line for why, places in left.items() for line in ("", f"*{test}*, **not run** ({why}): {', '.join(places)}.")
    ]
