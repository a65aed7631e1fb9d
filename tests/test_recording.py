"""Paper-scale runs recorded in parts, and pages that show them beside the laptop's.

On the template's toy with a second experiment, which runs at paper scale only: trained in a second, on a CPU.
"""

import json
import re
import shutil

import forks
import pytest
from conftest import copy_suite, environment
from outline import dead_links, outline

from verifig.ground import schema
from verifig.ground.paths import SCHEMAS
from verifig.ground.yaml_files import read_yaml

MEASURE = '''"""Artifacts -> statistics and curves."""

import pandas as pd

from verifig.measuring.series import Series
from verifig.measuring.tables import melt


def measure(artifacts, out):
    for experiment, artifact in artifacts.items():
        series, frames = Series(artifact, "steps"), []
        for condition in series.settings:
            loss, name = series[condition, "loss"], {"condition": condition}
            out.per_seed(experiment, "loss_ratio", loss[:, -1] / loss[:, 0], name)
            out.per_seed(experiment, "first_loss", loss[:, 0], name)
            frames.append(melt(loss, **name, seed=range(len(loss)), x=series.points))
        out.curve("losses" if experiment == "descent" else experiment, pd.concat(frames))
'''
CLAIM = """
  - id: TOY-2
    place: Figure 2
    figure: fig2
    statement: A steep quadratic too is descended below its limit.
    basis: number
    setting: paper's
    paper_value: 0
    source: paper table
    scales: [paper]
    bounds_from: paper
    why: each step multiplies the distance by the same factor
    parts:
      - {label: "final loss / initial loss, steep", experiment: steep, condition: below, statistic: loss_ratio, estimator: every, relation: at_most, bounds: 1.0e-6}
"""
FIGURE = """
# %% [markdown]
# ## Figure 2: a steep quadratic

# %%
page.figure("fig2", plots.fig1, ["steep"], alt=lambda: f"Losses over {page.settings('steep')['steps']} steps.")
"""
PAGE = ("verifig", "run", "toy", "--scale", "laptop", "--stage", "report", "--device", "cpu", "--out", "results")
SITE = ("site",)
SESSION = """
import contextlib, io, json, shutil, sys
from pathlib import Path
from verifig.cli import main
from verifig.pages import publish, site
from verifig.ground.files import read_json
results = []
for line in json.loads(sys.argv[1]):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        if line == ["site"]:
            site.build(Path("results"), "laptop", ["toy"])
            publish._readme(Path("results"), ("toy",))
            code = 0
        elif line[0] == "python":
            exec(line[1])
            code = 0
        else:
            try:
                main(line[1:])
            except SystemExit as end:
                code = end.code
    results.append([code or 0, said.getvalue()])
print(json.dumps(results))
"""


