"""Captions of diagonal networks: Figures D1 and D2."""

import pandas as pd

from replications.sgd_stability.wu2023.captions.common import Caption, Run, joined
from verifig.pages import marked
from verifig.pages.page import Page


def task(page: Page) -> str:
    """Network, data and initialisation; how close the trace comes to its bound."""
    run = Run(page, "diagonal")
    used = run.used("sgd")
    return (
        f"The network f(x) = ⟨a∘b, x⟩ learns the sum of {used['support']} of d = {used['dimension']:,} inputs without noise, from {used['samples']} samples uniform on [−1, 1]^d; "
        f"all a_j and b_j start from N(0, 1). Under SGD tr G·η/2 is {run.by_rate(run.rates('sgd'), 'η', 'trace_ratio', condition='sgd')}: how close the trace comes "
        f"to 2/η depends on the rate. Under gradient descent λ_max·η/2 is at most {run.of('lmax_ratio', 'max', condition='gd', axis=max(run.rates('gd')))} "
        "at the largest rate."
    )


def d1(page: Page) -> Caption:
    """Norms of G and test errors at the smallest and the largest learning rate."""
    run = Run(page, "diagonal")
    return {
        "alt": lambda: (
            f"Three log-log panels over learning rates. From the smallest to the largest, SGD: trace {run.ends('sgd', 'tr')}, Frobenius norm {run.ends('sgd', 'fro')}, largest eigenvalue "
            f"{run.ends('sgd', 'lmax')}, test error {run.ends('sgd', 'test_nmse')}. Gradient descent: {run.ends('gd', 'tr')}, {run.ends('gd', 'fro')}, {run.ends('gd', 'lmax')} and {run.ends('gd', 'test_nmse')}."
        ),
        "note": lambda runs: (
            run.bands(runs, "sgd", "gd")
            + " The legend of (b) is also that of (a). (c): mean squared error on fresh inputs over the mean square of their targets."
        ),
    }


def disagreement(page: Page) -> str:
    """How trace, Frobenius norm and largest eigenvalue change over the learning rates of SGD."""
    run = Run(page, "diagonal")
    return (
        "**A known disagreement.** By the independent replication's account the paper finds that under SGD the trace is close to 2/η, the Frobenius norm decreases only "
        "mildly and the largest eigenvalue hardly changes; the replication itself sees both norms fall. "
        f"Here, from η = {min(run.rates('sgd')):g} to {max(run.rates('sgd')):g}, tr G·η/2 goes from {run.ends('sgd', 'trace_ratio')}, ‖G‖_F from {run.ends('sgd', 'fro')} and ‖G‖ from {run.ends('sgd', 'lmax')}. "
        "We do not know the paper's law of the inputs or its learning rates, so this is a note and not a claim."
    )


def d2(page: Page) -> Caption:
    """Where the balance ratio ends, which starts did not converge, and which were clipped."""
    run = Run(page, "balance")
    return {
        "alt": lambda: (
            "Left: balance ratio at the end against that at the start, log-log. Right: the ratio over iterations of SGD, from every start. The largest ratio at the end of SGD is "
            f"{run.of('worst_balance', 'max', condition='sgd')}; gradient descent ends at {run.of('worst_balance_gain', 'min', condition='gd')} times its start or more."
        ),
        "note": lambda runs, series: (
            f"Learning rate {run.rates('sgd')[0]:g}; entries of a from N(0, {run.used()['ratio_variance']:g}), b = ±c·a with c as r at the start asks. "
            + run.bands(runs, "sgd", "gd")
            + _open_starts(runs)
            + _clipped_starts(run)
        ),
    }


def _open_starts(runs: pd.DataFrame) -> str:
    """From which initial ratios runs did not converge, if from any."""
    rows = runs[(runs["model"] == "balance") & ~runs["converged"]]
    starts = joined([f"{ratio:g}" for ratio in sorted(rows["initial_ratio"].unique())])
    told = marked.of_table(starts, rows, "initial_ratio", "those of")
    return f" These start from r = {told}; d5 counts them." if starts else ""


def _clipped_starts(run: Run) -> str:
    """From which initial ratios gradient descent was clipped, if from any, and until when."""
    rate = run.rates("gd")[0]
    last = {
        f"{ratio:g}": run.value("last_clipped", condition="gd", axis=rate, ratio=ratio).max()
        for ratio in run.used("gd")["initial_ratios"]
    }
    found = [ratio for ratio, step in last.items() if step > 0]
    if not found:
        return ""
    told = run.page.formed(
        f"{max(last.values()):,.0f}", run.experiment, "last clipped of gradient descent, largest over starts and seeds"
    )
    return f" From r = {joined(found)} gradient descent is clipped, last at step {told}."
