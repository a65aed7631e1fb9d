"""Results that are not the suite's own, or say less than what was recorded, are never taken for it.

On the template's toy, with a second experiment that needs a file: trained in a second, judged at laptop scale.
"""

import hashlib
import json
import shutil

import pytest
from conftest import command, copy_suite

from verifig.judging import check

TABLED = """
_measure = measure


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    _measure(artifacts, out)
    if "tabled" in artifacts:
        out.exact("tabled", "rows", 5.0)
"""
CLAIM = """
  - id: TOY-2
    paper: example
    place: Table 1
    figure: fig1
    statement: The table has five rows.
    basis: number
    setting: paper's
    paper_value: 5
    source: paper table
    bounds_from: paper
    scales: [laptop]
    why: it is a count
    parts:
      - {label: rows, experiment: tabled, statistic: rows, estimator: exact, relation: equals, bounds: 5}
"""
RUN = ("verifig", "run", "toy", "--stage", "report", "--device", "cpu")


class Toy:
    """A suite that holds the toy alone."""

    def __init__(self, folder):
        self.folder = folder
        self.rule_set, self.data = folder / "replications/toys/toy", folder / "data/table.csv"
        self.verdicts = folder / "results/laptop/toy/verdicts.json"
        self.recorded = self.rule_set / "recorded/laptop.json"

    def __call__(self, *arguments):
        result = command(self.folder, *arguments)
        return result.returncode, result.stdout + result.stderr

    def made(self):
        """Run everything and build the front page, as the workflow would."""
        code, said = self(*RUN, "--out", "results")
        assert code == 0, said
        built = self("verifig_site")
        assert built[0] == 0, built[1]

    def published(self) -> dict[str, bytes]:
        files = [*(self.folder / "reports").rglob("*"), self.folder / "README.md"]
        return {str(path): path.read_bytes() for path in files if path.is_file()}


def copied(toy: Toy, target) -> Toy:
    shutil.copytree(toy.folder, target)
    return Toy(target)


@pytest.fixture(scope="module")
def draft(tmp_path_factory):
    """The toy as `make new` leaves it, with an experiment that needs data, trained and judged."""
    toy = Toy(copy_suite(tmp_path_factory.mktemp("standing") / "suite", themes=()))
    assert toy("verifig", "new", "toys/toy")[0] == 0
    toy.data.parent.mkdir()
    toy.data.write_text("rows\n5\n")
    digest = hashlib.sha256(toy.data.read_bytes()).hexdigest()
    config = toy.rule_set / "experiments.yaml"
    text = config.read_text()
    text = text.replace("experiments:\n", f"data:\n  table: {{file: table.csv, sha256: {digest}}}\n\nexperiments:\n", 1)
    text = text.replace(
        "experiments:\n", "experiments:\n  tabled: {program: descent, about: needs a file, data: [table]}\n", 1
    )
    text = text.replace("  laptop:\n", "  laptop:\n    tabled: {expected_seconds: 1}\n")
    config.write_text(text)
    (toy.rule_set / "measure.py").write_text((toy.rule_set / "measure.py").read_text() + TABLED)
    (toy.rule_set / "claims.yaml").write_text((toy.rule_set / "claims.yaml").read_text().rstrip() + CLAIM)
    (toy.folder / "verifig_site.py").write_text(
        "from pathlib import Path\nfrom verifig.pages.site import build\nbuild(Path('results'), 'laptop', ['toy'])\n"
    )
    toy.made()
    return toy


@pytest.fixture(scope="module")
def toy(draft, tmp_path_factory):
    """The same with words of its own, recorded and published."""
    toy = copied(draft, tmp_path_factory.mktemp("standing") / "suite")
    for path in toy.rule_set.rglob("*"):
        if path.is_file():
            path.write_text(path.read_text().replace("REPLACE: ", "") if path.suffix != ".pyc" else "")
    toy.made()
    code, said = toy("verifig", "record", "--scale", "laptop")
    assert code == 0, said
    toy.made()  # the page shows what was recorded
    code, said = toy("verifig", "publish")
    assert code == 0, said
    assert "kept" not in said
    assert (toy.folder / "reports/toy/index.html").exists()
    return toy


def test_a_page_with_the_template_s_words_is_not_published(draft):
    before = draft.published()
    code, said = draft("verifig", "publish")
    assert code == 0
    assert "the page of toy is not published: it still says 'REPLACE: " in said
    assert "toy" not in " ".join(set(draft.published()) - set(before))


def test_nothing_recorded_is_said(draft):
    code, said = draft("verifig", "check", "--scale", "laptop")
    assert code == 0, said
    assert "toy: ok, 3 of 3 claims and controls judged, nothing recorded at laptop scale to compare with" in said


def test_the_record_says_when_and_by_what_it_was_made(toy):
    record = json.loads(toy.recorded.read_text())
    assert {"commit", "date", "hardware", "versions", "verifig"} <= set(record)
    assert record["date"][:2] == "20"
    assert {claim["id"]: claim["verdict"] for claim in record["claims"]} == {
        "TOY-1": "reproduced", "TOY-CT": "caught", "TOY-2": "reproduced",
    }  # fmt: skip
    code, said = toy("verifig", "check", "--scale", "laptop")
    assert code == 0, said
    assert "toy: ok, 3 of 3 claims and controls judged, all as recorded, 1 of 1 controls" in said


