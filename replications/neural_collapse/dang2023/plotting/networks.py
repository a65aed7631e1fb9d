"""Figures of networks with linear heads: on MNIST subsets, and on CIFAR-10 at paper scale."""

import pandas as pd
from matplotlib.figure import Figure

from replications.neural_collapse.dang2023 import metrics
from replications.neural_collapse.dang2023.plotting import drawing, select
from replications.neural_collapse.dang2023.plotting.drawing import by_depth, entry, legend_below
from replications.neural_collapse.dang2023.plotting.select import BALANCED, Heads, of_family
from verifig.pages import figures


def frame_to_simplex(classes: int) -> float:
    """Misfit between frame and simplex, sqrt(2 - 2 sqrt((K - 1)/K))."""
    return float(metrics.misfit(metrics.frame(classes, False), metrics.frame(classes, True)))


def balanced(runs: pd.DataFrame, heads: Heads, classes: int) -> Figure:
    """Equal classes: NC1, misfit of the classifiers to both geometries and between these, NC3, without and with bias."""
    figure, axes = figures.grid(3, rows=len(BALANCED), width=8.9, height=2.8, sharex=True)
    for row, (kind, name) in enumerate(BALANCED.items()):
        chosen, places = of_family(heads, kind), axes[3 * row : 3 * row + 3]
        by_depth(places[0], runs, "nc1", chosen)
        by_depth(places[1], runs, "own_misfit", chosen)
        by_depth(places[1], runs, "other_misfit", chosen, linestyle="--", alpha=0.7)
        by_depth(places[2], runs, "nc3", chosen)
        figures.threshold(places[1], frame_to_simplex(classes), axis="y", color=figures.INK, alpha=0.75)
        for each, title in zip(places, ("NC1", "misfit of classifiers", "NC3"), strict=True):
            each.set(title=f"{title}, {name}", yscale="log")
            if row == len(BALANCED) - 1:
                each.set_xlabel("step")
    entry(axes[1], "misfit to the other geometry", linestyle="--")
    entry(axes[1], "distance of frame and simplex", linestyle=":")
    legend_below(axes, 4)
    return figure


def imbalanced(runs: pd.DataFrame, table: pd.DataFrame, heads: Heads) -> Figure:
    """Unequal classes: NC1, misfits, gap to the optimum, and lengths against class size."""
    heads = select.imbalanced(heads)
    figure, axes = figures.grid(2, rows=2, width=8.9, height=3.1)
    by_depth(axes[0], runs, "nc1", heads)
    by_depth(axes[1], runs, "own_misfit", heads)
    by_depth(axes[1], runs, "other_misfit", heads, linestyle="--", alpha=0.7)
    by_depth(axes[2], runs, "gap", heads)
    entry(axes[1], "misfit to the plain frame", linestyle="--")
    titles = ("NC1", "misfit of classifiers", "objective over the optimum, f / f* − 1")
    for each, title in zip(axes, titles, strict=False):
        each.set(title=title, xlabel="step", yscale="log")
    drawing.lengths(axes[3:4], table, heads)
    legend_below(axes, 6)
    return figure


def cifar_balanced(mlp: pd.DataFrame, nets: pd.DataFrame, perceptrons: Heads, convnets: Heads, classes: int) -> Figure:
    """Misfit to the own geometry and NC1 on CIFAR-10: perceptrons without and with bias, ResNet18, VGG16."""
    backbones = {name: {c: s for c, s in convnets.items() if s["backbone"] == name} for name in ("resnet18", "vgg16")}
    networks = [
        (mlp, of_family(perceptrons, "of"), "MLP, no bias"),
        (mlp, of_family(perceptrons, "etf"), "MLP, bias"),
        (nets, of_family(backbones["resnet18"], "of"), "ResNet18"),
        (nets, of_family(backbones["vgg16"], "of"), "VGG16"),
    ]
    figure, axes = figures.grid(2, rows=len(networks), width=8.9, height=2.3, sharex=True)
    for (frame, heads, name), left, right in zip(networks, axes[::2], axes[1::2], strict=True):
        by_depth(left, frame, "nc1", heads)
        by_depth(right, frame, "own_misfit", heads)
        left.set(title=f"NC1, {name}", yscale="log")
        right.set(title=f"misfit of classifiers, {name}", yscale="log")
        figures.threshold(right, frame_to_simplex(classes), axis="y", color=figures.INK, alpha=0.75)
    entry(axes[1], "distance of frame and simplex", linestyle=":")
    for each in axes[-2:]:
        each.set_xlabel("epoch")
    legend_below(axes, 5)
    return figure
