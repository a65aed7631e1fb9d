"""`verifig run`: the stages of one paper outside the workflow, with settings of the user's own."""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

from verifig.ground.errors import InputError
from verifig.ground.paths import AFTER_TRAINING, Layout
from verifig.planning import downloads, forecast, jobs, rulesets, userconfig
from verifig.planning.devices import resolve
from verifig.running import arguments, folders, leftovers, slices
from verifig.running.stopping import Stop
from verifig.running.trainings import Training

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
    minutes: float | None = None,
    tell: bool = True,
) -> int:
    """Train the experiments and, as far as `last_stage`, measure, judge and report below `out`.

    Everything is checked before any work. Where no experiments are named, those without their data are left out. With
    changed settings or a part of the experiments the result is a what-if (see `whatif`): claims on what did not run are
    not tested, and nothing is published.

    Args:
        minutes: by then it ends, with a checkpoint of what is unfinished; nothing is judged before all is trained. What
            is unfinished when a signal comes is saved too.
        tell: print the verdicts at the end.

    Returns:
        The exit code: 0, of a signal 128 and its number.

    Raises:
        InputError: unknown names, refused settings, no GPU for `device="cuda"`, missing data or packages, a folder that
            such a run may not write to (see `folders.protect`), or unfinished work that does not go on here.
    """
    stop = Stop(None if minutes is None else 60 * minutes)
    require_packages(last_stage)
    resolve(device)  # refused before any work
    train_jobs, missing = planned(slug, experiments, scale, overrides, seeds, device, only)
    for name in experiments or rulesets.load(slug).experiments(scale):
        if name in missing:
            print(f"{slug}.{name}: left out, the data {missing[name][0]} is not there")
        elif name not in train_jobs:
            print(f"{slug}.{name}: left out, it has none of the conditions {', '.join(only)}")
    folders.protect(out, slug, scale, train_jobs, missing, last_stage)
    layout = Layout(Path(out), scale, slug)
    leftovers.sweep(layout)
    trainings = [Training(layout, name, job) for name, job in train_jobs.items()]
    slices.require_here(trainings)
    finished = slices.train(trainings, stop, userconfig.load().data)
    if stop.signal is None and len(finished) < len(trainings):
        print(*slices.told(trainings, last_stage), sep="\n")
    if stop.signal is not None or len(finished) < len(trainings) or last_stage == "train":
        return stop.exit_code
    train_jobs = {training.experiment: finished[training.title] for training in trainings}
    if time_to_finish(layout, last_stage) > stop.seconds_left:
        print(
            f"all of it is finished, but the time is up before it could be judged: {arguments.this_command()} does that"
        )
        return 0
    finish(slug, scale, train_jobs, layout, last_stage, missing, tell)
    return 0


def planned(
    slug: str,
    experiments: Sequence[str],
    scale: str,
    overrides: Mapping,
    seeds: int | None,
    device: str,
    only: Sequence[str] = (),
) -> tuple[dict[str, dict], dict[str, list[str]]]:
    """The training jobs of the experiments (none named: all), once their data has been fetched (see `jobs.training`).

    Raises:
        InputError: unknown names, refused settings, or no data for an experiment that was named, or for all.
    """
    ruleset = rulesets.load(slug)
    if seeds is not None and seeds < 1:
        raise InputError(f"--seeds {seeds} must be at least 1")
    applicable = rulesets.resolve(ruleset, experiments or ruleset.experiments(scale), scale, overrides, only)
    for name, own in applicable.items():
        rulesets.settings(ruleset, name, scale, own, seeds)
    data_dir = userconfig.load().data
    downloads.fetch(ruleset, scale, list(applicable), data_dir, applicable)
    train_jobs, missing = jobs.training(slug, scale, applicable, device, seeds, data_dir)
    if missing and (experiments or not train_jobs):
        name, files = next(iter(missing.items()))
        raise InputError(f"{slug}.{name} needs the data {files[0]}: run `python -m verifig prepare --scale {scale}`")
    return train_jobs, missing


def time_to_finish(layout: Layout, last_stage: str) -> float:
    """Seconds that measuring, judging and reporting take, as far as `last_stage`."""
    stages = AFTER_TRAINING[: AFTER_TRAINING.index(last_stage) + 1]
    return sum(forecast.cpu_seconds(layout, stage, training=False) for stage in stages)


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


def finish(
    slug: str,
    scale: str,
    train_jobs: Mapping,
    layout: Layout,
    last_stage: str,
    missing_data: Mapping[str, list[str]],
    tell: bool = True,
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
    if tell:
        terminal.verdict_table(layout.results, scale, slug)
    if last_stage == "report":
        from verifig.running.stages.report import report

        report(planned["report"], layout)
        print(f"wrote {layout.page / 'index.html'}")
