"""Captions of the projection of the gradient: Figures 1a, 6a and 6b, and what is disputed about them."""

import pandas as pd

from replications.grokking.prieto2025.arms import rate
from replications.grokking.prieto2025.captions.common import ONLY_PAPER, Caption, Run
from replications.grokking.prieto2025.measuring.levels import FIT
from verifig.pages.figures import pick
from verifig.pages.page import Page


def fig1a(page: Page) -> Caption:
    """When perpAdamW learns the sets, and where AdamW ends."""
    run = Run(page, "edge113")
    return {
        "alt": lambda: (
            f"Accuracy against epochs. With perpAdamW train accuracy passes {100 * FIT:g} % at epoch "
            f"{run.of('fit_epoch', 'perp_adamw')} and test accuracy at {run.of('grok_epoch', 'perp_adamw')}. "
            f"With AdamW train accuracy ends at {run.final('adamw', 'train')} and test accuracy at "
            f"{run.final('adamw')}."
        ),
        "note": lambda edge: (
            f"{run.task('perp_adamw').capitalize()}. Diamonds and squares: read off the authors' output, of one seed; "
            f"of AdamW there are none. {_outside(page, edge)}The paper labels the run "
            " 'perpAdamW + StableMax', its script trains plain float32 cross-entropy, as here."
        ),
    }


def _outside(page: Page, edge: pd.DataFrame) -> str:
    """Which of the paper's points lie outside of the range over our seeds, by more than they can be read off by."""
    found = []
    for which in ("train", "test"):
        points, ours = page.paper(f"fig1a_{which}"), pick(edge, condition="perp_adamw", curve=f"{which}_accuracy")
        for epoch, accuracy in zip(points["epoch"], points["accuracy"], strict=True):
            values = 100 * pick(ours, x=epoch)["value"]
            if len(values) and not values.min() - 1 <= accuracy <= values.max() + 1:
                side = "below" if accuracy < values.min() else "above"
                found.append(f"{which} at epoch {epoch} ({side})")
    return f"Outside of the range of our seeds: {', '.join(found)}. " if found else ""


def fig6a(page: Page) -> Caption:
    """Test accuracies at the end."""
    if page.scale != "paper":
        return {
            "alt": "Test accuracy of a one-layer transformer over epochs: the paper's points with perpAdamW, with weight decay and with neither.",
            "note": ONLY_PAPER,
        }
    run, names = Run(page, "transformer"), {"perp_adamw": "perpAdamW", "adamw_wd": "weight decay", "adamw": "AdamW"}
    return {
        "alt": lambda: (
            "Accuracy of a one-layer transformer; at the end test accuracy is "
            f"{run.by_label('final_test_accuracy', names, percent=True)}."
        ),
        "note": lambda: f"{run.task('adamw').capitalize()}.",
    }


def fig6b(page: Page) -> Caption:
    """Test accuracies at the end."""
    slow, delay = Run(page, "slow113"), Run(page, "delay53")
    sgd = delay.used("perp_sgd")
    return {
        "alt": lambda: (
            "Accuracy against epochs with the projection (left) and without (right). At the end test accuracy is "
            f"{slow.final('perp_adamw', take='range')} with perpAdamW, {slow.final('adamw', take='range')} with AdamW, "
            f"{delay.final('perp_sgd', take='range')} with perpSGD and {delay.final('sgd', take='range')} with SGD."
        ),
        "note": lambda: (
            f"Above: {slow.task('perp_adamw')}. Below: {delay.task('perp_sgd')}, momentum {sgd['momentum']:g}, all in "
            f"{sgd['dtype']}. Diamonds and squares: read off the authors' output; of SGD there are none. "
            "Hatched: the plateau of test accuracy in Chou's replication."
        ),
    }


def disputed(page: Page) -> str:
    """What is measured here on the learning rate of Figure 6b, and on the two forms of the projection."""
    slow, delay = Run(page, "slow113"), Run(page, "delay53")
    return (
        f"Our measurements on two of these points: perpAdamW with {rate(page, 'slow113', 'perp_adamw')} ends at "
        f"{slow.final('perp_adamw', take='range')} test accuracy over {slow.seeds('perp_adamw')} after "
        f"{page.settings('slow113')['epochs']:,} epochs. The delay ratio with {rate(page, 'delay53', 'perp_adamw')} is {delay.of('delay_ratio', 'perp_adamw')} "
        f"with the code's projection and {delay.of('delay_ratio', 'perp_vector')} with the text's."
    )
