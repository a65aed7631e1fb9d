"""What a run will cost: processor and wall time of the jobs that are waiting, start-up included."""

import functools
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from verifig.ground import numbers
from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.paths import Layout
from verifig.planning import rulesets

# CPU seconds that a job takes beside its stage. Measured on runs of the smoke scale (user and system time of Snakemake
# and all its children, less the stages' own): a training job imports torch, any other pandas or matplotlib.
START_TRAINING = 4.0
START_OTHER = 2.0
STAGE = 1.0  # of measure, judge, report and site, where no record says more
UNKNOWN = 60.0  # of a training job of which the configuration says nothing
PLANNING = 1.5  # of Snakemake, a rule set
REFERENCE = 5.6e-3  # CPU seconds of `_work` on the machine on which these and every `expected_seconds` were measured
CHAIN = 4  # measure, judge, report and site follow the last training job one after the other


@dataclass
class Forecast:
    """Jobs of all rule sets that are to run, and their CPU seconds."""

    training: int = 0
    others: int = 0
    seconds: float = 0.0
    longest: float = 0.0  # of a training job
    rule_sets: int = 0

    def add(self, waiting: Sequence[tuple[str, float]], others: Collection[str]) -> None:
        """Count the stages of a rule set that are to run, each with its CPU seconds; `others` are not training."""
        self.rule_sets += bool(waiting)
        for stage, cost in waiting:
            training = stage not in others
            self.training += training
            self.others += not training
            self.seconds += cost
            self.longest = max(self.longest, cost if training else 0.0)

    @property
    def cpu_seconds(self) -> float:
        """Of all jobs, the site, and Snakemake itself."""
        return self.seconds + START_OTHER + STAGE + PLANNING * self.rule_sets if self.seconds else 0.0

    def sentence(self, cores: int) -> str:
        """What will run, and how long it will take on so many cores."""
        if not self.training and not self.others:
            return "everything is up to date"
        wall = PLANNING * self.rule_sets + max(self.seconds / cores, self.longest + CHAIN * (START_OTHER + STAGE))
        count = f"{self.training} training job{'s' * (self.training != 1)}" if self.training else "no training"
        return (
            f"{count} and {self.others + 1} others to run, start-up included about {numbers.seconds(self.cpu_seconds)} of processor"
            f" time, {numbers.seconds(wall)} on {cores} cores"
        )


@functools.cache
def slowness() -> float:
    """How many times as long as on the reference machine a job takes here, by a small computation; within a tenth to ten."""
    return min(max(min(_work() for _ in range(9)) / REFERENCE, 0.1), 10.0)


def _work() -> float:
    """CPU seconds of matrix products and elementwise functions as in training, at the size of its layers."""
    x = np.linspace(-1, 1, 128 * 128, dtype=np.float32).reshape(128, 128)
    start = time.process_time()
    for _ in range(100):
        x = np.tanh(x @ x.T / 16)
    return time.process_time() - start


def cpu_seconds(layout: Layout, stage: str, training: bool) -> float:
    """CPU seconds of a job: start-up, and its stage as last time, else as configured for a machine of this speed."""
    try:
        own = float(read_json(layout.provenance(stage))["cpu_seconds"])
    except (InputError, KeyError, TypeError, ValueError):
        entry = rulesets.load(layout.slug).entry(stage, layout.scale) if training else None
        own = slowness() * (STAGE if entry is None else entry.expected_seconds or UNKNOWN)
    return own + slowness() * (START_TRAINING if training else START_OTHER)
