"""Captions of two-layer networks, and of all configurations together: panels G and H."""

from collections.abc import Mapping

import pandas as pd

from replications.double_descent.liu2023.captions.common import seeds, told_at
from replications.double_descent.liu2023.plotting import select
from replications.double_descent.liu2023.plotting.networks import LOSS_FLOOR
from replications.double_descent.science.drawing import count
from replications.double_descent.science.statistics import parameter_threshold
from verifig.ground.numbers import text
from verifig.pages import marked


def two_layer_alt(table: pd.DataFrame, base: Mapping, runs: Mapping[str, Mapping]) -> str:
    """Where the test MSE peaks late, and how high above the widest network, early and late."""
    short, last = select.compared_steps(sorted(table["steps"].unique()))
    parts = []
    for name, settings in select.arms(base, runs).items():
        own = table[table["run"] == name]
        late, early = (own[own["steps"] == steps].groupby("width")["test_mse"].mean() for steps in (last, short))
        ratios = [text(float(curve.max() / curve.iloc[-1])) for curve in (early, late)]
        parts.append(f"{select.arm(settings, base)} {ratios[0]} and {ratios[1]} (then at H = {late.idxmax()})")
    return (
        f"Test MSE by hidden width after {count(short)} and {count(last)} steps, and training loss. Largest mean test MSE over that "
        f"of the widest network after either: {'; '.join(parts)}."
    )


def two_layer_note(table: pd.DataFrame, base: Mapping, runs: Mapping[str, Mapping]) -> str:
    """What is drawn, learning rates, what leaves the frame, and which training loss rises again."""
    runs, by_rate = select.arms(base, runs), {}
    for settings in runs.values():
        by_rate.setdefault(settings["learning_rate"], []).append(select.arm(settings, base))
    rates = ", ".join(f"{rate:g} ({'; '.join(names)})" for rate, names in by_rate.items())
    sentences = [
        f"Test MSE: means with 95 % intervals; train MSE: medians with quartiles; {seeds(runs.values())}. Dotted: as many "
        f"parameters as equations, H = {text(parameter_threshold(base))}. Losses below {LOSS_FLOOR:g} leave the frame. Learning "
        f"rates: {rates}."
    ]
    last = table["steps"].max()
    for name, settings in runs.items():
        rows = table[(table["run"] == name) & (table["steps"] == last)]
        own = rows.groupby("width")["train_mse"].median()
        if len(own) and own.iloc[-1] > 2 * own.min():
            arm, place = (
                select.arm(settings, base),
                marked.of_table(f"H = {own.idxmin()}", rows, "train_mse", "smallest median of"),
            )
            low, high = (told_at(text(float(own[h]), 2), rows, h, "train_mse") for h in (own.idxmin(), own.index[-1]))
            sentences.append(
                f"The training loss of {arm} is lowest at {place} ({low}) and higher at the widest ({high})."
            )
    return " ".join(sentences)


def loss_peak_alt(table: pd.DataFrame, correlation: str, between: tuple[float, float] | None) -> str:
    """Number of configurations, their order, and heights on either side of the losses that are not judged."""
    medians = table.groupby("name")[["loss", "height"]].median()
    sentence = (
        f"Scatter of peak height against training loss at W = n on log axes, {len(medians)} configurations; Spearman's "
        f"coefficient, median over seeds, {correlation}."
    )
    for side, chosen in (
        (("above", medians["loss"] >= between[1]), ("below", medians["loss"] <= between[0])) if between else ()
    ):
        if chosen.any():
            heights = medians["height"][chosen]
            limit = between[1] if side == "above" else between[0]
            sentence += f" {side.capitalize()} a loss of {limit:g} median heights lie between {text(heights.min())} and {text(heights.max())}."
    return sentence


def loss_peak_note(table: pd.DataFrame, between: tuple[float, float] | None, peak: float | None) -> str:
    """What is drawn, and how many medians at low losses have no peak as high as B5 asks of those that it names."""
    medians = table.groupby("name")[["loss", "height"]].median()
    sentences = [
        f"Large symbols: medians of a configuration over the {table['seed'].nunique()} seeds that all of them share; dots: seeds. "
        "Where steps are small their size times their number matters, so symbols may coincide: configurations are not "
        "independent evidence."
    ]
    if between and peak:
        heights = medians["height"][medians["loss"] <= between[0]]
        left, low = (
            marked.of_table(str(found), table, "height", f"{what}, of")
            for found, what in (
                (len(heights), "medians left of the grey"),
                ((heights < peak).sum(), f"of these the medians below {peak:g}"),
            )
        )
        sentences.append(
            f"Grey: losses between those that B5 asks for. B5 judges some of the configurations, named in advance, each over all "
            f"its seeds; of all {left} medians left of the grey {low} lie below its h of {peak:g}."
        )
    return " ".join(sentences)
