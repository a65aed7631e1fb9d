"""A sweep: one what-if for every combination of values, beside the same run without them, and what came of it."""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from verifig.ground import numbers
from verifig.ground.errors import InputError
from verifig.ground.paths import ROOT, Layout
from verifig.planning import userconfig
from verifig.planning.devices import resolve
from verifig.running import alone, folders, together
from verifig.running.stopping import Stop
from verifig.running.trainings import Training

BASELINE = "as_configured"
TOGETHER = ".together"  # folder of what is trained for several runs, until it is done
MOST = 64  # combinations


def run(
    slug: str,
    experiments: list[str],
    scale: str,
    values: Mapping[str, Sequence[Any]],
    seeds: int | None,
    device: str,
    last_stage: str,
    out: Path,
    only: Sequence[str] = (),
    minutes: float | None = None,
) -> int:
    """Make every run in a folder of its own below `out` (see `alone.run`), then compare them.

    The run to compare with has the settings of one value each, and those of several as they are configured. What runs
    have in common is trained once, and their members as one ensemble where the program allows (see `together`).

    Args:
        values: by dotted name of a setting.
        minutes: for all of them; what is unfinished goes on with the same command.

    Returns:
        The exit code: 0, of a signal 128 and its number.

    Raises:
        InputError: a refused combination, before any work, or too many of them.
    """
    runs = combinations(values)
    stop = Stop(None if minutes is None else 60 * minutes)
    alone.require_packages(last_stage)
    resolve(device)
    trainings: dict[str, list[Training]] = {}
    for label, changes in runs.items():
        jobs, missing = alone.planned(slug, experiments, scale, changes, seeds, device, only)
        folders.protect(out / label, slug, scale, jobs, missing, last_stage)
        trainings[label] = [Training(Layout(out / label, scale, slug), name, job) for name, job in jobs.items()]
    made = [Layout(ROOT / "results", scale, slug)]
    for training in trainings[BASELINE]:
        together.reuse(training, made)
    everything = [training for mine in trainings.values() for training in mine]
    if not together.train(everything, out / TOGETHER, stop, userconfig.load().data):
        return stop.exit_code
    for number, (label, changes) in enumerate(runs.items()):
        what = (
            "settings as configured, to compare with" if label == BASELINE else f"{number} of {len(runs) - 1}, {label}"
        )
        print(f"sweep of {slug}: {what}")
        left = None if minutes is None else max(stop.seconds_left, 0.0) / 60
        if left is not None and left < 0.05:
            print("the time is up: the same command goes on")
            return 0
        for training in trainings[label]:
            together.reuse(training, made)
        made.append(Layout(out / label, scale, slug))
        code = alone.run(
            slug, experiments, scale, changes, seeds, device, last_stage, out / label, only, left, tell=False
        )
        if code:
            return code
    if last_stage in ("judge", "report") and all(
        Layout(out / label, scale, slug).verdicts.exists() for label in runs
    ):  # not where the time was up before all was judged
        from verifig.pages import sweeping

        sweeping.tell({label: out / label for label in runs}, scale, slug, out / "sweep.svg")
    return 0


def combinations(values: Mapping[str, Sequence[Any]]) -> dict[str, dict[str, Any]]:
    """Changes by label: first without the settings that have several values, then every combination of these.

    Raises:
        InputError: more than `MOST` of them, or two that a folder's name cannot tell apart.
    """
    single = {name: given[0] for name, given in values.items() if len(given) == 1}
    swept = {name: given for name, given in values.items() if len(given) > 1}
    found: dict[str, dict[str, Any]] = {BASELINE: single}
    for chosen in itertools.product(*swept.values()):
        changes = dict(zip(swept, chosen, strict=True))
        found.setdefault(label(changes), single | changes)
    count = math.prod(map(len, swept.values()))
    if count > MOST:
        raise InputError(f"these values make {numbers.count(count, 'combination')}, at most {MOST} are run")
    if len(found) <= count:
        raise InputError("two of these values look alike in the name of a folder: give them in two commands")
    return found


def label(changes: Mapping[str, Any]) -> str:
    """`weight_decay=2,width=8`, as the name of a folder: settings by the last part of their names, unless two share it."""
    last = [name.rpartition(".")[2] for name in changes]
    names = last if len({*last}) == len(last) else list(changes)
    text = ",".join(f"{name}={value}" for name, value in zip(names, changes.values(), strict=True))
    return re.sub(r"[^A-Za-z0-9_.,=+-]", "_", text)
