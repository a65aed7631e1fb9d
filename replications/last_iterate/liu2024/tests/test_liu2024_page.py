"""Figures show what tables hold; the sliders give what the law gives."""

import numpy as np
import pandas as pd
import pytest
from made_up import near
from test_exploring import empty_page

from replications.last_iterate.liu2024 import plots, sliders
from replications.last_iterate.science import laws
from verifig.measuring.tables import melt
from verifig.pages import figures

X = [16, 64]
LINES = ["inverse_root", "constant", "linear_decay", "late_decay", "average", "suffix"]
LAST = melt(np.arange(12.0).reshape(6, 2), schedule=LINES, x=X)
SHUFFLED = melt(np.array([[0.1, 0.2], [0.3, 0.6]]), seed=[0, 1], x=X)
THREE = ["inverse_root", "constant", "tight_decay"]


def drawn() -> dict:
    ratios = pd.DataFrame({"schedule": 2 * THREE, "steps": 6, "ratio": [0.5, 0.6, 0.7, 0.1, 0.2, 0.3]})
    three = melt(np.arange(6.0).reshape(3, 2), schedule=THREE, x=X)
    sharp = melt(np.ones((2, 2, 3, 2)), dimension=[1, 50], x=X, schedule=LINES[:3], seed=[0, 1])
    return {
        "logarithm": plots.logarithm(LAST, SHUFFLED),
        "guarantee": plots.guarantee(three, three, ratios),
        "noise": plots.noise(melt(np.ones((2, 2)), multiple=[0.5, 1.5], x=X), sharp),
    }


def lines(axes) -> dict:
    return {line.get_label(): [float(y) for y in line.get_ydata()] for line in axes.get_lines()}


@pytest.mark.parametrize("name", ["logarithm", "guarantee", "noise"])
def test_figures_are_drawn(name):
    assert "</svg>" in figures.svg(drawn()[name], name, "title")


def test_lines_are_the_tables_and_the_bounds():
    left, right = (lines(axes) for axes in drawn()["logarithm"].axes)
    assert left["steps 1/√t"] == [0, 1]
    assert left["linear decay"] == [4, 5]
    assert left["lower bound, ln(T)/32"] == near([np.log(16) / 32, np.log(64) / 32])
    assert right["average of all iterates"] == [8, 9]
    assert right["last iterate, random ties (control)"] == near([0.2, 0.4])
    left, right = (lines(axes) for axes in drawn()["guarantee"].axes)
    assert left["bound, best constant step"] == near([(n * (1 + np.log(n) / 4) / (n + 1)) ** 0.5 for n in X])
    assert right["linear decay"] == [100 / 2, 0]
    assert left["largest coordinate"] == [4, 5]
    limits = [line.get_ydata() for line in drawn()["noise"].axes[0].get_lines() if line.get_linestyle() == ":"]
    assert limits == [near([0.5625, 0.5625])]


def test_the_sliders_give_the_law(tmp_path):
    explorer = sliders.quadratic(empty_page("liu2024", tmp_path))
    assert explorer.start == {"multiple": 2, "steps": 1000, "start": 1}
    for multiple in (0.3, 0.5, 1.5):
        law = 1000 * laws.quadratic_errors(multiple, 1000)[-1]
        assert explorer.at(multiple, explorer.start) == near([law, laws.quadratic_limit(multiple)])
