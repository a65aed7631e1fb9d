"""Figures for narrow screens: panels in one column, labels that they shared on each, and SVG in less text."""

import html
import json
import re

import numpy as np
import pytest

from verifig.pages import figures, narrow, slim, steps, touching


def drawn(columns=2, rows=1, **options):
    figure, axes = figures.grid(columns, rows, width=8.8, **options)
    for axis in axes:
        axis.plot([0, 1, 2], [1, 3, 2], label="a curve")
    axes[0].set_ylabel("loss")
    for axis in axes[-columns:]:
        axis.set_xlabel("epoch")
    axes[0].set_title("a title that is so long that no telephone shows it on one line")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside center right", ncols=3)
    return figure


@pytest.mark.parametrize("rows", [1, 2])
def test_panels_stand_in_one_column_with_labels_of_their_own(rows):
    with narrow.drawing():
        figure = drawn(2, rows, sharex=True, sharey=True)
    assert narrow.settle(figure)
    assert [axes.get_subplotspec().get_gridspec().get_geometry() for axes in figure.axes] == [(2 * rows, 1)] * 2 * rows
    assert {(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes} == {("epoch", "loss")}
    assert "\n" in figure.axes[0].get_title(loc="left")
    assert figure.get_size_inches()[0] <= narrow.WIDTH
    (legend,) = figure.legends
    assert legend.get_window_extent().width <= figure.bbox.width


def test_the_legend_of_a_panel_alone_moves_out_of_it():
    with narrow.drawing():
        figure, (axes,) = figures.grid(width=8)
        axes.plot([0, 1], label="a curve")
        axes.legend()
    narrow.settle(figure)
    assert axes.get_legend() is None
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a curve"]


def test_a_label_longer_than_its_panel_is_broken():
    with narrow.drawing():
        figure, (axes,) = figures.grid(width=8, height=1.4)
        axes.plot([0, 1])
        axes.set(xlabel="step", ylabel="student − teacher (points)")
    narrow.settle(figure)
    assert axes.get_ylabel() == "student −\nteacher (points)"
    figure.draw_without_rendering()
    assert axes.yaxis.label.get_window_extent().height <= figure.bbox.height


def test_a_colour_bar_stands_below_on_a_narrow_screen():
    beside = {"label": "error", "shrink": 0.9}
    assert narrow.bar(**beside) == beside
    with narrow.drawing():
        assert narrow.bar(**beside) == {"location": "bottom", "label": "error"}


def test_an_axis_that_is_not_shared_gets_no_label_of_another():
    with narrow.drawing():
        figure = drawn(2)
    narrow.settle(figure)
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", ""]


def test_a_tile_ends_below_the_labels_of_the_first_panel_and_above_the_title_of_the_second(tmp_path):
    with narrow.drawing():
        figure = drawn(2)
    figure.axes[1].set_title("test error")
    narrow.settle(figure)
    touching.save(figure, tmp_path / "two.svg", "two panels")
    first, second = (axes.get_tightbbox() for axes in figure.axes)
    width, height = map(float, narrow.first_panel((tmp_path / "two.svg").read_text()).split("/"))
    points = 72 / figure.dpi
    assert width == pytest.approx(figure.bbox.width * points)
    assert (figure.bbox.height - first.y0) * points <= height <= (figure.bbox.height - second.y1) * points


def test_a_panel_alone_fills_its_tile(tmp_path):
    with narrow.drawing():
        figure = drawn(1)
    touching.save(figure, tmp_path / "one.svg", "one panel")
    assert narrow.first_panel((tmp_path / "one.svg").read_text()) is None


def test_a_matrix_of_panels_stays_one_and_has_no_narrow_form():
    with narrow.drawing():
        figure, axes = figures.grid(5, 5, width=8.4)
    assert axes[0].get_subplotspec().get_gridspec().get_geometry() == (5, 5)
    assert not narrow.settle(figure)


def test_outside_of_drawing_nothing_changes():
    figure = drawn(2, width_ratios=[2, 1])
    assert figure.get_size_inches()[0] == pytest.approx(8.8)


def test_slim_svg_has_the_same_texts_and_lines():
    figure, (axes,) = figures.grid()
    axes.plot(np.arange(30), np.sin(np.arange(30)), marker="o", label="a & b")
    axes.legend()
    text = figures.svg(figure, "x", "told")
    assert re.findall(r"<text[^>]*>a &amp; b</text>", text)
    assert not re.search(r" d=\"[^\"]*\.\d\d", text)
    used = set(re.findall(r"url\(#(\w+)\)|href=\"#(\w+)\"", text))
    assert {name for pair in used for name in pair if name} <= set(re.findall(r'id="(\w+)"', text))
    assert set(re.findall(r' class="(\w+)"', text)) <= set(re.findall(r"\.(s\d+){", text))


def test_a_point_that_stays_is_written_once():
    svg = '<svg><style></style>\n<path d="M 1.04 2 \nL 3.111 4 \nL 3.12 4 \nL 5 6 \nz"/></svg>'
    assert slim.slim(svg) == '<svg><style></style>\n<path d="M1 2l2.1 2 1.9 2z"/></svg>'


@pytest.mark.parametrize(
    ("path", "shorter"),
    [
        ("M 1 2 L 3.5 2 L 4 2.5 z", "M1 2h2.5l.5.5z"),
        ("M 0 1 L -0.5 1 L -0.5 -3.04 L 7 8", "M0 1h-.5v-4l7.5 11"),
        ("M 5 5 L 5 5", "M5 5h0"),
        ("M 1 1 L 2 2 M 3 3 L 2 2", "M1 1l1 1M3 3l-1-1"),
        ("M 0 1.5 C 0.397805 1.5 0.75 1 1 0 z", "M0 1.5C.4 1.5 .8 1 1 0z"),
    ],
)
def test_a_path_is_written_as_steps_and_read_back(path, shorter):
    assert steps.written(path) == shorter


def test_corners_of_a_line_stay_and_those_of_an_outline_that_no_eye_sees_go():
    x = np.linspace(0, 300, 200)
    line = "M " + " L ".join(f"{a:.3f} {50 * np.sin(a / 40):.3f}" for a in x)
    (stroke,) = steps.places(steps.written(line))
    assert np.abs(np.array(stroke) - np.transpose([x, 50 * np.sin(x / 40)])).max() < 0.051
    (outline,) = steps.places(steps.written(f"{line} z"))
    assert len(outline) < 100
    kept = np.interp(x, *np.transpose(outline))
    assert np.abs(kept - 50 * np.sin(x / 40)).max() < 0.2


def test_points_that_look_alike_say_it_once():
    use = '<use href="#m1" x="1" y="2" style="stroke: #123"/>\n'
    svg = f'<svg><style></style>\n<g clip-path="url(#p1)">\n{use}{use}</g></svg>'
    assert slim.slim(svg).count("stroke: #123") == 1
    faint = svg.replace("#123", "#123; opacity: 0.5")
    assert slim.slim(faint).count("class=") == 2, "one behind the other they are darker"


def test_ticks_and_grid_lines_are_one_path_each_and_lines_across_stay():
    figure, (left, right) = figures.grid(2)
    for axes in (left, right):
        axes.plot([0, 10], [0, 5], "|-", label="a")
        axes.axvline(5, color=figures.MUTED, alpha=0.25)
    text = touching.svg(figure, "x", "told")
    assert len(re.findall(r'<path d="(?:M[-.\d ]+[hv][-.\d]+){6,}"', text)) >= 4, "two grids, ticks of both axes"
    given = json.loads(html.unescape(re.search(r'<metadata id="touch">(.*?)</metadata>', text)[1]))
    assert len(given["curves"]) == 4
    assert [each.get("only") for each in given["curves"]] == [None, "x", None, "x"]
    for k in (1, 3):
        assert re.search(rf'<g id="curve{k}">\n<path d="M[-.\d ]+v[-.\d]+"', text), "a line across is its own path"
    for k in (0, 2):
        assert text.split(f'<g id="curve{k}">')[1].split("</g>")[0].count("<use") == 2, "points stay points"
