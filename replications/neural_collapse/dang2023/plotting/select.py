"""What figures and their captions are about: conditions of a run by geometry and depth, and how they are named.

`heads` maps the conditions that a panel draws to their settings, so that depths, sizes and widths in labels are those
of the run.
"""

from collections.abc import Mapping

from replications.neural_collapse.dang2023.measuring.geometry import family
from verifig.pages.page import Page

APART = ("full", "off", "narrow", "noise")  # conditions with a figure or a panel of their own
BALANCED = {"of": "no bias", "etf": "bias"}  # families of equal classes
Heads = Mapping[str, Mapping]


def conditions(page: Page, experiment: str, *prefixes: str) -> dict[str, Mapping]:
    """Settings of the run's conditions by name; only those that start with one of `prefixes`, if any are given."""
    names = sorted(page.settings(experiment)["conditions"])
    return {n: page.settings(experiment, n) for n in names if not prefixes or n.startswith(prefixes)}


def values(page: Page, experiment: str, statistic: str, heads: Heads) -> dict[str, list[float]]:
    """A statistic by condition and seed, where it was measured."""
    found = {name: page.value(experiment, statistic, {"condition": name}).tolist() for name in heads}
    return {name: measured for name, measured in found.items() if measured}


def of_family(heads: Heads, kind: str) -> dict[str, Mapping]:
    """The conditions of a family by depth, without those that are drawn apart."""
    chosen = {name: s for name, s in heads.items() if family(s) == kind and not name.startswith(APART)}
    return dict(sorted(chosen.items(), key=lambda item: (item[1]["depth"], item[0])))


def label(name: str, heads: Heads) -> str:
    """`M = 3`, with the name of the condition where two have that depth."""
    depth = heads[name]["depth"]
    twice = sum(s["depth"] == depth for s in heads.values()) > 1
    return f"M = {depth}" + (f" ({name})" if twice else "")


def balanced(heads: Heads) -> dict[str, Mapping]:
    """Conditions of equal classes, with and without bias."""
    return {name: settings for kind in BALANCED for name, settings in of_family(heads, kind).items()}


def imbalanced(heads: Heads) -> dict[str, Mapping]:
    """Conditions of unequal classes."""
    return of_family(heads, "gof")


def deep(heads: Heads) -> dict[str, Mapping]:
    """Conditions of more than one linear layer, which have an imbalance of neighbouring layers."""
    return {name: settings for name, settings in heads.items() if settings["depth"] > 1}


def without_decay(heads: Heads) -> dict[str, Mapping]:
    """Deep heads that are trained without weight decay, by which the imbalance of layers should stay."""
    return {name: settings for name, settings in deep(heads).items() if name.startswith("off")}
