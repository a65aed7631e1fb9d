"""What the drawing functions that papers share put on the axes: data of lines and bands, tick labels, legends."""

import ast
import re

import numpy as np
import pandas as pd
import pytest

from verifig.ground.paths import ROOT
from verifig.pages import figures, legible

REPORTED = sorted((ROOT / "reports").glob("*/figures/*.svg"))

RUNS = pd.DataFrame(
    [
        ("loss", "sgd", 1, 0.5), ("loss", "gd", 1, 0.25), ("norm", "sgd", 1, 4.0), ("loss", "sgd", 2, 0.125),
    ],
    columns=["curve", "condition", "x", "value"],
)  # fmt: skip
UNITS = pd.DataFrame({"x": [1] * 5 + [3] * 5, "value": [5.0, 1.0, 2.0, 9.0, 3.0, 10.0, 20.0, 30.0, 40.0, 70.0]})


@pytest.fixture
def axes():
    figure, (one,) = figures.grid()
    yield one
    figures.plt.close(figure)


def labels(axis) -> list[str]:
    """The numbers of an axis that are drawn, in order."""
    axis.figure.draw_without_rendering()
    low, high = sorted(axis.get_view_interval())
    ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
    return [label.get_text() for place, label in ticks if low <= place <= high]


def edges(axes) -> dict[float, tuple[float, float]]:
    """Lower and upper edge of the one band, by x."""
    (drawn,) = axes.collections
    corners = drawn.get_paths()[0].vertices
    return {x: (corners[corners[:, 0] == x, 1].min(), corners[corners[:, 0] == x, 1].max()) for x in set(corners[:, 0])}


def test_rows_of_a_curve_are_picked_by_all_their_columns():
    assert figures.pick(RUNS, curve="loss", condition="sgd")["value"].tolist() == [0.5, 0.125]
    assert figures.pick(RUNS, x=1)["value"].tolist() == [0.5, 0.25, 4.0]
    assert figures.pick(RUNS, condition="adam").empty
    assert figures.pick(RUNS).equals(RUNS)


def test_fractions_become_percent_in_the_named_columns_only():
    assert figures.percent(RUNS)["value"].tolist() == [50, 25, 400, 12.5]
    both = figures.percent(RUNS.assign(teacher=0.01, epoch=7), "value", "teacher")
    assert both.iloc[0][["value", "teacher", "epoch"]].tolist() == [50, 1, 7]
    assert RUNS["value"].tolist() == [0.5, 0.25, 4.0, 0.125], "the table itself stays as it was"


@pytest.mark.parametrize(
    ("draw", "middle", "ends"),
    [
        (figures.band, [3, 30], {1: (1, 9), 3: (10, 70)}),
        (figures.quartile_band, [3, 30], {1: (2, 5), 3: (20, 40)}),
        # t(4 degrees of freedom, 97.5 %) = 2.7764; standard errors sqrt(2) and sqrt(106)
        (figures.mean_band, [4, 34], {1: (4 - 3.9265, 4 + 3.9265), 3: (34 - 28.585, 34 + 28.585)}),
    ],
)
def test_bands(axes, draw, middle, ends):
    draw(axes, UNITS.rename(columns={"x": "width", "value": "loss"}), "width", "loss", "red", "ours", alpha=0.5)
    (line,) = axes.get_lines()
    assert np.array_equal(line.get_xydata(), np.transpose([[1, 3], middle]))
    assert (line.get_label(), line.get_color(), line.get_alpha()) == ("ours", "red", 0.5)
    assert edges(axes) == {x: pytest.approx(pair, abs=1e-3) for x, pair in ends.items()}


@pytest.mark.parametrize("draw", [figures.band, figures.quartile_band, figures.mean_band])
def test_a_condition_that_was_left_out_is_not_drawn(axes, draw):
    draw(axes, UNITS.head(0), label="ours")
    assert (axes.get_lines()[:], axes.collections[:]) == ([], [])
    assert axes.get_legend_handles_labels() == ([], [])


def test_a_threshold_is_dotted_and_named_at_its_end(axes):
    figures.threshold(axes, 100, "W = n")
    figures.threshold(axes, 0.5, axis="y", color="red", linewidth=3)
    upright, level = axes.get_lines()
    assert (list(upright.get_xdata()), upright.get_linestyle(), upright.get_color()) == ([100, 100], ":", figures.MUTED)
    assert (list(level.get_ydata()), level.get_linestyle(), level.get_color()) == ([0.5, 0.5], ":", "red")
    assert (upright.get_linewidth(), level.get_linewidth()) == (1, 3)
    (named,) = axes.texts
    assert (named.get_text(), named.xy, named.get_rotation()) == ("W = n", (100, 1), 90)


