"""Training jobs of the smoke scale that end early, for the tests of slices, packs and the paper scale."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from verifig.ground.errors import Stopped
from verifig.ground.keys import key
from verifig.ground.paths import Layout
from verifig.planning import jobs
from verifig.running.stages.train import train
from verifig.running.stopping import Stop
from verifig.training import artifacts

SLUG, SCALE = "prieto2025", "smoke"


class Ticks:
    """A clock on which a second passes whenever it is read."""

    def __init__(self):
        self.seconds = 0

    def __call__(self) -> float:
        self.seconds += 1
        return float(self.seconds)


class _Ticking(Stop):
    def _alarm(self, seconds: float) -> None:
        """Never: its seconds are none of the clock on the wall."""


def ticking(seconds: float | None = None) -> Stop:
    """A `Stop` whose time passes with the questions it is asked."""
    return _Ticking(seconds, Ticks())


def after(questions: int) -> Callable[[], bool]:
    """True from the given question on."""
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) >= questions

    return stop


def job(experiment: str) -> dict:
    return jobs.train(SLUG, experiment, SCALE, "cpu")


def layout(results: Path) -> Layout:
    return Layout(results, SCALE, SLUG)


def finish(results: Path, experiment: str) -> Path:
    """Train an experiment to its end, from its checkpoint if it has one; returns its artifact."""
    place = layout(results)
    record, checkpoint = place.provenance(experiment), place.checkpoint(experiment)
    train(job(experiment), place.artifact(experiment), record, checkpoint, log=lambda text: None)
    return place.artifact(experiment)


def begin(results: Path, experiment: str, questions: int) -> Path:
    """Train an experiment until it has asked so often whether to end; returns its checkpoint."""
    place = layout(results)
    paths = place.artifact(experiment), place.provenance(experiment), place.checkpoint(experiment)
    with pytest.raises(Stopped, match="its checkpoint is saved"):
        train(job(experiment), *paths, log=lambda text: None, stop=after(questions))
    return place.checkpoint(experiment)


def forge(checkpoint: Path, job: Mapping | None = None, **facts: object) -> None:
    """Rewrite a checkpoint as that of another job, with its key, and with other facts."""
    stored = artifacts.read(checkpoint)
    facts = stored.meta["facts"] | facts | ({} if job is None else {"job": dict(job)})
    meta = stored.meta | {"facts": facts} | ({} if job is None else {"key": key(job)})
    artifacts.write(checkpoint, stored, meta)
