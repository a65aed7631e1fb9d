"""Figures of the paper's values alone, and what colours mean."""

import numpy as np
import pytest
import yaml

from replications.random_teachers.sarnthein2023 import captions, plotting
from replications.random_teachers.sarnthein2023.plotting import drawing
from verifig.ground.paths import ruleset_dir
from verifig.pages import figures

VALUES = yaml.safe_load((ruleset_dir("sarnthein2023") / "values.yaml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


def values_of(axes, color: str, marker: str) -> list[float]:
    lines = axes.get_lines()
    return [
        line.get_ydata()[0] for line in lines if line.get_marker() == marker and line.get_markeredgecolor() == color
    ]


def test_the_paper_s_tables_are_drawn_where_no_network_of_ours_was_trained():
    figure = plotting.images.published(VALUES["table1"], VALUES["table3"], VALUES["table2"])
    for axes, table in zip(figure.axes, ("table1", "table3"), strict=True):
        for network, colour in plotting.images.NETWORK_COLOURS.items():
            rows = [VALUES[table]["rows"][data][network] for data in plotting.images.DATA]
            assert values_of(axes, colour, "s") == [teacher for teacher, _ in rows]
            assert values_of(axes, colour, "D") == [student for _, student in rows]
    assert values_of(figure.axes[0], plotting.images.NETWORK_COLOURS["vgg11"], "^") == [52.45, 27.49, 45.86]
    assert values_of(figure.axes[1], plotting.images.NETWORK_COLOURS["vgg11"], "^") == [], "Table 3 has no transfer"


def test_ablations_of_the_paper_alone_name_teacher_and_student():
    figure = plotting.images.ablations(VALUES["table5"])
    points = {line.get_label(): line.get_xdata()[0] for line in figure.axes[0].get_lines()}
    assert (points["paper, teacher"], points["paper, student"]) == (36.55, 51.98), "the default stands first"
    assert len(figure.axes[0].get_yticks()) == len(VALUES["table5"]["rows"])


@pytest.mark.parametrize("caption", [captions.images.tables, captions.images.ablations])
def test_figures_of_the_paper_s_values_say_that_no_run_is_drawn(caption):
    assert "no run of ours" in caption("laptop")["note"]
    assert "no run of ours" not in caption("paper")["note"]


def test_probes_regimes_and_the_teacher_have_colours_of_their_own():
    used = [*drawing.PROBE_COLOURS.values(), *drawing.REGIME_COLOURS.values(), figures.ORANGE]
    assert len(set(used)) == len(used)


def test_gains_of_the_paper_by_source_are_differences_to_its_teacher():
    class Page:
        def paper(self, name):
            return VALUES[name]

    class Run:
        page = Page()

    found = captions.data.paper_sources(Run())
    np.testing.assert_allclose(found["full"], [51.98 - 36.55])
    np.testing.assert_allclose(found["digits"], [52.45 - 36.55])
    np.testing.assert_allclose(found["noise"], [16 - 36.55, 17 - 36.55])
