"""The figures: each function takes tables of curves (see measure.py) and settings, and returns a matplotlib figure.

`heads` maps the conditions that a panel draws to their settings, so that depths, sizes and widths in labels are those
of the run.
"""

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from replications.neural_collapse.dang2023 import closed_form
from verifig.pages import figures

BLUE, ORANGE, GREEN, PURPLE, RED, OLIVE, TEAL, GREY = figures.PALETTE
DEPTH_COLOURS = {1: BLUE, 2: PURPLE, 3: ORANGE, 6: GREEN, 9: PURPLE}
OTHER_COLOURS = (RED, TEAL, OLIVE)
MATRICES = {"classifier": "classifiers", "feature": "class means", "output": "outputs"}
STAGES = {"start": "before", "end": "after", "predicted": "predicted"}
APART = ("full", "off", "narrow", "noise")  # conditions with a figure or a panel of their own
Heads = Mapping[str, Mapping]


def family(settings: Mapping) -> str:
    """ "of" (equal classes), "etf" (equal classes with a bias) or "gof" (unequal classes), as `geometry.Series` has it."""
    return "gof" if len(set(settings["sizes"])) > 1 else "etf" if settings["bias"] else "of"


def of_family(heads: Heads, kind: str) -> dict[str, Mapping]:
    """The conditions of a family by depth, without those that are drawn apart."""
    chosen = {name: s for name, s in heads.items() if family(s) == kind and not name.startswith(APART)}
    return dict(sorted(chosen.items(), key=lambda item: (item[1]["depth"], item[0])))


def colour(depth: int) -> str:
    """One colour a depth."""
    return DEPTH_COLOURS.get(depth, OTHER_COLOURS[depth % len(OTHER_COLOURS)])


def label(name: str, heads: Heads) -> str:
    """`M = 3`, with the name of the condition where two have that depth."""
    depth = heads[name]["depth"]
    twice = sum(s["depth"] == depth for s in heads.values()) > 1
    return f"M = {depth}" + (f" ({name})" if twice else "")


def rows_of(frame: pd.DataFrame, curve: str, condition: str) -> pd.DataFrame:
    """One curve of one condition from the first iteration on; what a log axis cannot show is left out."""
    rows = frame[(frame["curve"] == curve) & (frame["condition"] == condition) & (frame["x"] > 0)]
    return rows[rows["value"] > 0]


def by_depth(axes: Axes, frame: pd.DataFrame, curve: str, heads: Heads, **line) -> None:
    """One band a condition: median and range over seeds."""
    for name, settings in heads.items():
        rows = rows_of(frame, curve, name)
        if len(rows):
            figures.band(axes, rows, color=colour(settings["depth"]), label=label(name, heads), **line)


