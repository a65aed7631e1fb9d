"""Figures are drawn from small tables, and sentences formed from them."""

import numpy as np
import pandas as pd
import pytest

from replications.sgd_stability.tyurin2024 import captions, plots
from verifig.ground.yaml_files import read_yaml
from verifig.measuring.tables import melt
from verifig.pages import figures

COLUMNS = [("descent", 1.0), ("descent", 1e4), ("normalised_descent", 10.0), ("perceptron", np.nan), ("normalised_perceptron", np.nan)]  # fmt: skip
X = [0, 1, 10, 100]


def images() -> pd.DataFrame:
    frames = []
    for pair in captions.DIGITS:
        for method, step in COLUMNS:
            for curve in ("accuracy", "loss", "gradient")[: 3 if step == step else 1]:
                values = np.array([0.0, 0.5, 0.8, 1.0])
                frames.append(melt(values, curve=curve, pair=pair, method=method, step_size=step, x=X))
    return pd.concat(frames)


def counts() -> pd.DataFrame:
    values = [np.inf, 40.0, 20, 30, 5]
    rows = [{"pair": pair, "method": method, "step_size": step, "value": value} for pair in captions.DIGITS for (method, step), value in zip(COLUMNS, values, strict=True)]  # fmt: skip
    return pd.DataFrame(rows)


def imbalanced() -> tuple[pd.DataFrame, pd.DataFrame]:
    curves, rows = [], []
    for pair in captions.DIGITS:
        for minority in (5, 25):
            for method in ("perceptron", "normalised_perceptron"):
                place = {"pair": pair, "minority": minority, "method": method}
                curves.append(melt(np.ones((3, 4)), **place, seed=range(3), x=X))
                rows.append(melt(np.array([4.0, 8, 9]) * (1 + (method == "perceptron")), **place, seed=range(3)))
    return pd.concat(curves), pd.concat(rows)


def drawn() -> dict:
    """A figure a name, from made-up tables."""
    paper = read_yaml(captions.__file__.replace("captions.py", "values.yaml"))
    table = pick_table()
    toy = pd.DataFrame({"x": [1, 10], "loss": [0.4, 1.3], "gradient": [0.3, 0.6], "first": [0, 0], "second": [0.1, 0]})
    limit = melt(np.full((3, 2, 2), 1e-20), seed=range(3), t=[2, 5], x=[1, 10])
    bounds = pd.DataFrame(
        {
            "method": ["perceptron", "normalised_perceptron", "normalised_descent"],
            "bound": [90, 9, 20],
            "iterations": [3, 2, 4],
        }
    )
    family = pd.DataFrame({"n": [10, 20], "perceptron": [4, 7], "normalised_perceptron": [2, 2], "formula": [4, 7]})
    spread = pd.concat(
        [melt(np.full((2, 4), 1e-9), method=method, step_size=step, seed=[1, 2], x=X) for method, step in COLUMNS]
    )
    return {
        "images": lambda: plots.images(images()),
        "steps": lambda: plots.steps(counts(), 100),
        "worst_case": lambda: plots.worst_case(table, paper["worst_case"]),
        "family": lambda: plots.family(family),
        "limit": lambda: plots.limit(toy, limit),
        "bounds": lambda: plots.bounds(bounds),
        "balance": lambda: plots.balance(images(), *imbalanced(), counts(), 5),
        "rounding": lambda: plots.rounding(spread),
    }


def pick_table() -> pd.DataFrame:
    """Our counts on the worst case where the paper has some, one of them off."""
    steps, values = [0.1, 1, 10, 100], [157.0, 16, 2, 2]
    rows = [
        {"method": "normalised_descent", "step_size": step, "value": value}
        for step, value in zip(steps, values, strict=True)
    ]
    rows += [{"method": "descent", "step_size": 100, "value": 307.0}]
    return pd.DataFrame(rows + [{"method": name, "step_size": np.nan, "value": value} for name, value in (("perceptron", 301.0), ("normalised_perceptron", 2.0))])  # fmt: skip


@pytest.mark.parametrize("name", drawn())
def test_figures_are_drawn(name):
    assert "</svg>" in figures.svg(drawn()[name](), name, "title")


def test_the_balance_figure_shows_geometric_means():
    """Perceptron over normalised: 8, 16, 18 over 4, 8, 9 is 2 in each draw."""
    axes = drawn()["balance"]().axes[2]
    lines = {line.get_label(): line for line in axes.get_lines()}
    found = [container.lines[0].get_ydata().tolist() for container in axes.containers]
    assert found == [pytest.approx([2, 2]), pytest.approx([2, 2])]
    assert [line.get_ydata() for line in axes.get_lines() if line.get_marker() == "s"] == [6, 6], lines


def test_the_paper_s_integers_that_are_ours_are_counted():
    paper = read_yaml(captions.__file__.replace("captions.py", "values.yaml"))
    assert "4 of the paper's 5 integers are ours" in captions.table_alt(pick_table(), paper["worst_case"])


def test_what_does_not_end_is_said():
    assert captions.counted(counts(), 100, pair="zero_one", method="descent", step_size=1.0) == "more than 100"
    assert captions.counted(counts(), 100, pair="zero_one", method="perceptron") == "30"


def test_step_sizes_are_told_in_few_signs():
    assert [plots.power(step) for step in (0.1, 100.0, 1e4, 1e6)] == ["0.1", "100", "1e4", "1e6"]


def test_lists():
    assert [captions.listed(each) for each in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
