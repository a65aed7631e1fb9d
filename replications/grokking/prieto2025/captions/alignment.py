"""Captions of naive loss minimisation: Figure 5."""

from replications.grokking.prieto2025.captions.common import Caption, Run
from replications.grokking.prieto2025.measuring.levels import ALIGNED, SOLVED
from verifig.pages.page import Page


def fig5(page: Page) -> Caption:
    """Cosine of the output layer at the fit and later."""
    run = Run(page, "precision43")
    used = run.used("float32")
    return {
        "alt": lambda: (
            "Cosine of weights and negative gradient by layer, and training accuracy. Of the output layer, without bias, the cosine is "
            f"{run.of('alignment_at_fit', 'float32')} when training accuracy reaches {SOLVED:g} and "
            f"{run.of('alignment_after_fit', 'float32', layer=3)} 200 epochs later."
        ),
        "note": lambda: (
            f"{run.task('float32').capitalize()} ({run.seeds('float32_bias')} on the right), learning rate "
            f"{used['learning_rate']:g}, softmax in {used['softmax_precision']}. "
            f"The paper's axis names the gradient, its positive values need the negative "
            "gradient; its caption swaps panels a and b. Its panel c, a transformer, is not drawn here."
        ),
    }


def fig5_text(page: Page) -> str:
    """When the gradient is aligned, by how much at the fit and later, and after collapse."""
    run = Run(page, "precision43")
    aligned, fitted = (run.mean(name, "float32") for name in ("aligned_epoch", "solved_epoch"))
    first, second, output = (run.of("alignment_after_fit", "float32", layer=layer) for layer in (1, 2, 3))
    return (
        f"The output layer's cosine first passes {ALIGNED:g} at epoch {run.of('aligned_epoch', 'float32')}, when training accuracy is "
        f"{run.of('train_accuracy_when_aligned', 'float32', percent=True)}; training accuracy reaches {100 * SOLVED:g} % at epoch "
        f"{run.of('solved_epoch', 'float32')}."
        + (" So here the gradient is aligned long before the fit, not from it on." if aligned < 0.5 * fitted else "")
        + f" At the fit the cosine is {run.of('alignment_at_fit', 'float32')}, 200 epochs later "
        f"{output} (layers 1 and 2: {first} and {second}). With bias "
        f"it is {run.of('alignment_after_fit', 'float32_bias', layer=3)} then. Within 100 epochs after half of the samples have collapsed, the lowest "
        f"cosine is {run.of('alignment_after_collapse', 'float32')} without and {run.of('alignment_after_collapse', 'float32_bias')} with bias."
    )
