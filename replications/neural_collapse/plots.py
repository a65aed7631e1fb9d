"""The figures: each function takes tables of curves (see measure.py) and returns a matplotlib figure."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from verifig import figures

BLUE, ORANGE, GREEN, PURPLE, RED = figures.PALETTE[:5]
DEPTH_COLOURS = {1: BLUE, 2: PURPLE, 3: ORANGE, 6: GREEN, 9: PURPLE}
SIZE_COLOURS = {200: BLUE, 100: ORANGE, 50: GREEN}
MATRICES = {"classifier": "classifiers", "feature": "class means", "output": "outputs"}
STAGES = {"start": "before", "end": "after", "predicted": "predicted"}
FLOOR = 1e-16


def rows_of(frame: pd.DataFrame, curve: str, condition: str) -> pd.DataFrame:
    """One curve of one condition, from the first iteration on, above the floor of a log axis."""
    rows = frame[(frame["curve"] == curve) & (frame["condition"] == condition) & (frame["x"] > 0)]
    return rows.assign(value=rows["value"].clip(lower=FLOOR)).dropna()


def depth_of(condition: str) -> int:
    """`gof3` -> 3."""
    return int("".join(letter for letter in condition.split("_")[0] if letter.isdigit()))


def by_depth(axes: Axes, frame: pd.DataFrame, curve: str, family: str, **line) -> None:
    """One band a depth for a family of conditions ("of", "etf", "gof")."""
    for condition in sorted(set(frame["condition"])):
        if condition[:-1] == family:
            depth = depth_of(condition)
            rows = rows_of(frame, curve, condition)
            figures.band(axes, rows, color=DEPTH_COLOURS[depth], label=f"M = {depth}", **line)


def metric_rows(frame: pd.DataFrame, families: Mapping[str, str], metrics: Mapping[str, str]) -> Figure:
    """NC metrics against iterations (log-log): a row a family, a column a metric, a line a depth."""
    figure, axes = figures.grid(len(metrics), rows=len(families), width=10, height=2.9, sharex=True)
    for row, (family, name) in enumerate(families.items()):
        for column, (metric, title) in enumerate(metrics.items()):
            each = axes[row * len(metrics) + column]
            by_depth(each, frame, metric, family)
            each.set(title=f"{title}, {name}", xscale="log", yscale="log")
            if row == len(families) - 1:
                each.set_xlabel("iteration")
        axes[row * len(metrics)].legend(loc="lower left", fontsize=8)
    return figure


def balanced(runs: pd.DataFrame) -> Figure:
    """Equal classes, without and with bias."""
    metrics = {"nc1": "NC1", "nc2_w": "NC2 (W)", "nc3": "NC3"}
    return metric_rows(runs, {"of": "no bias", "etf": "bias"}, metrics)


def imbalanced(runs: pd.DataFrame) -> Figure:
    """Unequal classes: own metrics, and the misfit to the plain frame that stays."""
    figure, axes = figures.grid(3, width=10, height=3.2)
    for each, metric, title in zip(axes, ("nc1", "nc2_w", "nc3"), ("NC1", "NC2 (W)", "NC3"), strict=True):
        by_depth(each, runs, metric, "gof")
        if metric == "nc2_w":
            by_depth(each, runs, "of_misfit", "gof", linestyle="--", alpha=0.7)
            each.annotate("dashed: misfit to the plain frame", (0.02, 0.02), xycoords="axes fraction", fontsize=8)
        each.set(title=title, xlabel="iteration", xscale="log", yscale="log")
    axes[0].legend(loc="lower left", fontsize=8)
    return figure


def geometry(frame: pd.DataFrame, conditions: Mapping[str, str]) -> Figure:
    """Heat maps by condition (rows) and matrix: before, after, predicted, each triple on one colour scale."""
    figure, axes = figures.grid(9, rows=len(conditions), width=11, height=1.4)
    for row, (condition, name) in enumerate(conditions.items()):
        chosen = frame[frame["condition"] == condition]
        for block, (matrix, title) in enumerate(MATRICES.items()):
            part = chosen[chosen["matrix"] == matrix]
            tables = {
                stage: part[part["stage"] == stage].pivot(index="row", columns="column", values="value")
                for stage in STAGES
            }
            limit = np.abs(tables["predicted"].to_numpy()).max()
            for k, (stage, label) in enumerate(STAGES.items()):
                each = axes[row * 9 + block * 3 + k]
                each.imshow(tables[stage], cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
                each.set(xticks=[], yticks=[])
                each.grid(False)
                for spine in each.spines.values():
                    spine.set_visible(True)
                if row == 0:
                    each.set_title(f"{title}\n{label}" if k == 0 else f"\n{label}", fontsize=9)
        axes[row * 9].set_ylabel(name, fontsize=9)
    return figure


def lengths(table: pd.DataFrame) -> Figure:
    """Squared lengths of classifiers and class means against class size, with the predicted law."""
    figure, axes = figures.grid(2, width=9, height=3.5)
    lengths_panel(
        axes, table, [condition for condition in ("gof1", "gof3", "gof6") if condition in set(table["condition"])]
    )
    return figure


def lengths_panel(axes: Sequence[Axes], table: pd.DataFrame, conditions: Sequence[str]) -> None:
    """Points by seed and the prediction as a line, left classifiers, right class means."""
    for each, column, title in zip(axes, ("classifier", "feature"), ("classifiers", "class means"), strict=False):
        for condition in conditions:
            rows, depth = table[table["condition"] == condition], depth_of(condition)
            predicted = rows.groupby("size")[f"predicted_{column}"].mean()
            colour = DEPTH_COLOURS[depth]
            each.plot(predicted.index, predicted, color=colour, linewidth=1.2, label=f"M = {depth}, predicted")
            each.plot(rows["size"], rows[column], "o", color=colour, markersize=4.5, alpha=0.6)
        each.set(title=f"squared length of {title}", xlabel="class size", xscale="log", yscale="log")
        sizes = sorted(set(table[table["condition"].isin(conditions)]["size"]))
        each.set_xticks(sizes, [f"{size:g}" for size in sizes])
        each.minorticks_off()
        each.legend(loc="best", fontsize=8)


def gap(runs: pd.DataFrame) -> Figure:
    """Relative distance from the optimum and imbalance of the layers, unequal classes."""
    figure, axes = figures.grid(2, width=9, height=3.4)
    by_depth(axes[0], runs, "gap", "gof")
    axes[0].set(title="f / f* − 1", xlabel="iteration", xscale="log", yscale="log", ylim=(1e-12, None))
    axes[0].legend(loc="lower left", fontsize=8)
    for condition, colour, label, style in (
        ("gof3", ORANGE, "M = 3", "-"),
        ("gof6", GREEN, "M = 6", (0, (5, 5))),  # lies on the curve of M = 3
        ("off3", figures.MUTED, "M = 3, no decay", "-"),
    ):
        rows = rows_of(runs, "imbalance", condition)
        if len(rows):
            figures.band(axes[1], rows, color=colour, label=label, linestyle=style)
    rows = rows_of(runs, "imbalance", "gof3")
    if len(rows):
        start, end = rows["x"].max() / 10, rows["x"].max()
        level = rows[rows["x"] >= start]["value"].iloc[0] * 2
        axes[1].plot(
            [start, end],
            [level, level * np.exp(-1e-3 * (end - start))],
            color=figures.INK,
            linestyle="--",
            linewidth=1,
            label="exp(−t / 1000)",
        )
    axes[1].set(title="imbalance of neighbouring layers", xlabel="iteration", yscale="log")
    axes[1].legend(loc="lower left", fontsize=8)
    return figure


def staircase(measured: pd.DataFrame, predicted: pd.DataFrame) -> Figure:
    """Squared classifier length by class against the common decay, one layer; thresholds as dashed lines."""
    figure, (axes,) = figures.grid(1, width=7.5, height=3.6)
    for size, colour in SIZE_COLOURS.items():
        line = predicted[predicted["size"] == size]
        axes.plot(line["decay"], line["classifier"], color=colour, linewidth=1.2, label=f"n = {size}, predicted")
        points = measured[measured["size"] == size]
        axes.plot(points["decay"], points["classifier"], "o", color=colour, markersize=4, alpha=0.7)
        axes.axvline(np.sqrt(size) / 400, color=colour, linestyle=":", linewidth=1.2)
    axes.set(
        title="one layer, classes of 200, 100, 50, 50",
        xlabel="decay of features and weights",
        ylabel="squared length p",
    )
    axes.set_ylim(-0.4, 16)
    axes.legend(loc="upper right", fontsize=8)
    return figure


def jump(branches: pd.DataFrame, predicted: pd.DataFrame, thresholds: pd.DataFrame) -> Figure:
    """Self-output and objective along the branch by depth, warm and cold starts; minority threshold by depth."""
    figure, axes = figures.grid(3, width=11, height=3.6)
    names = {1: "M = 1", 2: "M = 2", 3: "M = 3"}
    limits = thresholds.set_index("depth")
    for depth, label in names.items():
        colour, line = DEPTH_COLOURS[depth], predicted[predicted["depth"] == depth]
        stable = line["beta"] < limits.loc[depth, "threshold"]
        for each, column in zip(axes[:2], ("self_output", "objective"), strict=True):
            each.plot(line["beta"][stable], line[column][stable], color=colour, label=label)
            each.plot(line["beta"][~stable], line[column][~stable], color=colour, linestyle="--", linewidth=1.2)
        for kind, marker, fill in (("warm", "o", colour), ("cold", "s", "none")):
            points = branches[branches["condition"] == f"{kind}{depth}"]
            for each, column in zip(axes[:2], ("self_output", "objective"), strict=True):
                each.plot(points["beta"], points[column], marker, color=colour, markerfacecolor=fill, markersize=4.5)
    axes[0].set(title="self-output of a class", xlabel="pressure β", ylim=(-0.04, 1))
    axes[1].set(title="objective", xlabel="pressure β", ylim=(0.15, 0.75))
    axes[1].axhline(0.5, color=figures.INK, linestyle=(0, (4, 3)), linewidth=1, alpha=0.75)
    axes[1].annotate("all classes zero", (0.02, 0.52), xycoords=("axes fraction", "data"), fontsize=8)
    axes[0].legend(loc="upper right", fontsize=8)
    axes[2].plot(thresholds["depth"], thresholds["critical_decay"], "o-", color=BLUE)
    axes[2].set(title="decay that ends a class of 50 in 400", xlabel="layers M", ylim=(0, 0.02))
    return figure


def init_gain(runs: pd.DataFrame) -> Figure:
    """Mean self-output against iterations for nine layers of width 64 and 32."""
    figure, (axes,) = figures.grid(1, width=6.5, height=3.2)
    for condition, colour, label in (("of9", BLUE, "width 64"), ("narrow9", ORANGE, "width 32")):
        rows = runs[(runs["curve"] == "self_output") & (runs["condition"] == condition)]
        figures.band(axes, rows, color=colour, label=label)
    axes.set(title="self-output, nine layers", xlabel="iteration", ylim=(-0.04, 1.04))
    axes.legend(loc="center right")
    return figure


def ce_boundary(table: pd.DataFrame) -> Figure:
    """Final objective of each start over the best simplex objective, and rank of the logits."""
    figure, axes = figures.grid(2, width=9.5, height=3.4)
    conditions = list(dict.fromkeys(table.sort_values(["classes", "depth"])["condition"]))
    for column, each, title in (
        ("ratio", axes[0], "objective / best simplex"),
        ("rank", axes[1], "rank of the logits"),
    ):
        for place, condition in enumerate(conditions):
            rows = table[table["condition"] == condition]
            colour = DEPTH_COLOURS[rows["depth"].iloc[0]]
            spread = place + np.linspace(-0.2, 0.2, len(rows))
            each.plot(spread, rows[column], "o", color=colour, markersize=5, alpha=0.8)
            if column == "rank":
                full = rows["classes"].iloc[0] - 1
                label = "full rank K − 1" if place == 0 else None
                each.plot(
                    [place - 0.35, place + 0.35],
                    [full, full],
                    color=figures.INK,
                    linestyle="--",
                    linewidth=1,
                    label=label,
                )
        labels = [
            f"K={k}\nM={m}"
            for _, k, m in table.drop_duplicates("condition")
            .set_index("condition")
            .loc[conditions, ["classes", "depth"]]
            .itertuples()
        ]
        each.set(title=title, xlim=(-0.6, len(conditions) - 0.4))
        each.set_xticks(range(len(conditions)), labels, fontsize=8.5)
    figures.paper_line(axes[0], 1.0, "simplex")
    axes[0].set_ylim(0.7, 1.06)
    axes[1].set_ylim(0, 10)
    axes[1].legend(loc="upper left", fontsize=8)
    return figure


def networks(runs: pd.DataFrame, between: float, families: Mapping[str, str] | None = None) -> Figure:
    """Equal classes: NC1, and misfits to both geometries, without and with bias."""
    families = families or {"of": "no bias", "etf": "bias"}
    figure, axes = figures.grid(3, rows=len(families), width=10.5, height=2.9, sharex=True)
    for row, (family, name) in enumerate(families.items()):
        nc1, own, nc3 = axes[3 * row : 3 * row + 3]
        by_depth(nc1, runs, "nc1", family)
        by_depth(own, runs, "own_misfit", family)
        by_depth(own, runs, "other_misfit", family, linestyle="--", alpha=0.7)
        by_depth(nc3, runs, "nc3", family)
        figures.paper_line(own, between, "frame to simplex")
        for each, title in ((nc1, "NC1"), (own, "NC2 (W), other geometry dashed"), (nc3, "NC3")):
            each.set(title=f"{title}, {name}" if each is nc1 else title, yscale="log")
            if row == len(families) - 1:
                each.set_xlabel("step")
        nc1.legend(loc="upper right", fontsize=8)
    return figure


def networks_imbalanced(runs: pd.DataFrame, table: pd.DataFrame) -> Figure:
    """Unequal classes: NC1, misfits, gap to the optimum, and lengths against class size."""
    figure, axes = figures.grid(2, rows=2, width=9.5, height=3.1)
    by_depth(axes[0], runs, "nc1", "gof")
    axes[0].set(title="NC1", xlabel="step", yscale="log")
    by_depth(axes[1], runs, "own_misfit", "gof")
    by_depth(axes[1], runs, "other_misfit", "gof", linestyle="--", alpha=0.7)
    axes[1].set(title="NC2 (W), plain frame dashed", xlabel="step", yscale="log")
    by_depth(axes[2], runs, "gap", "gof")
    axes[2].set(title="f / f* − 1", xlabel="step", yscale="log")
    conditions = [condition for condition in ("gof1", "gof3", "gof6") if condition in set(table["condition"])]
    lengths_panel(axes[3:4], table, conditions)
    for each, place in zip(axes[:3], ("upper right", "lower left", "upper right"), strict=True):
        each.legend(*_unique(each), loc=place, fontsize=8)
    return figure


def _unique(axes: Axes) -> tuple[list, list]:
    """Legend entries without the dashed doubles."""
    handles, labels = axes.get_legend_handles_labels()
    first = {label: handle for handle, label in reversed(list(zip(handles, labels, strict=True)))}
    ordered = sorted(first)
    return [first[label] for label in ordered], ordered


def cifar_balanced(mlp: pd.DataFrame, nets: pd.DataFrame, between: float) -> Figure:
    """Misfit to the own geometry and NC1 on CIFAR-10: perceptrons without and with bias, ResNet18, VGG16."""
    families = {
        "of": (mlp, "MLP, no bias"),
        "etf": (mlp, "MLP, bias"),
        "resnet": (nets, "ResNet18"),
        "vgg": (nets, "VGG16"),
    }
    figure, axes = figures.grid(4, rows=2, width=11.5, height=2.9, sharex=True)
    for column, (family, (frame, name)) in enumerate(families.items()):
        by_depth(axes[column], frame, "nc1", family)
        by_depth(axes[4 + column], frame, "own_misfit", family)
        axes[column].set(title=f"NC1, {name}", yscale="log")
        axes[4 + column].set(title="NC2 (W)", xlabel="epoch", yscale="log")
        figures.paper_line(axes[4 + column], between, "frame to simplex")
    axes[0].legend(loc="lower left", fontsize=8)
    return figure