def plain_log(axis) -> None:
    """A log axis of about one decade: ticks at 1, 2, 5 written as plain numbers."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def balanced(runs: pd.DataFrame, heads: Heads) -> Figure:
    """Equal classes: NC metrics against iterations (log-log), a row without and a row with bias, a line a depth."""
    families = {"of": "no bias", "etf": "bias"}
    metrics = {"nc1": "NC1", "nc2_w": "NC2 of classifiers", "nc3": "NC3"}
    figure, axes = figures.grid(len(metrics), rows=len(families), width=10, height=2.9, sharex=True)
    for row, (kind, name) in enumerate(families.items()):
        for column, (metric, title) in enumerate(metrics.items()):
            each = axes[row * len(metrics) + column]
            by_depth(each, runs, metric, of_family(heads, kind))
            each.set(title=f"{title}, {name}", xscale="log", yscale="log")
            if row == len(families) - 1:
                each.set_xlabel("iteration")
        axes[row * len(metrics)].legend(loc="lower left", fontsize=8)
    return figure


def imbalanced(runs: pd.DataFrame, heads: Heads) -> Figure:
    """Unequal classes: own metrics, and the misfit to the plain frame that stays."""
    heads = of_family(heads, "gof")
    figure, axes = figures.grid(3, width=10, height=3.2)
    titles = {"nc1": "NC1", "nc2_w": "NC2 of classifiers", "nc3": "NC3"}
    for each, (metric, title) in zip(axes, titles.items(), strict=True):
        by_depth(each, runs, metric, heads)
        if metric == "nc2_w":
            by_depth(each, runs, "of_misfit", heads, linestyle="--", alpha=0.7)
            each.annotate("dashed: misfit to the plain frame", (0.02, 0.02), xycoords="axes fraction", fontsize=8)
        each.set(title=title, xlabel="iteration", xscale="log", yscale="log")
    axes[0].legend(loc="lower left", fontsize=8)
    return figure


def geometry(frame: pd.DataFrame, rows: Mapping[str, str]) -> Figure:
    """Heat maps by condition (rows, with their names) and matrix: before, after, predicted.

    After and predicted share a colour scale, before has its own: its size is another. Zero is transparent, so that the
    maps follow the page's ground.
    """
    red, blue = (matplotlib.colors.to_rgb(shade) for shade in ("#b2182b", "#2166ac"))
    stops = [(0, (*blue, 1)), (0.5, (*blue, 0)), (0.5, (*red, 0)), (1, (*red, 1))]
    shades = matplotlib.colors.LinearSegmentedColormap.from_list("signed", stops)
    figure, axes = figures.grid(9, rows=len(rows), width=11, height=1.45)
    for row, (condition, name) in enumerate(rows.items()):
        chosen = frame[frame["condition"] == condition]
        for block, (matrix, title) in enumerate(MATRICES.items()):
            part = chosen[chosen["matrix"] == matrix]
            for k, (stage, when) in enumerate(STAGES.items()):
                table = part[part["stage"] == stage].pivot(index="row", columns="column", values="value")
                each = axes[row * 9 + block * 3 + k]
                scale = part[(part["stage"] == "start") == (stage == "start")]["value"]
                limit = max(float(np.abs(scale).max()), 1e-300)
                if len(table):  # without decay nothing is predicted
                    each.imshow(table, cmap=shades, vmin=-limit, vmax=limit, interpolation="nearest")
                each.set(xticks=[], yticks=[])
                each.grid(False)
                for spine in each.spines.values():
                    spine.set_visible(True)
                if row == 0:
                    each.set_title(f"{title}\n{when}", fontsize=8.5)
        axes[row * 9].set_ylabel(name, fontsize=8.5)
    return figure


def lengths(table: pd.DataFrame, heads: Heads) -> Figure:
    """Squared lengths of classifiers and class means against class size, with the predicted law."""
    figure, axes = figures.grid(2, width=9, height=3.5)
    lengths_panel(axes, table, of_family(heads, "gof"))
    return figure


def lengths_panel(axes: Sequence[Axes], table: pd.DataFrame, heads: Heads) -> None:
    """Points by seed and the prediction as a line, left classifiers, right class means."""
    for each, column, title in zip(axes, ("classifier", "feature"), ("classifiers", "class means"), strict=False):
        for name, settings in heads.items():
            rows, shade = table[table["condition"] == name], colour(settings["depth"])
            predicted = rows.groupby("size")[f"predicted_{column}"].mean()
            each.plot(predicted.index, predicted, color=shade, linewidth=1.2, label=f"{label(name, heads)}, predicted")
            each.plot(rows["size"], rows[column], "o", color=shade, markersize=4.5, alpha=0.6)
        each.plot([], [], "o", color=figures.MUTED, markersize=4.5, label="trained, all seeds")
        each.set(title=f"squared length of {title}", xlabel="class size", xscale="log", yscale="log")
        sizes = sorted(set(table[table["condition"].isin(heads)]["size"]))
        each.set_xticks(sizes, [f"{size:g}" for size in sizes])
        each.xaxis.set_minor_formatter(NullFormatter())
        plain_log(each.yaxis)
        each.legend(loc="best", fontsize=8)


def decay_rate(settings: Mapping) -> float:
    """Rate per iteration, 2 lam eta / (1 - mu), at which the layers' imbalance must decay."""
    return 2 * settings["weight_decay"] * settings["learning_rate"] / (1 - settings["momentum"])


