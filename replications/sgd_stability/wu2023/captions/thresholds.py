"""Captions of exact thresholds: on random instances, over batch sizes, and where linearised SGD leaves a minimum."""

import pandas as pd

from replications.sgd_stability.wu2023 import plots
from replications.sgd_stability.wu2023.captions.common import Caption, Run, joined
from verifig.pages import marked
from verifig.pages.figures import pick
from verifig.pages.page import Page


def oracles() -> Caption:
    """What is computed, and how tight the bounds are."""
    return {
        "alt": "Left: threshold of population regression in ten dimensions over batch sizes, computed points and closed forms. Right: three bounds divided by the exact threshold on random instances.",
        "note": lambda population, bounds: (
            f"Left, points: computed from fourth moments; lines: closed forms. Right, points: {len(bounds)} random instances at batch size 1, each row sorted. "
            "Left of the dashed line a bound is sufficient for stability, right of it only necessary. The middle bound needs two moments only;"
            f" its median over the instances is {_median(bounds, 'fourth_moment_bound')} times the exact threshold, that of the trace bound "
            f"{_median(bounds, 'trace_bound')} times."
        ),
    }


def _median(bounds: pd.DataFrame, name: str) -> str:
    return marked.of_table(f"{bounds[name].median():.3g}", bounds, name, "median of")


def batch_size(page: Page) -> Caption:
    """Traces by batch size, and the largest learning rate over threshold."""
    run = Run(page, "batch_size")
    used, rate = run.used(), run.rates()[0]
    sizes = sorted(used["batch_sizes"])
    traces = joined([f"{run.of('tr', condition='base', axis=rate, batch=size)} at batch size {size}" for size in sizes])
    return {
        "alt": lambda: (
            f"Left: trace at the end over batch sizes, with the bound 2B/eta and the initial value: {traces}. Right: learning rate over exact threshold, at most "
            f"{run.of('worst_threshold_ratio', 'max', condition='base')} in a converged run."
        ),
        "note": lambda runs: (
            f"Diagonal network, η = {rate:g}, {used['steps']:,} steps, sampling {'with' if used['replacement'] else 'without'} replacement. "
            + run.bands(runs, "base")
            + _idle_sizes(runs)
        ),
    }


def _idle_sizes(runs: pd.DataFrame) -> str:
    """At which batch sizes the bound says nothing, if at any."""
    groups = pick(runs, model="batch_size", condition="base").groupby("batch_size")
    idle = [str(size) for size, rows in groups if (rows["initial_trace_ratio"] <= size).all()]
    return f" At batch size {joined(idle)} the start already obeys 2B/η." if idle else ""


def escape(page: Page) -> Caption:
    """Where the growth rate turns positive, and over what medians are taken."""
    run = Run(page, "escape")
    used = run.used()
    return {
        "alt": lambda: (
            "Left: median loss over steps by learning rate. Right: growth rate over the learning rate in units of the exact threshold; it turns positive at "
            f"{run.of('boundary', 'range')} over the groups of replicas."
        ),
        "note": lambda losses, growth: (
            f"One minimum, {used['seeds']} groups of {used['replicas']} replicas with their own starting points and sample order. Left, lines: median over groups of the median loss of "
            "a group, bands: range over groups; losses beyond the axis are cut. Right: growth of the natural logarithm of the median loss over the last half of the steps; line: median "
            "over groups." + _left_out(growth)
        ),
    }


def _left_out(growth: pd.DataFrame) -> str:
    """Which ratios the right panel does not show, if any."""
    beyond = [f"{ratio:g}" for ratio in sorted(growth["x"].unique()) if ratio > plots.NEAR]
    return f" η/η* = {joined(beyond)} is left out on the right." if beyond else ""