def test_without_its_data_a_recorded_claim_fails_and_no_page_becomes_poorer(toy, tmp_path):
    poor = copied(toy, tmp_path / "suite")
    poor.data.unlink()
    poor.made()
    code, said = poor("verifig", "check", "--scale", "laptop")
    assert code == 1
    assert "TOY-2 was recorded as reproduced and is not tested here for lack of table" in said
    assert "verifig check --scale laptop --without-data" in said
    row = next(line for line in said.splitlines() if line.strip().startswith("toy/TOY-2"))
    assert row.split() == ["toy/TOY-2", "not", "tested", "reproduced"], "here beside recorded"
    code, said = poor("verifig", "check", "--scale", "laptop", "--without-data")
    assert code == 0, said
    before = poor.published(), poor.recorded.read_bytes()
    code, said = poor("verifig", "publish")
    assert code == 0, said
    last = said.splitlines()[-2:]
    assert last[0].startswith("reports/toy was kept: 1 claim judged there cannot be tested here without table; ")
    assert "verifig prepare --scale laptop" in last[0]
    assert last[1].startswith("front page and README, which sum up all papers, were kept")
    assert poor("verifig", "record")[0] == 2
    assert (poor.published(), poor.recorded.read_bytes()) == before


def test_another_verdict_than_recorded_fails(toy, tmp_path):
    other = copied(toy, tmp_path / "suite")
    other.recorded.write_text(other.recorded.read_text().replace('"reproduced"', '"inconclusive"', 1))
    code, said = other("verifig", "check", "--scale", "laptop")
    assert code == 1
    assert "TOY-1 was recorded as inconclusive and is reproduced here" in said


def test_what_ifs_and_parts_are_not_the_suite_s(toy, tmp_path):
    change = ("descent", "--set", "steps=150", "--seeds", "4", "--device", "cpu")
    code, said = toy("verifig", "run", "toy", *change, "--out", str(tmp_path))
    assert code == 0, said
    for refusing in (("check",), ("record", "toy")):
        code, said = toy("verifig", *refusing, "--scale", "laptop", "--results", str(tmp_path))
        assert code, refusing
        assert "not the suite's: descent: seeds 5 -> 4, steps 200 -> 150; not run: tabled" in said
    code, said = toy("verifig", "run", "toy", *change[1:], "--out", str(tmp_path), "--set", "curvature=9")
    assert code == 2
    assert "holds a run with other settings (descent: curvature 10.0 -> 9): choose another folder" in said
    code, said = toy("verifig", "run", "toy", "tabled", *change[1:], "--out", str(tmp_path))
    assert code == 2
    assert "holds verdicts on descent too, which this run would drop" in said
    code, said = toy("verifig", "run", "toy", *change, "--out", str(tmp_path))
    assert code == 0, "the same again"
    assert "finished before, kept" in said


def test_the_workflow_s_results_take_only_what_it_would_make(toy, tmp_path):
    before = toy.verdicts.read_bytes()
    code, said = toy(*RUN, "--seeds", "4", "--out", "results")
    assert code == 2
    assert "is where the workflow keeps its results, and this run is not what it would make" in said
    code, said = toy("verifig", "run", "toy", "descent", "--out", "results")
    assert (code, "not run: tabled" in said) == (2, True)
    assert toy.verdicts.read_bytes() == before


@pytest.mark.parametrize("name", ["verdicts.json", "page/README.md", "statistics.parquet"])
def test_what_was_edited_is_neither_recorded_nor_published(toy, tmp_path, name):
    edited = copied(toy, tmp_path / "suite")
    path = edited.folder / "results/laptop/toy" / name
    before = path.read_bytes()
    path.write_bytes(before.replace(b"converges", b"converged") if name != "statistics.parquet" else before + b" ")
    code, said = edited("verifig", "publish")
    assert code == 2
    assert "corrupted" in said
    if name != "page/README.md":
        code, said = edited("verifig", "check", "--scale", "laptop")
        assert (code, "corrupted" in said) == (1, True)


def test_verdicts_by_an_older_code_are_not_the_suite_s(toy, tmp_path):
    stale = copied(toy, tmp_path / "suite")
    measure = stale.rule_set / "measure.py"
    measure.write_text(measure.read_text() + "# changed\n")
    code, said = stale("verifig", "check", "--scale", "laptop")
    assert code == 1
    assert "measure was made with another replications/toys/toy/measure.py: run the workflow again" in said


def claim(name, verdict, **more):
    return {"id": name, "verdict": verdict} | more


@pytest.mark.parametrize(
    ("here", "past", "sentences"),
    [
        ([claim("A", "reproduced")], {"A": "reproduced"}, []),
        ([claim("A", "reproduced")], {"A": "not tested"}, []),
        ([claim("A", "not tested")], {"A": "reproduced"}, ["A was recorded as reproduced and is not tested here"]),
        ([claim("A", "inconclusive")], {"A": "reproduced"}, ["A was recorded as reproduced and is inconclusive here"]),
        ([claim("A", "reproduced")], {"A": "contradicted"}, ["A was recorded as contradicted and is reproduced here"]),
        ([], {"A": "reproduced"}, ["A was recorded as reproduced and is no claim any more: look at it"]),
        ([claim("A", "caught")], {"B": "caught"}, ["A is caught and was never recorded", "B was recorded as caught"]),
        (
            [claim("A", "not tested", missing_data=["t"])],
            {"A": "reproduced"},
            ["A was recorded as reproduced and is not tested here for lack of t"],
        ),
    ],
)
def test_differences_from_what_was_recorded(here, past, sentences):
    found = [row["sentence"] for row in check.differences(here, past)]
    assert len(found) == len(sentences)
    assert all(sentence.startswith(start) for sentence, start in zip(found, sentences, strict=True))
