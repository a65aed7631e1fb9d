"""Captions of softmax collapse by precision: Figure 2, and the law for its time."""

from replications.grokking.prieto2025 import arms
from replications.grokking.prieto2025.captions.common import Caption, Run
from replications.grokking.prieto2025.measuring.collapse import predicted_delay
from replications.grokking.prieto2025.measuring.levels import COLLAPSE
from replications.grokking.prieto2025.plotting.collapse import Pair
from verifig.pages.page import Page


def _ends(page: Page) -> str:
    """Test accuracies at the end by precision."""
    run = Run(page, arms.experiment(page, "precision"))
    return run.by_label("final_test_accuracy", arms.precisions(page), "range", percent=True)


def fig2(page: Page) -> Caption:
    """Test accuracies at the end, and epochs of collapse."""
    run, names = Run(page, arms.experiment(page, "precision")), arms.precisions(page)
    _, single, _ = names
    used = run.used(single)
    return {
        "alt": lambda: (
            f"Left: test accuracy by softmax precision, at the end {_ends(page)}. Right: share of collapsed samples; half have collapsed at epoch "
            f"{run.by_label('collapse_epoch', names)}."
        ),
        "note": lambda: (
            f"{run.task(single).capitalize()}; learning rate {used['learning_rate']:g}, beta2 = {used['beta2']:g} "
            f"(the paper: 0.99). Dotted: half of the samples have collapsed. Right: the paper's points, of one seed, at "
            f"p = {page.paper('fig2_collapse')['modulus']} and 70 % of the pairs; of float32 there are none."
        ),
    }


def fig2_text(page: Page) -> str:
    """How far accuracies are from chance, how the collapsed share ends, and how far apart collapses are by the law."""
    run, names = Run(page, arms.experiment(page, "precision")), arms.precisions(page)
    _, single, _ = names
    used = run.used(single)
    highest = max(run.mean("max_test_accuracy", name) for name in names)
    peak, final = run.mean("peak_collapsed", single), run.mean("final_collapsed", single)
    return (
        f"Test accuracies at the end are {_ends(page)}, ranges over seeds; chance is {100 / used['modulus']:.3g} %."
        + (
            " So low, the figure shows an order at best: float16 and float32 collapse before there is a rise that collapse could stop, and that "
            "float16 freezes cannot be seen."
            if highest < 0.25 and peak >= COLLAPSE
            else ""
        )
        + f" The collapsed share of float32 reaches {run.of('peak_collapsed', single, percent=True)} and ends at "
        f"{run.of('final_collapsed', single, percent=True)}"
        + (
            ": it falls again, which we put down to the gradients of the wrong classes, which go on acting where those of the correct class vanish."
            if final < peak - 0.1
            else "."
        )
        + (" A smaller beta2 than the paper's brings collapse forward." if used["beta2"] < 0.99 else "")
        + f" By the law below the distance from float32 to float64 is {predicted_delay(used['beta2']):,.0f} epochs here and "
        f"{predicted_delay(0.99):,.0f} in the paper."
    )


def fig2_law(page: Page) -> Caption:
    """Observed and predicted distances."""
    pairs = arms.law(page)
    labels = {pair.single: pair.label for pair in pairs}
    distances = "; ".join(_distance(page, pair) for pair in pairs)
    return {
        "alt": lambda: (
            "Left: epochs of collapse in float32 and float64 for three settings, with the predicted distance. Right: training loss on a log "
            f"axis beside the predicted slope. Observed distances: {distances}."
        ),
        "note": lambda: (
            f"From float32 to float64: {distances}. Dots: seeds. Crosses: the mean epoch of float32 plus the "
            "prediction. Diamonds: the paper's epochs, of one seed. Dashed: the logarithm of the loss changes by ln(beta2)/2 per epoch. "
            f"{Run(page, 'precision43').seeds_of(labels).capitalize()}."
        ),
    }


def _distance(page: Page, pair: Pair) -> str:
    delay = page.number("precision43", "collapse_delay", {"pair": f"{pair.single}/{pair.double}"})
    rate = page.settings("precision43", pair.single)["learning_rate"]
    return (
        f"{delay} epochs at learning rate {rate:g} and beta2 {pair.beta2:g} (predicted "
        f"{predicted_delay(pair.beta2):,.0f})"
    )
