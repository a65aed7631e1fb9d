"""Training in slices of time: one job after the other until all are done, the time is up, or a signal comes."""

import importlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from verifig.ground import numbers
from verifig.ground.errors import InputError, RunError, Stopped
from verifig.ground.keys import key
from verifig.planning import machines
from verifig.running import arguments, leftovers
from verifig.running.bar import bar
from verifig.running.stopping import Stop
from verifig.running.trainings import Training


def require_here(trainings: Iterable[Training]) -> None:
    """Raise before any work if unfinished work lies where it would be written over and is not to be had again.

    Raises:
        InputError: it was begun on a machine whose work does not go on here.
    """
    for training in trainings:
        if (sentence := training.elsewhere()) and training.made() is None:
            raise InputError(sentence)


def train(
    trainings: Sequence[Training], stop: Stop, data_dir: Path, failed: list[str] | None = None
) -> dict[str, Mapping]:
    """Train one after the other; returns the jobs of what is finished, by title: of all, unless it was time to end.

    A job that another machine has finished counts as it is. Why it ended before is printed in one sentence.

    Args:
        failed: is given the titles of jobs that fail, whose sentences are printed; the others go on.

    Raises:
        RunError, InputError: a job failed, and no list was given.
    """
    made = {training.title: training.made() for training in trainings}
    if None in made.values():
        importlib.import_module("verifig.running.stages.train")  # torch: seconds, which nothing should cut
    finished: dict[str, Mapping] = {}
    try:
        with stop.listening():
            for training in trainings:
                if (job := made[training.title]) is not None:
                    _keep(training, job)
                elif stop():
                    raise Stopped("ended between two experiments")
                else:
                    stop.begin()
                    job = training.job
                    try:
                        _train(training, stop, data_dir)
                    except (RunError, InputError) as error:
                        if failed is None:
                            raise
                        print(f"error: {error}", file=sys.stderr)
                        failed.append(training.title)
                        continue
                finished[training.title] = job
            if stop.signal is not None:
                raise Stopped("ended after the last experiment")
    except Stopped as stopped:
        if stop.signal is None:
            print(f"{stop.cause}: {stopped}")
        else:
            print(f"{stop.cause}: {stopped}; the same command goes on: {arguments.this_command()}", file=sys.stderr)
    return finished


def _keep(training: Training, job: Mapping) -> None:
    leftovers.remove_checkpoint(training.layout, training.experiment)
    where = "" if key(job) == key(training.job) else f" ({machines.difference(job, training.job)})"
    print(f"{training.title}: finished before, kept{where}")


def _train(training: Training, stop: Stop, data_dir: Path) -> None:
    from verifig.running.stages.train import train as stage

    layout, name, before = training.layout, training.experiment, training.begun()
    if sentence := training.other():
        print(sentence)
    try:
        with bar(training.title) as shown:
            stage(
                training.job,
                layout.artifact(name),
                layout.provenance(name),
                layout.checkpoint(name),
                data_dir,
                log=print if shown is None else (lambda text: None),
                on_progress=shown and shown.advance,
                stop=stop,
                course=layout.course(name),
                on_rows=shown and shown.measured,
            )
    except Stopped:
        after = training.begun()
        if stop.signal is None and (after is None or (before is not None and after.further <= before.further)):
            print(f"{training.title}: nothing more of it was finished, for its parts take longer: give it more minutes")
        raise
    print(f"wrote {layout.artifact(name)}")


def told(trainings: Iterable[Training], last_stage: str) -> list[str]:
    """What is finished and what is left, in sentences, and the command that goes on."""
    trainings = list(trainings)
    left = [training for training in trainings if training.made() is None]
    done = [training.experiment for training in trainings if training not in left]
    seconds = sum(training.remaining().seconds for training in left)
    later = "" if last_stage == "train" else "nothing is judged before all of it is finished; "
    return [
        f"finished: {', '.join(done) or 'nothing'}",
        *(training.sentence() for training in left),
        f"about {numbers.seconds(seconds)} left in all; {later}the same command goes on, here or on another machine: "
        + arguments.this_command(),
    ]
