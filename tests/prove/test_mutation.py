"""Would the tests notice a bug? Small changes, planted one at a time where numbers are formed and judged.

A sample fixed by a seed, of the judge, of what measures, of what papers of a theme share, and of every paper's
statistics and programs: a sum becomes a difference, a bound strict, a number one more. Each runs the tests that stand
for its file, in a copy. What changes nothing is listed with the reason in tests/prove/survivors.yaml and not run; of
the others at least 95 % of each part must be noticed.
"""

import functools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, copy_suite

from prove import mutants
from verifig.ground.paths import name_in_suite, ruleset_dir, slugs

SEED = 20261127
PER_PART = int(os.environ.get("VERIFIG_MUTANTS", "10"))
LIBRARY = "workflow/verifig"
# part -> (files or folders whose numbers count, tests that stand for them)
PARTS = {
    "judging": (
        [f"{LIBRARY}/judging/{name}.py" for name in ("judge", "judgement", "stats", "scales", "verdicts")],
        [
            *(
                f"tests/test_{name}.py"
                for name in ("stats", "scales", "verdicts", "judgement", "judge", "judge_claims")
            ),
            *(f"tests/test_{name}.py" for name in ("judge_scales", "claims", "counts")),
        ],
    ),
    "measuring": ([f"{LIBRARY}/measuring"], [f"tests/test_{name}.py" for name in ("compact", "tables", "jobs")]),
    "curvature": (
        [f"{LIBRARY}/curvature"],
        [f"tests/test_curvature_{name}.py" for name in ("dense", "estimates", "modules", "stability")],
    ),
    "instruments": (
        [f"{LIBRARY}/instruments"],
        [f"tests/test_instruments_{name}.py" for name in ("tables", "networks")],
    ),
    "training": (
        [
            *(f"{LIBRARY}/training/{name}.py" for name in ("augment", "batches", "ensemble", "flat", "labels", "loop")),
            *(f"{LIBRARY}/training/{name}.py" for name in ("members", "optim", "seeds", "steps", "trainable")),
        ],
        [
            *(f"tests/test_{name}.py" for name in ("layout", "steps", "labels", "augment", "ensemble", "members")),
            *(f"tests/test_{name}.py" for name in ("optim", "optim_settings", "adam_rounding", "loop")),
            *(f"tests/test_{name}.py" for name in ("stopped_training", "resume", "jobs", "memory")),
        ],
    ),
}
MEASURES = ("measur", "soundness", "metrics", "geometry", "series", "widths", "cross_entropy_geometry")
CHECKED = ["tests/test_settings.py", "tests/test_settings_limits.py"]  # of the checks of every paper's settings
SHOWN = ("report", "plot", "captions", "sentences", "drawing", "wording", "sliders", "bench", "tests", "__init__")


def counted(folder: Path) -> list[str]:
    """Modules and packages of a folder but those that draw, word, time or test."""
    paths = [path for path in sorted(folder.glob("*")) if path.suffix == ".py" or (path / "__init__.py").exists()]
    return [name_in_suite(path) for path in paths if not path.stem.startswith(SHOWN)]


def standing(folder: Path) -> list[str]:
    """Test files of a paper or of a science; those that name what is measured first, as most notice most there."""
    paths = sorted(folder.glob("tests/test_*.py"), key=lambda path: "_statistics" not in path.stem)
    return [name_in_suite(path) for path in paths]


def of_a_paper(slug: str) -> dict:
    """What a paper measures, and its programs with their formulas; the paper's tests stand for both."""
    folder = ruleset_dir(slug)
    places, tests = counted(folder), [*standing(folder), *CHECKED]
    statistics = [place for place in places if Path(place).stem.startswith(MEASURES)]
    programs = [place for place in places if place not in statistics]
    return {f"{slug}, statistics": (statistics, tests), f"{slug}, programs": (programs, tests)}


def of_a_theme(folder: Path) -> dict:
    """What papers of a theme share; its own tests stand for it."""
    science = folder / "science"
    return {f"{folder.name}, science": (counted(science), [*standing(science), *CHECKED])}


SCIENCES = sorted({ruleset_dir(slug).parent for slug in slugs() if (ruleset_dir(slug).parent / "science").is_dir()})
ALL = (
    PARTS
    | {name: part for folder in SCIENCES for name, part in of_a_theme(folder).items()}
    | {name: part for slug in slugs() for name, part in of_a_paper(slug).items()}
)


def of_its_papers(part: str) -> list[str]:
    """The tests of all papers that share a science, which are asked after its own."""
    papers = [ruleset_dir(slug) for slug in slugs() if f"{ruleset_dir(slug).parent.name}, science" == part]
    return [name for paper in papers for name in standing(paper)]


@pytest.fixture(scope="module")
def copies(tmp_path_factory) -> Iterator[list[mutants.Copy]]:
    folders = [tmp_path_factory.mktemp("mutants") / "suite" for _ in range(os.cpu_count() or 1)]
    for folder in folders:
        copy_suite(folder)
        (folder / "tests").mkdir(exist_ok=True)
        for path in (ROOT / "tests").glob("*.py"):
            (folder / "tests" / path.name).write_bytes(path.read_bytes())
    found = [mutants.Copy(folder) for folder in folders]
    yield found
    for copy in found:
        copy.close()


def sources(places: list[str]) -> list[tuple[str, str]]:
    """(name, code) of files, and of all files below folders but their tests."""
    paths = [
        path for place in places for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    ]
    return [
        (name_in_suite(path), path.read_text(encoding="utf-8")) for path in sorted(paths) if "tests" not in path.parts
    ]


@pytest.fixture(scope="module")
def traced(copies):
    """tests -> what each runs of the files that they stand for (see `Copy.traced`); once for the parts of a paper."""

    @functools.cache
    def run(*tests: str) -> dict[str, dict]:
        return copies[0].traced(
            tests, [name for places, same in ALL.values() if tuple(same) == tests for name, _ in sources(places)]
        )

    return run


@pytest.mark.parametrize("part", ALL)
def test_planted_bugs_are_noticed(copies, traced, show, part):
    places, tests = ALL[part]
    code = dict(sources(places))
    known = yaml.safe_load((ROOT / "tests/prove/survivors.yaml").read_text(encoding="utf-8"))
    sample = mutants.sample(list(code.items()), PER_PART, SEED)
    bugs = [mutant for mutant in sample if mutant.change(code[mutant.file]) not in known]
    cases = traced(*tests)
    limit = 5 * sum(case["seconds"] for case in cases.values()) + (600 if of_its_papers(part) else 30)
    every = [*tests, *of_its_papers(part)]
    found = mutants.in_parallel(copies, bugs, lambda copy, mutant: mutants.caught(copy, mutant, every, cases, limit))
    missed = [mutant.shown(code[mutant.file]) for mutant, noticed in zip(bugs, found, strict=True) if not noticed]
    listed = {
        mutant.shown(code[mutant.file]): known[mutant.change(code[mutant.file])] for mutant in set(sample) - set(bugs)
    }
    show(
        mutants=len(sample),
        **{"noticed": f"{sum(found)} of {len(bugs)}", "not noticed": "; ".join(missed)},
        **{"change nothing, and why": "; ".join(f"{name}: {reason}" for name, reason in sorted(listed.items()))},
    )
    assert sum(found) >= 0.95 * len(bugs), "\n".join(missed)
