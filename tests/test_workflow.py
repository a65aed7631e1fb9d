"""What the workflow runs, and when: fresh clone, what reruns, modules, published pages."""

import hashlib
import json
import os
import re
import shutil
import time
import zipfile

import forks
import pytest
from conftest import ROOT, command, environment, planned_rules, snakemake
from outline import Outline, dead_links

from verifig.ground.paths import slugs
from verifig.pages import publish
from verifig.planning import rulesets

TRAINING = {f"prieto2025_train_{name}" for name in ("delay53", "edge113", "thresholds", "transformer")}


def targets(arguments) -> list[str]:
    """Options that take lists swallow targets; where none is asked for, the default target it is."""
    return ["--", *arguments] if arguments else []


def planned(
    folder, *arguments, config=("scale=smoke", 'papers=["prieto2025"]', "device=cpu"), **environment: str
) -> set[str]:
    """Rules that Snakemake would run."""
    return planned_rules(folder, "--config", *config, *targets(arguments), **environment) - {"prieto2025"}


def run(folder, *arguments, config=("scale=smoke", 'papers=["prieto2025"]', "device=cpu")):
    result = snakemake(folder, "--config", *config, *targets(arguments))
    assert result.returncode == 0, result.stdout + result.stderr
    return result


class Edited:
    """A file with one more line, for the length of a with block."""

    def __init__(self, path, text):
        self.path, self.text = path, text

    def __enter__(self):
        self.before = self.path.read_text()
        self.path.write_text(self.text(self.before) if callable(self.text) else self.before + self.text)

    def __exit__(self, *exception):
        self.path.write_text(self.before)


def test_a_fresh_clone_with_published_pages_trains_everything(whole_suite):
    expected = {f"prieto2025_train_{name}" for name in rulesets.load("prieto2025").experiments("laptop")}
    assert expected <= planned(whole_suite, config=("scale=laptop", 'papers=["prieto2025"]'))


def test_bare_snakemake_makes_everything_in_a_fresh_clone(whole_suite):
    expected = {f"{slug}_train_{name}" for slug in slugs() for name in rulesets.load(slug).experiments("laptop")}
    # need files that a clone has not
    data = {"besiroglu2024_train_chinchilla", "choshen2025_train_extrapolation", "choshen2025_train_across_families"}
    found = planned_rules(whole_suite)
    assert expected - data <= found
    assert {f"{slug}_report" for slug in slugs()} | {"site"} <= found


def test_the_smoke_scale_passes_its_check(done):
    """Its runs are too short to learn, so nothing asks that of them."""
    checked = command(done, "verifig", "check", "--scale", "smoke")
    assert checked.returncode == 0, checked.stdout


def test_nothing_runs_twice(done, suite):
    assert planned(suite) == TRAINING | {"prieto2025_measure", "prieto2025_judge", "prieto2025_report", "site"}
    assert planned(done) == set()


THRESHOLDS = "prieto2025_train_thresholds"
MODULAR = TRAINING - {THRESHOLDS, "prieto2025_train_transformer"}  # what learns by `experiments/modular.py`
EDGE = "  edge113:\n    program: modular\n"


def traded(text: str) -> str:
    """Two settings trade their values: Snakemake compares the values of params without their names."""
    return re.sub(r"beta1: (\S+)\n(\s+)beta2: (\S+)", r"beta1: \3\n\2beta2: \1", text)


