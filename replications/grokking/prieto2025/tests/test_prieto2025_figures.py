"""Figures beside the paper's values, and alone with them where no run of ours is drawn."""

import numpy as np
import pandas as pd
import pytest
import yaml

from replications.grokking.prieto2025 import captions, plotting
from replications.grokking.prieto2025.plotting.common import DECAY, PLAIN, REMEDY
from verifig.ground.paths import ruleset_dir
from verifig.pages import figures

VALUES = yaml.safe_load((ruleset_dir("prieto2025") / "values.yaml").read_text(encoding="utf-8"))


class Stub:
    """A page that knows the paper's values alone."""

    scale = "laptop"

    def paper(self, name):
        return VALUES[name]

    def settings(self, experiment, condition=None):
        raise AssertionError("asked for settings of a run that is not there")


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


def drawn(axes) -> dict[str, list[list[float]]]:
    """Points of each line of a panel that has a label."""
    lines = (line for line in axes.get_lines() if not line.get_label().startswith("_"))
    return {line.get_label(): np.asarray(line.get_xydata(), float).tolist() for line in lines}


def pairs(name: str) -> list[list[float]]:
    return [list(pair) for pair in zip(VALUES[name]["epoch"], VALUES[name]["accuracy"], strict=True)]


def named(figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_without_runs_the_paper_s_points_stand_alone():
    parity = plotting.stablemax.fig4_parity(VALUES["fig4_parity"], VALUES["fig4_parity_chou"])
    assert drawn(parity.axes[0]) == {"paper, test": pairs("fig4_parity"), "Chou, test": pairs("fig4_parity_chou")}
    names = {"perp_adamw": "perpAdamW", "adamw_wd": "decay", "adamw": "AdamW"}
    transformer = plotting.projection.fig6a(names, {name: VALUES[f"fig6a_{name}"] for name in names})
    assert [drawn(axes)["paper, test"] for axes in transformer.axes] == [pairs(f"fig6a_{name}") for name in names]
    zeroed = plotting.interventions.fig8(VALUES["fig8"])
    assert drawn(zeroed.axes[0]) == {"paper, untouched": [[10000, 87]], "paper, logits zeroed": [[10000, 8]]}


@pytest.mark.parametrize(
    "caption", [captions.stablemax.fig4_parity, captions.projection.fig6a, captions.interventions.fig8]
)
def test_a_figure_of_the_paper_s_points_says_that_no_run_is_drawn(caption):
    told = caption(Stub())
    assert "no run of ours" in told["note"]
    assert "end" not in told["alt"] or "paper's" in told["alt"]


def curves(condition: str, **values: list[list[float]]) -> pd.DataFrame:
    rows = [
        (curve, condition, seed, x, value)
        for curve, by_seed in values.items()
        for seed, line in enumerate(by_seed)
        for x, value in zip((60, 80, 90), line, strict=True)
    ]
    return pd.DataFrame(rows, columns=["curve", "condition", "seed", "x", "value"])


def test_the_caption_names_the_paper_s_points_that_no_seed_of_ours_reaches():
    edge = curves("perp_adamw", train_accuracy=[[0.2, 0.3, 0.9]] * 2, test_accuracy=[[0.0, 0.03, 0.1], [0, 0.2, 0.18]])
    told = captions.projection._outside(Stub(), edge)
    assert told == "Outside of the range of our seeds: train at epoch 90 (below). "
    level = curves("perp_adamw", train_accuracy=[[0.2, 0.3, 0.75]], test_accuracy=[[0.01, 0.03, 0.17]])
    assert captions.projection._outside(Stub(), level) == ""


def test_the_paper_s_delay_stands_beside_ours_with_its_own_prediction():
    runs = curves("float32", collapsed=[[0, 1, 1]])
    pair = plotting.collapse.Pair("ours", "float32", "float64", 0.95)
    figure = plotting.collapse.fig2_law(runs, [pair], VALUES["fig2_collapse"])
    points = drawn(figure.axes[0])
    assert points["float32, paper"] == [[3000, -1]]
    assert points["float64, paper"] == [[7000, -1]]
    crosses = [line.get_xdata()[0] for line in figure.axes[0].get_lines() if line.get_marker() == "x"]
    # 29 ln 2 * 2 / ln(1 / beta2) epochs after float32
    assert crosses == [pytest.approx(80 + 783.8, abs=0.5), pytest.approx(3000 + 4000.2, abs=0.5)]


def test_remedy_plain_run_and_weight_decay_have_one_colour_each():
    runs = pd.concat(
        curves(name, test_accuracy=[[0, 1, 1]], train_accuracy=[[1, 1, 1]], train_loss=[[1, 1, 1]], norm=[[9, 9, 9]])
        for name in ("perp_adamw", "adamw_wd4", "adamw", "stablemax", "softmax64")
    )
    chosen = {
        "perpAdamW, test": plotting.weight_decay.fig6c(runs, 4),
        "decay 4, test": plotting.weight_decay.fig6c(runs, 4),
        "AdamW, test": plotting.projection.fig1a(runs, VALUES["fig1a_test"], VALUES["fig1a_train"]),
        "StableMax, test": plotting.stablemax.fig1b(runs, VALUES["fig1b_test"]),
        "softmax, test": plotting.stablemax.fig1b(runs, VALUES["fig1b_test"]),
    }
    found = {
        label: {line.get_color() for axes in figure.axes for line in axes.get_lines() if line.get_label() == label}
        for label, figure in chosen.items()
    }
    assert found == {
        "perpAdamW, test": {REMEDY}, "decay 4, test": {DECAY}, "AdamW, test": {PLAIN}, "StableMax, test": {REMEDY}, "softmax, test": {PLAIN},
    }  # fmt: skip
    assert all(set(drawn(axes)) <= set(named(figure)) for figure in chosen.values() for axes in figure.axes)
