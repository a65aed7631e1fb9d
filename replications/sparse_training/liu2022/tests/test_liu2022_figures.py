"""Figures and captions on made-up tables."""

import numpy as np
import pytest
from test_liu2022_measure import formulas, measured, networks, resnets, sizes

from replications.sparse_training.liu2022 import plots
from replications.sparse_training.liu2022.captions import Captions
from verifig.ground.conditions import condition_text
from verifig.pages import figures

OTHER = {"depths": [20, 32, 44, 56, 110], "erk": {0.5: [91, 92, 93, 93, 94]}, "source": "a figure"}
SETTINGS = {"hidden_layers": 2, "steps": 600, "learning_rate": 0.05, "momentum": 0.9, "batch_size": 100, "drops": [0.6, 0.85],
            "drop_factor": 0.2, "width": 128, "density": 0.05}  # fmt: skip


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


@pytest.fixture(scope="module")
def out():
    made = {f"dense_{w}": [0.9, 0.92] for w in (32, 64, 128, 256)}
    made |= {f"er_{d}_{w}": [0.9 - d / w / 10, 0.91 - d / w / 10] for d in (50, 20, 10, 5) for w in (32, 64, 128, 256)}
    made |= {f"narrow_{w}": [0.95, 0.9] for w in (19, 25, 46)}
    rules = {"er": [0.9, 0.8], "uniform": [0.5, 0.6], "snip_ratio": [0.85, 0.9], "snip_mask": [0.95], "reversed": [0.2]}
    return measured(widths=networks(made, sizes(made)), ratios=networks(rules), layers=formulas(),
                    resnets=resnets({"dense_20": [0.92, 0.93], "erk_20": [0.88, 0.9]}))  # fmt: skip


def lines(axes) -> dict[str, list]:
    return {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}


def test_gaps_are_in_points_by_width(out):
    figure = plots.widths(out.curves["gaps"])
    found = lines(figure.axes[0])["density 0.05"]
    expected = [[w, 100 * (0.005 + 5 / w / 10)] for w in (32, 64, 128, 256)]
    assert np.array(found) == pytest.approx(np.array(expected))
    assert [x for x, _ in lines(figure.axes[1])["density 0.05"]] == [64, 128, 256]


def test_rules_have_a_column_each_and_their_densities(out):
    figure = plots.ratios(out.curves["rules"], out.curves["rule_densities"])
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == [
        "SNIP mask",
        "ER",
        "SNIP ratio",
        "uniform",
        "reversed",
    ]
    assert lines(figure.axes[1])["ER"] == [
        [1, pytest.approx(0.85)],
        [2, pytest.approx(0.425)],
        [3, pytest.approx(0.2125)],
    ]


def test_the_paper_s_figure_is_drawn_with_and_without_our_runs(out):
    alone = plots.depths(out.curves["published"], OTHER)
    assert lines(alone.axes[0])["dense"][0] == [20, 92.38]
    gaps = lines(alone.axes[1])
    assert gaps["sparsity 0.9"][0] == [20, pytest.approx(4.58)]
    assert gaps["sparsity 0.5"][4] == [110, pytest.approx(-0.66)]
    ours = plots.depths(out.curves["published"], OTHER, out.curves["resnets_depths"])
    assert len(ours.axes[0].get_lines()) == len(alone.axes[0].get_lines()) + 5


def test_layers_and_counts_render(out):
    axes = plots.layers(out.curves["layers"]).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["stem", "head"]
    counts = plots.counts(out.curves["counts"]).axes[0]
    assert lines(counts)["dense and narrow"][0] == [1900, pytest.approx(92.5)]


class Stub:
    """A page of the made-up run."""

    def __init__(self, out):
        self.rows = out.statistics()

    def settings(self, experiment):
        return SETTINGS

    def seeds(self, experiment, condition=None):
        return 2

    def paper(self, name):
        return {
            "source": "scripts",
            "sparse_epochs": 100,
            "dense_epochs": 90,
            "cifar10_images": 45000,
            "cifar100_images": 50000,
        }

    def number(self, experiment, statistic, condition=None, percent=False):
        wanted = {"experiment": experiment, "statistic": statistic, "condition": condition_text(condition)}
        value = figures.pick(self.rows, **wanted)["value"].mean()
        return f"{100 * value:.3g} %" if percent else f"{value:.3g}"


def test_captions_say_what_the_tables_hold(out):
    say = Captions(Stub(out))
    assert "0.891 points at width 256. At density 0.5" in say.width_alt()
    assert "hardly a gap to close: 16.1 points at width 32" in say.slope_prose()
    assert "ER 85 %, uniform 55 %" in say.ratios_alt()
    assert "4.58 points at depth 20" in say.depth_alt()
    assert "No run of ours" in say.depth_note(ours=False)
    assert "Dashes: our runs" in say.depth_note(ours=True)
    sentences = (say.setting(), say.width_note(), say.ratios_note(), say.count_alt(), say.open_points())
    assert all("nan" not in sentence for sentence in sentences)