def test_the_paper_s_value_is_dashed_and_named_on_the_line(axes):
    figures.paper_line(axes, 0.9, "paper: 0.9")
    (line,), (named,) = axes.get_lines(), axes.texts
    assert list(line.get_ydata()) == [0.9, 0.9]
    assert (line.get_linestyle(), line.get_color()) == ("--", figures.INK)
    assert (named.get_text(), named.xy, named.get_rotation()) == ("paper: 0.9", (1, 0.9), 0)


def test_the_paper_s_points_are_open_diamonds_unless_said_otherwise(axes):
    figures.paper_points(axes, [1, 2], [3, 4])
    figures.paper_points(axes, [1], [3], "paper, train", marker="s")
    test, train = axes.get_lines()
    assert (list(test.get_ydata()), test.get_label(), test.get_marker()) == ([3, 4], "paper", "D")
    assert (test.get_linestyle(), test.get_markerfacecolor()) == ("None", "none")
    assert (train.get_label(), train.get_marker()) == ("paper, train", "s")


def test_a_logarithmic_axis_has_plain_numbers_at_the_given_ticks_alone(axes):
    axes.plot([20, 4000], [1, 2])
    figures.log_ticks(axes.xaxis, (10, 50, 200, 1000, 100000))
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert labels(axes.xaxis) == ["50", "200", "1000"]
    assert 10 < axes.get_xlim()[0] < 20 < 4000 < axes.get_xlim()[1] < 6000, (
        "ticks beyond the data do not widen the axis"
    )
    assert list(axes.xaxis.get_minorticklocs()) == []


def test_marks_without_numbers_stay_where_asked_for(axes):
    axes.plot([1, 2], [1.5, 8])  # so short that matplotlib would number them
    figures.log_ticks(axes.yaxis, (2, 5), minor=True)
    assert (axes.get_yscale(), labels(axes.yaxis)) == ("log", ["2", "5"])
    assert {3, 4, 6, 7} <= set(np.round(axes.yaxis.get_minorticklocs(), 6))
    assert {label.get_text() for label in axes.yaxis.get_minorticklabels()} == {""}


def test_without_ticks_a_logarithmic_axis_has_1_2_5_10(axes):
    axes.plot([1, 2], [0.4, 60])
    figures.log_ticks(axes.yaxis)
    assert labels(axes.yaxis) == ["0.5", "1", "2", "5", "10", "20", "50"]


def test_ticks_of_every_decade_within_the_values():
    values = pd.Series([0.0, -1.0, 0.021, 4.9])
    assert figures.decade_ticks(values) == pytest.approx([0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5])
    assert figures.decade_ticks(values, (1, 3)) == pytest.approx([0.03, 0.1, 0.3, 1, 3])


def test_a_legend_for_all_panels_stands_outside_them(tmp_path):
    figure, panels = figures.grid(2)
    for panel in panels:
        panel.plot([0, 1], [0, 1], label="ours")
    panels[0].plot([0, 1], [1, 0], label="paper")
    figures.legend_outside(panels[0], "lower center", ncols=2, fontsize=8)
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["ours", "paper"]
    assert all(panel.get_legend() is None for panel in panels)
    top = legend.get_window_extent().y1
    assert all(panel.get_tightbbox().y0 >= top - 1 for panel in panels), "no panel lies under it"
    figures.plt.close(figure)


def test_a_legend_of_several_panels_names_each_label_once():
    figure, panels = figures.grid(3)
    for panel, names in zip(panels, (("ours", "paper"), ("ours", "theory"), ()), strict=True):
        for name in names:
            panel.plot([0, 1], [0, 1], label=name)
    figures.legend_outside(panels, "lower center")
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["ours", "paper", "theory"]
    figures.legend_outside(panels[2], "lower center")
    assert len(figure.legends) == 1, "nothing to name, no legend"
    figures.plt.close(figure)


@pytest.mark.parametrize(("low", "high"), [(0.09, 2.1), (17, 38), (1.02, 1.9), (3e-7, 8e-5), (1e18, 3e18), (1, 900)])
def test_every_log_axis_shows_three_numbers_or_more_when_a_figure_is_saved(axes, low, high):
    axes.plot([1, 2], [low, high])
    axes.set_yscale("log")
    figures.svg(axes.figure, "name", "title")
    assert legible.defects(axes.figure) == []
    places = legible.numbered(axes.yaxis)
    assert len(places) >= 3
    assert [text for text in labels(axes.yaxis) if text], "they are drawn"