CHANGES = [
    ("replications/grokking/prieto2025/experiments/losses.py", "# x\n", TRAINING | {"measure", "judge", "report"}),
    ("replications/grokking/prieto2025/measure.py", "# x\n", {"measure", "judge", "report"}),
    ("replications/grokking/prieto2025/claims.yaml", "# x\n", {"judge", "report"}),
    ("replications/grokking/prieto2025/report.py", "# x\n", {"report"}),
    ("replications/grokking/prieto2025/plotting/common.py", "# x\n", {"report"}),
    ("workflow/verifig/training/loop.py", "# x\n", TRAINING - {THRESHOLDS} | {"measure", "judge", "report"}),
    ("workflow/verifig/judging/judge.py", "# x\n", {"judge", "report"}),
    ("workflow/verifig/judging/stats.py", "# x\n", {"judge", "report"}),
    ("workflow/verifig/pages/templates/style.css", "/* x */\n", {"report"}),
    ("workflow/verifig/pages/cards.py", "# x\n", {"report"}),
    ("workflow/verifig/cli.py", "# x\n", set()),
    ("workflow/verifig/running/prepare.py", "# x\n", set()),
    ("workflow/rules/replication.smk", "# x\n", set()),
    ("workflow/schemas/experiments.schema.yaml", "# x\n", set()),
    ("replications/grokking/prieto2025/paper.yaml", "# x\n", {"report"}),
    ("replications/grokking/prieto2025/values.yaml", "# x\n", {"report"}),
    ("replications/grokking/prieto2025/experiments/modular.py", "# x\n", MODULAR | {"measure", "judge", "report"}),
    ("replications/grokking/science/tasks.py", "# x\n", TRAINING - {THRESHOLDS} | {"measure", "judge", "report"}),
    ("workflow/verifig/ground/version.py", "# x\n", {"measure", "judge", "report"}),
    ("workflow/verifig/planning/downloads.py", "# x\n", set()),
    ("replications/grokking/prieto2025/settings.schema.yaml", "# x\n", set()),
    ("replications/grokking/prieto2025/README.md", "x\n", set()),
    ("replications/sgd_stability/wu2023/experiments/dynamics.py", "# x\n", set()),
    ("replications/sgd_stability/wu2023/claims.yaml", "# x\n", set()),
    (
        "replications/grokking/prieto2025/experiments.yaml",
        lambda text: re.sub(r"(edge113: .*epochs: )20}", r"\g<1>21}", text),
        {"prieto2025_train_edge113", "measure", "judge", "report"},
    ),
    (
        "replications/grokking/prieto2025/experiments.yaml",
        traded,
        TRAINING - {THRESHOLDS} | {"measure", "judge", "report"},
    ),
    (
        "config/config.yaml",
        lambda text: text.replace("seeds: null", "seeds: 2"),
        TRAINING | {"measure", "judge", "report"},
    ),
]
KEYS = """
import json, sys
from verifig.ground.keys import key
from verifig.planning import jobs, userconfig
user = userconfig.load()
found = jobs.all_jobs("prieto2025", "smoke", "cpu", user.seeds)
print(json.dumps({name: key(job) for name, job in found.items()}))
"""
STAGES = {"measure", "judge", "report"}


def keys(folder) -> dict[str, str]:
    """Keys of all jobs as the library of a copy makes them, by rule."""
    run = forks.run(folder, ["-c", KEYS], environment(folder))
    assert run.returncode == 0, run.stderr
    return {
        name if name in STAGES else f"prieto2025_train_{name}": found for name, found in json.loads(run.stdout).items()
    }


@pytest.fixture(scope="session")
def keys_before(done):
    return keys(done)


@pytest.mark.parametrize(("file", "change", "expected"), CHANGES)
def test_what_changes_a_key(done, keys_before, file, change, expected):
    """What Snakemake reruns follows the keys (`test_what_reruns`)."""
    with Edited(done / file, change):
        after = keys(done)
    assert {name for name in after if after[name] != keys_before[name]} == expected


@pytest.mark.parametrize(("file", "change", "expected"), [CHANGES[k] for k in (0, 2, 12, -2)])
def test_what_reruns(done, file, change, expected):
    expected = {name if name.startswith("prieto2025") else f"prieto2025_{name}" for name in expected}
    with Edited(done / file, change):
        found = planned(done, "prieto2025")
    assert found == expected


def test_another_version_of_a_package_retrains(done, tmp_path):
    (tmp_path / "torch-99.0.dist-info").mkdir()
    (tmp_path / "torch-99.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 99.0\n")
    path = os.pathsep.join(map(str, (tmp_path, done / "workflow", done)))
    assert planned(done, "prieto2025", PYTHONPATH=path) == TRAINING | {
        "prieto2025_measure",
        "prieto2025_judge",
        "prieto2025_report",
    }


def test_a_data_file_that_comes_changes_or_goes(done):
    """What a download's arrival, change and absence make run."""
    config, downloads = done / "replications/grokking/prieto2025/experiments.yaml", done / "data"
    downloads.mkdir()
    file = downloads / "t.csv"
    digest = hashlib.sha256(b"table").hexdigest()
    entry = f"\ndata:\n  table: {{file: t.csv, sha256: {digest}}}\n\nscales:"
    later = {"prieto2025_measure", "prieto2025_judge", "prieto2025_report"}
    with Edited(
        config, lambda text: text.replace("\nscales:", entry, 1).replace(EDGE, EDGE + "    data: [table]\n", 1)
    ):
        assert planned(done, "prieto2025") == later  # the experiment cannot run: its claims are not tested
        file.write_bytes(b"table")
        assert planned(done, "prieto2025") == later | {"prieto2025_train_edge113"}
        file.write_bytes(b"another table")
        refused = snakemake(done, "-n", "--config", "scale=smoke", 'papers=["prieto2025"]', "--", "prieto2025")
        assert refused.returncode == 2
        assert f"t.csv has sha256 {hashlib.sha256(b'another table').hexdigest()}, expected {digest}" in refused.stderr
    shutil.rmtree(downloads)
    assert planned(done, "prieto2025") == set()


