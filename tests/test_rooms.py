"""The rooms of the library, what may import what, and what a training key holds."""

import ast
from pathlib import Path

import pytest

from verifig.ground.paths import LIBRARY, REPLICATIONS, name_in_suite, ruleset_dir, slugs
from verifig.planning import jobs, rulesets

# a room -> the rooms that it may import: no circle, and no step back along the way of the data
FLOORS = {
    "ground": set(),
    "training": {"ground"},
    "curvature": {"ground"},
    "planning": {"ground", "training"},
    "measuring": {"ground", "training"},
    "judging": {"ground", "planning", "measuring"},
    "pages": {"ground", "training", "planning", "measuring", "judging"},
    "benchmarking": {"ground", "training", "curvature", "pages"},
    "running": {"ground", "training", "planning", "measuring", "judging", "pages"},
    "instruments": {"ground", "curvature", "judging"},
}
KNOWS_PAPERS = "instruments"  # the one room that does: thin over their code; nothing imports it
# a file or folder of a paper -> the rooms that it may import
PAPER = {
    "experiments": {"ground", "training", "curvature"},
    "checks.py": {"ground", "training", "planning"},
    "measure.py": {"ground", "training", "measuring"},
    "measuring": {"ground", "training", "measuring"},
    "plots.py": {"ground", "judging", "pages"},
    "plotting": {"ground", "judging", "pages"},
    "report.py": {"ground", "judging", "pages"},
}
# the library's files that may decide a training result, beside those of `training` that a program imports
IN_EVERY_KEY = {
    "__init__.py",
    "ground/__init__.py",
    "ground/errors.py",
    "ground/files.py",
    *(f"training/{name}.py" for name in ("__init__", "artifacts", "checkpoint", "device", "members", "run")),
}
IN_SOME_KEYS = {
    "ground/keys.py",
    *(f"training/{name}.py" for name in ("archives", "augment", "batches", "channels", "data", "ensemble", "flat")),
    *(
        f"training/{name}.py"
        for name in ("image_files", "labels", "loop", "optim", "seeds", "steps", "trainable", "vision")
    ),
    *(f"curvature/{name}.py" for name in ("__init__", "batched", "dense", "estimates", "fisher", "gram", "lanczos")),
    *(f"curvature/{name}.py" for name in ("modules", "networks", "operators", "products", "stability")),
}
DECIDING_PACKAGES = {"numpy", "torch", "scipy", "pandas", "torchvision", "pillow", "scikit-learn"}


def rooms_imported(path: Path) -> set[str]:
    """Rooms of the library that a file imports, also within functions; `cli` and the like count as rooms."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "verifig":
            _, _, rest = node.module.partition(".")
            found |= {rest.partition(".")[0]} if rest else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found |= {(name + ["the library"])[1] for name in names if name[0] == "verifig"}
    return found


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_imports_only_the_rooms_below_it(room):
    for path in sorted((LIBRARY / room).rglob("*.py")):
        assert rooms_imported(path) <= FLOORS[room] | {room}, path


def test_every_room_has_its_floors_and_nothing_lies_beside_them():
    assert {path.name for path in LIBRARY.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(FLOORS)
    assert {path.name for path in LIBRARY.glob("*.py")} == {"__init__.py", "__main__.py", "cli.py"}
    assert not any(line.startswith(("import", "from")) for line in (LIBRARY / "__init__.py").read_text().splitlines())


def test_a_paper_imports_what_its_place_along_the_way_needs():
    for slug in slugs():
        for part, allowed in PAPER.items():
            found = ruleset_dir(slug) / part
            for path in sorted(found.rglob("*.py")) if found.is_dir() else [found] * found.exists():
                assert rooms_imported(path) <= allowed, path


@pytest.mark.parametrize("slug", slugs())
def test_a_training_key_holds_what_decides_the_result_and_nothing_else(slug):
    """Neither a release, nor words, downloads, records, schemas or another program retrain anything."""
    for scale in ("smoke", "laptop", "paper"):
        for experiment in rulesets.load(slug).experiments(scale):
            job = jobs.train(slug, experiment, scale, "cpu")
            library = {name.removeprefix("workflow/verifig/") for name in job["code"] if name.startswith("workflow/")}
            assert IN_EVERY_KEY <= library <= IN_EVERY_KEY | IN_SOME_KEYS, experiment
            assert {"numpy", "torch"} <= set(job["versions"]) <= DECIDING_PACKAGES, experiment
            place = name_in_suite(ruleset_dir(slug))
            own = {name for name in job["code"] if name.startswith(f"{place}/")}
            shared = {name for name in job["code"] if name.startswith(f"{Path(place).parent.as_posix()}/science/")}
            assert f"{place}/experiments/{job['program']}.py" in own
            assert all(not name.endswith(("measure.py", "report.py", "checks.py", "plots.py")) for name in own)
            packages = {"replications/__init__.py", f"{Path(place).parent.as_posix()}/__init__.py"}
            assert len(library) + len(own) + len(shared) + len(packages) == len(job["code"])


def test_programs_are_modules_of_their_name():
    for slug in slugs():
        for program in rulesets.load(slug).programs:
            path = ruleset_dir(slug) / "experiments" / f"{program}.py"
            tree = ast.parse(path.read_text(encoding="utf-8"))
            assert program in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, path


def imported_papers(path: Path) -> set[tuple[str, str]]:
    """(theme, `science` or a paper) of what a file imports from replications, also within functions."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return {tuple(name.split(".")[1:3]) for name in names if name.startswith("replications.")}


def test_a_paper_imports_its_theme_s_science_and_nothing_imports_a_paper():
    for path in sorted(REPLICATIONS.glob("*/*/**/*.py")):
        theme, own = path.relative_to(REPLICATIONS).parts[:2]
        assert imported_papers(path) <= {(theme, own), (theme, "science")}, path
    for path in sorted(LIBRARY.rglob("*.py")):
        assert imported_papers(path) == set() or path.parent.name == KNOWS_PAPERS, path


def test_files_of_a_paper_are_read_in_one_sitting():
    long = {
        path.relative_to(REPLICATIONS).as_posix(): count
        for path in REPLICATIONS.rglob("*.py")
        if "tests" not in path.parts and (count := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert long == {}
