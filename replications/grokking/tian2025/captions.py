"""Sentences of the page that depend on the run: formed from its statistics, settings and the paper's values."""

from collections.abc import Mapping

import pandas as pd

from replications.grokking.tian2025.boundary import BOUNDARY, boundary_fraction
from verifig.ground.numbers import text
from verifig.pages.page import Page


def trained(page: Page, experiment: str, condition: str = "decay", pairs: str = "") -> str:
    """Task, network, optimiser and number of seeds of a condition; `pairs`: which it trains on, where its own share does not tell."""
    used = page.settings(experiment, condition)
    every, share = used["modulus"] ** 2, used["train_fraction"]
    pairs = pairs or f"{int(share * every):,} of {every:,} pairs ({text(100 * share)} %)"
    return (
        f"Sums modulo M = {used['modulus']}, {pairs} to train on, {used['width']:,} hidden units, Adam with learning rate "
        f"{used['learning_rate']:g}, {used['steps']:,} steps, {used['seeds']} seeds."
    )


def accuracy(page: Page, experiment: str) -> Mapping:
    """Where train and test accuracy end with and without decay."""
    decay = page.settings(experiment, "decay")["weight_decay"]

    def ends(statistic: str, condition: str) -> str:
        return page.number(experiment, statistic, {"condition": condition}, percent=True)

    return {
        "alt": lambda: (
            "Train and test accuracy over steps, logarithmic axis. At the end with weight decay: train "
            f"{ends('train_accuracy', 'decay')}, test {ends('test_accuracy', 'decay')}; without: {ends('train_accuracy', 'plain')} and "
            f"{ends('test_accuracy', 'plain')} (means of seeds)."
        ),
        "note": lambda: (
            f"{trained(page, experiment)} Weight decay {decay:g} (L2, in the gradient) on the left, 0 on the right; both from the same weights and pairs."
        ),
    }


def boundary(page: Page) -> str:
    """Where test accuracy crosses one half, and where the authors' curve puts the boundary."""
    modulus = page.settings("grok", "decay")["modulus"]
    place = {"modulus": modulus}
    return (
        f"For M = {modulus} the authors' curve puts the boundary at {text(100 * boundary_fraction(modulus, BOUNDARY))} % of the pairs. "
        f"Test accuracy crosses 50 % at {page.number('grok', 'boundary', place, take='median', percent=True)} here (median of seeds, "
        f"from {page.number('grok', 'boundary', place, take='min', percent=True)} to {page.number('grok', 'boundary', place, take='max', percent=True)}), "
        f"read off by interpolation between the shares trained on. That is a constant of {page.number('grok', 'boundary_constant', place, take='median')} "
        f"in place of {page.paper('boundary')['constant']:g}. The learning rate and the number of steps are fixed; the paper shows (Figures 6 and 7) that the learning rate moves the outcome near the boundary."
    )


def by_fraction(table: pd.DataFrame) -> str:
    """Median final test accuracy at each share of the pairs."""
    lines = []
    for modulus, rows in table.groupby("modulus"):
        middle = rows.groupby("x")["value"].median()
        values = ", ".join(f"{text(100 * value)} % at {text(100 * share)} %" for share, value in middle.items())
        lines.append(f"M = {modulus}: {values}")
    return f"Final test accuracy against the share of the pairs trained on, median of seeds. {'; '.join(lines)}."


def energy(limits: pd.DataFrame) -> str:
    """Lowest share of a frequency among the limits and how many frequencies occur, by modulus."""
    parts = []
    for condition, rows in limits.groupby("condition"):
        if condition != "shuffled":
            parts.append(
                f"M = {rows['modulus'].iloc[0]}: lowest share {text(rows['purity'].min())}, {rows['frequency'].nunique()} frequencies"
            )
    return f"Energy along ascents from random directions, and how many end at each frequency. {'; '.join(parts)}."


