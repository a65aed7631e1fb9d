"""Figures draw what the tables hold."""

import numpy as np
import pandas as pd
import pytest

from replications.grokking.instruments2026 import plots
from replications.grokking.instruments2026.measure import ACCURACIES, RAW, WATCHED
from verifig.measuring.tables import melt
from verifig.pages import figures

STEPS = [0, 1, 10, 100]


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


def progress() -> pd.DataFrame:
    frames = []
    for condition in plots.LOSSES:
        for k, name in enumerate((*ACCURACIES, *WATCHED)):
            for table, factor in (("sums", 1), ("shuffled", 0.5), ("beyond", -0.1)):
                path = factor * np.array([[0, 0.1, 0.2, 1], [0, 0.2, 0.4, 1]]) * (1 - k / 100)
                frames.append(melt(path, condition=condition, table=table, instrument=name, seed=range(2), x=STEPS))
    return pd.concat(frames)


def lines(axes) -> dict[str, list]:
    return {line.get_label(): line.get_ydata().tolist() for line in axes.get_lines()}


def test_every_instrument_has_its_line_from_the_first_step_on_and_its_companion_on_the_shuffled_table():
    figure = plots.together(progress(), "decay")
    names = [name for panel in plots.PANELS.values() for name in panel]
    assert sorted(names) == sorted(WATCHED)
    for axes, (paper, own) in zip(figure.axes, plots.PANELS.items(), strict=True):
        assert axes.get_title(loc="left") == paper
        found = lines(axes)
        for name in own:
            k = (*ACCURACIES, *WATCHED).index(name)
            expected = np.array([0.15, 0.3, 1]) * (1 - k / 100)
            assert found[plots.LOOK[name][0]] == pytest.approx(expected.tolist())
            dashed = [line.get_ydata().tolist() for line in axes.get_lines() if line.is_dashed()]
            assert pytest.approx((0.5 * expected).tolist()) in dashed
        assert found["test accuracy"] == pytest.approx([0.15, 0.3, 1])
        shown = {text.get_text() for text in axes.get_legend().get_texts()}
        assert shown == {plots.LOOK[name][0] for name in own}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "training accuracy", "test accuracy", "on the shuffled table",
    ]  # fmt: skip


def leads() -> pd.DataFrame:
    frames = []
    for condition, sign in (("decay", 1), ("squared", -1)):
        for k, name in enumerate((*ACCURACIES, *WATCHED)):
            told = [k, k + 2] if name in ("purity", "participation") else [np.nan, k]
            fields = {"lead": sign * np.array([k, k + 1.0]), "told_lead": np.array(told), "share": np.array([0.4, 0.6])}
            frames.append(melt(fields, condition=condition, instrument=name, seed=range(2)))
    return pd.concat(frames)


def points(axes) -> dict[float, float]:
    """By row, the place of a point; rows are those of `ROWS`, from the top."""
    return {
        round(line.get_ydata()[0], 2): line.get_xdata()[0] for line in axes.get_lines() if len(line.get_xdata()) == 1
    }


def test_leads_stand_in_the_row_of_their_instrument_and_diamonds_only_where_all_seeds_have_one():
    figure = plots.leads(leads())
    for axes, sign in zip(figure.axes, (1, -1), strict=True):
        found = points(axes)
        for row, name in enumerate(plots.ROWS):
            k, place = (*ACCURACIES, *WATCHED).index(name), len(plots.ROWS) - 1 - row
            assert found[place] == pytest.approx(sign * (k + 0.5))
            assert (place - 0.25 in found) == (name in ("purity", "participation"))
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [plots.NAMES[name] for name in plots.ROWS]


def test_runs_in_which_nothing_is_learnt_have_rows_and_no_points():
    nothing = leads().assign(lead=np.nan, told_lead=np.nan)
    figure = plots.leads(nothing)
    assert [points(axes) for axes in figure.axes] == [{}, {}]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["half way", "tells the tables apart"]


def test_shares_of_the_control_are_means():
    found = points(plots.control(leads()).axes[0])
    assert set(found.values()) == {0.5}
    assert len(found) == 2 * (len(plots.ROWS) - 1)


def test_the_excess_is_drawn_with_its_sign():
    figure = plots.beyond(progress())
    for axes in figure.axes:
        assert lines(axes)["share of one frequency"][-1] < 0
        assert lines(axes)["test accuracy"][-1] == 1


def test_without_decay_both_precisions_and_the_run_with_decay_are_drawn():
    frames = []
    for k, condition in enumerate(plots.ARMS):
        fields = {name: (k + 1) * np.array([[0.1, 0.2, 0.3, 0.4]] * 2) for name in RAW}
        frames.append(melt(fields, condition=condition, seed=range(2), x=STEPS))
    figure = plots.collapse(pd.concat(frames))
    for axes in figure.axes:
        for k, (label, _) in enumerate(plots.ARMS.values()):
            assert lines(axes)[label] == pytest.approx([0.1 * (k + 1), 0.2 * (k + 1), 0.3 * (k + 1), 0.4 * (k + 1)])
