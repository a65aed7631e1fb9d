"""`verifig paper`: the paper scale in slices of time, what is cheapest and most claims wait for first.

Experiments are trained one after the other, those of one paper between those of another; a paper is judged when all of
its experiments are finished.
"""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from verifig.ground import numbers
from verifig.ground.keys import key
from verifig.ground.paths import Layout
from verifig.judging import claims
from verifig.planning import downloads, jobs, provenance, rulesets, userconfig
from verifig.planning.devices import resolve
from verifig.planning.remaining import Remaining
from verifig.running import alone, arguments, folders, leftovers, slices
from verifig.running.stopping import Stop
from verifig.running.trainings import Training


@dataclass(frozen=True)
class Paper:
    """A paper's training jobs, and the experiments that cannot run, with the data files that they lack."""

    layout: Layout
    trainings: Sequence[Training]
    missing: Mapping[str, list[str]]


@dataclass(frozen=True)
class Waiting:
    """An experiment that is not finished, what is left of it, and the claims that wait for it.

    Attributes:
        claims: that read it.
        worth: those claims, each as a share of the unfinished experiments that it needs; and one for the experiment
            itself, which is drawn, and without which its paper is not judged.
    """

    training: Training
    remaining: Remaining
    claims: int
    worth: float

    @property
    def worth_per_second(self) -> float:
        return self.worth / max(self.remaining.seconds, 1.0)


def run(
    slugs: Sequence[str],
    device: str,
    seeds: int | None,
    last_stage: str,
    out: Path,
    minutes: float | None = None,
    forecast_only: bool = False,
    scale: str = "paper",
) -> int:
    """Print a forecast, train what is not finished until the time is up, judge what is complete, print what is left.

    Args:
        last_stage: "train": nothing is judged.
        minutes: by then it ends, with a checkpoint of what is unfinished; None: when all is done.

    Returns:
        The exit code: 0, where a job failed 1 (the others go on), of a signal 128 and its number.

    Raises:
        InputError: anything wrong with configuration, packages, device, data or folder, before any work.
    """
    stop = Stop(None if minutes is None else 60 * minutes)
    alone.require_packages("report" if last_stage == "report" else "judge")  # to count claims, too
    resolve(device)  # refused before any work
    data_dir = userconfig.load().data
    downloads.mirror()
    papers = [_paper(slug, scale, device, seeds, data_dir, out, last_stage) for slug in slugs]
    waiting = ordered(papers)
    print(*forecast(waiting, scale, minutes), sep="\n")
    if forecast_only:
        return 0
    for paper in papers:
        leftovers.sweep(paper.layout)
    failed: list[str] = []
    slices.train([each.training for each in waiting], stop, data_dir, failed)
    if stop.signal is not None:
        return stop.exit_code
    for paper in papers if last_stage != "train" else ():
        _judge(paper, last_stage, stop)
    print(*state(papers, failed), sep="\n")
    return int(bool(failed))


def ordered(papers: Sequence[Paper]) -> list[Waiting]:
    """What is to be trained, what is worth most per second first; not what goes on on another machine only."""
    found = []
    for paper in papers:
        left = {training.experiment: training for training in paper.trainings if training.made() is None}
        needed = [names for names in experiments_by_claim(paper.layout) if not names & set(paper.missing)]
        for name, training in left.items():
            reading = [names for names in needed if name in names]
            worth = 1 + sum(1 / len(names & set(left)) for names in reading)
            if training.elsewhere() is None:
                found.append(Waiting(training, training.remaining(), len(reading), worth))
    return sorted(found, key=lambda each: (-each.worth_per_second, each.training.title))


def experiments_by_claim(layout: Layout) -> list[set[str]]:
    """Of every claim that is judged at a scale, the experiments that it reads (control arms among them)."""
    everything, found = claims.load(layout.slug), []
    for claim in everything:
        if claim["kind"] == "claim" and layout.scale in claim["scales"]:
            parts = claims.parts(claim, layout.scale, everything)
            arms = [claims.control_arm(part) for part in parts if "control_arm" in part]
            found.append({part["experiment"] for part in [*parts, *arms]})
    return found


