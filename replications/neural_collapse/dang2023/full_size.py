"""Figures of the networks on CIFAR-10, which are trained at paper scale alone, with their captions."""

from replications.neural_collapse.dang2023 import captions, plotting
from replications.neural_collapse.dang2023.plotting import select
from verifig.pages.cards import Block
from verifig.pages.page import Page


def balanced(page: Page) -> Block:
    """Perceptrons, ResNet18 and VGG16 on equal classes."""
    perceptrons, convnets = (select.conditions(page, name) for name in ("mlp_balanced", "convnets"))
    classes = len(page.settings("mlp_balanced")["sizes"])
    return page.figure(
        "cifar_balanced",
        lambda mlp, nets: plotting.networks.cifar_balanced(mlp, nets, perceptrons, convnets, classes),
        ["mlp_balanced", "convnets"],
        alt=(
            "NC1 and misfit to the own geometry against epochs on CIFAR-10 for perceptrons without and with bias, ResNet18 "
            "and VGG16."
        ),
        note=lambda: f"{captions.common.bands(perceptrons)} Dotted: distance between frame and simplex.",
    )


def imbalanced(page: Page) -> Block:
    """Perceptrons on unequal classes."""
    perceptrons, common = select.conditions(page, "mlp_imbalanced"), page.settings("mlp_imbalanced")
    return page.figure(
        "cifar_imbalanced",
        lambda runs, table: plotting.networks.imbalanced(runs, table, perceptrons),
        ["mlp_imbalanced", "mlp_imbalanced_lengths"],
        alt=lambda runs, table: captions.networks.imbalanced_alt(runs, table, perceptrons),
        note=lambda: f"{captions.common.bands(perceptrons)} {captions.networks.drops(common)}",
    )
