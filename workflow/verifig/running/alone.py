"""`verifig run`: the stages of one paper outside the workflow, with settings of the user's own."""

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.keys import key
from verifig.ground.paths import Layout
from verifig.planning import downloads, jobs, provenance, rulesets, userconfig
from verifig.planning.devices import resolve
from verifig.running import folders, leftovers

STAGES = ("train", "measure", "judge", "report")
# what a stage imports that a machine which only trains may lack
PACKAGES = {
    "measure": ("pandas", "pyarrow", "scipy"),
    "judge": ("jsonschema", "rich"),
    "report": ("jinja2", "jupytext", "markdown_it", "matplotlib", "seaborn"),
}


def run(
    slug: str,
    experiments: list[str],
    scale: str,
    overrides: Mapping,
    seeds: int | None,
    device: str,
    last_stage: str,
    out: Path,
    only: Sequence[str] = (),
) -> None:
    """Train the experiments and, as far as `last_stage`, measure, judge and report below `out`.

    Everything is checked before any work. Where no experiments are named, those without their data are left out. With
    changed settings or a part of the experiments the result is a what-if (see `whatif`): claims on what did not run are
    not tested, and nothing is published.

    Raises:
        InputError: unknown names, refused settings, no GPU for `device="cuda"`, missing data or packages, or a folder
            that such a run may not write to (see `folders.protect`).
    """
    ruleset = rulesets.load(slug)
    if seeds is not None and seeds < 1:
        raise InputError(f"--seeds {seeds} must be at least 1")
    require_packages(last_stage)
    device = resolve(device)
    names = experiments or ruleset.experiments(scale)
    applicable = rulesets.resolve(ruleset, names, scale, overrides, only)
    for name in [name for name in names if name not in applicable]:
        print(f"{slug}.{name}: left out, it has none of the conditions {', '.join(only)}")
    names = list(applicable)
    for name, own in applicable.items():  # refuse settings before anything is fetched
        rulesets.settings(ruleset, name, scale, own, seeds)
    data_dir = userconfig.load().data
    downloads.fetch(ruleset, scale, names, data_dir, applicable)
    train_jobs, missing = jobs.training(slug, scale, applicable, device, seeds, data_dir)
    for name, files in missing.items():
        if experiments or not train_jobs:
            raise InputError(
                f"{slug}.{name} needs the data {files[0]}: run `python -m verifig prepare --scale {scale}`"
            )
        print(f"{slug}.{name}: left out, the data {files[0]} is not there")
    folders.protect(out, slug, scale, train_jobs, missing, last_stage)
    layout = Layout(Path(out), scale, slug)
    leftovers.sweep(layout)
    for name, job in train_jobs.items():
        _train(job, layout, name, data_dir)
    if last_stage == "train":
        return
    finish(slug, scale, train_jobs, layout, last_stage, missing)


def require_packages(last_stage: str) -> None:
    """Raise before any work if a package that the stages up to the last one need is not installed.

    Raises:
        InputError: the first such package.
    """
    for stage in STAGES[: STAGES.index(last_stage) + 1]:
        for name in PACKAGES.get(stage, ()):
            if importlib.util.find_spec(name) is None:
                raise InputError(
                    f"stage {stage} needs the package {name}: pip install 'verifig[run]' (--stage train does without)"
                )


def _train(job: Mapping, layout: Layout, name: str, data_dir: Path) -> None:
    from verifig.running.stages.train import train

    record = layout.provenance(name)
    if record.exists() and provenance.problem(record, key(job)) is None:
        leftovers.remove_checkpoint(layout, name)
        print(f"{job['slug']}.{name}: finished before, kept")
        return
    with _bar(f"{job['slug']}.{name}") as advance:
        train(
            job,
            layout.artifact(name),
            record,
            layout.artifact(name).with_suffix(".ckpt"),
            data_dir,
            log=print if advance is None else (lambda text: None),
            on_progress=advance,
        )
    print(f"wrote {layout.artifact(name)}")


def finish(
    slug: str,
    scale: str,
    train_jobs: Mapping,
    layout: Layout,
    last_stage: str,
    missing_data: Mapping[str, list[str]],
) -> None:
    """Measure, judge and report what was trained, as far as `last_stage`.

    Claims on experiments that did not run are not tested: for lack of data (`missing_data`) or because they were left
    out. The jobs of a whole scale with its configured settings are those of the workflow.
    """
    from verifig.pages import terminal
    from verifig.running.stages.measure import measure

    planned = jobs.after(slug, scale, train_jobs, missing_data)
    measure(planned["measure"], layout)
    if last_stage == "measure":
        return
    from verifig.running.stages.judge import judge

    judge(planned["judge"], layout)
    terminal.verdict_table(layout.results, scale, slug)
    if last_stage == "report":
        from verifig.running.stages.report import report

        report(planned["report"], layout)
        print(f"wrote {layout.page / 'index.html'}")


class _bar:
    """A progress bar on a terminal (if rich is there); elsewhere the log lines do."""

    def __init__(self, title: str):
        self.title, self.progress = title, None

    def __enter__(self):
        if not sys.stderr.isatty():
            return None
        try:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        except ImportError:
            return None
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=Console(stderr=True))
        self.progress.start()
        task = self.progress.add_task(self.title, total=None)
        shown = [-1]

        def advance(done: int, total: int) -> None:
            if done * 200 // max(total, 1) != shown[0]:
                shown[0] = done * 200 // max(total, 1)
                self.progress.update(task, completed=done, total=total)

        return advance

    def __exit__(self, *exception) -> None:
        if self.progress is not None:
            self.progress.stop()