def test_without_snakemake_s_records_keys_decide(done, tmp_path):
    """Results copied into another clone: what fits is kept, what does not is made anew."""
    clone = tmp_path / "clone"
    shutil.copytree(done, clone, ignore=shutil.ignore_patterns(".snakemake"))
    assert command(clone, "verifig", "prepare", "--scale", "smoke").returncode == 0
    assert planned(clone) == set()
    claims = clone / "replications/grokking/prieto2025/claims.yaml"
    claims.write_text(claims.read_text() + "# x\n")
    assert planned(clone) == set()  # Snakemake alone cannot know
    said = command(clone, "verifig", "prepare", "--scale", "smoke").stdout
    assert "verdicts was made by another job" in said or "judge was made by another job" in said
    assert planned(clone) == {"prieto2025_judge", "prieto2025_report", "site"}


def test_touching_reruns_nothing(done):
    for path in [*done.rglob("*.py"), *done.rglob("*.yaml"), *done.rglob("Snakefile")]:
        path.touch()
    assert planned(done) == set()


@pytest.fixture
def own(done, tmp_path):
    """A copy of what has run, to spoil."""
    return shutil.copytree(done, tmp_path / "own")


def test_prepare_removes_what_no_longer_fits(own):
    """Copied results without Snakemake's records: keys decide, not times."""
    artifact = own / "results/smoke/prieto2025/edge113.npz"
    good = artifact.read_bytes()
    artifact.write_bytes(good[:-100])
    result = command(own, "verifig", "prepare", "--scale", "smoke")
    assert result.returncode == 0, result.stderr
    assert "edge113.npz is corrupted (sha256" in result.stdout
    assert not artifact.exists()
    run(own, artifact.relative_to(own).as_posix())
    assert artifact.read_bytes() == good  # the same job gives the same bytes
    with Edited(own / "workflow/verifig/training/loop.py", "# x\n"):
        command(own, "verifig", "prepare", "--scale", "smoke")
        assert not artifact.exists()


def test_the_lock_of_a_killed_run_is_explained(done):
    lock = done / ".snakemake/locks/0.input.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("x")
    result = command(done, "verifig", "prepare", "--scale", "smoke")
    assert result.returncode == 2
    assert "run `make unlock`" in result.stderr
    assert snakemake(done, "--unlock").returncode == 0
    assert command(done, "verifig", "prepare", "--scale", "smoke").returncode == 0


def test_measure_refuses_a_foreign_artifact(own):
    record = own / "results/smoke/prieto2025/edge113.provenance.json"
    before = record.read_text()
    record.write_text(before.replace(json.loads(before)["key"], "0" * 64))
    result = snakemake(own, "--force", "--", "prieto2025_measure")
    assert result.returncode != 0
    assert "was made by another job" in result.stdout + result.stderr


def test_alone_and_from_the_root_share_artifacts(done, suite):
    alone = ("-s", "replications/grokking/prieto2025/Snakefile", "--config", "scale=smoke", "device=cpu")
    expected = TRAINING | {"prieto2025_measure", "prieto2025_judge", "prieto2025_report"}
    assert planned_rules(suite, *alone) == {name.removeprefix("prieto2025_") for name in expected}
    assert planned_rules(done, *alone) == set()


def test_snakemake_s_own_report_holds_figures_and_verdicts(done):
    result = snakemake(done, "--report", "report.zip")
    assert result.returncode == 0, result.stdout + result.stderr
    with zipfile.ZipFile(done / "report.zip") as archive:
        names = [name for name in archive.namelist() if "/data/" in name]
        everything = " ".join(
            archive.read(n).decode(errors="ignore") for n in archive.namelist() if n.endswith((".html", ".js"))
        )
    for made in ("fig3.svg", "verdicts.json", "page.html", "site.html"):
        assert any(name.endswith(made) for name in names), made
    assert '"Grokking": {"Grokking at the edge of numerical stability"' in everything, "theme, and paper below it"
    results = json.loads(re.search(r"var results = (\{.*\});?$", everything, re.MULTILINE)[1])
    figure = next(each for path, each in results.items() if path.endswith("fig3.svg"))
    assert figure["labels"] == {"figure": "Figure 3", "shows": "StableMax's replacement of exp"}
    assert "the axis ends at 12, exp(x) goes on" in figure["caption"], "as on the page"


