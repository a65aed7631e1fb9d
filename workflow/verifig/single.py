"""`verifig run`: the stages of one rule set outside the workflow, with settings of the user's own."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from verifig import downloads, jobs, leftovers, provenance, rulesets
from verifig.device import resolve
from verifig.errors import InputError
from verifig.keys import key
from verifig.paths import ROOT, Layout

STAGES = ("train", "measure", "judge", "report")


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

    Everything is checked before any work. Where no experiments are named, those without their data are left out. With changed settings or a part of the experiments the result is a what-if:
    claims on what did not run are left out, and nothing is published.

    Raises:
        InputError: unknown names, refused settings, no GPU for `device="cuda"`, `out` inside the published pages,
            missing data.
    """
    ruleset = rulesets.load(slug)
    if seeds is not None and seeds < 1:
        raise InputError(f"--seeds {seeds} must be at least 1")
    if Path(out).resolve().is_relative_to(ROOT / "reports"):
        raise InputError(f"--out {out} lies in the published pages: choose another folder")
    device = resolve(device)
    names = experiments or ruleset.experiments(scale)
    applicable = rulesets.resolve(ruleset, names, scale, overrides, only)
    for name in [name for name in names if name not in applicable]:
        print(f"{slug}.{name}: left out, it has none of the conditions {', '.join(only)}")
    names = list(applicable)
    for name, own in applicable.items():  # refuse settings before anything is fetched
        rulesets.settings(ruleset, name, scale, own, seeds)
    downloads.fetch(ruleset, scale, names, ROOT / "data", applicable)
    train_jobs = {name: jobs.train(slug, name, scale, device, seeds, own) for name, own in applicable.items()}
    for name, job in list(train_jobs.items()):
        if absent := [data_name for data_name, digest in job["data"].items() if digest is None]:
            if experiments or len(train_jobs) == 1:
                raise InputError(
                    f"{slug}.{name} needs the data {absent[0]}: run `python -m verifig prepare --scale {scale}`"
                )
            print(f"{slug}.{name}: left out, the data {absent[0]} is not there")
            del train_jobs[name]
    layout = Layout(Path(out), scale, slug)
    leftovers.sweep(layout)
    for name, job in train_jobs.items():
        _train(job, layout, name)
    if last_stage == "train":
        return
    left_out = set(ruleset.experiments(scale)) - set(train_jobs)
    finish(slug, scale, train_jobs, layout, last_stage, left_out, what_if=bool(overrides or only) or seeds is not None)


def _train(job: Mapping, layout: Layout, name: str) -> None:
    from verifig.stages.train import train

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
    left_out: set[str],
    what_if: bool = False,
) -> None:
    """Measure, judge and report what was trained, as far as `last_stage`; claims on `left_out` are not tested."""
    from verifig import terminal
    from verifig.stages.measure import measure

    measure_job = jobs.measure(slug, scale, train_jobs)
    measure(measure_job, layout)
    if last_stage == "measure":
        return
    from verifig.stages.judge import judge

    judge_job = jobs.judge(
        slug, scale, measure_job, {name: [f"experiment {name} (not run)"] for name in left_out}, True
    )
    judge(judge_job, layout)
    terminal.verdict_table(layout.results, scale, slug)
    if last_stage == "report":
        from verifig.stages.report import report

        report(jobs.report(slug, scale, judge_job), layout)
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
