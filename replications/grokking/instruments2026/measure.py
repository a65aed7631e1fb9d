"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from replications.grokking.instruments2026.timing import departure, half_step, octaves, over, progress
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, difference, first_crossing, melt, paired, ratio
from verifig.training.artifacts import Artifact

EXPERIMENT = "together"
ORDER = ("alignment", "kernel_distance", "feature_gradient", "kernel_alignment", "norm", "moved_hidden", "purity", "participation")  # fmt: skip
"""Instruments from the earliest on, as a pilot on other seeds found them."""
WATCHED = (*ORDER, "moved_output", "collapsed")
INSTRUMENTS = (*WATCHED, "scrambled_participation")  # the last is a control: no instrument of a paper
ACCURACIES = ("test_accuracy", "train_accuracy")
RELATIVE = ("norm", "feature_gradient")  # departures in units of the first value
LEARNT, MOVES = 0.5, 0.1  # departures below which an accuracy, and an instrument, counts as one that does not move
EXCESS = 0.2  # share of its way below which what an instrument does beyond the control is not dated
MOVED = 0.1  # cosine distance at which Tian's layers are compared, as on that paper's page
TOLD = 2  # times what an instrument ever does on a shuffled table: beyond that it tells the tables apart
PAIRS = (*itertools.pairwise(ORDER), ("feature_gradient", "moved_output"), ("moved_output", "moved_hidden"))
RAW = ("test_accuracy", "collapsed", "norm", "purity", "participation", "scrambled_participation")

Halves = dict[str, tuple[np.ndarray, np.ndarray]]


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from the runs."""
    if EXPERIMENT not in artifacts:
        return
    series = Series(artifacts[EXPERIMENT], "steps")
    paths, leads = [], []
    for condition in series.settings:
        halves = dated(series, condition)
        _ends(series, condition, out)
        _times(series, condition, halves, out)
        if control_of(condition) in series:
            shares = _against_control(series, condition, halves, out)
            paths += drawn(series, condition)
            leads.append(shares)
    if {"plain", "plain_double"} <= set(series.settings):
        kept = difference(series.last("plain_double", "purity"), series.last("plain", "purity"))
        out.per_seed(EXPERIMENT, "purity_kept", kept)
    raw = [
        melt(
            {name: series[each, name] for name in RAW}, condition=each, seed=range(series.seeds(each)), x=series.points
        )
        for each in series.settings
    ]
    for name, frames in (("curves", raw), ("progress", paths), ("leads", leads)):
        if frames:
            out.curve(f"{EXPERIMENT}_{name}", pd.concat(frames))


def control_of(condition: str) -> str:
    """The same network on a table whose sums are permuted over the pairs."""
    return f"{condition}_shuffled"


def defined(series: Series, condition: str) -> list[str]:
    """Accuracies and the instruments that a condition has: collapse needs a softmax."""
    softmax = series.settings[condition]["loss"] == "softmax"
    return [name for name in (*ACCURACIES, *INSTRUMENTS) if softmax or name != "collapsed"]


def watched(series: Series, condition: str) -> list[str]:
    """The papers' instruments that a condition has."""
    return [name for name in defined(series, condition) if name in WATCHED]


def away(series: Series, condition: str, name: str) -> np.ndarray:
    """Departures [seeds, T] of an instrument or an accuracy."""
    return departure(series[condition, name], relative=name in RELATIVE)


def dated(series: Series, condition: str) -> Halves:
    """By accuracy and instrument, the step by which it has gone half way, and whether it does not move [seeds]."""
    return {
        name: half_step(series.points, away(series, condition, name), LEARNT if name in ACCURACIES else MOVES)
        for name in defined(series, condition)
    }


def _ends(series: Series, condition: str, out: Tables) -> None:
    name = {"condition": condition}
    for field in ACCURACIES:
        out.per_seed(EXPERIMENT, f"final_{field}", series.last(condition, field), name)
    out.per_seed(EXPERIMENT, "euler", series[condition, "euler"].max(1), name)
    if series.settings[condition]["loss"] == "softmax":
        out.per_seed(EXPERIMENT, "peak_collapsed", series[condition, "collapsed"].max(1), name)
    (hidden, stays), (output, rests) = (
        first_crossing(series.points, series[condition, f"moved_{layer}"], MOVED) for layer in ("hidden", "output")
    )
    out.per_seed(EXPERIMENT, "hidden_delay", ratio(hidden, output), name, never=stays | rests)