def test_pages_that_snakemake_s_report_shows_need_no_other_file(done):
    for page in (done / "results/smoke/prieto2025/page.html", done / "results/smoke/site.html"):
        text = page.read_text()
        assert "data:image/svg+xml;base64," in text
        assert not re.findall(r'(?:src|href)="(?!data:|https:|#)[^"]*"', text)
    assert not (done / "results/smoke/prieto2025/page").joinpath("page.html").exists(), "not among what is published"


@pytest.mark.parametrize("option", ["--dag", "--rulegraph"])
def test_graphs_show_the_jobs(done, option):
    result = snakemake(done, option)
    assert result.returncode == 0, result.stderr
    for rule in (*TRAINING, "prieto2025_report", "site"):
        assert f'label = "{rule}' in result.stdout


def test_the_workflow_passes_snakemake_s_lint(whole_suite):
    result = snakemake(whole_suite, "--lint")
    assert result.returncode == 0, result.stdout + result.stderr


def broken(suite) -> tuple[str, ...]:
    """A suite whose shortest training job fails; returns what to ask Snakemake for."""
    program = suite / "replications/grokking/prieto2025/experiments/thresholds.py"
    failing = 'def thresholds(run):\n    raise ValueError("broken on purpose")\n\n\ndef _('
    program.write_text(program.read_text().replace("def thresholds(", failing, 1))
    return ("--config", "scale=smoke", 'papers=["prieto2025"]', "--", "results/smoke/prieto2025/thresholds.npz")


def test_a_failing_job_shows_its_log(suite):
    """The sentence from inside the job reaches the terminal, and Snakemake fails."""
    result = snakemake(suite, *broken(suite))
    assert result.returncode != 0
    assert "ValueError: broken on purpose" in result.stdout + result.stderr


def test_make_names_the_rule_that_failed_its_log_and_the_sentence_in_it(suite):
    """By the Snakemake line of `make reports`, verbatim but for the scale and the target."""
    line = re.search(r"^\t\$\(SNAKEMAKE\) (.*) --config scale=laptop$", (ROOT / "Makefile").read_text(), re.M)[1]
    result = snakemake(suite, *line.split(), *broken(suite))
    assert result.returncode == 1
    failed = "FAILED prieto2025_train_thresholds, log logs/smoke/prieto2025/train_thresholds.log\n  ValueError: broken on purpose"
    assert result.stderr.count(failed) == 2, "when it happens and at the end"
    assert result.stderr.rstrip().endswith(failed)
    assert "reason:" not in result.stderr, "jobs that start say nothing"


EXAMPLE = ROOT / "tests/module_example/Snakefile"


