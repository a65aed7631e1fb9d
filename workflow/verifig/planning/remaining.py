"""What is left of a training job by the clock: from the rate measured so far or last time, else as configured."""

from dataclasses import dataclass

from verifig.ground.errors import InputError
from verifig.ground.files import read_json
from verifig.ground.paths import Layout
from verifig.planning import forecast, rulesets
from verifig.planning.unfinished import Unfinished

SO_FAR = "at its rate so far"
LAST_TIME = "as last time"
CONFIGURED = "as configured"
CONFIGURED_FOR_GPU = "as configured for a GPU"  # what the configuration says of the paper scale, of a CPU


@dataclass(frozen=True)
class Remaining:
    """Seconds of the clock that a training job still takes, and how that is known."""

    seconds: float
    source: str


def of(layout: Layout, experiment: str, device: str, begun: Unfinished | None) -> Remaining:
    """What is left of an experiment that is not finished.

    Args:
        device: the kind that it will run on.
        begun: its unfinished work that goes on, if there is some.
    """
    whole = _last_time(layout, experiment, device) or _configured(layout, experiment, device)
    if begun is None or begun.seconds_left is None:
        return whole
    if begun.part > 1:  # more parts may follow, of which it says nothing
        return Remaining(max(begun.seconds_left, whole.seconds - begun.seconds), SO_FAR)
    return Remaining(begun.seconds_left, SO_FAR)


def _last_time(layout: Layout, experiment: str, device: str) -> Remaining | None:
    """By the record of a finished run of the experiment, at this scale and on this kind of device."""
    try:
        record = read_json(layout.provenance(experiment))
        if record["job"]["device"] == device:
            return Remaining(float(record["wall_seconds"]), LAST_TIME)
    except (InputError, KeyError, TypeError, ValueError):
        pass
    return None


def _configured(layout: Layout, experiment: str, device: str) -> Remaining:
    seconds = rulesets.load(layout.slug).entry(experiment, layout.scale).expected_seconds or forecast.UNKNOWN
    if layout.scale == "paper":
        return Remaining(seconds, CONFIGURED if device == "cuda" else CONFIGURED_FOR_GPU)
    return Remaining(seconds * forecast.slowness(), CONFIGURED)  # of the reference machine's processor
