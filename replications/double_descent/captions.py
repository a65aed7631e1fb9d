"""Sentences of the page that depend on the run: formed from tables of curves, published values and settings."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from replications.double_descent import eigenframework as theory
from replications.double_descent import plots, plots_unified, reference
from replications.double_descent.measuring import widths
from replications.double_descent.plots import count, rows
from verifig.ground.numbers import text

DATASETS = {"mnist_5k": "MNIST", "mnist": "MNIST", "fashion_mnist": "Fashion-MNIST", "digits": "scikit-learn's digits", "cifar10": "CIFAR-10"}  # fmt: skip


def listed(items: Iterable) -> str:
    """`1, 3 and 6`."""
    words = [str(item) for item in items]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def seeds(settings: Iterable[Mapping]) -> str:
    """`8 seeds`, or `4 to 8 seeds` where conditions differ."""
    counts = sorted({s["seeds"] for s in settings})
    if counts == [1]:
        return "1 seed"
    return f"{counts[0]} seeds" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"


def steps_text(steps: float) -> str:
    """`10,000 steps` or `infinitely many steps`."""
    return "infinitely many steps" if np.isinf(steps) else f"{count(steps)} steps"


def definitions() -> str:
    """Peak height and threshold loss."""
    low, high = (f"{ratio:g}" for ratio in widths.WINDOW)
    return (
        "W is the number of features and n that of training samples. "
        f"**h** is the peak height: the largest test MSE between {low} n and {high} n features, over that at {widths.TAIL:g} n, "
        "per seed. **l** is the training MSE at W = n. L is the largest curvature of the loss, so that 1/L is the step size "
        "at which gradient descent is fastest without oscillation in any direction. The condition number κ of the features is "
        "their largest over their smallest non-zero singular value."
    )


def common(settings: Mapping) -> str:
    """The task that most panels share."""
    classes = settings["classes"]
    part = "a subset of " if settings["dataset"] == "mnist_5k" else ""
    task = f"{part}{DATASETS[settings['dataset']]}, " + (f"classes {listed(classes)}" if classes else "all classes")
    test = f"{settings['test_size']:,} other images" if settings["test_size"] else "all other images of these classes"
    return (
        f"The common setting: {task}, n = {settings['n']:,} images with {100 * settings['label_noise']:g} % label noise (that share of "
        f"training labels is replaced by a random class, possibly the same), tested on {test}; W frozen random "
        f"{settings['activation']} features, squared loss; gradient descent on the output layer in closed form, "
        f"{settings['seeds']} seeds where no other number is given. A seed draws images, noise and weights."
    )


def peak_of(frame: pd.DataFrame, x: str, y: str, form: str = "median") -> tuple[float, float]:
    """Place and height of the largest value, `form` over seeds."""
    curve = frame.groupby(x)[y].agg(form)
    return float(curve.idxmax()), float(curve.max())


def at(frame: pd.DataFrame, width: float, field: str, form: str = "median") -> float:
    """One field at the width nearest to `width`, `form` over seeds."""
    grid = np.unique(frame["width"])
    nearest = grid[np.abs(grid - width).argmin()]
    return float(frame[frame["width"] == nearest][field].agg(form))


# Panel A


def minimal_alt(table: pd.DataFrame, n: int) -> str:
    """Where the mean curves peak."""
    names = {"test_error": "test error", "test_mse": "test MSE", "condition_number": "condition number", "norm": "norm of the weights"}  # fmt: skip
    parts = []
    for field, name in names.items():
        rows_ = table[(table["field"] == field) & (table["P"] > n / 2)]  # the narrowest models err, too
        if len(rows_):
            parts.append(f"{name} at {text(float(rows_.loc[rows_['mean'].idxmax(), 'P']) / n)}")
    peaks = f" Beyond P/N = 1/2 the means are largest for {listed(parts)}." if parts else ""
    return f"Four panels against features over points, P/N.{peaks} Diamonds mark published means."


def minimal_note(table: pd.DataFrame, n: int, draws: int, paper: Mapping) -> str:
    """What is drawn, and how far the unstable means differ at the threshold."""
    at_n = table[(table["field"] == "condition_number") & (table["P"] == n)]
    sentences = [
        f"Diamonds: published means over {paper['draws']:,} draws at N = {paper['N']}, average of two independent versions. Ours: "
        f"{draws:,} draws; orange: medians with quartiles over draws."
    ]
    if len(at_n) and n == paper["N"]:
        theirs = paper["condition_number"][paper["P"].index(n)]
        sentences.append(
            f"At P = N means are unstable (heavy tails): the mean condition number is {text(float(at_n['mean'].iloc[0]))} here "
            f"and {text(theirs)} there, our median {text(float(at_n['median'].iloc[0]))}."
        )
    return " ".join(sentences)


def descent_alt(table: pd.DataFrame, n: int) -> str:
    """Where the error peaks after each training time."""
    parts = []
    for steps, part in table.groupby("steps"):
        place, value = peak_of(part, "x", "value", "mean")
        parts.append(f"{text(100 * value)} % at P = {place:g} after {steps_text(steps)}")
    return f"Test error against the number of features, N = {n} points. The largest mean error is {listed(parts)}."


# Panels B and C


def horizons_alt(risk: pd.DataFrame, settings: Mapping) -> str:
    """Where the median test MSE peaks, and how high above the widest model, by number of steps."""
    parts = []
    for steps in plots.shown_horizons(settings):
        chosen = rows(risk, f"steps {steps:g}")
        place, value = peak_of(chosen, "width", "test_mse")
        parts.append(f"{text(value)} at W = {place:g} after {steps_text(steps)}")
    return f"Test MSE, test error and train MSE against width by number of steps. The largest median test MSE is {listed(parts)}."


def ridge_from(risk: pd.DataFrame, settings: Mapping) -> float | None:
    """Number of steps from which on the worst width by mean test error lies in the window around n, or None."""
    worst = plots.by_steps(risk, "test_error", "mean").idxmax(axis=1)
    inside = (worst >= widths.WINDOW[0] * settings["n"]) & (worst <= widths.WINDOW[1] * settings["n"])
    later = inside[::-1].cummin()[::-1]
    return float(later.index[later.to_numpy().argmax()]) if later.any() else None


def heatmap_alt(risk: pd.DataFrame, settings: Mapping) -> str:
    """From where on the threshold is the worst width."""
    first = ridge_from(risk, settings)
    low, high = (f"{ratio * settings['n']:g}" for ratio in widths.WINDOW)
    found = (
        f"From {steps_text(first)} on the worst width by test error lies between {low} and {high}."
        if first is not None
        else f"Even after the longest training the worst width by test error lies outside {low} to {high}."
    )
    return f"Two maps over width and steps, of test MSE and of test error. {found}"


def optimisers_alt(risk: pd.DataFrame, iterated: pd.DataFrame, settings: Mapping, runs: Mapping[str, Mapping]) -> str:
    """Median test MSE at W = n after both numbers of steps."""
    short, long = plots.optimiser_steps(settings)
    parts = []
    for label, pattern in plots.optimiser_arms(settings, runs):
        found = [plots.run_named(risk, iterated, pattern.format(steps)) for steps in (short, long)]
        if all(len(frame) for frame in found):
            values = [text(at(frame, settings["n"], "test_mse")) for frame in found]
            parts.append(f"{label} {values[0]} and {values[1]}")
    return (
        f"Test MSE by width after {count(short)} and {count(long)} steps, and train MSE after the latter. Median test MSE at W = n "
        f"after either: {'; '.join(parts)}."
    )


def optimisers_note(risk: pd.DataFrame, iterated: pd.DataFrame, settings: Mapping, runs: Mapping[str, Mapping]) -> str:
    """Step sizes, seeds, widths, what leaves the frame, and which training loss rises again beyond the threshold."""
    adams = {name: run for name, run in runs.items() if run["optimizer"] == "adam"}
    sentences = [
        f"Medians with quartiles. Gradient descent and momentum: steps of size 1/L, {settings['seeds']} seeds. Losses below "
        f"{plots.OPTIMISER_FLOOR:g} leave the frame."
    ]
    if adams:
        grid = sorted({width for run in adams.values() for width in run["widths"]})
        sentences.append(f"Adam, by learning rate: {seeds(adams.values())} of the same, at widths {listed(grid)} only.")
    for name, run in adams.items():
        frame = plots.run_points(iterated, name)
        wide = frame[frame["width"] > settings["n"]]
        if len(wide):
            medians = wide.groupby("width")["train_mse"].median()
            if medians.iloc[-1] > 2 * medians.min():
                sentences.append(
                    f"The training loss of Adam {run['learning_rate']:g} rises again, from {text(float(medians.min()), 2)} at "
                    f"W = {medians.idxmin()} to {text(float(medians.iloc[-1]), 2)} at W = {medians.index[-1]}."
                )
    return " ".join(sentences)


def batches_alt(iterated: pd.DataFrame, settings: Mapping, runs: Mapping[str, Mapping]) -> str:
    """Peak and training loss by batch size."""
    parts = []
    for name, label in plots.batch_arms(runs).items():
        frame = plots.run_points(iterated, name)
        loss, height = plots_unified.heights(frame, settings["n"])
        parts.append(f"{label} h {text(float(height.median()))}, l {text(float(loss.median()), 2)}")
    return f"Test and train MSE by width after {settings['epochs']:,} epochs. Medians: {'; '.join(parts)}."


def batches_note(settings: Mapping, runs: Mapping[str, Mapping]) -> str:
    """Seeds, learning rate, how many steps equal epochs are, and what leaves the frame."""
    steps = {run["batch_size"]: run["epochs"] * -(-run["n"] // run["batch_size"]) for run in map(runs.get, plots.batch_arms(runs))}  # fmt: skip
    counts = listed(f"{count(number)} with batch {size}" for size, number in sorted(steps.items()))
    return (
        f"Medians with quartiles over {settings['seeds']} seeds, learning rate {settings['learning_rate']:g}. Equal epochs are unequal "
        f"numbers of steps: {counts}. The decaying rate (divided by the root of 1 + epoch) is that of the author's earlier "
        f"repository. Losses below {plots.LOSS_FLOOR:g} leave the frame."
    )


# Panels D to F


def initialisation_alt(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> str:
    """Tail by output scale; rise of the error at the threshold by feature scale at both rates."""
    tails, widest = [], max(settings["widths"])
    for scale, solver in plots.scale_solvers(settings).items():
        frame = rows(risk, solver)
        if len(frame):
            tails.append(f"{text(at(frame, widest, 'test_mse'))} for output scale {scale:g}")
    rises = []
    for name, (label, _) in plots.by_scale(settings, maps).items():
        pair = [_rise(rows(risk, solver, name), settings["n"]) for solver in _rates(settings)]
        rises.append(f"{text(100 * pair[0], 2)} and {text(100 * pair[1], 2)} for feature scale {label}")
    return (
        f"Left: test MSE by width; median at W = {widest}: {listed(tails)}. Middle and right: test error by width at two learning "
        f"rates; mean error at W = n less that at {_narrow(settings)}, in points: {listed(rises)}."
    )


def initialisation_note(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> str:
    """Rates, steps and seeds of the panels, and the peak itself by output scale, whose ratio to the tail is h."""
    n, peaks = settings["n"], []
    for scale, solver in plots.scale_solvers(settings).items():
        frame = rows(risk, solver)
        frame = frame[frame["width"].between(widths.WINDOW[0] * n - 1e-6, widths.WINDOW[1] * n + 1e-6)]
        if len(frame):
            peaks.append(f"{text(float(frame.groupby('seed')['test_mse'].max().median()))} at output scale {scale:g}")
    rates = f"1/L and {settings['learning_rates'][0]:g}"
    low, high = (f"{ratio * n:g}" for ratio in widths.WINDOW)
    return (
        f"{count(settings['steps'])} steps. Left: rate 1/L, medians with quartiles over {settings['seeds']} seeds. Middle and right: rates "
        f"{rates}, means with 95 % intervals over {seeds(maps[name] for name in plots.by_scale(settings, maps))}. h is relative to "
        f"the tail: the largest test MSE between W = {low} and {high} itself is {listed(peaks)} (medians)."
    )


def _rates(settings: Mapping) -> tuple[str, str]:
    return plots.base_solver(settings), f"lr {settings['learning_rates'][0]:g}"


def _narrow(settings: Mapping) -> str:
    """The widths among which `_rise` takes the best."""
    chosen = [width for width in settings["widths"] if width <= widths.LEFT * settings["n"] * 1.001]
    return f"the best of W = {listed(chosen)}" if len(chosen) > 1 else f"W = {listed(chosen)}"


def _rise(frame: pd.DataFrame, n: float) -> float:
    """Mean error at W = n less the smallest mean error up to 0.6 n."""
    curve = frame.groupby("width")["test_error"].mean()
    narrow = curve[curve.index <= widths.LEFT * n * 1.001]
    return at(frame, n, "test_error", "mean") - float(narrow.min()) if len(narrow) else float("nan")


def normalisation_alt(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> str:
    """Error at the threshold by normalisation, at both rates."""
    rate, parts = settings["learning_rates"][0], _errors_at(risk, settings, maps, settings["n"])
    return f"Test error by width at rate 1/L and at rate {rate:g}. Mean error at W = n in percent: {listed(parts)}."


def normalisation_note(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping]) -> str:
    """Seeds, and the error of the widest models, against which a peak is seen."""
    widest, parts = max(settings["widths"]), _errors_at(risk, settings, maps, max(settings["widths"]))
    return (
        f"Means with 95 % intervals over {seeds(maps[name] for name in plots.by_normalisation(settings, maps))}. At W = {widest} the "
        f"mean error in percent is {listed(parts)} (rate 1/L and rate {settings['learning_rates'][0]:g})."
    )


def _errors_at(risk: pd.DataFrame, settings: Mapping, maps: Mapping[str, Mapping], width: float) -> list[str]:
    """By normalisation, the mean error in percent at one width, at both rates."""
    parts = []
    for name, (label, _) in plots.by_normalisation(settings, maps).items():
        errors = [100 * at(rows(risk, s, name), width, "test_error", "mean") for s in _rates(settings)]
        parts.append(f"{text(errors[0])} and {text(errors[1])} for {label}")
    return parts


def conditioning_alt(kappa: pd.DataFrame, threshold: pd.DataFrame) -> str:
    """Where condition numbers peak, and their medians over the draws at W = n."""
    places = sorted({int(peak_of(part, "x", "value")[0]) for _, part in kappa.groupby("map")})
    medians = threshold.groupby("map")["value"].median().sort_values()
    return (
        f"Condition numbers against width; the medians of all feature maps are largest at W = {listed(places)}. Right: "
        f"distributions at W = n, with medians from {text(medians.iloc[0])} to {text(medians.iloc[-1])} and largest values up to "
        f"{text(float(threshold['value'].max()))}."
    )


def threshold_table(risk: pd.DataFrame, kappa: pd.DataFrame, settings: Mapping, maps: Mapping) -> pd.DataFrame:
    """At W = n, by normalisation (its label): medians of condition number, training loss and test error (%)."""
    n, found = settings["n"], {}
    for name, (label, _) in plots.by_normalisation(settings, maps).items():
        frame = rows(risk, plots.base_solver(settings), name)
        condition = kappa[(kappa["map"] == name) & (kappa["x"] == n)]["value"].median()
        found[label] = (condition, at(frame, n, "train_mse"), 100 * at(frame, n, "test_error"))
    return pd.DataFrame(found, index=["condition number", "train MSE", "test error (%)"]).T


def caveat_normalisation_alt(risk: pd.DataFrame, kappa: pd.DataFrame, settings: Mapping, maps: Mapping) -> str:
    """The medians, in words."""
    table = threshold_table(risk, kappa, settings, maps)
    parts = [f"{label}: {', '.join(text(float(v)) for v in values)}" for label, values in zip(table.index, table.to_numpy(), strict=True)]  # fmt: skip
    return f"Condition number, training loss and test error (%) at W = n, medians. {'; '.join(parts)}."


def caveat_normalisation(risk: pd.DataFrame, kappa: pd.DataFrame, settings: Mapping, maps: Mapping) -> str:
    """Whether better conditioned maps have lower losses and higher errors, pair by pair."""
    table = threshold_table(risk, kappa, settings, maps)
    pairs = [(a, b) for a in table.index for b in table.index if table.loc[a].iloc[0] < table.loc[b].iloc[0]]
    if not pairs:
        return ""
    counts = [sum(compare(table.loc[a].iloc[k], table.loc[b].iloc[k]) for a, b in pairs) for k, compare in ((1, np.less), (2, np.greater))]  # fmt: skip
    verdict = (
        "so here a lower condition number goes with a lower loss throughout"
        if counts[0] == len(pairs)
        else "so here a lower condition number does not always go with a lower loss"
    )
    return (
        f"Of {len(pairs)} pairs of feature maps the one with the lower median condition number has the lower median training loss in "
        f"{counts[0]} and the higher median error in {counts[1]}, {verdict}. At W = n these medians are uncertain, as their quartiles "
        "show. The abstract's statement is judged on condition number and error."
    )


def noise_alt(risk: pd.DataFrame, settings: Mapping) -> str:
    """Rise of the error at the threshold by noise and steps."""
    levels, parts = plots.noise_levels(settings), []
    for steps in [*sorted(settings["noise_horizons"])[-2:], np.inf]:
        found = [_rise(rows(risk, plots.noise_solver(settings, share, steps)), settings["n"]) for share in levels]
        values = listed(f"{text(100 * value, 2)}" for value in found)
        parts.append(f"{values} after {steps_text(steps)}")
    shares = listed(f"{100 * share:g}" for share in levels)
    return (
        f"Test error by width for label noise of {shares} %. Mean error at W = n less that at {_narrow(settings)}, in points, "
        f"by noise: {'; '.join(parts)}."
    )


def noise_note(risk: pd.DataFrame, settings: Mapping) -> str:
    """Seeds, and at which noise the error of the leftmost panel is higher at W = n than on either side, whatever h says."""
    n, steps, humps = settings["n"], sorted(settings["noise_horizons"])[-2:][0], []
    for share in plots.noise_levels(settings):
        frame = rows(risk, plots.noise_solver(settings, share, steps))
        middle, tail = (at(frame, width, "test_error", "mean") for width in (n, max(settings["widths"])))
        if _rise(frame, n) > 0 and middle > tail:
            humps.append(f"{100 * share:g}")
    found = (
        f" After {steps_text(steps)} the mean error at W = n is above that at {_narrow(settings)} and above that at "
        f"W = {max(settings['widths'])} with {listed(humps)} % label noise."
        if humps
        else ""
    )
    return (
        f"Means with 95 % intervals over {settings['seeds']} seeds, steps of size 1/L. F1 judges test MSE and h, its peak relative to "
        f"the tail, not this error.{found}"
    )


def caveat_noise(risk: pd.DataFrame, settings: Mapping) -> str:
    """Loss and height by noise after the longer training, and whether one loss could separate peak from no peak."""
    steps, found = max(settings["noise_horizons"]), {}
    for share in plots.noise_levels(settings):
        loss, height = plots_unified.heights(rows(risk, plots.noise_solver(settings, share, steps)), settings["n"])
        found[share] = float(loss.median()), float(height.median())
    parts = [f"l {text(loss, 2)} and h {text(height)} at {100 * share:g} %" for share, (loss, height) in found.items()]
    ordered = sorted(found.values())
    rising = all(a[1] <= b[1] for a, b in itertools.pairwise(ordered))
    return f"After {steps_text(steps)}, medians by label noise: {'; '.join(parts)}." + (
        " Across noise levels the higher loss goes with the higher peak, the opposite of the order within one task: which loss is "
        "“sufficiently low” depends on the task, and the statement is tested within one task only."
        if rising
        else ""
    )


def caveat_noise_alt(settings: Mapping) -> str:
    """What the lines join."""
    return (
        "Peak height against training loss at W = n, for each noise level a line that joins "
        f"{listed(count(steps) for steps in sorted(settings['noise_horizons']))} steps."
    )


# Panels G and H


def two_layer_alt(table: pd.DataFrame, base: Mapping, runs: Mapping[str, Mapping]) -> str:
    """Where the test MSE peaks late, and how high above the widest network, early and late."""
    short, last = plots_unified.compared_steps(sorted(table["steps"].unique()))
    parts = []
    for name, settings in runs.items():
        own = table[table["run"] == name]
        late, early = (own[own["steps"] == steps].groupby("width")["test_mse"].mean() for steps in (last, short))
        ratios = [text(float(curve.max() / curve.iloc[-1])) for curve in (early, late)]
        parts.append(f"{plots_unified.arm(settings, base)} {ratios[0]} and {ratios[1]} (then at H = {late.idxmax()})")
    return (
        f"Test MSE by hidden width after {count(short)} and {count(last)} steps, and training loss. Largest mean test MSE over that "
        f"of the widest network after either: {'; '.join(parts)}."
    )


def two_layer_note(table: pd.DataFrame, base: Mapping, runs: Mapping[str, Mapping], threshold: float) -> str:
    """What is drawn, learning rates, what leaves the frame, and which training loss rises again."""
    arms: dict[float, list[str]] = {}
    for settings in runs.values():
        arms.setdefault(settings["learning_rate"], []).append(plots_unified.arm(settings, base))
    rates = ", ".join(f"{rate:g} ({'; '.join(names)})" for rate, names in arms.items())
    sentences = [
        f"Test MSE: means with 95 % intervals; train MSE: medians with quartiles; {seeds(runs.values())}. Dotted: as many "
        f"parameters as equations, H = {text(threshold)}. Losses below {plots_unified.TWO_LAYER_FLOOR:g} leave the frame. Learning "
        f"rates: {rates}."
    ]
    last = table["steps"].max()
    for name, settings in runs.items():
        own = table[(table["run"] == name) & (table["steps"] == last)].groupby("width")["train_mse"].median()
        if len(own) and own.iloc[-1] > 2 * own.min():
            arm = plots_unified.arm(settings, base)
            sentences.append(
                f"The training loss of {arm} is lowest at H = {own.idxmin()} ({text(float(own.min()), 2)}) and higher at the widest "
                f"({text(float(own.iloc[-1]), 2)})."
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
        sentences.append(
            f"Grey: losses between those that B5 asks for. B5 judges some of the configurations, named in advance, each over all "
            f"its seeds; of all {len(heights)} medians left of the grey {(heights < peak).sum()} lie below its h of {peak:g}."
        )
    return " ".join(sentences)


def curvature_alt(table: pd.DataFrame) -> str:
    """Where the factor peaks and how high, by horizon."""
    parts = []
    for steps, part in table.groupby("steps"):
        place, value = peak_of(part, "x", "value", "mean")
        parts.append(f"{text(value)} at d = {place:g} after {steps_text(steps)}")
    return f"The factor against the input dimension; its mean is largest, {listed(parts)}."


# More is Better


def published_alt(table: pd.DataFrame) -> str:
    """How far the published experiments lie from our curves, and where the lowest ridge peaks."""
    worst = float((table["experiment"] / table["theory"] - 1).abs().max())
    ks = np.unique(np.geomspace(10, 10000, 200).round())
    task, ridge = reference.figure1_task(), table["ridge"].min()
    top = ks[int(np.argmax([theory.risk(task, reference.FIGURE1["n"], k, ridge)[0] for k in ks]))]
    return (
        f"Test MSE against the number of features for {table['ridge'].nunique()} ridges: our curves, and published experiments on "
        f"them, at most {text(100 * worst, 2)} % away. The smallest ridge peaks at about k = {top:g}, where n = {reference.FIGURE1['n']}."
    )


def risks_alt(table: pd.DataFrame, n: int, what: str) -> str:
    """Largest mean deviation of simulation from theory, at and away from the threshold."""
    ratio = (table["value"] / table["theory"] - 1).groupby([table["ridge"], table["x"]]).mean()
    off = ratio[ratio.index.get_level_values("x") != n]
    on = ratio[ratio.index.get_level_values("x") == n]
    peaks = []
    for ridge, part in table.groupby("ridge"):
        place, _ = peak_of(part, "x", "value", "mean")
        if place not in (part["x"].min(), part["x"].max()):
            peaks.append(f"{place:g} for ridge {ridge:.3g}")
    where = f"Mean simulated test MSE is largest within the range of k at {listed(peaks)}; for the other ridges at its ends. " if peaks else ""  # fmt: skip
    threshold = f", at k = n between {text(100 * on.min(), 2)} and {text(100 * on.max(), 2)} %" if len(on) else ""
    return (
        f"Test MSE against the number of {what} for {table['ridge'].nunique()} ridges, simulation and theory. {where}Mean deviation "
        f"from theory for k other than n between {text(100 * off.min(), 2)} and {text(100 * off.max(), 2)} %{threshold}."
    )


def theorem_alt(table: pd.DataFrame) -> str:
    """Whether risk falls with size at the tuned ridge, and where it peaks without tuning."""
    parts = []
    for order, name in (("by_k", "more features"), ("by_n", "more samples")):
        values = table[table["order"] == order].sort_values("x")["value"].to_numpy()
        parts.append(
            f"{'falls at every step' if (np.diff(values) < 0).all() else 'does not fall at every step'} with {name}"
        )
    place, value = peak_of(table[table["order"] == "ridgeless_by_k"], "x", "value", "mean")
    return (
        f"Exact test MSE against size. At the tuned ridge it {listed(parts)}; at the small fixed ridge it is largest, "
        f"{text(value)}, at k = {place:g}."
    )


def fitting_prose() -> str:
    """Up to which noise interpolation is optimal, by task."""
    parts = []
    for name, ((a, b), _) in reference.KERNEL_OPTIMA.items():
        limit = theory.interpolation_noise(a, b)
        parts.append(
            f"for the exponents of {name} "
            + (
                f"fitting the training set perfectly is best up to noise {text(limit)}"
                if limit > 0
                else f"it is never best to fit perfectly (R = {text(theory.optimal_fitting_ratio(a, b, 0))} without noise)"
            )
        )
    return f"By the formula, {listed(parts)}. Noise is measured in units of the noise-free test error without ridge."


def fitting_alt(mnist: pd.DataFrame, cifar: pd.DataFrame) -> str:
    """Optima by the formula and as stored."""
    parts = []
    for name, table in zip(reference.KERNEL_OPTIMA, (mnist, cifar), strict=True):
        pairs = listed(f"{text(f)} and {text(s)}" for f, s in zip(table["formula"], table["stored"], strict=True))
        parts.append(f"{name} {pairs} for noise {listed(f'{noise:g}' for noise in table['noise'])}")
    return f"Test error against the fitting ratio. Best ratio by the formula and as published: {'; '.join(parts)}."


# Deep Double Descent


def resnet_alt(published: pd.DataFrame) -> str:
    """Minimum, peak and end of the published curve."""
    peak = published.iloc[reference.published_peak()]
    before = published[published["x"] < peak["x"]]
    low, last = before.loc[before["test"].idxmin()], published.iloc[-1]
    return (
        f"Published test error (on noisy labels) and train error of ResNet18 against width: test error falls to {text(100 * low['test'])} % at width "
        f"{low['x']:g}, rises to {text(100 * peak['test'])} % at width {peak['x']:g}, where the train error is "
        f"{text(100 * peak['train'])} %, and falls to {text(100 * last['test'])} % at width {last['x']:g}."
    )


def samples_alt(sizes: pd.DataFrame, threshold: pd.DataFrame) -> str:
    """Where the error peaks by sample size and by width."""
    left = [
        f"n = {peak_of(part, 'x', 'value', 'mean')[0]:g} with {100 * share:g} % label noise"
        for share, part in sizes.groupby("noise")
    ]
    noisy = threshold[threshold["noise"] == threshold["noise"].max()]
    right = [f"{peak_of(part, 'x', 'value', 'mean')[0]:g} for n = {n}" for n, part in noisy.groupby("n")]
    return (
        f"Left: mean test error against the number of samples is largest at {listed(left)}. Right: against features over samples "
        f"it is largest at {listed(right)}."
    )


def arms_of(runs: Mapping[str, Mapping], base: Mapping) -> Sequence[str]:
    """Names of two-layer conditions, plain ones first."""
    return sorted(runs, key=lambda name: ("," in plots_unified.arm(runs[name], base), runs[name]["optimizer"] == "adam", runs[name]["momentum"]))  # fmt: skip
