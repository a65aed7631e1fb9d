"""Jobs: plain JSON that fixes everything a stage's output depends on, and its key (sha256).

Built without torch, alike by the Snakefiles and the command line.
"""

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

from verifig.ground.files import sha256
from verifig.ground.keys import key
from verifig.ground.paths import DATA, LIBRARY, name_in_suite, package, ruleset_dir
from verifig.planning import datasets, rulesets, sources, whatif
from verifig.planning.devices import resolve

THREADS = 1  # two jobs side by side on two cores beat one job on two


def train(
    slug: str,
    experiment: str,
    scale: str,
    device: str = "auto",
    seeds: int | None = None,
    overrides: Mapping | None = None,
    data_dir: Path = DATA,
) -> dict:
    """The job of one training stage.

    Raises:
        InputError: unknown names, refused settings, corrupted data.
    """
    ruleset = rulesets.load(slug)
    entry = ruleset.entry(experiment, scale)
    settings = rulesets.settings(ruleset, experiment, scale, overrides, seeds)
    module = f"{package(slug)}.experiments.{entry.program}"
    entries = ["verifig.training.run", module]
    return {
        "stage": "train",
        "slug": slug,
        "experiment": experiment,
        "scale": scale,
        "program": entry.program,
        "module": module,
        "settings": settings,
        "seeds": list(range(settings["seeds"])),
        "device": resolve(device, entry.best_on)
        if device == "auto"
        else device,  # a GPU may be planned for where there is none
        "dtype": settings.get("dtype", "float32"),
        "threads": THREADS,
        "code": sources.digests(entries),
        "data": {name: datasets.digest(ruleset, name, data_dir) for name in datasets.names(ruleset, entry, settings)},
        "versions": sources.versions(entries),
    }


def measure(slug: str, scale: str, train_jobs: Mapping[str, Mapping]) -> dict:
    """The job of the measure stage; `upstream` holds the keys of the artifacts that it reads."""
    entries = ["verifig.running.stages.measure", f"{package(slug)}.measure"]
    return {
        "stage": "measure",
        "slug": slug,
        "scale": scale,
        "upstream": {experiment: key(job) for experiment, job in train_jobs.items()},
        "code": sources.digests(entries),
        "versions": sources.versions(entries),
    }


def judge(
    slug: str,
    scale: str,
    measure_job: Mapping,
    missing_data: Mapping[str, list[str]],
    what_if: Mapping | None = None,
) -> dict:
    """The job of the judge stage.

    Args:
        missing_data: by experiment, the data files that could not be had.
        what_if: how the run differs from the configured one (see `whatif.describe`); then a claim whose statistic does
            not exist is not tested rather than an error.
    """
    entries = ["verifig.running.stages.judge"]
    return {
        "stage": "judge",
        "slug": slug,
        "scale": scale,
        "upstream": {"statistics": key(measure_job)},
        "missing_data": dict(missing_data),
        "what_if": None if what_if is None else dict(what_if),
        "code": sources.digests(entries) | _file_digests(slug, "claims.yaml"),
        "versions": sources.versions(entries),
    }


def report(slug: str, scale: str, judge_job: Mapping) -> dict:
    """The job of the report stage."""
    entries = ["verifig.running.stages.report", f"{package(slug)}.report"]
    shown = ["values.yaml", "recorded/paper.json", "recorded/history.json"] + (
        ["recorded/laptop.json"] if judge_job["missing_data"] else []
    )
    recorded = [name for name in shown if (ruleset_dir(slug) / name).exists()]
    return {
        "stage": "report",
        "slug": slug,
        "scale": scale,
        "upstream": {"verdicts": key(judge_job)},
        "code": sources.digests(entries)
        | templates()
        | _file_digests(slug, "paper.yaml", "experiments.yaml", *recorded),
        "versions": sources.versions(entries),
    }


@functools.cache
def planned(slug: str, scale: str, device: str, seeds: int | None, data_dir: Path) -> dict[str, dict]:
    """All jobs of a rule set as configured (see `all_jobs`), made once a process."""
    return all_jobs(slug, scale, device, seeds, data_dir)


def all_jobs(
    slug: str, scale: str, device: str = "auto", seeds: int | None = None, data_dir: Path = DATA
) -> dict[str, dict]:
    """Every job of a paper at a scale: one per experiment that has its data, then `measure`, `judge`, `report`."""
    changes = {name: {} for name in rulesets.load(slug).experiments(scale)}
    train_jobs, missing = training(slug, scale, changes, device, seeds, data_dir)
    return train_jobs | after(slug, scale, train_jobs, missing)


def training(
    slug: str,
    scale: str,
    changes: Mapping[str, Mapping],
    device: str = "auto",
    seeds: int | None = None,
    data_dir: Path = DATA,
) -> tuple[dict[str, dict], dict[str, list[str]]]:
    """The training jobs of some experiments.

    Args:
        changes: the user's settings by experiment; its names say which run.

    Returns:
        The jobs by experiment, and by experiment that cannot run the data files that it lacks.
    """
    planned = {name: train(slug, name, scale, device, seeds, own, data_dir) for name, own in changes.items()}
    lacking = {name: [file for file, digest in job["data"].items() if digest is None] for name, job in planned.items()}
    missing = {name: files for name, files in lacking.items() if files}
    return {name: job for name, job in planned.items() if name not in missing}, missing


def after(
    slug: str, scale: str, train_jobs: Mapping[str, Mapping], missing: Mapping[str, list[str]]
) -> dict[str, dict]:
    """The jobs that follow these training jobs: `measure`, `judge`, `report`.

    Args:
        missing: see `training`. What else differs from the whole scale as configured makes it a what-if.
    """
    measure_job = measure(slug, scale, train_jobs)
    judge_job = judge(slug, scale, measure_job, missing, whatif.describe(slug, scale, train_jobs, missing))
    return {"measure": measure_job, "judge": judge_job, "report": report(slug, scale, judge_job)}


def templates() -> dict[str, str]:
    """Digests of the page templates, which no import statement names."""
    return {name_in_suite(path): sha256(path) for path in sorted((LIBRARY / "pages" / "templates").iterdir())}


def theme_texts(papers: Iterable[str]) -> dict[str, str]:
    """Digests of what is written of the themes of some papers: `theme.yaml`, `overview.md`."""
    folders = sorted({ruleset_dir(slug).parent for slug in papers})
    files = [folder / name for folder in folders for name in ("theme.yaml", "overview.md")]
    return {name_in_suite(file): sha256(file) for file in files if file.exists()}


def _file_digests(slug: str, *names: str) -> dict[str, str]:
    files = [ruleset_dir(slug) / name for name in names]
    return {name_in_suite(file): sha256(file) for file in files}