class Toy:
    """A suite that holds the toy alone; `toy(*lines)` runs commands of verifig, and Python between them, in one process."""

    def __init__(self, folder):
        self.folder, self.rule_set = folder, folder / "replications/toys/toy"
        self.record, self.tables = self.rule_set / "recorded/paper.json", self.rule_set / "recorded/paper"
        self.page, self.site = folder / "results/laptop/toy/page", folder / "results/laptop/site"

    def __call__(self, *lines, fail=False):
        done = forks.run(self.folder, ["-c", SESSION, json.dumps(lines)], environment(self.folder))
        assert done.returncode == 0, done.stderr
        results = json.loads(done.stdout.splitlines()[-1])
        if not fail:
            assert all(code == 0 for code, _ in results), results
        return results

    @property
    def recorded(self) -> dict:
        return json.loads(self.record.read_text())

    def edit(self, name: str, before: str, after: str) -> None:
        path = self.rule_set / name
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))

    def files(self) -> dict[str, bytes]:
        """Everything recorded and everything shown, by name."""
        roots = (self.rule_set / "recorded", self.page, self.site, self.folder / "README.md")
        paths = [path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*")))]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths if path.is_file()}


def part(*experiments: str, out: str) -> tuple[str, ...]:
    return ("verifig", "run", "toy", *experiments, "--scale", "paper", "--device", "cpu", "--out", out)


def record(results: str, *more: str) -> tuple[str, ...]:
    return ("verifig", "record", *more, "--scale", "paper", "--results", results)


def copied(toy: Toy, target) -> Toy:
    shutil.copytree(toy.folder, target)
    return Toy(target)


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Toy:
    """The toy with its laptop page and front page, and the two experiments of the paper scale run apart."""
    toy = Toy(copy_suite(tmp_path_factory.mktemp("recording") / "suite", themes=()))
    toy(("verifig", "new", "toys/toy"))
    for path in toy.rule_set.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            path.write_text(path.read_text().replace("REPLACE: ", ""))
    (toy.rule_set / "measure.py").write_text(MEASURE)
    toy.edit("claims.yaml", "  - id: TOY-CT", CLAIM.strip("\n") + "\n  - id: TOY-CT")
    (toy.rule_set / "report.py").write_text((toy.rule_set / "report.py").read_text() + FIGURE)
    toy.edit(
        "paper.yaml", "figures:\n", "figures:\n  fig2: {title: steep, place: Figure 2, paper: toy, scales: [paper], experiments: [steep]}\n"
    )  # fmt: skip
    toy.edit(
        "experiments.yaml", "experiments:\n",
        "experiments:\n  steep: {program: descent, about: a steep quadratic, settings: {curvature: 40.0, learning_rate: 0.03, steps: 3000, conditions: {below: {}}}}\n",
    )  # fmt: skip
    toy.edit("experiments.yaml", "  paper:\n", "  paper:\n    steep: {expected_seconds: 1}\n")
    toy(PAGE, SITE, part("descent", out="one"), part("steep", out="two"), part(out="whole"))
    return toy


@pytest.fixture(scope="module")
def partial(plain, tmp_path_factory) -> Toy:
    """With one of the two experiments recorded, and shown."""
    toy = copied(plain, tmp_path_factory.mktemp("recording") / "suite")
    toy(record("one", "toy"), PAGE, SITE)
    return toy


@pytest.fixture(scope="module")
def full(partial, tmp_path_factory) -> Toy:
    """Then the other one too."""
    toy = copied(partial, tmp_path_factory.mktemp("recording") / "suite")
    toy(record("two"), PAGE, SITE)
    return toy


def test_without_a_record_nothing_speaks_of_one(plain):
    page = (plain.page / "index.html").read_text()
    assert "recorded" not in page + (plain.site / "index.html").read_text() + (plain.page / "README.md").read_text()
    assert "Not drawn at laptop scale" in page
    assert "recorded" not in json.loads((plain.site / "verdicts.json").read_text())["papers"][0]


def test_a_part_of_the_paper_scale_is_recorded_with_its_runs(partial):
    found = partial.recorded
    schema.validate(found, read_yaml(SCHEMAS / "recorded.schema.yaml"), "record")
    assert list(found["runs"]) == ["descent"]
    run = found["runs"]["descent"]
    assert run["device"]
    assert run["date"][:2] == "20"
    assert (run["seeds"], run["minutes"], run["commit"]) == ([0, 1, 2, 3, 4], 0.0, None), "no git around the copy"
    claims = {claim["id"]: claim for claim in found["claims"]}
    assert {name: claim["verdict"] for name, claim in claims.items()} == {
        "TOY-1": "reproduced", "TOY-2": "not tested", "TOY-CT": "caught",
    }  # fmt: skip
    below = claims["TOY-1"]["parts"][0]
    assert len(below["values"]) == below["n"] == 5
    assert below["bounds"] == ["-inf", 1e-6]
    assert claims["TOY-2"] == {"id": "TOY-2", "verdict": "not tested", "parts": []}
    assert set(found["tables"]) == {"statistics.parquet", "curves/losses.parquet"}


def test_the_page_shows_both_verdicts_and_both_figures(partial):
    html, markdown = ((partial.page / name).read_text() for name in ("index.html", "README.md"))
    place = f"{partial.recorded['hardware']}, {partial.recorded['date']}"
    assert f"<h3>Paper scale, recorded on {place}</h3>" in html
    assert f"#### Paper scale, recorded on {place}" in markdown
    sources = [source for source in outline(partial.page / "index.html").sources if source]
    assert sources == ["figures/fig1.svg", "figures/fig1.svg", "figures/fig1_paper.svg"], "it opens with the first"
    card = html.partition('id="TOY-1"')[2].partition('class="claim ')[0]
    assert card.count('class="badge reproduced"') == 2
    assert f"Paper scale, recorded on {place}" in card
    assert "measurements of TOY-1 at paper scale" in card
    drawn = [(partial.page / "figures" / f"{name}.svg").read_text() for name in ("fig1", "fig1_paper")]
    assert drawn[0] != drawn[1], "1,000 steps instead of 200"
    assert (
        f"At paper scale, recorded on {place}: 1 of 2 experiments (descent). Not run here, and counted apart." in html
    )
    assert "Not recorded: steep; claims on them are not tested at this scale." in html
    head = html.partition("<header")[2].partition("<details>")[0]
    assert f"At paper scale, recorded on {place}; counted apart:" in head, "what it found is in sight"
    assert head.count('class="bar"') == 2
    assert "Figure 2: steep" in html.partition("not shown")[2].partition("</details>")[0], "neither run nor recorded"
    assert dead_links(partial.page / "index.html") == []


def test_the_front_page_counts_both_scales_apart(full):
    html = (full.site / "index.html").read_text()
    first, _, second = html.partition("At paper scale, for 1 of 1 paper")
    assert "1 of 1 verified" in first
    assert "reproduced</td>" not in first
    second = second.partition("</table>")[0]
    assert "1 of 1 verified" in second
    assert "1 of 1 reproduced" in second
    row = re.sub(
        ' data-(?:head|key)="[^"]*"', "", html.partition("at paper scale, recorded</th>")[2].partition("</tr>")[0]
    )
    assert row.startswith("<td>1 of 1</td><td>–</td><td>–</td><td>1 of 1</td><td>–</td>")
    assert "At paper scale, recorded on" in (full.site / "toys.html").read_text()
    assert dead_links(full.site / "toys.html") == []
    data = json.loads((full.site / "verdicts.json").read_text())
    schema.validate(data, read_yaml(SCHEMAS / "site.schema.yaml"), "site")
    (paper,) = data["papers"]
    assert paper["counts"]["number"]["reproduced"] == 0
    assert paper["recorded"]["counts"]["number"]["reproduced"] == 1
    assert paper["recorded"]["verdicts"] == {"TOY-1": "reproduced", "TOY-2": "reproduced", "TOY-CT": "caught"}
    rows = [line for line in (full.folder / "README.md").read_text().splitlines() if "toy" in line and "|" in line]
    assert rows[0].endswith("| – | – | – | 1 of 1 | – | – | – | 1 | 1 of 1 |")
    assert "toy at paper scale, recorded | 1 of 1 | – | – | 1 of 1 | – | – | – | – | 1 of 1 |" in rows[1]


def test_a_later_part_is_merged_and_a_figure_of_the_paper_scale_alone_is_drawn(partial, full):
    assert list(full.recorded["runs"]) == ["steep", "descent"], "in the order of the scale"
    before, after = ({claim["id"]: claim for claim in toy.recorded["claims"]} for toy in (partial, full))
    assert after["TOY-1"] == before["TOY-1"]
    assert after["TOY-2"]["verdict"] == "reproduced"
    assert full.recorded["runs"]["descent"] == partial.recorded["runs"]["descent"]
    html = (full.page / "index.html").read_text()
    shown = html.partition("Figure 2: a steep quadratic</h2>")[2].partition("</article>")[0]
    assert shown.strip().startswith("<h3>Paper scale, recorded on ")
    assert 'src="figures/fig2_paper.svg" alt="Losses over 3000 steps."' in shown
    assert "Not tested: judged at paper scale." in shown
    assert "not shown" not in html
    assert "all 2 experiments" in html


def test_parts_together_are_what_the_whole_gives(full, tmp_path):
    toy = copied(full, tmp_path / "suite")
    parts = toy.recorded
    shutil.rmtree(toy.rule_set / "recorded")
    ((_, said),) = toy(record("whole", "toy"))
    assert "recorded toy at paper scale: 3 claims judged on 2 of 2 experiments" in said
    assert "  TOY-2: not tested -> reproduced" in said
    whole = toy.recorded
    for name in ("claims", "tables", "health"):
        assert whole[name] == parts[name]


def test_equal_inputs_give_equal_bytes(full, tmp_path):
    toy = copied(full, tmp_path / "suite")
    before = toy.files()
    assert sum(name.startswith("replications") for name in before) == 5, "the record, three tables, the history"
    for path in (*toy.page.rglob("*.svg"), *toy.site.rglob("*.json")):
        path.unlink()
    (_, said), *_ = toy(record("two", "toy"), PAGE, SITE)
    assert "->" not in said
    assert toy.files() == before


OLD = """
path = Path("replications/toys/toy/recorded/history.json")
past = json.loads(path.read_text())
past["runs"]["1"] |= {"scale": "laptop", "hardware": "an older CPU", "date": "2025-01-02"}
(state,) = past["claims"]["TOY-1"]
state["verdict"], state["parts"][0][3:] = "contradicted", [1e-5]
path.write_text(json.dumps(past))
"""


def test_what_moved_is_kept_shown_and_explained(full, tmp_path):
    toy = copied(full, tmp_path / "suite")
    past = json.loads((toy.record.parent / "history.json").read_text())
    schema.validate(past, read_yaml(SCHEMAS / "history.schema.yaml"), "history")
    assert [(run["scale"], run["hardware"]) for run in past["runs"].values()] == [("paper", full.recorded["hardware"])]
    kept = {name: [state["runs"] for state in states] for name, states in past["claims"].items()}
    assert kept == {"TOY-1": [[1]], "TOY-2": [[1]], "TOY-CT": [[1]]}
    explain = ("verifig", "explain", "toy/TOY-1")
    (_, before), _, (_, after), _, (_, said), _ = toy(
        explain, ("python", OLD), explain, PAGE, ("verifig", "record", "toy", "--scale", "laptop"), PAGE
    )
    assert "recorded at paper scale on" in before
    assert "history: ✓ verified: paper scale, verifig" in before
    assert "history: ✗ contradicted: laptop scale, verifig 0.1.0, 2025-01-02, an older CPU" in after
    assert "recorded toy at laptop scale: 3 claims" in said
    card = (toy.page / "index.html").read_text().partition('id="TOY-1"')[2].partition('class="claim ')[0]
    assert "How it moved: 1 record that differs" in card
    assert "2025-01-02, an older CPU" in card
    states = json.loads((toy.record.parent / "history.json").read_text())["claims"]["TOY-1"]
    assert [(state["verdict"], state["runs"]) for state in states] == [("contradicted", [1]), ("reproduced", [2])]


def test_a_damaged_history_stops_whoever_reads_it(full, tmp_path):
    toy = copied(full, tmp_path / "suite")
    damage = "Path('replications/toys/toy/recorded/history.json').write_text('{')"
    before = {name: content for name, content in toy.files().items() if "history" not in name}
    _, *results = toy(("python", damage), record("two", "toy"), PAGE, ("verifig", "explain", "toy/TOY-1"), fail=True)
    for code, said in results:
        assert (code, said.splitlines()[-1].startswith("error: ")) == (2, True)
        assert "recorded/history.json is not valid JSON" in said.splitlines()[-1]
    after = {name: content for name, content in toy.files().items() if "history" not in name and "/page/" not in name}
    assert after == {name: content for name, content in before.items() if "/page/" not in name}


def test_a_verdict_on_what_has_changed_since_is_not_shown(full, tmp_path):
    toy = copied(full, tmp_path / "suite")
    toy.edit(
        "claims.yaml",
        "statistic: loss_ratio, estimator: every, relation: at_least, bounds: 1.0e+6",
        "statistic: loss_ratio, estimator: every, relation: at_least, bounds: 1.0e+5",
    )
    toy.edit("claims.yaml", "A steep quadratic too is", "A steep quadratic is")
    *_, (_, said) = toy(PAGE, SITE, ("python", "shutil.rmtree('two')"), part("steep", out="two"), record("two", "toy"))
    html = (toy.page / "index.html").read_text()
    card = html.partition('id="TOY-1"')[2].partition('class="claim ')[0]
    now, _, moved = card.partition("How it moved")
    assert now.count("badge") == 1
    assert "judged against other bounds: " in moved
    assert (
        "A verdict recorded at paper scale is not shown: its bounds have changed since it was recorded (reproduced, "
        in card
    )
    assert "Not shown as a verdict: TOY-1, its bounds have changed" in html
    assert "TOY-2, its statement has changed since" in html
    (paper,) = json.loads((toy.site / "verdicts.json").read_text())["papers"]
    assert paper["recorded"]["verdicts"] == {}, "its sabotage has the bounds of TOY-1"
    assert "figures/fig1_paper.svg" in html, "the runs are the same"
    assert "  TOY-1: reproduced -> not tested (its bounds have changed)" in said, "new runs of another experiment"
    assert {claim["id"]: claim["verdict"] for claim in toy.recorded["claims"]} == {
        "TOY-1": "not tested", "TOY-2": "reproduced", "TOY-CT": "not tested",
    }  # fmt: skip


def test_runs_with_other_settings_than_now_are_not_shown(full, tmp_path):
    toy = copied(full, tmp_path / "suite")
    toy.edit(
        "experiments.yaml",
        "descent: {expected_seconds: 1, settings: {steps: 1000}}",
        "descent: {expected_seconds: 1, settings: {steps: 1001}}",
    )
    toy(PAGE)
    html = (toy.page / "index.html").read_text()
    assert "the settings of descent have changed since it was recorded (reproduced, " in html
    assert "Not drawn, because settings have changed since: Figure 1: loss below and above the threshold." in html
    assert "figures/fig1_paper.svg" not in html
    assert "figures/fig2_paper.svg" in html


def test_figures_of_equal_settings_are_not_drawn_twice(partial, tmp_path):
    toy = copied(partial, tmp_path / "suite")
    shutil.rmtree(toy.rule_set / "recorded")
    toy.edit(
        "experiments.yaml", "descent: {expected_seconds: 1, settings: {steps: 1000}}", "descent: {expected_seconds: 1}"
    )
    toy(part("descent", out="same"), record("same", "toy"), PAGE)
    html = (toy.page / "index.html").read_text()
    assert "Not drawn twice, because their runs have the same settings at both scales: Figure 1: loss below" in html
    assert "figures/fig1_paper.svg" not in html
    assert toy.recorded["tables"] == {}
    assert html.count('class="badge reproduced"') > 2, "its verdict is shown"


def test_a_what_if_shows_no_record(full, tmp_path):
    change = ("--set", "steps=150", "--out", str(tmp_path / "out"))
    ((_, _),) = full((*PAGE[:3], "descent", *PAGE[3:-2], *change))
    assert "recorded" not in (tmp_path / "out/laptop/toy/page/index.html").read_text()


def test_the_paper_scale_is_never_fresh(full, plain):
    check = ("verifig", "check", "--scale")
    at_paper = (*check, "paper", "--results")
    laptop, paper, whole, one = full(
        (*check, "laptop"), (*check, "paper"), (*at_paper, "whole"), (*at_paper, "one"), fail=True
    )
    assert [laptop] == plain((*check, "laptop")), "whatever was recorded at paper scale"
    assert paper[0] == 1
    assert "toy: FAILED, there are no verdicts at" in paper[1]
    judged = "3 of 3 claims and controls judged, all as recorded, 1 of 1 controls and oracles behave"
    assert whole == [0, f"toy: ok, {judged}\n"]
    assert one[0] == 1, "a part of the scale is not the suite's"


def test_what_ifs_and_nothing_at_all_are_not_recorded(plain, tmp_path):
    change = ("--set", "steps=50", "--out", str(tmp_path / "changed"))
    _, changed, nothing, unknown = plain(
        (*part("descent", out="")[:-2], *change),
        record(str(tmp_path / "changed"), "toy"),
        record(str(tmp_path / "empty")),
        record("one", "nonsense"),
        fail=True,
    )
    assert (changed[0], nothing[0], unknown[0]) == (2, 2, 2)
    assert "toy is not recorded: these are results of a what-if" in changed[1]
    assert "there are no verdicts at" in nothing[1]
    assert not plain.record.exists()


DAMAGED = {  # what befalls the record (`kept`: as it was, `steep`: one of its tables), and what is said
    "path.write_text(kept[:-9])": "paper.json is not valid JSON",
    "path.write_text('[]')": "paper.json: = [] must be of type object",
    "path.write_text(json.dumps(json.loads(kept) | {'note': 1}))": "paper.json: unknown key note",
    "path.write_text(json.dumps(json.loads(kept) | {'runs': None}))": "paper.json: runs = null must be of type object",
    "path.write_text(kept.replace('reproduced', 'fine'))": "verdict = 'fine' must be one of",
    "steep.write_bytes(b'PAR1')": "steep.parquet is damaged",
    "steep.unlink()": "steep.parquet is missing",
}
HEAD = """
path = Path("replications/toys/toy/recorded/paper.json")
steep = path.with_suffix("") / "curves/steep.parquet"
"""


def test_a_damaged_record_is_one_sentence(full, tmp_path):
    """For everyone who reads it; nothing is written, and set right it is as before."""
    toy = copied(full, tmp_path / "suite")
    before = toy.files()
    keep = HEAD + "globals()['kept'], globals()['whole'] = path.read_text(), steep.read_bytes()"
    back = HEAD + "path.write_text(kept), steep.write_bytes(whole)"
    check = ("verifig", "check", "--scale", "paper", "--results", "whole")
    read = {damage: [record("two", "toy"), check] for damage in DAMAGED}
    for damage in ("path.write_text(kept[:-9])", "steep.unlink()"):
        read[damage].append(PAGE)  # it takes seconds
    lines = [("python", keep)]
    for damage in DAMAGED:
        lines += [("python", HEAD + damage), *read[damage], ("python", back)]
    found = iter(toy(*lines, fail=True)[1:])
    for damage, sentence in DAMAGED.items():
        _, *results, _ = (next(found) for _ in range(len(read[damage]) + 2))
        for line, (code, said) in zip(read[damage], results, strict=True):
            if line == check and "steep" in damage:
                assert code == 0, "it needs no tables"
                continue
            assert (code, said.splitlines()[-1].startswith("error: ")) == (2, True), (damage, line)
            assert sentence in said.splitlines()[-1]
    after = {name: content for name, content in toy.files().items() if "/page/" not in name}
    assert after == {name: content for name, content in before.items() if "/page/" not in name}
