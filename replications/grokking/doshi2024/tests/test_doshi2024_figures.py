"""Figures draw what their tables hold, with the paper's values beside it."""

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.colors import to_rgba

from replications.grokking.doshi2024 import captions, plots
from replications.grokking.doshi2024.measuring.decay import BINS, middles
from replications.grokking.doshi2024.phases import PHASES
from replications.grokking.doshi2024.pruning import ORDERS
from verifig.ground.paths import ruleset_dir
from verifig.measuring.tables import melt
from verifig.pages import figures

VALUES = yaml.safe_load((ruleset_dir("doshi2024") / "values.yaml").read_text(encoding="utf-8"))
SETS = ("train", "clean", "corrupted", "test")


class Stub:
    """A page that knows the paper's values alone."""

    def paper(self, name):
        return VALUES[name]


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


def drawn(axes) -> dict[str, list[list[float]]]:
    """Points of each line of a panel that has a label."""
    lines = (line for line in axes.get_lines() if not line.get_label().startswith("_"))
    return {line.get_label(): np.asarray(line.get_xydata(), float).tolist() for line in lines}


def test_accuracies_above_and_histograms_below_by_decay():
    level = {"wd0": 0.2, "wd5": 0.5, "wd15": 0.8}
    runs = pd.concat(
        [
            melt(np.full((2, 1, 3), value), condition=name, seed=range(2), curve=[curve], x=[0, 1, 2])
            for name, value in level.items()
            for curve in SETS
        ]
    )
    shares = np.eye(20)[[0, 17]]
    histograms = pd.concat([melt(shares, condition=name, seed=range(2), x=middles()) for name in level])
    decays = {"wd0": 0, "wd5": 5, "wd15": 15}
    figure = plots.fig4(runs, histograms, decays, captions.fig4_paper(Stub()))
    assert [axes.get_title("left") for axes in figure.axes[:3]] == [f"weight decay {k}" for k in (0, 5, 15)]
    for axes, value in zip(figure.axes[:3], level.values(), strict=True):
        assert drawn(axes)["test"] == [[0, 100 * value], [1, 100 * value], [2, 100 * value]]
    assert drawn(figure.axes[2])["paper, training, modulo 97"] == [[2, 100 * VALUES["fig1"]["train_wd15"]]]
    assert "paper, training, modulo 97" not in drawn(figure.axes[0])
    bars = [bar.get_height() for bar in figure.axes[3].patches]
    assert bars == [50 if k in (0, 17) else 0 for k in range(20)]
    assert drawn(figure.axes[3])["paper, modulo 97"] == [
        [0.05, 100 * 325 / 500],
        [pytest.approx(0.885), 100 * 130 / 500],
    ]
    assert drawn(figure.axes[5])["paper, modulo 97"] == [[0.05, 100 * 30 / 500]]
    assert drawn(figure.axes[4]) == {}
    assert middles()[0] == pytest.approx(BINS[1] / 2)


def test_each_order_of_removal_has_a_panel_with_the_paper_s_points():
    shares = [0.0, 0.5, 1.0]
    values = np.arange(3)[:, None, None] / 10 + np.zeros((3, 3, 4)) + np.arange(4) / 100
    pruned = melt(values[None], condition="wd5", seed=[0], order=ORDERS, x=shares, curve=SETS)
    figure = plots.fig6(pruned, "wd5", {"low": VALUES["fig6_low"], "high": VALUES["fig6_high"]})
    for k, (axes, title) in enumerate(zip(figure.axes, plots.TITLES.values(), strict=True)):
        assert axes.get_title("left") == title
        lines = {
            line.get_color(): line.get_ydata().tolist() for line in axes.get_lines() if line.get_linestyle() == "-"
        }
        assert lines[plots.SETS["corrupted"][1]] == pytest.approx([10 * k + 2] * 3)
        assert lines[plots.SETS["test"][1]] == pytest.approx([10 * k + 3] * 3)
    marks = [[list(line.get_ydata()) for line in axes.get_lines() if line.get_marker() == "D"] for axes in figure.axes]
    assert marks == [[[94, 0], [97, 100]], [[94, 97], [97, 0]], []]
    assert list(plots.TITLES) == list(ORDERS)


def test_a_panel_a_decay_shows_the_phase_of_each_entry():
    rows = [(d, a, x, PHASES[k]) for k, d in enumerate((0.0, 5.0)) for a in (0.3, 0.9) for x in (0.0, 0.4)]
    cells = pd.DataFrame(rows, columns=["weight_decay", "train_fraction", "corruption", "phase"])
    cells.loc[(cells["train_fraction"] == 0.9) & (cells["corruption"] == 0.4), "phase"] = "forgetting"
    figure = plots.fig3(cells)
    codes = [axes.get_images()[0].get_array().tolist() for axes in figure.axes]
    assert codes == [[[0, 0], [0, 4]], [[1, 1], [1, 4]]]  # the larger fraction above
    assert [text.get_text() for text in figure.axes[1].texts] == ["P", "P", "P", "X"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["30", "90"]
    assert len(set(plots.COLOURS.values())) == len(PHASES)
    assert to_rgba(plots.COLOURS["forgetting"]) == figure.axes[0].get_images()[0].cmap(4)


def test_the_analytic_solution_beside_the_printed_one():
    fields = {name: np.full((1, 2, 2), k) for k, name in enumerate(("accuracy", "correct", "printed_correct"), start=1)}
    solution = melt(fields, p=[59], seed=[0, 1], x=[100, 300])
    known = melt(
        np.arange(6).reshape(2, 3, 1) / 10,
        transform=["one_sided", "all"],
        vector=["cosine", "one_hot", "noise"],
        p=[59],
    )
    figure = plots.analytic(solution, known, VALUES["fig4"]["high"])
    assert drawn(figure.axes[0])["p = 59"] == [[100, 100], [300, 100]]
    assert drawn(figure.axes[1])["power 1/3, p = 59"] == [[100, 2], [300, 2]]
    assert drawn(figure.axes[1])["power −1/3, p = 59"] == [[100, 3], [300, 3]]
    heights = [bar.get_height() for bar in figure.axes[2].patches[:6]]
    assert heights == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
