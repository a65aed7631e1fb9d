"""Captions of collapse brought about: Figures 8 and 14."""

from replications.grokking.prieto2025 import arms
from replications.grokking.prieto2025.captions.common import ONLY_PAPER, Caption, Run
from verifig.pages.page import Page


def fig8(page: Page) -> Caption:
    """Test accuracies at the end, or what the points are."""
    if page.scale != "paper":
        return {
            "alt": "The paper's test accuracy at the end with and without the correct-class logits in the loss.",
            "note": ONLY_PAPER,
        }
    run = Run(page, "zeroed113")
    return {
        "alt": lambda: (
            "Test accuracy with and without the correct-class logits in the loss: it ends at "
            f"{run.final('zeroed')} without and {run.final('not_zeroed')} with them."
        ),
        "note": lambda: f"{run.task('zeroed').capitalize()}.",
    }


def fig14(page: Page) -> Caption:
    """Test accuracies and collapsed shares at the end."""
    run, names = Run(page, "mnist200"), arms.mnist(page)
    used = run.used("x100")
    return {
        "alt": lambda: (
            f"Left: test accuracy, which ends at {run.by_label('final_test_accuracy', names, percent=True)}. "
            f"Right: share of collapsed samples, at the end {run.by_label('final_collapsed', names, percent=True)}."
        ),
        "note": lambda: (
            f"MNIST, {used['train_size']} training and {used['test_size']:,} test images, width "
            f"{used['width']}, {used['epochs']:,} epochs, learning rate "
            f"{used['learning_rate']:g}, {run.seeds_of(names)}. A sample counts as collapsed also where its largest "
            "logit belongs to a wrong class, as it can before it is fitted."
        ),
    }


def fig14_text(page: Page) -> str:
    """Whether test accuracy moves, without weight decay and with it."""
    run, names = Run(page, "mnist200"), arms.mnist(page)
    return (
        f"With {names['x100']} test accuracy goes from {run.of('initial_test_accuracy', 'x100', percent=True)} to "
        f"{run.of('test_accuracy', 'x100', percent=True, epoch=300)} in the first 300 epochs; "
        f"from epoch 500 on it changes by at most {run.points('test_range_after_500', 'x100', 'max')} in any run. "
        f"With {names['x100_wd3']} the collapsed share is {run.of('collapsed', 'x100_wd3', percent=True, epoch=1000)} at epoch 1,000, and test "
        f"accuracy changes by {run.points('test_gain_after_300', 'x100_wd3')} after epoch 300."
    )