def forecast(waiting: Sequence[Waiting], scale: str, minutes: float | None) -> list[str]:
    """What will be trained, in this order: minutes until it is done, its own, claims, and how the time is known."""
    if not waiting:
        return [f"{scale} scale: nothing is left to train here"]
    total = sum(each.remaining.seconds for each in waiting)
    given = "" if minutes is None else f", {minutes:g} min given"
    count = numbers.count(len(waiting), "experiment")
    devices = " and ".join(sorted({each.training.job["device"] for each in waiting}))
    lines = [
        f"{scale} scale on {devices}: {count} to train, about {numbers.seconds(total)}{given}",
        f"{'done by':>8} {'min':>7} {'claims':>6}  experiment",
    ]
    ends = itertools.accumulate(each.remaining.seconds for each in waiting)
    for each, end in zip(waiting, ends, strict=True):
        begun = each.training.begun()
        how = f"{begun}, {each.remaining.source}" if begun else each.remaining.source
        lines.append(
            f"{end / 60:8.1f} {each.remaining.seconds / 60:7.1f} {each.claims:6d}  {each.training.title} ({how})"
        )
    return lines


def state(papers: Sequence[Paper], failed: Collection[str] = ()) -> list[str]:
    """Of every paper what is finished, unfinished, not begun, or has failed just now, and the command that goes on."""
    lines, seconds = [], 0.0
    for paper in papers:
        left = [training for training in paper.trainings if training.made() is None]
        own = sum(training.remaining().seconds for training in left)
        seconds += own
        total = len(paper.trainings) + len(paper.missing)
        time = f", about {numbers.seconds(own)} left" if left else ""
        lines.append(f"{paper.layout.slug}: {total - len(left) - len(paper.missing)} of {total} finished{time}")
        elsewhere = [sentence for training in left if (sentence := training.elsewhere())]
        here = [each for each in left if each.elsewhere() is None and each.title not in failed]
        begun = [training for training in here if training.begun()]
        lines += [f"  unfinished  {training.sentence()}" for training in begun]
        lines += [f"  not begun   {training.sentence()}" for training in here if training not in begun]
        lines += [f"  failed      {training.experiment}" for training in left if training.title in failed]
        lines += [f"  elsewhere   {sentence}" for sentence in elsewhere]
        lines += [f"  no data     {name}: {', '.join(files)}" for name, files in paper.missing.items()]
    if seconds:
        where = "here or on another machine (python -m verifig pack takes unfinished work along)"
        lines.append(f"about {numbers.seconds(seconds)} left; {arguments.this_command()} goes on, {where}")
    return lines


def _paper(slug: str, scale: str, device: str, seeds: int | None, data_dir: Path, out: Path, last_stage: str) -> Paper:
    ruleset = rulesets.load(slug)
    names = ruleset.experiments(scale)
    downloads.fetch(ruleset, scale, names, data_dir)
    train_jobs, missing = jobs.training(slug, scale, {name: {} for name in names}, device, seeds, data_dir)
    folders.protect(out, slug, scale, train_jobs, missing, last_stage)
    layout = Layout(Path(out), scale, slug)
    return Paper(layout, [Training(layout, name, job) for name, job in train_jobs.items()], missing)


def _judge(paper: Paper, last_stage: str, stop: Stop) -> None:
    """Measure, judge and report a paper all of whose experiments are finished, unless that was done before."""
    made = {training.experiment: training.made() for training in paper.trainings}
    if not made or None in made.values():
        return
    slug, scale = paper.layout.slug, paper.layout.scale
    planned = jobs.after(slug, scale, made, paper.missing)
    if provenance.problem(paper.layout.provenance(last_stage), key(planned[last_stage])) is None:
        return
    if alone.time_to_finish(paper.layout, last_stage) > stop.seconds_left:
        print(f"{slug} is finished, but the time is up before it could be judged: the same command does that")
        return
    alone.finish(slug, scale, made, paper.layout, last_stage, paper.missing)
