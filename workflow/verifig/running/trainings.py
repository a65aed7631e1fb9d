"""A training job with its place below a results folder: finished, unfinished or not begun, and what is left of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from verifig.ground import numbers
from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.keys import key
from verifig.ground.paths import Layout
from verifig.planning import machines, provenance, remaining, unfinished
from verifig.planning.remaining import Remaining
from verifig.planning.unfinished import Unfinished


@dataclass(frozen=True)
class Training:
    """The training of one experiment, as it would run here."""

    layout: Layout
    experiment: str
    job: Mapping

    @property
    def title(self) -> str:
        return f"{self.layout.slug}.{self.experiment}"

    def made(self) -> Mapping | None:
        """The job of the finished artifact, or None: this one, or the same work as another machine has done it."""
        record = self.layout.provenance(self.experiment)
        if not record.exists():
            return None
        try:
            job = read_json(record)["job"]
            same = not machines.differing(job, self.job) and provenance.problem(record, key(job)) is None
        except (InputError, KeyError, TypeError, AttributeError):  # a damaged record: it is made again
            return None
        return job if same else None

    def begun(self) -> Unfinished | None:
        """Its unfinished work, if it goes on here: a checkpoint belongs to one job and its key."""
        found = unfinished.find(self.layout.checkpoint(self.experiment))
        return found if found is not None and found.key == key(self.job) else None

    def elsewhere(self) -> str | None:
        """A sentence if its unfinished work was begun on a machine whose work does not go on here, or None."""
        path = self.layout.checkpoint(self.experiment)
        found = unfinished.find(path)
        if found is None or found.key == key(self.job) or machines.differing(found.job, self.job):
            return None
        return (
            f"{self.title}: {path} is unfinished work ({found}) that does not go on here "
            f"({machines.difference(found.job, self.job)}): go on there, or remove the file to begin anew"
        )

    def other(self) -> str | None:
        """A sentence if the checkpoint beside the artifact is of other work, and will be written over, or None."""
        found = unfinished.find(self.layout.checkpoint(self.experiment))
        differing = [] if found is None else machines.differing(found.job, self.job)
        return f"{self.title}: begun anew, what was unfinished has other {differing[0]}" if differing else None

    def remaining(self) -> Remaining:
        """What is left of it, if it is not finished."""
        return remaining.of(self.layout, self.experiment, self.job["device"], self.begun())

    def sentence(self) -> str:
        """Of one that is not finished: `precision113: 77 % done, about 5.1 min left (at its rate so far)`."""
        begun, left = self.begun(), self.remaining()
        state = f"{begun}, about {numbers.seconds(left.seconds)} left" if begun else None
        state = state or f"not begun, about {numbers.seconds(left.seconds)}"
        return f"{self.experiment}: {state} ({left.source})"
