"""Benchmarks: the rule for regressions, partial updates, the page, growth by a fake clock. No test asserts a timing."""

import json
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from verifig.benchmarking import bench, benchmarks, growth, regressions
from verifig.benchmarking import page as benchmark_page
from verifig.benchmarking.bench import Program, Result
from verifig.cli import main
from verifig.ground import paths
from verifig.pages import publish

HARDWARE = {"processor": "a processor", "threads": 1, "torch": "2.0"}

CURVES = [
    *(Result(f"time per model, {k} together", k / 4, series="members", at=k) for k in (1, 4)),
    *(Result(f"time at hidden width {k}", k, series="width", at=k, predicted=k) for k in (1, 2)),
    *(Result(f"peak memory, {k} models", 100 * k, unit="MiB", series="memory", at=k) for k in (1, 4)),
]


class Clock:
    """Time that passes only when a function says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def takes(self, seconds: float):
        def function():
            self.now += seconds

        return function


def program(clock: Clock, **changes) -> Program:
    """A step costs 1 s and 2 s a member at width 10, and grows with the width."""
    values = {
        "about": "nothing at all",
        "make": lambda members, width: clock.takes((1 + 2 * members) * width / 10),
        "member": "model",
        "width": "hidden width",
        "widths": (10, 20, 40),
        "usual": 10,
        "operations": lambda width: width**2,
    }
    return Program(**values | changes)


def record(*results: Result, slug: str = "prieto2025") -> dict:
    about = {"about": "nothing", "member": "model", "width": "hidden width", "usual": 10, "together": 4}
    entry = {"hardware": HARDWARE, "program": about, "results": [result.to_json() for result in results]}
    return benchmarks.updated({}, slug, entry)


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """Benchmarks without measuring, below tmp_path: `fake.values[slug]` are the values of successive measurements."""
    state = SimpleNamespace(values={}, folder=tmp_path / "reports")

    def measure(slug):
        yield Result("speed", state.values[slug].pop(0), better="higher")
        yield from CURVES

    described = SimpleNamespace(PROGRAM=program(Clock()))
    monkeypatch.setattr(benchmarks, "FOLDER", state.folder)
    monkeypatch.setattr(benchmarks, "measure", measure)
    monkeypatch.setattr(benchmarks, "hardware", lambda: HARDWARE)
    monkeypatch.setattr(benchmarks, "_module", lambda slug: described)
    return state


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["bench", *arguments])
    return stopped.value.code


@pytest.mark.parametrize(
    ("before", "now", "better", "spread", "flagged"),
    [
        (1.0, 1.25, "lower", 0.0, True),
        (1.0, 1.19, "lower", 0.0, False),
        (1.0, 0.5, "lower", 0.0, False),
        (3.0, 2.4, "higher", 0.0, True),
        (3.0, 2.6, "higher", 0.0, False),
        (3.0, 9.0, "higher", 0.0, False),
        (1.0, 1.25, "lower", 0.15, False),  # within both spreads together
        (1.0, 1.35, "lower", 0.15, True),
        (1.0, 5.0, "neither", 0.0, False),
    ],
)
def test_the_rule(before, now, better, spread, flagged):
    old, new = (Result("figure", value, spread, better=better) for value in (before, now))
    found = regressions.regressions(record(new), record(old))
    assert bool(found) == flagged
    if flagged:
        assert str(found[0]).startswith(f"prieto2025: figure: {before:g}")


def test_a_figure_without_a_committed_one_is_new():
    assert regressions.regressions(record(Result("new", 9.0)), record(Result("old", 1.0))) == []
    assert regressions.regressions(record(Result("new", 9.0)), {}) == []
    assert regressions.regressions(record(Result("a", 9.0)), record(Result("a", 1.0), slug="besiroglu2024")) == []


def test_results_survive_json():
    result = Result("a", 1.23456, 0.1, unit="share", better="higher", aim=2.0, note="n", series="width", at=64)
    assert Result(**json.loads(json.dumps(result.to_json()))) == Result(**result.to_json())
    assert Result(**result.to_json()).value == 1.235
    assert set(Result("a", 1.0).to_json()) == {"name", "value"}


def test_aims():
    assert Result("a", 3.1, better="higher", aim=3.0).met
    assert not Result("a", 2.9, better="higher", aim=3.0).met
    assert Result("a", 2.9, better="lower", aim=3.0).met
    assert Result("a", 2.9).met


def test_growth_with_members():
    clock = Clock()
    points = list(growth.by_members(program(clock), clock))
    assert [point.at for point in points] == [1, 4, 16, 64, 256]
    np.testing.assert_allclose([point.value for point in points], [(1 + 2 * k) / k / 3 for k in (1, 4, 16, 64, 256)])
    assert [point.spread for point in points] == [0] * 5
    assert [point.better for point in points] == ["neither", *["lower"] * 4]


def test_growth_with_the_width():
    clock = Clock()
    points = list(growth.by_width(program(clock), clock))
    np.testing.assert_allclose([point.value for point in points], [1, 2, 4])
    assert [point.predicted for point in points] == [1, 4, 16]


def test_the_share_of_the_machines_rate(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(growth, "product", lambda dtype: (clock.takes(2.0), 1000))  # 500 operations a second
    points = list(growth.by_width(program(clock, products="float32"), clock))
    shares = [point.value for point in points if point.series == "share"]
    # 4 members take 9 s at width 10 for 4 x 100 operations
    np.testing.assert_allclose(shares, [4 * w**2 / (0.9 * w) / 500 for w in (10, 20, 40)])
    assert points[-1].unit == "GFLOP/s"


def test_comparisons_take_the_median_over_rounds_and_short_functions_are_repeated():
    clock, calls = Clock(), []
    durations = iter([1.0, 4.0, 6.0, 5.0, 40.0, 6.0])  # the first is the warm-up

    def slow():
        clock.now += next(durations)

    def short():
        calls.append(1)
        clock.now += 0.01

    result = bench.paired("a over b", slow, short, work=(2, 1), clock=clock, better="higher", aim=3.0)
    assert result.value == pytest.approx(6.0 / 2 / 0.01)
    assert result.spread == pytest.approx((6 - 5) / 6)
    assert len(calls) == 2 + 5 * 5


def test_some_rule_sets_leave_the_entries_of_the_others(fake, capsys):
    fake.values = {"prieto2025": [3.0, 3.5], "besiroglu2024": [50.0]}
    assert run("prieto2025", "besiroglu2024") == 0
    before = json.loads((fake.folder / "benchmarks.json").read_text())
    assert run("prieto2025") == 0
    after = json.loads((fake.folder / "benchmarks.json").read_text())
    assert after["rule_sets"]["besiroglu2024"] == before["rule_sets"]["besiroglu2024"]
    assert after["rule_sets"]["prieto2025"]["results"][0]["value"] == 3.5
    page = (fake.folder / "benchmarks.md").read_text()
    assert "## prieto2025" in page
    assert "## besiroglu2024" in page
    assert (fake.folder / "benchmarks.svg").exists()
    assert "speed: 3.50×" in capsys.readouterr().out


def test_no_write_leaves_no_file(fake):
    fake.values = {"prieto2025": [3.0]}
    assert run("prieto2025", "--no-write") == 0
    assert not fake.folder.exists()


def test_a_regression_is_named_and_fails_only_when_checked(fake, capsys):
    fake.values = {"prieto2025": [3.0, 2.0, 1.5, 2.0, 1.5]}
    run("prieto2025")
    assert run("prieto2025", "--check", "--no-write") == 1
    assert "worse: prieto2025: speed: 3× -> 2×, 50% worse" in capsys.readouterr().out
    assert run("prieto2025") == 0
    assert "2× ▲ was 3×" in (fake.folder / "benchmarks.md").read_text()


@pytest.mark.parametrize(("first", "second", "kept"), [(2.0, 2.9, 2.9), (9.0, 3.1, 3.1), (9.0, 8.0, 8.0)])
def test_what_departs_is_measured_again_and_the_nearer_counts(fake, capsys, first, second, kept):
    fake.values = {"prieto2025": [3.0, first, second]}
    run("prieto2025")
    assert run("prieto2025", "--check") == 0
    assert "once more" in capsys.readouterr().out
    after = json.loads((fake.folder / "benchmarks.json").read_text())
    assert after["rule_sets"]["prieto2025"]["results"][0]["value"] == kept


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_figures_are_compared_with_the_committed_ones(fake):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=fake.folder.parent, check=True, capture_output=True)

    fake.values = {"prieto2025": [3.0, 1.0, 1.0, 1.0, 1.0]}
    git("init")
    run("prieto2025")
    git("add", ".")
    git("commit", "-m", "reference")
    assert run("prieto2025", "--check") == 1
    assert run("prieto2025", "--check") == 1  # the file on disk has changed, the reference has not


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["groking"], "unknown paper 'groking'"), (["--noo"], "unrecognized arguments: --noo")],
)
def test_bad_input(fake, capsys, arguments, sentence):
    assert run(*arguments) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert sentence in message
    assert len(message.splitlines()) == 1


def test_a_rule_set_without_benchmarks_and_a_broken_record_are_refused(fake, capsys, monkeypatch, tmp_path):
    (tmp_path / "new").mkdir()
    monkeypatch.setattr(paths, "ruleset_dir", lambda slug: tmp_path / slug)
    assert run("new") == 2
    assert "the paper new has no bench.py" in capsys.readouterr().err
    (tmp_path / "new" / "bench.py").touch()
    fake.folder.mkdir()
    (fake.folder / "benchmarks.json").write_text("{")
    assert run("new") == 2
    assert "benchmarks.json is not valid JSON" in capsys.readouterr().err


def test_the_page():
    now = record(
        Result("plain over ours", 1.64, 0.01, better="higher", aim=3.0, note="equal to 1e-13"),
        Result("time per model, 1 together", 1.0, better="neither", series="members", at=1),
        Result("time per model, 4 together", 0.5, 0.1, series="members", at=4),
        Result("peak memory, libraries alone", 200.0, unit="MiB", better="neither", series="memory"),
        Result("peak memory, 4 models", 260.0, unit="MiB", series="memory", at=4),
        Result("time at hidden width 64", 1.0, better="neither", series="width", at=64, predicted=1.0),
        Result("time at hidden width 128", 2.5, series="width", at=128, predicted=4.0),
        Result("share, hidden width 128", 0.461, 0.1, unit="share", better="higher", series="share", at=128),
    )
    before = record(Result("time per model, 4 together", 0.4))
    before["rule_sets"]["prieto2025"]["hardware"] = HARDWARE | {"processor": "another"}
    page = benchmark_page.markdown(now, before, regressions.regressions(now, before))
    for line in (
        "- ▲ prieto2025: time per model, 4 together: 0.400× -> 0.500×, 25% worse",
        "| prieto2025 | a processor, 1 thread, torch 2.0 | another, 1 thread, torch 2.0 |",
        "| plain over ours | 1.64 ± 0.02× | higher | 3×: not met | equal to 1e-13 |",
        "| models | libraries alone | 1 | 4 |",
        "| time of each |  | 1× | 0.500 ± 0.050× ▲ was 0.400× |",
        "| peak memory | 200 MiB |  | 260 MiB |",
        "| operations predict | 1× | 4× |",
        "| share of the machine's rate |  | 46.1 ± 4.6 % |",
    ):
        assert line in page.splitlines()
    assert "more than 20 % worse" in page


def test_the_chart_is_an_svg_with_every_rule_set(tmp_path):
    results = [*CURVES, Result("plain over ours", 2.0, better="higher", aim=3.0)]
    benchmark_page.chart(record(*results), tmp_path / "chart.svg")
    drawn = (tmp_path / "chart.svg").read_text()
    assert "<svg" in drawn
    assert "prieto2025" in drawn


def test_publishing_keeps_the_benchmarks_and_pages_do_not_depend_on_them(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "reports").mkdir()
    for name in ("benchmarks.md", "benchmarks.json", "benchmarks.svg", "old.html"):
        (tmp_path / "reports" / name).touch()
    publish._mirror(tmp_path / "site", tmp_path / "reports", keep=publish.KEPT)
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [
        "benchmarks.json",
        "benchmarks.md",
        "benchmarks.svg",
    ]
    assert "bench.py" not in publish.source_digests("prieto2025")


@pytest.mark.parametrize("slug", [s for s in paths.slugs() if (paths.REPLICATIONS / s / "bench.py").exists()])
def test_main_programs_are_well_formed_and_run(slug):
    described = benchmarks._module(slug).PROGRAM
    assert described.members[0] == 1
    assert len(described.widths) >= 3
    assert sorted(described.widths) == list(described.widths)
    assert described.usual in described.widths
    assert described.operations(described.widths[1]) > described.operations(described.widths[0])
    described.make(2, described.widths[0])()


def test_papers_that_are_no_more_leave_the_record():
    before = {"rule_sets": {"gone": {"results": []}, "wu2023": {"results": [1]}}}
    assert benchmarks.updated(before, "prieto2025", {})["rule_sets"] == {"prieto2025": {}, "wu2023": {"results": [1]}}