def gap(runs: pd.DataFrame, heads: Heads) -> Figure:
    """Relative distance from the optimum and imbalance of the layers, unequal classes."""
    unequal = of_family(heads, "gof")
    figure, axes = figures.grid(2, width=9, height=3.4)
    by_depth(axes[0], runs, "gap", unequal)
    axes[0].set(title="objective over the optimum, f / f* − 1", xlabel="iteration", xscale="log", yscale="log")
    axes[0].legend(loc="lower left", fontsize=8)
    deep = {name: settings for name, settings in unequal.items() if settings["depth"] > 1}
    off = {name: s for name, s in heads.items() if name.startswith("off") and s["depth"] > 1}
    drawn = [name for name in (*deep, *off) if len(rows_of(runs, "imbalance", name))]
    if deep and drawn:
        first = rows_of(runs, "imbalance", drawn[0])
        times = np.array([first["x"].min(), first["x"].max()])
        start = first[first["x"] == times[0]]["value"].median()
        line = start * np.exp(-decay_rate(heads[drawn[0]]) * (times - times[0]))
        axes[1].plot(times, line, color=figures.MUTED, linewidth=6, alpha=0.35, label="predicted rate")
    for k, name in enumerate(drawn):
        style = (0, (5, 5)) if k % 2 else "-"  # curves of different depth lie on each other
        shade = figures.INK if name in off else colour(heads[name]["depth"])
        text = f"M = {heads[name]['depth']}" + (", no weight decay" if name in off else "")
        figures.band(axes[1], rows_of(runs, "imbalance", name), color=shade, label=text, linestyle=style)
    axes[1].set(title="imbalance of neighbouring layers", xlabel="iteration", yscale="log")
    axes[1].legend(loc="lower left", fontsize=8)
    return figure


def predicted_lengths(settings: Mapping, decay: float) -> np.ndarray:
    """Squared classifier lengths by class at the minimum, at a common decay of features and weights."""
    solution = closed_form.solve(settings["sizes"], settings["depth"], decay, decay, rank=settings["width"])
    return np.diagonal(closed_form.targets(solution)["classifier"])


def staircase(measured: pd.DataFrame, settings: Mapping) -> Figure:
    """Squared classifier length by class against the common decay, with the closed form and its thresholds."""
    sizes, depth = settings["sizes"], settings["depth"]
    total, distinct = sum(sizes), sorted(set(sizes), reverse=True)
    decays = np.linspace(measured["decay"].min(), measured["decay"].max(), 361)
    predicted = np.array([predicted_lengths(settings, decay) for decay in decays])
    figure, (axes,) = figures.grid(1, width=7.5, height=3.6)
    for k, size in enumerate(distinct):
        shade, line = figures.PALETTE[k % 5], predicted[:, sizes.index(size)]
        axes.plot(decays, line, color=shade, linewidth=1.2)
        place = (decays[0], line[0])
        axes.annotate(f"n = {size}", place, (8, 3), textcoords="offset points", color=shade, fontsize=9)
        points = measured[measured["size"] == size]
        # rings inside each other, so that collapsed classes do not hide one another
        ring = {"markersize": 8 - 2 * min(k, 2), "fillstyle": "none"}
        axes.plot(points["decay"], points["classifier"], "o", color=shade, **ring)
        axes.axvline(closed_form.critical_decay(size, total, depth), color=shade, linestyle=":", linewidth=1.2)
    axes.set(
        title=f"M = {depth}, classes of {', '.join(map(str, sizes))}",
        xlabel="common decay of features and weights",
        ylabel="squared classifier length p",
    )
    axes.margins(y=0.1)
    return figure


def predicted_branch(depth: int, points: int = 200) -> pd.DataFrame:
    """Self-output and objective of the non-zero branch by pressure beta, up to the spinodal; equal classes."""
    size, classes, rows = 100, 4, []  # neither curve depends on them
    for beta in np.linspace(0.05, closed_form.spinodal(depth) * (1 - 1e-9), points):
        decay = closed_form.decay_at(beta, size, size * classes, depth)
        found = closed_form.solve([size] * classes, depth, decay, decay, local=True)
        rows.append((beta, found.output[0], found.objective))
    return pd.DataFrame(rows, columns=["beta", "self_output", "objective"])


