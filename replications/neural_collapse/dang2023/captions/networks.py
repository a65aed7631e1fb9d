"""Captions of networks with linear heads, on MNIST subsets and on CIFAR-10."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from replications.neural_collapse.dang2023.captions.common import bands, by_condition, depths, ends, largest, listed
from replications.neural_collapse.dang2023.plotting import select
from replications.neural_collapse.dang2023.plotting.select import Heads
from verifig.ground.numbers import text

DATASETS = {"mnist_5k": "MNIST", "cifar10": "CIFAR-10", "folder": "the image folder"}
AUTHORS_SUBSET = np.repeat([100, 200, 300, 400, 500], 2)  # images by class of CIFAR-10, from the authors' code


def task(settings: Mapping, heads: Heads) -> str:
    """Networks, data and training of equal classes."""
    return (
        f"Here: perceptrons of {settings['hidden_layers']} hidden layers and width {settings['width']} with heads of "
        f"{depths(select.balanced(heads))} layers, on {images(settings['sizes'])} of {DATASETS[settings['dataset']]}, trained by Adam "
        "on the full batch. Features are outputs of a linear layer, without batch normalisation."
    )


def imbalanced_task(heads: Heads, gaps: Mapping[str, str]) -> str:
    """Sizes of unequal classes, and by condition how far the objective ends above the bound."""
    if not heads:
        return ""
    sizes = [settings["sizes"] for settings in heads.values()]
    return (
        f"Here: {listed(sorted({images(each) for each in sizes}))}{proportions(sizes)}. At the end the objective lies above "
        f"the bound by {listed(f'{gaps[name]} ({select.label(name, heads)})' for name in heads)}, in the mean over seeds."
    )


def images(sizes: Sequence[int]) -> str:
    """`30 images a class` or `10 to 50 images a class`."""
    low, high = min(sizes), max(sizes)
    return f"{low} images a class" if low == high else f"{low} to {high} images a class"


def proportions(subsets: Sequence[Sequence[int]]) -> str:
    """That class sizes have the proportions of the authors' subset, where all of them do."""
    ratios = [np.divide(sizes, AUTHORS_SUBSET) for sizes in subsets if len(sizes) == len(AUTHORS_SUBSET)]
    if len(ratios) < len(subsets) or any(np.ptp(each) for each in ratios):
        return ""
    return ", in the proportions of the authors' CIFAR-10 subset"


def drops(settings: Mapping) -> str:
    """When the learning rate drops."""
    at = listed(f"{100 * share:g}" for share in settings["drops"])
    return f"The learning rate drops tenfold at {at} % of the training." if at else "The learning rate is constant."


def balanced_alt(runs: pd.DataFrame, heads: Heads) -> str:
    """Where networks with equal classes end."""
    chosen = select.balanced(heads)
    return (
        f"NC1, misfits of the classifiers and NC3 on log axes for {depths(chosen)} linear layers, without and with bias. At "
        "the end NC1 is at most "
        f"{largest(runs, 'nc1', chosen)}, the misfit to the own geometry at most {largest(runs, 'own_misfit', chosen)} and NC3 at "
        f"most {largest(runs, 'nc3', chosen)}; the dashed misfit to the other geometry is at least "
        f"{text(float(ends(runs, 'other_misfit', chosen).min()))}."
    )


def balanced_note(settings: Mapping, heads: Heads) -> str:
    """What is drawn, and when the learning rate drops."""
    return (
        f"{bands(select.balanced(heads), ', each with its own images and initial values')} "
        "Middle: misfit of the product of all linear layers to the own geometry, dashed to the other; dotted: distance between "
        f"frame and simplex. Heads start orthogonal, so without a bias the own misfit starts small. {drops(settings)}"
    )


def imbalanced_alt(runs: pd.DataFrame, table: pd.DataFrame, heads: Heads) -> str:
    """Where networks with unequal classes end."""
    chosen = select.imbalanced(heads)
    rows = table[table["condition"].isin(chosen)]
    worst = float((rows["classifier"] / rows["predicted_classifier"] - 1).abs().max())
    return (
        f"NC1, misfits, gap to the optimum, and squared classifier lengths against class size for {depths(chosen)} linear "
        f"layers. At the end NC1 is at most {largest(runs, 'nc1', chosen)}, the own misfit at most "
        f"{largest(runs, 'own_misfit', chosen)}, the median misfit to the plain frame {by_condition(runs, 'other_misfit', chosen)}; "
        f"lengths lie within {text(100 * worst, 2)} % of the predicted lines."
    )


def imbalanced_note(settings: Mapping, heads: Heads) -> str:
    """What is drawn, and when the learning rate drops."""
    return (
        f"{bands(select.imbalanced(heads))} Misfit: of the product of all linear layers to the "
        f"predicted lengths, dashed to the plain frame. {drops(settings)}"
    )
