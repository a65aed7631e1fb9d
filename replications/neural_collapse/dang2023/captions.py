"""Sentences of the page that depend on the run: formed from tables of curves, statistics and settings."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from replications.neural_collapse.dang2023 import closed_form, metrics, plots
from replications.neural_collapse.dang2023.measure import NEAR
from replications.neural_collapse.dang2023.plots import Heads
from verifig.ground.numbers import text

DATASETS = {"mnist_5k": "MNIST", "cifar10": "CIFAR-10", "folder": "the image folder"}
ZERO = 1e-3  # self-output below which a class counts as collapsed
BELOW = 1e-3  # relative distance from which an objective counts as below the simplex
AUTHORS_SUBSET = np.repeat([100, 200, 300, 400, 500], 2)  # images by class of CIFAR-10, from the authors' code


def listed(items: Iterable) -> str:
    """`1, 3 and 6`."""
    words = [str(item) for item in items]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def depths(heads: Heads) -> str:
    """`1, 3 and 6`: the numbers of linear layers."""
    return listed(sorted({settings["depth"] for settings in heads.values()}))


def seeds(heads: Heads) -> str:
    """`6 seeds`, or `6 (M = 1) and 3 (M = 6) seeds` where conditions differ."""
    counts = {settings["seeds"] for settings in heads.values()}
    if counts == {1}:
        return "1 seed"
    if len(counts) == 1:
        return f"{counts.pop()} seeds"
    by_label = listed(f"{s['seeds']} ({plots.label(name, heads)})" for name, s in heads.items())
    return f"{by_label} seeds"


def ends(runs: pd.DataFrame, curve: str, heads: Heads) -> np.ndarray:
    """Last values of a curve of all these conditions and seeds."""
    rows = runs[(runs["curve"] == curve) & runs["condition"].isin(heads)]
    return rows[rows["x"] == rows.groupby("condition")["x"].transform("max")]["value"].to_numpy(float)


def largest(runs: pd.DataFrame, curve: str, heads: Heads) -> str:
    """The largest last value as text."""
    return text(float(np.max(ends(runs, curve, heads))), 2)


def by_condition(runs: pd.DataFrame, curve: str, heads: Heads) -> str:
    """`0.299 (M = 1), 0.431 (M = 3)`: medians of the last values."""
    return ", ".join(
        f"{text(float(np.median(ends(runs, curve, {name: heads[name]}))))} ({plots.label(name, heads)})"
        for name in heads
    )


def equal(heads: Heads) -> dict[str, Mapping]:
    """Conditions of equal classes, with and without bias."""
    return plots.of_family(heads, "of") | plots.of_family(heads, "etf")


def geometry(heads: Heads) -> str:
    """What the heat maps show."""
    names = {"of": "equal", "etf": "equal with a bias", "gof": "unequal"}
    rows = [f"{names[plots.family(s)]}, classes of {listed(s['sizes'])}, M = {s['depth']}" for s in heads.values()]
    return (
        f"First seed. Rows: {'; '.join(rows)}. Each map has the classes as rows and columns, in the order given. Red is "
        "positive, blue negative, no colour zero. After and predicted share a colour scale, before has its own. With a bias "
        "class means and outputs are centred."
    )


def misfits_to_prediction(frame: pd.DataFrame, heads: Heads) -> str:
    """How far the drawn matrices end from the predicted ones, relative to these."""
    worst = 0.0
    for _, part in frame[frame["condition"].isin(heads)].groupby(["condition", "matrix"]):
        table = part.pivot(index=["row", "column"], columns="stage", values="value")
        if "predicted" not in table:
            return "Heat maps of the Gram matrices of classifiers and class means and of the outputs, before and after training."
        worst = max(worst, float((table["end"] - table["predicted"]).abs().max() / table["predicted"].abs().max()))
    return (
        "Heat maps of the Gram matrices of classifiers and class means and of the outputs, before and after training and "
        f"as predicted. No entry ends further than {text(worst, 2)} of the largest one from its prediction."
    )


def balanced_alt(runs: pd.DataFrame, heads: Heads) -> str:
    """Where the metrics of equal classes end."""
    chosen = equal(heads)
    return (
        f"NC1, NC2 and NC3 against iterations on log axes for {depths(chosen)} linear layers, without and with bias. "
        f"They end at or below {largest(runs, 'nc1', chosen)}, {largest(runs, 'nc2_w', chosen)} and {largest(runs, 'nc3', chosen)}."
    )


def balanced_note(runs: pd.DataFrame, heads: Heads) -> str:
    """What the bands are, where float64 ends, and what a bias does to one layer."""
    chosen = equal(heads)
    sentences = [f"Lines and bands: median and range over {seeds(chosen)}."]
    if ends(runs, "nc1", chosen).max() < 1e-28:
        sentences.append(
            f"NC1 ends at {largest(runs, 'nc1', chosen)} or less, the order of the rounding of float64, squared."
        )
    plain, biased = (
        next((n for n, s in plots.of_family(heads, f).items() if s["depth"] == 1), None) for f in ("of", "etf")
    )
    if plain and biased:
        without, with_bias = (float(np.median(ends(runs, "nc2_w", {n: heads[n]}))) for n in (plain, biased))
        sentences.append(
            f"With one layer the median of NC2 ends at {text(without, 2)} without a bias and at {text(with_bias, 2)} with one."
        )
        if with_bias > 10 * without:
            s = heads[biased]
            shrunk = np.exp(plots.decay_rate(s) / 2 * s["iterations"])
            sentences.append(
                "In theory the bias leaves one direction of the classifiers to weight decay alone, which shrinks it "
                f"{text(float(shrunk), 3)}-fold in {s['iterations']:,} iterations."
            )
    return " ".join(sentences)


def imbalanced_alt(runs: pd.DataFrame, heads: Heads) -> str:
    """Where the metrics of unequal classes and the misfit to the plain frame end."""
    chosen = plots.of_family(heads, "gof")
    return (
        f"NC1, NC2 and NC3 against iterations for {depths(chosen)} linear layers with unequal classes. They end at or "
        f"below {largest(runs, 'nc1', chosen)}, {largest(runs, 'nc2_w', chosen)} and {largest(runs, 'nc3', chosen)}, the median "
        f"of the dashed misfit to the plain frame at {by_condition(runs, 'of_misfit', chosen)}."
    )


def gap_alt(runs: pd.DataFrame, heads: Heads) -> str:
    """How close the objective comes, and how the imbalance decays with and without weight decay."""
    chosen = plots.of_family(heads, "gof")
    sentences = [
        f"Left: relative gap to the optimum for {depths(chosen)} linear layers, in the median at the end {by_condition(runs, 'gap', chosen)}."
    ]
    deep = {name: s for name, s in chosen.items() if s["depth"] > 1}
    off = {name: s for name, s in heads.items() if name.startswith("off") and s["depth"] > 1}
    if deep:
        sentences.append(
            f"Right: imbalance of neighbouring layers on a log axis, in the median at the end {by_condition(runs, 'imbalance', deep)}."
        )
    for name in off:
        rows = runs[(runs["curve"] == "imbalance") & (runs["condition"] == name) & (runs["x"] > 0)]
        if len(rows):
            change = (
                rows[rows["x"] == rows["x"].max()]["value"].median()
                / rows[rows["x"] == rows["x"].min()]["value"].median()
            )
            sentences.append(f"Without weight decay it ends at {text(100 * float(change))} % of its start.")
    return " ".join(sentences)


def gap_note(heads: Heads) -> str:
    """What the lines are."""
    unequal = plots.of_family(heads, "gof")
    deep = {n: s for n, s in unequal.items() if s["depth"] > 1}
    note = f"Median and range over {seeds(unequal)}; what is at the optimum, or below it by rounding, has no place on a log axis."
    if deep:
        rate = plots.decay_rate(next(iter(deep.values())))
        note += (
            " Imbalance: the largest Frobenius norm of W′W − VV′ over neighbouring layers W on V (′: transposed). Wide grey "
            f"line: the predicted decay, {text(rate)} per iteration, from the first point on."
        )
    if len(deep) > 1:
        note += " Every second curve is broken, so that curves on each other are seen."
    return note


def exponents(predicted: Mapping[int, float]) -> str:
    """Exact slopes beside those of vanishing regularisation, by depth."""
    pairs = [f"{text(slope)} instead of {text(m / (m + 1))} (M = {m})" for m, slope in predicted.items()]
    return f"At the decays used here the slopes of log p_k against log n_k in the closed form are {listed(pairs)}."


def lengths_alt(table: pd.DataFrame, heads: Heads) -> str:
    """How far the points lie from the predicted lines."""
    chosen = plots.of_family(heads, "gof")
    rows = table[table["condition"].isin(chosen)]
    worst = max(float((rows[c] / rows[f"predicted_{c}"] - 1).abs().max()) for c in ("classifier", "feature"))
    return (
        f"Squared lengths of classifiers and of class means against class size for {depths(chosen)} linear layers, points "
        f"on predicted lines that rise for classifiers and fall for class means; largest deviation {text(100 * worst, 2)} %."
    )


def staircase_alt(measured: pd.DataFrame, settings: Mapping) -> str:
    """Thresholds, and how far the points lie from the predicted lines."""
    sizes = settings["sizes"]
    predicted = {decay: plots.predicted_lengths(settings, decay) for decay in measured["decay"].unique()}
    expected = [
        predicted[decay][sizes.index(size)] for decay, size in zip(measured["decay"], measured["size"], strict=True)
    ]
    worst = float(np.abs(measured["classifier"] - expected).max())
    limits = {n: closed_form.critical_decay(n, sum(sizes), settings["depth"]) for n in sorted(set(sizes))}
    return (
        "Squared classifier length by class size against decay. Lines fall to zero at dotted thresholds, "
        f"{listed(f'{text(limit)} for n = {n}' for n, limit in limits.items())}; no point lies further than {text(worst, 2)} from its line."
    )


def left_out(measured: pd.DataFrame, settings: Mapping) -> str:
    """How many of the drawn decays lie too near to a threshold to be judged."""
    sizes, decays = settings["sizes"], measured["decay"].unique()
    limits = np.array([closed_form.critical_decay(n, sum(sizes), settings["depth"]) for n in sorted(set(sizes))])
    near = int((np.abs(decays[:, None] / limits - 1) < NEAR).any(1).sum())
    if not near:
        return ""
    return (
        f"{near} of {len(decays)} decays lie within {text(100 * NEAR)} % of a threshold; they are drawn but not judged."
    )


def jump_alt(heads: Heads) -> str:
    """What the theory lines do."""
    deep = listed(sorted({s["depth"] for s in heads.values()} - {1}))
    return (
        f"Left: mean self-output against pressure, in theory continuous to zero for one layer, for {deep} layers a branch "
        "that ends above zero. Middle: objectives along these lines; that of one layer rises to one half, those of deeper "
        "heads cross it at the threshold. Right: the decay of features and layers that ends the smallest class, by number of "
        "layers."
    )


def jump_note(branches: pd.DataFrame, heads: Heads) -> str:
    """Where the runs from either start end."""
    cold = branches[branches["condition"].isin([n for n, s in heads.items() if s["start"] == "random"])]
    warm = branches[branches["condition"].isin([n for n, s in heads.items() if s["start"] == "minimiser"])]
    zero = int((cold["self_output"] < ZERO).sum())
    limit = np.array([closed_form.spinodal(depth) for depth in warm["depth"]])
    alive = warm[warm["beta"].to_numpy() < limit]
    kept = int((alive["self_output"] >= ZERO).sum())
    beyond = int((warm[warm["beta"].to_numpy() >= limit]["self_output"] < ZERO).sum())
    begin = listed(sorted({f"{s['start_beta']:g}" for s in heads.values() if s["start"] == "minimiser"}))
    return (
        "Lines: closed form, solid where it is the global minimum and dashed where it is a local one. Circles: runs started near "
        f"the minimiser of β = {begin}; below the spinodal {kept} of {len(alive)} do not end at zero, beyond it {beyond} of "
        f"{len(warm) - len(alive)} do. Squares, one inside the other by depth: runs started near zero; {zero} of {len(cold)} "
        "end there. Right: one decay for features and layers, closed form."
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


def gains_end(runs: pd.DataFrame, heads: Heads) -> str:
    """`0.997, 0.997 and 0.997 (width 64); 0.249 and 0 (width 32)`: final self-output of every seed."""
    found = []
    for name, s in heads.items():
        values = listed(text(round(float(value), 6)) for value in ends(runs, "self_output", {name: s}))
        found.append(f"{values} (width {s['width']})")
    return "; ".join(found)


def gains_alt(runs: pd.DataFrame, heads: Heads) -> str:
    """What is drawn, and the final self-output of every seed."""
    return f"Mean self-output against iterations, one line a seed, at the end {gains_end(runs, heads)}."


def cross_entropy(ratios: Mapping[str, Sequence[float]], heads: Heads) -> str:
    """By condition, how far each start ends below the best simplex point, and what follows."""
    deep = {name: values for name, values in ratios.items() if heads[name]["depth"] > 1}
    if not deep:
        return "Only one linear layer was run."
    below = sum(int(np.sum(np.asarray(values) > BELOW)) for values in deep.values())
    total = sum(len(values) for values in deep.values())
    lead = (
        f"Of {total} runs with two or more layers {below} end below the best simplex point by more than one part in {1 / BELOW:,.0f}, so that point is not the optimum in "
        "their settings."
        if below
        else f"None of {total} runs with two or more layers ends below the best simplex point by more than one part in {1 / BELOW:,.0f}."
    )
    parts = [
        f"K = {len(heads[name]['sizes'])}, M = {heads[name]['depth']}: "
        + ", ".join(text(100 * value, 2) if abs(value) > 1e-6 else "0" for value in values)
        for name, values in deep.items()
    ]
    return f"{lead} By start, in percent below: {'; '.join(parts)}."


def ce_alt(table: pd.DataFrame) -> str:
    """Range of objectives and ranks with one layer and with more."""
    parts = []
    for label, rows in (("one layer", table[table["depth"] == 1]), ("more layers", table[table["depth"] > 1])):
        if len(rows):
            lowest = rows.loc[rows["ratio"].idxmin()]
            parts.append(
                f"with {label} the ratio lies between {rows['ratio'].min():.3f} and {rows['ratio'].max():.3f}, and where it is "
                f"lowest the rank is {int(lowest['rank'])} of {int(lowest['classes']) - 1}"
            )
    return (
        "Final objective of each start as a ratio to that of the best simplex point, and rank of the logits: "
        f"{'; '.join(parts)}."
    )


def network(settings: Mapping) -> str:
    """`perceptrons of 3 hidden layers and width 128`."""
    return f"perceptrons of {settings['hidden_layers']} hidden layers and width {settings['width']}"


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


def networks_alt(runs: pd.DataFrame, heads: Heads) -> str:
    """Where networks with equal classes end."""
    chosen = equal(heads)
    return (
        f"NC1, misfits of the classifiers and NC3 on log axes for {depths(chosen)} linear layers, without and with bias. At "
        "the end NC1 is at most "
        f"{largest(runs, 'nc1', chosen)}, the misfit to the own geometry at most {largest(runs, 'own_misfit', chosen)} and NC3 at "
        f"most {largest(runs, 'nc3', chosen)}; the dashed misfit to the other geometry is at least "
        f"{text(float(ends(runs, 'other_misfit', chosen).min()))}."
    )


def networks_imbalanced_alt(runs: pd.DataFrame, table: pd.DataFrame, heads: Heads) -> str:
    """Where networks with unequal classes end."""
    chosen = plots.of_family(heads, "gof")
    rows = table[table["condition"].isin(chosen)]
    worst = float((rows["classifier"] / rows["predicted_classifier"] - 1).abs().max())
    return (
        f"NC1, misfits, gap to the optimum, and squared classifier lengths against class size for {depths(chosen)} linear "
        f"layers. At the end NC1 is at most {largest(runs, 'nc1', chosen)}, the own misfit at most "
        f"{largest(runs, 'own_misfit', chosen)}, the median misfit to the plain frame {by_condition(runs, 'other_misfit', chosen)}; "
        f"lengths lie within {text(100 * worst, 2)} % of the predicted lines."
    )


def distance(classes: int) -> float:
    """Misfit between frame and simplex, sqrt(2 - 2 sqrt((K - 1)/K))."""
    return float(metrics.misfit(metrics.frame(classes, False), metrics.frame(classes, True)))


def survivors(sizes: Sequence[int], depth: int, decays: Sequence[float]) -> str:
    """At the smallest and the largest decay where they differ: classes that the largest root keeps, and the optimum."""
    kept = {}
    for decay in decays:
        root = int((closed_form.branch(closed_form.pressure(sizes, depth, decay, decay), depth) > 0).sum())
        best = int((closed_form.solve(sizes, depth, decay, decay).x > 0).sum())
        if root != best:
            count = "1 class" if root == 1 else f"{root} classes"
            kept[decay] = f"at decay {decay:g} it keeps {count} where the global optimum keeps {best}"
    setting = f"with {depth} layers and classes of {listed(sizes)}"
    return (
        f"{setting}, {listed(kept[decay] for decay in sorted({min(kept), max(kept)}))}"
        if kept
        else f"{setting} both keep the same classes"
    )


def scaling_misfit(sizes: Sequence[int], depth: int, decay: float) -> float:
    """Misfit of the target at the nominal decay to the one at K times that, which a loss averaged over classes has."""
    found = [
        closed_form.targets(closed_form.solve(sizes, depth, factor * decay, factor * decay))["classifier"]
        for factor in (1, len(sizes))
    ]
    return float(metrics.misfit(*found))
