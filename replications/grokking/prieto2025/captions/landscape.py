"""Captions of trajectories over the loss surface: Figure 7."""

from replications.grokking.prieto2025 import arms
from replications.grokking.prieto2025.captions.common import Caption, Run
from verifig.pages.page import Page


def fig7(page: Page) -> Caption:
    """How losses change from start to end, and how much of a path lies in its plane."""
    run, names = Run(page, "landscape53"), arms.trajectories(page)
    sgd = run.used("sgd")
    return {
        "alt": lambda: (
            "One run of each arm over sections of its own training and test loss, and both losses over epochs. Means over "
            f"{run.seeds_of(names)}: "
            + " ".join(
                f"{label}: from start to end the training loss changes by a factor "
                f"{run.of('train_loss_end_over_start', name)}, the test loss by {run.of('test_loss_end_over_start', name)}."
                for name, label in names.items()
            )
        ),
        "note": lambda: (
            f"{run.task('sgd').capitalize()}, learning rate {sgd['learning_rate']:g} "
            f"({run.used('perp_sgd')['learning_rate']:g} for perpSGD), momentum "
            f"{sgd['momentum']:g}; drawn is the first seed of each. "
            "Axes: along the line from start to end, and sideways; dark is low. Every panel has scales of its own, and the losses of perpSGD are StableMax's, so levels "
            "cannot be compared between columns. Between the three points where a run touches its plane it lies beside it, and the shading is not its loss there: the plane "
            f"holds at least {run.by_label('lowest_share_in_plane', names, percent=True)} of the squared distance from the start."
        ),
    }
