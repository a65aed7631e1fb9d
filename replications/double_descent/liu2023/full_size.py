"""Figures of the experiments that run at paper scale alone, with their captions."""

from replications.double_descent.liu2023 import captions, plotting
from replications.double_descent.liu2023.plotting import select
from verifig.pages.cards import Block
from verifig.pages.page import Page


def training_time(page: Page, name: str, experiment: str) -> Block:
    """Panel B on another data set."""
    used = page.settings(experiment)
    return page.figure(
        name,
        lambda risk: plotting.training.horizons(risk, used),
        [f"{experiment}_risk"],
        alt=lambda risk: captions.training.horizons_alt(risk, used),
        note=f"n = {used['n']:,}, {used['seeds']} seeds; bands as in panel B.",
    )


def author_grid(page: Page) -> Block:
    """The author's earlier grid on both data sets."""
    used, runs = page.settings("grid_mnist"), select.conditions(page, "grid_mnist")
    return page.figure(
        "author_grid",
        lambda mnist, fashion: plotting.training.author_grid(
            {"MNIST": mnist, "Fashion-MNIST": fashion}, runs, used["n"], used["widths"]
        ),
        ["grid_mnist_risk", "grid_fashion_risk"],
        alt="Test loss against width on the author's grid for a constant and a decaying learning rate and for cross-entropy.",
        note=f"Median and range over {used['seeds']} seeds, batch size {used['batch_size']}, {used['epochs']:,} epochs.",
    )


def two_layer(page: Page) -> Block:
    """Panel G on images of full size."""
    used, runs = page.settings("two_layer_mnist"), select.conditions(page, "two_layer_mnist")
    return page.figure(
        "full_two_layer",
        lambda table: plotting.networks.two_layer(table, used, runs),
        ["two_layer_mnist"],
        alt=lambda table: captions.networks.two_layer_alt(table, used, runs),
        note=lambda table: captions.networks.two_layer_note(table, used, runs),
    )