def jump(branches: pd.DataFrame, heads: Heads, sizes: Sequence[int]) -> Figure:
    """Self-output and objective by pressure and depth, warm and cold starts; threshold of the smallest of `sizes`."""
    figure, axes = figures.grid(3, width=11, height=3.6)
    depths = sorted({1} | {settings["depth"] for settings in heads.values()})
    for depth in depths:
        shade, line = colour(depth), predicted_branch(depth)
        stable = line["beta"] < closed_form.collapse_threshold(depth)
        for each, column in zip(axes[:2], ("self_output", "objective"), strict=True):
            each.plot(line["beta"][stable], line[column][stable], color=shade, label=f"M = {depth}")
            each.plot(line["beta"][~stable], line[column][~stable], color=shade, linestyle="--", linewidth=1.2)
    for name, settings in heads.items():
        warm = settings["start"] == "minimiser"
        shade, points = colour(settings["depth"]), branches[branches["condition"] == name]
        # squares of different sizes: cold starts of all depths end in the same place
        size = 4.5 if warm else 4 + 2.5 * (depths.index(settings["depth"]) % 3)
        for each, column in zip(axes[:2], ("self_output", "objective"), strict=True):
            fill = shade if warm else "none"
            each.plot(points["beta"], points[column], "o" if warm else "s", color=shade, mfc=fill, markersize=size)
    axes[0].set(title="mean self-output", xlabel="pressure β", ylim=(-0.06, 1))
    axes[1].set(title="objective", xlabel="pressure β", ylim=(0, None))
    axes[1].axhline(0.5, color=figures.INK, linestyle=(0, (4, 3)), linewidth=1, alpha=0.75)
    axes[1].annotate("all classes zero", (0.98, 0.45), xycoords=("axes fraction", "data"), ha="right", fontsize=8)
    axes[0].legend(loc="upper right", fontsize=8)
    layers, smallest = np.arange(1, 10), min(sizes)
    critical = [closed_form.critical_decay(smallest, sum(sizes), depth) for depth in layers]
    axes[2].plot(layers, critical, color=figures.MUTED, linewidth=1.2)
    for depth, value in zip(layers, critical, strict=True):
        axes[2].plot(depth, value, "o", color=colour(depth) if depth in depths else figures.MUTED)
    axes[2].set(title=f"decay that ends a class of {smallest} in {sum(sizes)}", xlabel="layers M", ylim=(0, None))
    return figure


def init_gain(runs: pd.DataFrame, heads: Heads) -> Figure:
    """Mean self-output against iterations, every seed, by width."""
    figure, (axes,) = figures.grid(1, width=6.5, height=3.2)
    for (name, settings), shade in zip(heads.items(), (BLUE, ORANGE, GREEN), strict=False):
        rows = runs[(runs["curve"] == "self_output") & (runs["condition"] == name)]
        for k, (_, one) in enumerate(rows.groupby("seed")):
            axes.plot(
                one["x"],
                one["value"],
                color=shade,
                linewidth=1.4,
                label=f"width {settings['width']}" if not k else None,
            )
    depths = " and ".join(str(depth) for depth in sorted({settings["depth"] for settings in heads.values()}))
    axes.set(title=f"M = {depths}, every seed", xlabel="iteration", ylabel="mean self-output", ylim=(-0.04, 1.04))
    axes.legend(loc="center right")
    return figure


def ce_boundary(table: pd.DataFrame) -> Figure:
    """Final objective of each start over the best simplex objective, and rank of the logits."""
    figure, axes = figures.grid(2, width=9.5, height=3.4)
    conditions = list(dict.fromkeys(table.sort_values(["classes", "depth"])["condition"]))
    facts = table.drop_duplicates("condition").set_index("condition").loc[conditions]
    for column, each in (("ratio", axes[0]), ("rank", axes[1])):
        for place, condition in enumerate(conditions):
            rows = table[table["condition"] == condition]
            spread = place + np.linspace(-0.2, 0.2, len(rows))
            each.plot(spread, rows[column], "o", color=colour(facts["depth"].iloc[place]), markersize=5, alpha=0.8)
            if column == "rank":
                full, ends = facts["classes"].iloc[place] - 1, [place - 0.35, place + 0.35]
                name = "full rank K − 1" if place == 0 else None
                each.plot(ends, [full, full], color=figures.INK, linestyle="--", linewidth=1, label=name)
        labels = [f"K = {k}\nM = {m}" for k, m in zip(facts["classes"], facts["depth"], strict=True)]
        each.set(xlim=(-0.6, len(conditions) - 0.4))
        each.set_xticks(range(len(conditions)), labels, fontsize=8.5)
    axes[0].set(title="objective / objective of the best simplex point")
    axes[1].set(title="rank of the logits", ylim=(0, facts["classes"].max()))
    figures.paper_line(axes[0], 1.0, "simplex")
    axes[0].margins(y=0.15)
    axes[1].legend(loc="upper left", fontsize=8)
    return figure


