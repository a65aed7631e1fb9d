"""What the proofs found, as data (reports/trust.json, renewed proof by proof) and as a page (reports/trust.md)."""

import datetime
import inspect
from dataclasses import asdict, dataclass, field

import pytest
from conftest import ROOT

from verifig import __version__
from verifig.device import describe
from verifig.errors import InputError
from verifig.files import read_json, write_json, write_text

HEAD = """# Trust
What was tried to break the suite, and what came of it. `make prove` runs all of it and writes this page (about an hour
on two cores); `make prove only=<name>` renews one part. `make test` holds a short form of each.
"""


@dataclass
class Case:
    """One case of a proof: its outcome, and figures by name in the order of the table's columns."""

    outcome: str = "passed"
    seconds: float = 0.0
    why: str = ""
    figures: dict = field(default_factory=dict)


class Found(dict):
    """proof (name of the test module without `test_`) -> {"about": its docstring, "cases": {name: Case}}."""

    def case(self, item: pytest.Item) -> Case:
        proof = item.path.stem.removeprefix("test_")
        entry = self.setdefault(proof, {"about": inspect.getdoc(item.module), "cases": {}})
        name = item.originalname.removeprefix("test_").replace("_", " ")
        return entry["cases"].setdefault(f"{name}: {item.callspec.id}" if hasattr(item, "callspec") else name, Case())

    def finished(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """Take over the outcome of one phase of a test; a failure in any phase is the case's."""
        case = self.case(item)
        case.seconds = round(case.seconds + report.duration, 1)
        if report.failed or report.skipped:
            case.outcome = "failed" if report.failed else "not run"
            case.why = _reason(report)


def _reason(report: pytest.TestReport) -> str:
    if report.skipped:
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message if crash else str(report.longrepr)).splitlines()[0][:200]


def write(found: Found) -> None:
    """Renew the proofs that ran, keep the others, render the page."""
    path = ROOT / "reports" / "trust.json"
    try:
        proofs = read_json(path)["proofs"]
    except InputError:
        proofs = {}
    for name, entry in found.items():
        proofs[name] = {
            "about": entry["about"],
            "cases": {case: asdict(value) for case, value in entry["cases"].items()},
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "verifig": __version__,
            "hardware": describe("cpu"),
        }
    write_json(path, {"schema": 1, "proofs": dict(sorted(proofs.items()))})
    write_text(path.with_suffix(".md"), page(proofs))


def page(proofs: dict) -> str:
    """reports/trust.md."""
    lines = [HEAD, "| Proof | cases | passed | failed | not run | minutes | date | processor |", "|" + "---|" * 8]
    for name, entry in sorted(proofs.items()):
        outcomes = [case["outcome"] for case in entry["cases"].values()]
        counts = " | ".join(str(outcomes.count(outcome)) for outcome in ("passed", "failed", "not run"))
        title = _title(entry)
        minutes = sum(case["seconds"] for case in entry["cases"].values()) / 60
        when = f"{minutes:.0f} | {entry['date']} | {entry['hardware']}"
        lines.append(f"| [{title}](#{name}) | {len(outcomes)} | {counts} | {when} |")
    for name, entry in sorted(proofs.items()):
        rest = entry["about"].partition("\n")[2].strip()
        lines += [
            "",
            f'<a id="{name}"></a>',
            "",
            f"## {_title(entry)}",
            *([rest, ""] if rest else []),
            *_table(entry["cases"]),
        ]
    return "\n".join(lines) + "\n"


def _title(entry: dict) -> str:
    return entry["about"].partition("\n")[0].rstrip(".")


def _table(cases: dict) -> list[str]:
    columns = list(dict.fromkeys(name for case in cases.values() for name in case["figures"]))
    head = ["case", *columns, "outcome"]
    rows = []
    for name, case in cases.items():
        outcome = case["outcome"] if case["outcome"] == "passed" else f"**{case['outcome']}**: {case['why']}"
        shown = [str(case["figures"].get(column, "")) for column in columns]
        rows.append([name, *shown, outcome.replace("|", "/")])
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
