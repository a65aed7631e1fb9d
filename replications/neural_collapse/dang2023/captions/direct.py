"""Captions of free features: the learned geometry, metrics over training, the optimum, lengths, initial values."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from replications.neural_collapse.dang2023.captions.common import (
    bands,
    by_condition,
    depths,
    ends,
    largest,
    last,
    listed,
    seeds,
)
from replications.neural_collapse.dang2023.measuring.geometry import family, imbalance_rate
from replications.neural_collapse.dang2023.plotting import select
from replications.neural_collapse.dang2023.plotting.select import Heads
from verifig.ground.numbers import text
from verifig.pages import marked


def geometry_alt(frame: pd.DataFrame, heads: Heads) -> str:
    """How far the drawn matrices end from the predicted ones, relative to these."""
    maps = "Heat maps of the Gram matrices of classifiers and class means and of the outputs, before and after training"
    worst = 0.0
    for _, part in frame[frame["condition"].isin(heads)].groupby(["condition", "matrix"]):
        table = part.pivot(index=["row", "column"], columns="stage", values="value")
        if "predicted" not in table:
            return f"{maps}."
        worst = max(worst, float((table["end"] - table["predicted"]).abs().max() / table["predicted"].abs().max()))
    return (
        f"{maps} and as predicted. No entry ends further than {text(worst, 2)} of the largest one from its prediction."
    )


def geometry_note(heads: Heads) -> str:
    """What the heat maps show."""
    names = {"of": "equal", "etf": "equal with a bias", "gof": "unequal"}
    rows = [f"{names[family(s)]}, classes of {listed(s['sizes'])}, M = {s['depth']}" for s in heads.values()]
    return (
        f"First seed. Rows: {'; '.join(rows)}. Each map has the classes as rows and columns, in the order given. Red is "
        "positive, blue negative, no colour zero. After and predicted share a colour scale, before has its own. With a bias "
        "class means and outputs are centred."
    )


def balanced_alt(runs: pd.DataFrame, heads: Heads) -> str:
    """Where the metrics of equal classes end."""
    chosen = select.balanced(heads)
    return (
        f"NC1, NC2 and NC3 against iterations on log axes for {depths(chosen)} linear layers, without and with bias. "
        f"{_metrics_end(runs, chosen)}."
    )


def balanced_note(runs: pd.DataFrame, heads: Heads) -> str:
    """What the bands are, where float64 ends, and what a bias does to one layer."""
    chosen = select.balanced(heads)
    sentences = [bands(chosen)]
    if ends(runs, "nc1", chosen).max() < 1e-28:
        sentences.append(
            f"NC1 ends at {largest(runs, 'nc1', chosen)} or less, the order of the rounding of float64, squared."
        )
    plain, biased = (
        next((n for n, s in select.of_family(heads, f).items() if s["depth"] == 1), None) for f in ("of", "etf")
    )
    if plain and biased:
        rows = [last(runs, "nc2_w", {n: heads[n]}) for n in (plain, biased)]
        without, with_bias = (float(each["value"].median()) for each in rows)
        told = [
            marked.of_table(text(value, 2), each, "value", "median of")
            for value, each in zip((without, with_bias), rows, strict=True)
        ]
        sentences.append(
            f"With one layer the median of NC2 ends at {told[0]} without a bias and at {told[1]} with one."
        )
        if with_bias > 10 * without:
            s = heads[biased]
            shrunk = np.exp(imbalance_rate(s) / 2 * s["iterations"])
            sentences.append(
                "In theory the bias leaves one direction of the classifiers to weight decay alone, which shrinks it "
                f"{text(float(shrunk), 3)}-fold in {s['iterations']:,} iterations."
            )
    return " ".join(sentences)


def imbalanced_alt(runs: pd.DataFrame, heads: Heads) -> str:
    """Where the metrics of unequal classes and the misfit to the plain frame end."""
    chosen = select.imbalanced(heads)
    return (
        f"NC1, NC2 and NC3 against iterations for {depths(chosen)} linear layers with unequal classes. "
        f"{_metrics_end(runs, chosen)}, the median of the dashed misfit to the plain frame at "
        f"{by_condition(runs, 'of_misfit', chosen)}."
    )


def imbalanced_note(heads: Heads) -> str:
    """What the bands are."""
    return bands(select.imbalanced(heads))


def _metrics_end(runs: pd.DataFrame, heads: Heads) -> str:
    """The largest last value of each metric."""
    nc1, nc2, nc3 = (largest(runs, metric, heads) for metric in ("nc1", "nc2_w", "nc3"))
    return f"They end at or below {nc1}, {nc2} and {nc3}"


def gap_alt(runs: pd.DataFrame, heads: Heads) -> str:
    """How close the objective comes, and how the imbalance decays with and without weight decay."""
    chosen = select.imbalanced(heads)
    sentences = [
        f"Left: relative gap to the optimum for {depths(chosen)} linear layers, in the median at the end {by_condition(runs, 'gap', chosen)}."
    ]
    if deep := select.deep(chosen):
        sentences.append(
            f"Right: imbalance of neighbouring layers on a log axis, in the median at the end {by_condition(runs, 'imbalance', deep)}."
        )
    for name in select.without_decay(heads):
        rows = runs[(runs["curve"] == "imbalance") & (runs["condition"] == name) & (runs["x"] > 0)]
        if len(rows):
            first, last = (rows[rows["x"] == x]["value"].median() for x in (rows["x"].min(), rows["x"].max()))
            sentences.append(f"Without weight decay it ends at {text(100 * float(last / first))} % of its start.")
    return " ".join(sentences)


def gap_note(heads: Heads) -> str:
    """What the lines are."""
    chosen = select.imbalanced(heads)
    deep = select.deep(chosen)
    note = f"Median and range over {seeds(chosen)}; what is at the optimum, or below it by rounding, has no place on a log axis."
    if deep:
        rate = imbalance_rate(next(iter(deep.values())))
        note += (
            " Imbalance: the largest Frobenius norm of W′W − VV′ over neighbouring layers W on V (′: transposed). Wide grey "
            f"line: the predicted decay, {text(rate)} per iteration, from the first point on."
        )
    if len(deep) > 1:
        note += " Every second curve is broken, so that curves on each other are seen."
    return note


def exponents(predicted: Mapping[str, Sequence[float]], heads: Heads) -> str:
    """Exact slopes, given by condition, beside those of vanishing regularisation; nothing where there are none."""
    chosen = {s["depth"]: predicted[name][0] for name, s in select.imbalanced(heads).items() if name in predicted}
    if not chosen:
        return ""
    pairs = [
        f"{marked.mark(text(slope), f'direct · predicted slope, M = {m}: exact')} instead of {text(m / (m + 1))} (M = {m})"
        for m, slope in chosen.items()
    ]
    return f"At the decays used here the slopes of log p_k against log n_k in the closed form are {listed(pairs)}."


def lengths_alt(table: pd.DataFrame, heads: Heads) -> str:
    """How far the points lie from the predicted lines."""
    chosen = select.imbalanced(heads)
    rows = table[table["condition"].isin(chosen)]
    worst = max(float((rows[c] / rows[f"predicted_{c}"] - 1).abs().max()) for c in ("classifier", "feature"))
    return (
        f"Squared lengths of classifiers and of class means against class size for {depths(chosen)} linear layers, points "
        f"on predicted lines that rise for classifiers and fall for class means; largest deviation {text(100 * worst, 2)} %."
    )


def lengths_note(heads: Heads) -> str:
    """What points and lines are."""
    return (
        f"Squared length of the classifier (left) and of the class mean (right) of each class, {seeds(select.imbalanced(heads))}. "
        "Lines join the predicted values."
    )


def gains(heads: Heads) -> str:
    """What one layer and all of them do to a signal at the start."""
    parts = []
    for s in heads.values():
        gain = s["init"] * s["width"] ** 0.5
        parts.append(f"{text(gain)} at width {s['width']}, so {text(gain ** s['depth'])} over {s['depth']} layers")
    init = listed(sorted({f"{s['init']:g}" for s in heads.values()}))
    return (
        f"A linear layer with initial values of standard deviation {init} multiplies a signal by about {init} √width: "
        f"{'; '.join(parts)}."
    )


def _gains_end(runs: pd.DataFrame, heads: Heads) -> str:
    """`0.997, 0.997 and 0.997 (width 64); 0.249 and 0 (width 32)`: final self-output of every seed."""
    found = []
    for name, s in heads.items():
        rows = last(runs, "self_output", {name: s})
        values = listed(
            marked.of_table(text(round(float(value), 6)), rows.iloc[[k]], f"value of seed {rows['seed'].iloc[k]}")
            for k, value in enumerate(rows["value"])
        )
        found.append(f"{values} (width {s['width']})")
    return "; ".join(found)


def gains_alt(runs: pd.DataFrame, heads: Heads) -> str:
    """What is drawn, and the final self-output of every seed."""
    return f"Mean self-output against iterations, one line a seed, at the end {_gains_end(runs, heads)}."


def gains_note(runs: pd.DataFrame, heads: Heads) -> str:
    """Where every seed ends, and what a share of 1/K means."""
    return (
        f"By seed the self-output ends at {_gains_end(runs, heads)}. It is averaged over classes: if one of K is "
        "learnt and the others stay at zero, it is about 1/K."
    )
