"""What the proofs found, as data (reports/trust.json, renewed proof by proof) and as a page (reports/trust.md)."""

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
What was tried to break the suite, and what came of it. `make prove` runs all of it and writes this page (about an hour
on two cores); `make prove only=<name>` renews one part. `make test` holds a short form of each. *Revision* is the commit
that was tried (+: with changes not yet committed).
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

    def __init__(self):
        super().__init__()
        self.revision = _revision()  # now: what is committed during an hour of proofs was not tried

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
    """Renew the proofs that ran, keep the others, render the pages."""
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
            "revision": found.revision,
            "verifig": __version__,
            "processor": describe("cpu"),
        }
    proofs = dict(sorted(proofs.items()))
    write_json(path, {"schema": 1, "proofs": proofs})
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
        lines.append(f"| {what} | {entry['date']} | {entry['revision']} |")
    for name, entry in proofs.items():
        if name != "hardware":
            lines += ["", f'<a id="{name}"></a>', "", f"## {_title(entry)}", *_section(entry)]
    return "\n".join(lines) + "\n"


def _title(entry: dict) -> str:
    return entry["about"].partition("\n")[0].rstrip(".")


def _section(entry: dict) -> list[str]:
    """What was done, on which processor, and one table for each test of the proof."""
    about = entry["about"].partition("\n")[2].strip()
    lines = [*([about, ""] if about else []), f"Run on {entry['processor']}."]
    groups: dict[str, dict[str, dict]] = {}
    for name, case in entry["cases"].items():
        test, _, place = name.partition(": ")
        groups.setdefault(test, {})[place] = case
    for test, cases in groups.items():
        lines += ["", *_table(test, cases)]
    return lines


def _table(test: str, cases: dict) -> list[str]:
    columns = list(dict.fromkeys(name for case in cases.values() for name in case["figures"]))
    head = [test, *columns, "outcome"]
    rows = []
    for place, case in cases.items():
        outcome = case["outcome"] if case["outcome"] == "passed" else f"**{case['outcome']}**: {case['why']}"
        shown = [str(case["figures"].get(column, "")) for column in columns]
        rows.append([place, *shown, outcome.replace("|", "/")])
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
