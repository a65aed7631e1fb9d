"""Figures and captions on made-up tables."""

import numpy as np
import pandas as pd
import pytest
from test_xu2024_measure import STEPS, measured, of, records

from replications.grokking.xu2024 import plots
from replications.grokking.xu2024.captions import Captions, _sign_changes
from verifig.ground.conditions import condition_text
from verifig.pages import figures

PAPER = {"step": 1, "later": 15, "train": 1.0, "test": 0.5, "test_later": 1.0}
SETTINGS = {"signal": 2.5, "samples": 200, "dimension": 40000, "test_size": 200, "width": 1000, "flip": 0.05,
            "initial_std": 1e-15, "learning_rate": 1e-12, "seeds": 3}  # fmt: skip


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


@pytest.fixture(scope="module")
def curves():
    made = records()
    made["test_accuracy"] = np.array([[0.5, 0.5, 0.9, 1, 1], [0.5, 0.52, 0.95, 0.95, 0.95], [0.4, 0.5, 1, 1, 1]])
    made["signs"][0, 1, :4], made["signs"][1, 1, 2:4], made["signs"][1, 1, 6:] = -1, -1, -1
    return measured(runs=of(made), small_step=of(made)).curves


def test_figure_1_has_the_runs_their_medians_and_the_paper_s_points(curves):
    figure = plots.fig1(curves["runs_accuracy"], curves["small_step_accuracy"], PAPER, (1e-12, 1e-16))
    left, right = figure.axes
    lines = {line.get_label(): line.get_xydata().tolist() for line in left.get_lines()}
    assert lines["paper"] == [[2, 100], [2, 50], [16, 100]]
    assert lines["test set, median of runs"] == [[1, 50], [2, 50], [16, 95], [102, 100], [301, 100]]
    assert left.get_title("left") == "step size 1e-12"
    assert right.get_title("left") == "step size 1e-16"


def test_the_plane_has_a_row_a_run(curves):
    figure = plots.fig2(curves["plane"], most=2)
    assert [axes.get_title("left") for axes in figure.axes] == ["step 0", "step 1", "step 15"]
    assert figure.axes[1].images[0].get_array().tolist() == [[-1] * 4 + [1] * 4, [1, 1, -1, -1, 1, 1, -1, -1]]


def test_histograms_are_in_their_unit(curves):
    figure = plots.projections(curves["runs_projections"], [0, 15], {0: 2e-13, 15: 5e-11})
    assert [axes.get_xlabel() for axes in figure.axes] == ["⟨w, μ⟩ in units of 1e-13", "⟨w, μ⟩ in units of 1e-11"]
    assert figure.axes[0].get_xlim() == pytest.approx((-1.1 * 2 * 5 / 6, 1.1 * 2 * 5 / 6))
    assert figure.axes[0].get_ylim() == pytest.approx((0, 2.2 / 6))


def test_the_other_figures_render(curves):
    agreement = plots.linear(curves["linear"]).axes[0]
    assert agreement.get_lines()[3].get_xydata()[1].tolist() == pytest.approx([2, 11.5])
    outside = plots.outside(curves["runs_outputs"], curves["small_step_outputs"], (1e-12, 1e-16), SETTINGS, 0.05)
    assert outside.axes[1].get_lines()[2].get_xydata().tolist() == [[200, 0.05]]


def test_shares_of_runs_that_stay_behind(curves):
    """At most 95 % counts, also exactly."""
    figure = plots.stuck(curves["runs_accuracy"], 95, (15, 300))
    line = figure.axes[1].get_lines()[0].get_xydata()
    assert line[:, 0].tolist() == [1, 2, 16, 102, 301]
    assert line[:, 1].tolist() == pytest.approx([100, 100, 200 / 3, 100 / 3, 100 / 3])


class Stub:
    """A page of the made-up run."""

    def __init__(self, out):
        self.out = out.statistics()

    def settings(self, experiment):
        return SETTINGS

    def seeds(self, experiment):
        return 3

    def value(self, experiment, statistic, condition=None):
        wanted = {"experiment": experiment, "statistic": statistic, "condition": condition_text(condition)}
        rows = figures.pick(self.out, **wanted)
        return rows.set_index("seed")["value"]

    def formed(self, text, *how):
        return text

    def number(self, experiment, statistic, condition=None, take="mean", percent=False):
        value = getattr(self.value(experiment, statistic, condition), take)()
        return f"{100 * value:.3g} %" if percent else f"{value:.3g}"


def test_captions_say_what_the_tables_hold(curves):
    made = records()
    made["test_accuracy"][:, 3:] = [[1, 1], [0.9, 0.9], [0.96, 0.96]]
    made["cluster_accuracy"][1, 4] = [1, 1, 0.4, 1]
    say = Captions(Stub(measured(runs=of(made), small_step=of(made | {"steps": np.array(STEPS)}))))
    assert "means of length 35.4" in say.setting()
    assert say.stuck_prose().startswith("1 of 3 runs have a test accuracy of at most 95 % after 300 steps.")
    assert "accuracy of 40 to 40 %; in 1 run more" in say.stuck_prose()
    assert "here 0.0303, while 2/n² is 5.00 × 10⁻⁵" in say.theory_prose()
    told = say.fig2_alt(curves["plane"])
    assert "33.3 % at step 1, 0 % at step 15; with four, as the task has: 0 % at step 0, 33.3 % at step 1" in told
    assert "33.3 % (0.840 to 90.6 %) at step 300" in say.stuck_alt(curves["runs_accuracy"])
    assert "0.5 at step 1" in say.projections_alt("runs", [1])
    for sentence in (say.linear_prose(), say.linear_alt(), say.outputs_prose(), say.fig1_note()):
        assert "nan" not in sentence


def test_nobody_behind_is_not_told():
    made = records()
    made["test_accuracy"][:] = 1
    assert Captions(Stub(measured(runs=of(made)))).stuck_prose() == "not computed here"


def test_sign_changes_are_counted_around_the_circle():
    table = pd.DataFrame({"seed": [0] * 4 + [1] * 4, "x": [0, 90, 180, 270] * 2, "value": [1, -1, 1, -1, 1, 1, 1, -1]})
    assert _sign_changes(table).tolist() == [4, 2]