def _times(series: Series, condition: str, halves: Halves, out: Tables) -> None:
    """How far everything departs, when it has gone half way, and how many octaves before the accuracies that is."""
    for name, (step, never) in halves.items():
        place = {"condition": condition, "instrument": name}
        out.per_seed(EXPERIMENT, "departure", away(series, condition, name).max(1), place)
        out.per_seed(EXPERIMENT, "half_step", step, place, never=never)
        for statistic, accuracy in (("lead", "test_accuracy"), ("lead_over_fit", "train_accuracy")):
            learnt, unlearnt = halves[accuracy]
            out.per_seed(EXPERIMENT, statistic, octaves(learnt, step), place, never=never | unlearnt)
    for first, second in PAIRS:
        (early, unseen), (late, never) = halves[first], halves[second]
        place = {"condition": condition, "pair": f"{first}/{second}"}
        out.per_seed(EXPERIMENT, "lead_gap", octaves(late, early), place, never=unseen | never)


def _against_control(series: Series, condition: str, halves: Halves, out: Tables) -> pd.DataFrame:
    """What everything does on a shuffled table too, when it tells the tables apart, when it has half of its excess.

    Returns:
        by instrument and seed: lead, told_lead, share.
    """
    seeds = min(series.seeds(condition), series.seeds(control_of(condition)))
    (test, unlearnt), (fit, unfitted) = ([each[:seeds] for each in halves[name]] for name in ACCURACIES)
    apart = {name: told(series, condition, name) for name in (*ACCURACIES, *watched(series, condition))}
    frames = []
    for name, (step, never) in apart.items():
        place = {"condition": condition, "instrument": name}
        own, other = (away(series, each, name)[:seeds].max(1) for each in (condition, control_of(condition)))
        half, still = (each[:seeds] for each in halves[name])
        leads = np.where(still | unlearnt, np.nan, octaves(test, half))
        told_leads, untold = octaves(apart["test_accuracy"][0], step), never | apart["test_accuracy"][1]
        beyond = np.abs(excess(series, condition, name)).max(1)
        later, _ = half_step(series.points, np.abs(excess(series, condition, name)), 0)
        out.per_seed(EXPERIMENT, "control_share", over(other, own), place)
        out.per_seed(EXPERIMENT, "told_lead", told_leads, place, never=untold)
        out.per_seed(EXPERIMENT, "told_before_fit", octaves(fit, step), place, never=never | unfitted)
        out.per_seed(EXPERIMENT, "excess_share", beyond, place)
        out.per_seed(EXPERIMENT, "excess_lead", octaves(test, later), place, never=unlearnt | ~(beyond >= EXCESS))
        found = {"lead": leads, "told_lead": np.where(untold, np.nan, told_leads), "share": over(other, own)}
        frames.append(melt(found, condition=condition, instrument=name, seed=range(seeds)))
    return pd.concat(frames)


def told(series: Series, condition: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """First step by which something has gone `TOLD` times as far as it ever does on the shuffled table; whether never [seeds]."""
    own, other = paired(away(series, condition, name), away(series, control_of(condition), name))
    return first_crossing(series.points, np.nan_to_num(over(own, TOLD * other.max(1, keepdims=True))), 1)


def excess(series: Series, condition: str, name: str) -> np.ndarray:
    """What a value has changed by beyond its change on the shuffled table, over its largest departure [seeds, T]."""
    beyond = difference(series[condition, name], series[control_of(condition), name])
    largest = departure(series[condition, name])[: len(beyond)].max(1, keepdims=True)
    return over(beyond - beyond[:, :1], largest)


def drawn(series: Series, condition: str) -> list[pd.DataFrame]:
    """Paths of everything from 0 to 1, those on the shuffled table in the same units, and the excess of the former."""
    frames = []
    for name in defined(series, condition):
        own, other = away(series, condition, name), away(series, control_of(condition), name)
        seeds = min(len(own), len(other))
        paths = {"sums": progress(own), "shuffled": over(other[:seeds], own[:seeds].max(1, keepdims=True))}
        if name in (*WATCHED, "test_accuracy"):
            paths["beyond"] = excess(series, condition, name)
        frames += [
            melt(path, condition=condition, table=table, instrument=name, seed=range(len(path)), x=series.points)
            for table, path in paths.items()
        ]
    return frames
