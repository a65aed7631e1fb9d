"""Captions of StableMax against softmax: Figures 1b, 3 and 4."""

import math

from replications.grokking.prieto2025 import arms
from replications.grokking.prieto2025.captions.common import ONLY_PAPER, Caption, Run
from replications.grokking.prieto2025.plotting.stablemax import EXP_CUT
from verifig.pages.page import Page


def fig1b(page: Page) -> Caption:
    """Test accuracies at the end."""
    run = Run(page, arms.experiment(page, "stablemax"))
    stablemax, softmax = run.used("stablemax"), run.used("softmax64")
    return {
        "alt": lambda: (
            f"Accuracy against epochs. Test accuracy ends at {run.final('stablemax')} with StableMax "
            f"and at {run.final('softmax64')} with softmax in float64."
        ),
        "note": lambda: (
            f"{run.task('stablemax').capitalize()}; learning rate {stablemax['learning_rate']:g}, beta2 = {stablemax['beta2']:g} with StableMax, "
            f"{softmax['beta2']:g} with softmax. Diamonds: the paper's StableMax, at p = "
            f"{page.paper('fig1b_test')['modulus']}. Epoch 0 is left out of the log axis."
        ),
    }


def fig3() -> Caption:
    """The two functions, and where the axis ends."""
    return {
        "alt": "s(x) and exp(x): equal value and slope at 0, s grows linearly for positive x and falls off slowly for negative x.",
        "note": f"Left: the axis ends at {EXP_CUT}, exp(x) goes on. Right: the same on a log axis.",
    }


def fig4_norm(page: Page) -> Caption:
    """How much the norm grows."""
    run, names = Run(page, arms.experiment(page, "stablemax")), arms.norms(page)
    ratios = ", ".join(f"{run.of('norm_ratio', name)}-fold ({label})" for name, label in names.items())
    growth = f"From start to end the norm grows {ratios}."
    paper = page.paper("fig4_norm")
    theirs = f"The paper's, at p = {paper['modulus']}: from about {paper['start']} to {paper['end']:,} at epoch {paper['epoch']:,}."
    whose = "" if len({run.seeds(name) for name in names}) == 1 else " with StableMax"
    return {
        "alt": lambda: f"Left: L2 norm of the weights on a log axis. Right: test accuracy. {growth}",
        "note": lambda: (
            f"{run.task('stablemax').capitalize()}{whose}. {growth} {theirs} Epoch 0 is left out of the log axes."
        ),
    }


def fig4_codes(page: Page) -> Caption:
    """Accuracies at the end by length of the code."""
    run, names = Run(page, "slow113"), arms.codes(page)
    return {
        "alt": lambda: (
            "Train and test accuracy against epochs. "
            + " ".join(
                f"With {label} they end at {run.final(name, 'train')} and {run.final(name)}."
                for name, label in names.items()
            )
        ),
        "note": lambda: f"{run.task('codes14').capitalize()}, learning rate {run.used('codes14')['learning_rate']:g}.",
    }


def fig4_codes_text(page: Page) -> str:
    """The same with seeds, and whether any of these networks generalises."""
    run, names = Run(page, "slow113"), arms.codes(page)
    highest = max((run.mean("max_test_accuracy", name) for name in names), default=math.nan)
    return " ".join(
        f"With {label}, training accuracy ends at {run.final(name, 'train')} and test accuracy at "
        f"{run.final(name)} on average over {run.seeds(name)}."
        for name, label in names.items()
    ) + (
        " **The paper's picture is not seen**: within "
        f"{run.used('codes14')['epochs']:,} epochs these networks do not generalise."
        if highest < 0.5
        else ""
    )


def fig4_parity(page: Page) -> Caption:
    """Test accuracy at the end, or what the points are."""
    if page.scale != "paper":
        return {
            "alt": "Test accuracy on sparse parity with StableMax over epochs: the paper's points and those of Chou's replication.",
            "note": f"{ONLY_PAPER} Triangles: Chou's replication, which is slower by far.",
        }
    return {
        "alt": lambda: (
            "Train and test accuracy on sparse parity with StableMax; test accuracy ends at "
            f"{Run(page, 'parity').final('base', take='range')}."
        ),
        "note": "Triangles: Chou's replication.",
    }