def constant(page: Page) -> str:
    """The printed energy, the computed one, and what the difference is."""
    printed = page.paper("energy")
    found = page.number("ascent", "feature_energy_over_modulus", {"condition": "m11"})
    return (
        f"**An error in the paper.** It prints M/16, that is {printed['over_modulus']:g} M ({printed['source']}), for the energy of a single frequency on the unit "
        f"sphere. Equation 7, summed over all pairs, gives {found} M there. In Fourier space Equation 7 is (2/M) Σ |u_k|²|v_k|² over k = 1, …, M − 1; "
        "a unit vector that shares its norm between the frequencies k and −k of u and of v has |u_k|² = |v_k|² = M/4 at both, hence M/4. The energy grows with "
        "the fourth power of the norm, so the printed value is that of a squared norm of 1/2. No other claim of this page depends on it: for odd M all features have the same energy still."
    )


def phases(page: Page) -> str:
    """That the maxima are more than the reflected pairs."""
    least = [page.number("ascent", "least_reflection", {"condition": c}, take="max") for c in ("m11", "m13")]
    return (
        "**The maxima form a torus.** In the Fourier form no phase appears: u and v may be shifted against each other without changing the energy. The maxima of a "
        "frequency are then all pairs of cosines, of which [u; ±Pu], v a reflection of u, are those whose phases are opposite, or half a turn from that (P is taken to be the inversion of the group, the reflection of the residues). Ascents end elsewhere on the torus too: the least "
        f"size of the cosine between v and the reflected u among the limits of a seed is at most {least[0]} for M = 11 and {least[1]} for M = 13, where "
        "that form would give 1."
    )


def stages(page: Page, experiment: str) -> Mapping:
    """How far |G_F| rises and falls, and when the layers move."""

    def number(statistic: str) -> str:
        return page.number(experiment, statistic, {"condition": "decay"}, take="median")

    return {
        "alt": lambda: (
            f"Norm of the gradient at the hidden units and cosine distances over steps. With decay the norm peaks at {number('gradient_rise')} times its start and ends at "
            f"{number('gradient_fall')} times its peak; hidden weights have moved by 0.1 after {number('hidden_delay')} times as many steps as output weights (medians)."
        ),
        "note": lambda: (
            f"{trained(page, experiment)} G_F = (Y − FV)Vᵀ over the training pairs, outputs and targets less their class means."
        ),
    }


def undecayed(page: Page, experiment: str) -> str:
    """What the first stages have in common with and without decay, and how far the hidden weights get."""

    def both(statistic: str) -> str:
        return " and ".join(
            page.number(experiment, statistic, {"condition": c}, take="median") for c in ("decay", "plain")
        )

    return (
        "With and without decay the beginning is much the same: the gradient's norm peaks at "
        f"{both('gradient_rise')} times its start, and hidden weights take {both('hidden_delay')} times as many steps as output weights to move by a cosine "
        "distance of 0.1. This rise is there while the training pairs are being fitted and does not by itself lead to features. Afterwards the paths part: "
        f"hidden weights end at distances of {both('moved_hidden')} (medians, with decay and without)."
    )


def features(page: Page) -> Mapping:
    """How the share of one frequency ends in all arms."""
    names = {
        "decay": "weight decay",
        "plain": "no decay",
        "shuffled": "results permuted",
        "top_layer": "top layer alone",
    }
    rises = {c: page.number("grok", "purity_rise", {"condition": c}) for c in names}
    return {
        "alt": lambda: (
            "Mean share of a neuron's strongest frequency over steps, and number of frequencies of pure neurons. The share rises by "
            f"{', '.join(f'{rises[c]} ({name})' for c, name in names.items())}; with decay {page.number('grok', 'frequencies', {'condition': 'decay'})} frequencies are found."
        ),
        "note": "Share of the strongest frequency in the energy of a neuron's two input rows less their means, averaged with the neuron's energy as weight; pure: at least 0.9. Curves at the starting share, and at no frequency, lie on top of each other.",
    }
