"""Captions of weight decay: Figures 6c and 15."""

import math

from replications.grokking.prieto2025 import arms
from replications.grokking.prieto2025.captions.common import Caption, Run
from replications.grokking.prieto2025.measuring.levels import FIT
from verifig.pages.page import Page


def fig6c(page: Page) -> Caption:
    """When the sets are learnt, and when the norm is largest."""
    run = Run(page, "delay53")
    return {
        "alt": lambda: (
            f"AdamW with weight decay: train accuracy passes {100 * FIT:g} % at epoch {run.of('fit_epoch', 'adamw_wd4')}, test accuracy at "
            f"{run.of('grok_epoch', 'adamw_wd4')}; the norm is largest at epoch {run.of('norm_peak_epoch', 'adamw_wd4')}. "
            f"With perpAdamW train accuracy passes it at epoch {run.of('fit_epoch', 'perp_adamw')}, test accuracy at "
            f"{run.of('grok_epoch', 'perp_adamw')}."
        ),
        "note": lambda: (
            f"{run.task('adamw_wd4').capitalize()}, learning rate {run.used('adamw_wd4')['learning_rate']:g}; AdamW with weight decay, and "
            f"the accuracy of perpAdamW. Epoch 0 is left out of the log axes. With decay the norm is largest at epoch {run.of('norm_peak_epoch', 'adamw_wd4')} "
            f"({run.of('norm_peak', 'adamw_wd4')}) and {run.of('final_norm', 'adamw_wd4')} at the end; test accuracy passes one half at epoch "
            f"{run.of('half_test_epoch', 'adamw_wd4')}."
        ),
    }


def _labels(page: Page) -> dict[str, str]:
    return {name: f"decay {decay:g}" for name, decay in arms.weight_decays(page).items()}


def fig15(page: Page) -> Caption:
    """Epochs until the test set is learnt."""
    run = Run(page, arms.experiment(page, "decay"))
    decayed, projected = run.used("wd8"), run.used("perp_adamw")
    return {
        "alt": lambda: (
            "Left: test accuracy over epochs by weight decay. Right: epochs to test accuracy "
            f"{FIT:g}: {run.by_label('grok_epoch', _labels(page))}, {run.of('grok_epoch', 'perp_adamw')} with the projection."
        ),
        "note": lambda: (
            f"{run.task('wd8').capitalize()}, learning rate {decayed['learning_rate']:g}. Projection: perpAdamW, with beta2 = "
            f"{projected['beta2']:g} and eps = {projected['eps']:g}; the weight decays have "
            f"{decayed['beta2']:g} and {decayed['eps']:g}. Dots: seeds; triangles: runs that never get there, at the "
            "last epoch, where they may coincide. Dashed: the first epochs of test accuracy 100 % in Chou's tuned runs."
        ),
    }


def fig15_text(page: Page) -> str:
    """Which weight decay is fastest, whether more of it helps, and how high test accuracy gets."""
    run, decays = Run(page, arms.experiment(page, "decay")), arms.weight_decays(page)
    arrivals = {name: run.mean("grok_epoch", name) for name in decays}
    fastest = min((name for name in decays if not math.isnan(arrivals[name])), key=arrivals.get, default="wd2")
    fastest_epoch = run.of("grok_epoch", fastest)
    larger = [
        f"{run.of('grok_epoch', name)} with {decay:g}" for name, decay in decays.items() if decay > decays[fastest]
    ]
    return (
        (
            f"Of these weight decays {decays[fastest]:g} is fastest on average ({fastest_epoch} epochs to test accuracy {100 * FIT:g} %)"
            + (f"; more decay does not shorten the delay further: {', '.join(larger)}. " if larger else ". ")
            if not fastest_epoch.startswith(">")
            else ""
        )
        + f"The highest test accuracy is {run.by_label('max_test_accuracy', _labels(page), percent=True)}, "
        f"{run.of('max_test_accuracy', 'perp_adamw', percent=True)} with the projection. "
        f"With weight decay {decays['wd8']:g} it ends at {run.final('wd8', take='range')} over {run.seeds('wd8')}."
    )