def test_numbers_that_a_figure_chose_are_left_as_they_are(axes):
    axes.plot([10, 1000], [1, 2])
    figures.log_ticks(axes.xaxis, (10, 50, 1000))
    figures.svg(axes.figure, "name", "title")
    assert labels(axes.xaxis) == ["10", "50", "1000"]


def test_a_log_axis_with_too_few_numbers_is_a_defect(axes):
    axes.plot([10, 1000], [1, 2])
    figures.log_ticks(axes.xaxis, (50,))
    assert legible.defects(axes.figure) == ["x of '' has 1 numbers"]


def test_every_band_is_named_below_the_figure_once_if_they_are_alike():
    figure, panels = figures.grid(2)
    for panel in panels:
        figures.quartile_band(panel, UNITS)
    text = figures.svg(figure, "name", "title")
    assert text.count("Lines: medians, bands: quartiles.") == 1


def test_bands_that_follow_the_convention_leave_it_to_the_page():
    figure, panels = figures.grid(2)
    figures.band(panels[0], UNITS)
    assert legible.conventional(figure)
    assert "Lines:" not in figures.svg(figure, "name", "title")
    figure, panels = figures.grid(2)
    figures.band(panels[0], UNITS)
    figures.mean_band(panels[1], UNITS)
    assert not legible.conventional(figure)
    assert "medians, bands: range" in figures.svg(figure, "name", "title")


def test_unlike_bands_are_named_by_panel_and_do_not_touch_the_axes():
    figure, panels = figures.grid(2)
    figures.mean_band(panels[0], UNITS, label="ours")
    figures.quartile_band(panels[1], UNITS)
    for panel, title in zip(panels, ("error", "loss"), strict=True):
        panel.set_title(title)
    height = figure.get_size_inches()[1]
    figures.svg(figure, "name", "title")
    (said,) = figure.texts
    assert said.get_text() == "error: means, bands: 95 % intervals; loss: medians, bands: quartiles."
    assert figure.get_size_inches()[1] > height, "the panels keep their size"
    assert said.get_window_extent().y1 < min(panel.get_tightbbox().y0 for panel in panels)


def test_what_bands_are_stands_above_where_a_legend_is_below():
    figure, panels = figures.grid(2)
    for panel in panels:
        figures.quartile_band(panel, UNITS, label="ours")
    figures.legend_outside(panels[0], "lower center")
    figures.svg(figure, "name", "title")
    assert figure.texts[0].get_window_extent().y0 > max(panel.get_tightbbox().y1 for panel in panels)


def test_a_band_that_says_nothing_is_a_defect(axes):
    axes.fill_between([1, 2], [1, 1], [2, 3])
    assert legible.defects(axes.figure) == ["a band of '' does not say what it is"]
    legible.band_is(axes, "bars: quartiles")
    assert legible.defects(axes.figure) == []
    assert legible.bands(axes.figure) == "Bars: quartiles."


def test_small_letters_grow_when_a_figure_is_saved(axes):
    axes.plot([1, 2], [1, 2], label="ours")
    axes.legend(fontsize=4)
    assert legible.defects(axes.figure) == ["'ours' is too small"]
    figures.svg(axes.figure, "name", "title")
    assert legible.defects(axes.figure) == []


def test_a_panel_without_data_holds_the_legend_of_the_others():
    figure, panels = figures.grid(3)
    for panel, label in zip(panels, ("ours", "theirs"), strict=False):
        panel.plot([0, 1], [0, 1], label=label)
        panel.plot([0, 1], [1, 1], label="both")
    figures.legend_panel(panels[2], *panels[:2], title="runs")
    legend = panels[2].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["ours", "both", "theirs"]
    assert (legend.get_title().get_text(), panels[2].axison) == ("runs", False)
    figures.plt.close(figure)


def _numbers_of(tree: ast.AST, *names: str) -> list[float]:
    """Values of keyword arguments with these names that are written out as numbers, in calls and in dictionaries."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword):
            pairs = [(node.arg, node.value)]
        elif isinstance(node, ast.Dict):
            pairs = [(key.value, value) for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)]  # fmt: skip
        else:
            continue
        found += [value.value for name, value in pairs if name in names and isinstance(value, ast.Constant)]
    return [number for number in found if isinstance(number, (int, float))]


def test_no_line_of_a_published_figure_is_black_on_a_dark_page():
    drawn = {path: re.findall(r"\{([^}]*fill: none[^}]*)\}", path.read_text()) for path in REPORTED}
    assert any(drawn.values())
    black = [path.name for path, lines in drawn.items() if any("stroke: #000000" in line for line in lines)]
    assert not black, "its colour is `figures.INK`"
