"""Figures and captions on made-up tables."""

import pytest
from test_farahani2024_measure import ACCURACIES, SCORES, measured, records

from replications.sparse_training.farahani2024 import plots
from replications.sparse_training.farahani2024.captions import Captions
from verifig.ground.conditions import condition_text
from verifig.pages import figures

SETTINGS = {"hidden_layers": 2, "width": 64, "keep": 16, "candidates": 64, "scored": 1000, "steps": 800,
            "learning_rate": 0.05, "momentum": 0.9, "batch_size": 100, "density": 0.2, "seeds": 24}  # fmt: skip


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


@pytest.fixture(scope="module")
def out():
    few = {name: ACCURACIES[name] for name in ("best", "random")}
    return measured(nodes=records(ACCURACIES, SCORES), weights=records(few, SCORES))


def lines(axes) -> dict[str, list]:
    return {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}


def test_the_search_is_drawn_with_its_difference_to_the_random_pick(out):
    figure = plots.search(out.curves["nodes_accuracy"], out.curves["nodes_differences"], ("best", "random", "worst"))
    left, right = (lines(axes) for axes in figure.axes)
    assert left["random"] == [[0, pytest.approx(15)], [50, 50], [800, pytest.approx(87.5)]]
    assert right["lowest loss before training"][1] == [50, pytest.approx(15)]
    assert "random" not in right


def test_scores_and_sizes_render(out):
    figure = plots.scores(out.curves["nodes_scores"])
    extremes = lines(figure.axes[1])
    assert extremes["best"] == [[0, 2.2], [1, 2.4]]
    assert extremes["worst"] == [[0, 2.4], [1, 2.5]]
    assert set(lines(plots.sizes(out.curves["nodes_accuracy"]).axes[0])) == {
        "whole network",
        "a quarter of the units",
        "an eighth",
    }


class Stub:
    """A page of the made-up run."""

    def __init__(self, out):
        self.rows = out.statistics()

    def settings(self, experiment, condition=None):
        return SETTINGS

    def seeds(self, experiment, condition=None):
        return 2

    def number(self, experiment, statistic, condition=None, percent=False):
        wanted = {"experiment": experiment, "statistic": statistic, "condition": condition_text(condition)}
        value = figures.pick(self.rows, **wanted)["value"].mean()
        return f"{100 * value:.3g} %" if percent else f"{value:.3g}"


def test_captions_say_what_the_tables_hold(out):
    say = Captions(Stub(out))
    assert say.setting().startswith("A reconstruction: only the abstract of the paper was read.")
    assert "minus random: 0 points at step 0, 15 points at step 50" in say.search_alt()
    assert "test accuracy of 15 %, the random one 15 %" in say.search_prose()
    assert "15 points at step 50" in say.search_prose()
    assert "whole network 93.5 %, a quarter 87.5 %, an eighth 80 %" in say.sizes_alt()
    assert "Best less random one of a seed: -0.1 on average; range within a seed: 0.1" in say.scores_alt()
    assert "-2.5 points at step 800" in say.weights_alt()
    assert "density 0.2 with ERK densities" in say.weights_note()
    assert "2 seeds for the best" in say.search_note()