def test_the_readme_shows_the_module_example():
    shown = re.search(r"```snakemake\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    assert shown == EXAMPLE.read_text().replace('VERIFIG = "../.."', 'VERIFIG = "../verifig"  # your clone')


def test_as_a_module_of_another_project(done, tmp_path):
    """The example; with the results of the rule set brought along but for the page, only that and its own rule run."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "Snakefile").write_text(EXAMPLE.read_text().replace("../..", str(done)))
    assert planned_rules(project) == TRAINING | {
        "prieto2025_measure",
        "prieto2025_judge",
        "prieto2025_report",
        "contradicted",
    }
    shutil.copytree(done / "results/smoke", project / "papers/smoke")
    now = time.time()
    for path in (project / "papers").rglob("*"):  # not older than scripts that another test has touched
        os.utime(path, (now, now))
    shutil.rmtree(project / "papers/smoke/prieto2025/page")
    (project / "papers/smoke/prieto2025/report.provenance.json").unlink()
    assert planned_rules(project) == {"prieto2025_report", "contradicted"}
    result = snakemake(project)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (project / "contradicted.txt").read_text() == "0\n"
    assert (project / "papers/smoke/prieto2025/page/index.html").exists()


SUITE_AS_MODULE = """
configfile: "host.yaml"

module verifig:
    snakefile:
        "{suite}/Snakefile"
    pathvars:
        results="papers",
        logs="papers/logs",

use rule * from verifig as verifig_*

rule all:
    default_target: True
    input:
        rules.verifig_all.input,
"""


def test_the_whole_suite_as_a_module_keeps_its_own_configuration_and_writes_where_the_host_says(done, tmp_path):
    """The copy's config/config.yaml asks for grokking at smoke scale; the host has settings of the same names."""
    (tmp_path / "Snakefile").write_text(SUITE_AS_MODULE.format(suite=done))
    (tmp_path / "host.yaml").write_text("scale: enormous\nseeds: 99\n")
    found = planned_rules(tmp_path)
    assert {f"verifig_{name}" for name in TRAINING} == {name for name in found if "_train_" in name}
    assert {"verifig_site", "verifig_prieto2025_report"} <= found
    listed = snakemake(tmp_path, "-n").stdout
    assert "papers/smoke/site/index.html" in listed
    assert " results/" not in listed


def test_a_new_rule_set_runs_is_judged_and_shows_up(suite):
    assert command(suite, "verifig", "new", "toys/toy_paper").returncode == 0
    assert command(suite, "verifig", "new", "toys/toy_paper").returncode == 2
    config = ("scale=smoke", 'papers=["toy_paper"]')
    run(suite, config=config)
    assert "../toy_paper/page/index.html" in (suite / "results/smoke/site/index.html").read_text()
    (suite / "config/config.yaml").write_text("papers: [toy_paper]\n")
    checked = command(suite, "verifig", "check", "--scale", "smoke")
    assert checked.returncode == 0
    assert "toy_paper: ok, 2 of 2 claims and controls judged, nothing recorded at smoke scale" in checked.stdout
    assert command(suite, "pytest", "replications/toys/toy_paper").returncode == 0
    assert planned(suite, config=config) == set()


def test_a_rule_set_whose_claims_name_no_smoke_scale_is_said_to_judge_nothing():
    from verifig.judging import check

    claims = [{"id": "A", "kind": "claim", "verdict": "not tested", "basis": "identity", "setting": "paper's"}]
    said = check._state(claims, {}, [], "smoke")
    assert said.startswith("nothing was judged: no claim names the smoke scale in its `scales`")


@pytest.mark.parametrize("name", ["toy", "a_paper_with_quite_a_long_name_by_many_authors"])
def test_a_new_rule_set_passes_lint_and_is_complete(suite, name):
    assert command(suite, "verifig", "new", f"toys/{name}").returncode == 0
    folder = suite / "replications" / "toys" / name
    for tool in (("ruff", "check"), ("ruff", "format", "--check")):
        result = command(suite, *tool, "--config", str(suite / "pyproject.toml"), str(folder))
        assert result.returncode == 0, result.stdout
    assert command(suite, "snakefmt", "--check", str(folder)).returncode == 0
    described = re.findall(
        r"^\| `(\w+\.yaml|\w+\.py|README\.md|Snakefile|tests/)`(?!.*\| optional)",
        (ROOT / "replications/README.md").read_text(),
        re.M,
    )
    assert len(described) >= 6
    assert [file for file in described if not (folder / file).exists()] == []
    assert "page.figure(" in folder.joinpath("report.py").read_text()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("grokking/Toy-Paper", "snake_case"),
        ("toy", "make new paper=<theme>/<paper>"),
        ("", "make new paper=<theme>/<paper>"),
        ("grokking/prieto2025", "exists already"),
        ("toys/grokking", "exists already"),
    ],
)
def test_a_new_rule_set_needs_a_name_of_its_own(suite, name, sentence):
    refused = command(suite, "verifig", "new", name)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert sentence in refused.stderr


def test_links_lead_somewhere_where_the_workflow_wrote_and_where_it_is_published(done, tmp_path):
    results = done / "results/smoke"
    written = [results / "site/index.html", results / "prieto2025/page/index.html"]
    publish._mirror(results / "site", tmp_path)
    publish._mirror(results / "prieto2025/page", tmp_path / "prieto2025")
    published = [tmp_path / "index.html", tmp_path / "prieto2025/index.html"]
    beside = [
        *publish.DOCUMENTS.values(),
        *re.findall(r'href="(\.\./\w+/index\.html)"', publish.neighbours("prieto2025")),
    ]
    for place in beside:  # what stands in reports/ beside a page
        (tmp_path / "prieto2025" / place).parent.mkdir(exist_ok=True)
        (tmp_path / "prieto2025" / place).touch()
    for path in (*written, *published):
        assert dead_links(path) == [], path
    assert "../prieto2025/page/index.html" in Outline(written[0].read_text()).links
    assert "prieto2025/index.html" in Outline(published[0].read_text()).links
    assert "../index.html" in Outline(published[1].read_text()).links


def test_publishing_refuses_an_outdated_page_and_reads_no_report(whole_suite):
    result = command(whole_suite, "verifig", "publish")
    assert result.returncode == 2
    assert "does not exist" in result.stderr