def networks(runs: pd.DataFrame, heads: Heads, between: float) -> Figure:
    """Equal classes: NC1, misfit of the classifiers to both geometries (`between` apart), NC3, without and with bias."""
    families = {"of": "no bias", "etf": "bias"}
    figure, axes = figures.grid(3, rows=len(families), width=10.5, height=2.9, sharex=True)
    for row, (kind, name) in enumerate(families.items()):
        chosen, places = of_family(heads, kind), axes[3 * row : 3 * row + 3]
        by_depth(places[0], runs, "nc1", chosen)
        by_depth(places[1], runs, "own_misfit", chosen)
        by_depth(places[1], runs, "other_misfit", chosen, linestyle="--", alpha=0.7)
        by_depth(places[2], runs, "nc3", chosen)
        places[1].axhline(between, color=figures.INK, linestyle=":", linewidth=1, alpha=0.75)
        for each, title in zip(places, ("NC1", "misfit of classifiers", "NC3"), strict=True):
            each.set(title=f"{title}, {name}", yscale="log")
            if row == len(families) - 1:
                each.set_xlabel("step")
        places[0].legend(loc="upper right", fontsize=8)
    return figure


def networks_imbalanced(runs: pd.DataFrame, table: pd.DataFrame, heads: Heads) -> Figure:
    """Unequal classes: NC1, misfits, gap to the optimum, and lengths against class size."""
    heads = of_family(heads, "gof")
    figure, axes = figures.grid(2, rows=2, width=9.5, height=3.1)
    by_depth(axes[0], runs, "nc1", heads)
    by_depth(axes[1], runs, "own_misfit", heads)
    by_depth(axes[1], runs, "other_misfit", heads, linestyle="--", alpha=0.7)
    by_depth(axes[2], runs, "gap", heads)
    titles = ("NC1", "misfit of classifiers, plain frame dashed", "objective over the optimum, f / f* − 1")
    for each, title, place in zip(axes, titles, ("upper right", "lower left", "upper right"), strict=False):
        each.set(title=title, xlabel="step", yscale="log")
        handles, labels = each.get_legend_handles_labels()
        each.legend(handles[: len(heads)], labels[: len(heads)], loc=place, fontsize=8)
    lengths_panel(axes[3:4], table, heads)
    return figure


def cifar_balanced(
    mlp: pd.DataFrame, nets: pd.DataFrame, perceptrons: Heads, convnets: Heads, between: float
) -> Figure:
    """Misfit to the own geometry and NC1 on CIFAR-10: perceptrons without and with bias, ResNet18, VGG16."""
    backbones = {name: {c: s for c, s in convnets.items() if s["backbone"] == name} for name in ("resnet18", "vgg16")}
    columns = [
        (mlp, of_family(perceptrons, "of"), "MLP, no bias"),
        (mlp, of_family(perceptrons, "etf"), "MLP, bias"),
        (nets, of_family(backbones["resnet18"], "of"), "ResNet18"),
        (nets, of_family(backbones["vgg16"], "of"), "VGG16"),
    ]
    figure, axes = figures.grid(4, rows=2, width=11.5, height=2.9, sharex=True)
    for column, (frame, heads, name) in enumerate(columns):
        by_depth(axes[column], frame, "nc1", heads)
        by_depth(axes[4 + column], frame, "own_misfit", heads)
        axes[column].set(title=f"NC1, {name}", yscale="log")
        axes[4 + column].set(title="misfit of classifiers", xlabel="epoch", yscale="log")
        axes[4 + column].axhline(between, color=figures.INK, linestyle=":", linewidth=1, alpha=0.75)
        if len(heads):
            axes[column].legend(loc="lower left", fontsize=8)
    return figure
