"""Figures from made-up tables: what is drawn is what stands in them."""

import numpy as np
import pandas as pd
import pytest
from made_up import near

from replications.linear_evaluation.science.consistency import gamma
from replications.linear_evaluation.zheng2023 import plots, theory
from verifig.measuring.tables import melt
from verifig.pages import figures


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


def line(axes, label: str) -> np.ndarray:
    (found,) = [each.get_ydata() for each in axes.get_lines() if each.get_label() == label]
    return np.asarray(found)


def sizes() -> pd.DataFrame:
    """Two seeds at two dimensions; the second needs four times as many."""
    names = {
        "two": ("logistic", 100),
        "two_bayes": ("naive_bayes", 10),
        "three_400": ("logistic", 300),
        "three_bayes": ("naive_bayes", 20),
    }
    names |= {"identity": ("logistic", 4), "equal": ("naive_bayes", 50)}
    frames = [
        melt([[base, 2 * base], [4 * base, 8 * base]], condition=name, rule=rule, seed=range(2), x=[100, 200])
        for name, (rule, base) in names.items()
    ]
    return pd.concat(frames)


def seen() -> pd.DataFrame:
    frames = [
        melt(
            {"x": [[[4, 9]]] * 3, "value": [[[0.4, 0.1]]] * 3},
            condition=name,
            rule=rule,
            seed=range(3),
            dimension=[200],
            place=range(2),
        )
        for name, rule in (("two", "logistic"), ("two_bayes", "naive_bayes"), ("two_bayes", "nearest_mean"))
    ]
    return pd.concat([*frames, frames[0].assign(dimension=400, value=0.7)])


def test_samples_needed_are_dots_with_geometric_means_and_a_guide():
    figure = plots.needed(sizes(), seen())
    assert line(figure.axes[0], "logistic regression") == near([200, 400])
    assert line(figure.axes[0], "naive Bayes") == near([20, 40])
    assert line(figure.axes[0], "slope 1") == near([200, 400])
    assert "n = 200" in figure.axes[1].get_title("left")
    assert line(figure.axes[1], "nearest mean").tolist() == [0.4, 0.1] * 3
    assert "</svg>" in figures.svg(figure, "needed", "title")


def test_other_covariances_have_a_panel_each():
    figure = plots.covariances(sizes())
    assert line(figure.axes[0], "logistic regression") == near([8, 16])
    assert line(figure.axes[1], "naive Bayes") == near([100, 200])
    assert "n / 8" in figure.axes[1].get_title("left")


def errors(*conditions: str) -> pd.DataFrame:
    """Naive Bayes at 0.3, floored at 0.9, logistic regression at 0.2 + C / 100; three seeds."""
    rules = {("naive_bayes", 0.0): 0.3, ("floored", 0.0): 0.9, ("logistic", 1.0): 0.21, ("logistic", 10.0): 0.3}
    frames = [
        melt(
            value + np.array([[0.0], [0.01], [0.02]]) + np.zeros((3, 2)),
            condition=name,
            rule=rule,
            strength=strength,
            seed=range(3),
            x=[20, 50],
        )
        for name in conditions
        for (rule, strength), value in rules.items()
    ]
    return pd.concat(frames)


def test_errors_and_differences_are_in_percent_and_points():
    figure = plots.images(errors("pca", "supervised"))
    assert line(figure.axes[0], "naive Bayes") == near([31, 31])
    assert line(figure.axes[0], "logistic, C = 10") == near([31, 31])
    below = [
        each.get_ydata()
        for each in figure.axes[2].get_lines()
        if len(each.get_ydata()) == 2 and each.get_linestyle() == "-"
    ]
    assert [np.asarray(each).tolist() for each in below] == [near([9, 9]), near([0, 0], abs=1e-9)]
    other = plots.small(errors("pixels", "pixels_many", "pca"), errors("digits", "breast_cancer"))
    assert [axes.get_title("left") for axes in other.axes[:3]] == ["MNIST, pixels", "digits", "breast_cancer"]
    assert line(other.axes[1], "logistic, C = 1") == near([22, 22])


def test_pairs_stand_beside_the_bound():
    (axes,) = plots.consistency(
        pd.DataFrame({"classes": [2, 3, 3], "x": [0.1, 0.2, 0.3], "value": [0.2, 0.3, 0.4]})
    ).axes
    assert line(axes, "K = 3").tolist() == [0.3, 0.4]
    assert line(axes, "Γ(t)")[-1] == near(float(gamma(1)))
    assert line(axes, "t² / 2")[-1] == near(0.5)


def test_errata_show_the_table_and_each_seed():
    names = ("newton", "default_tolerance", "tight_tolerance")
    figure = plots.errata(pd.DataFrame({"seed": [0, 1]} | {name: [0.1 * (k + 1), 0.2] for k, name in enumerate(names)}))
    assert line(figure.axes[0], "authors' table").tolist() == list(theory.STORED)
    assert line(figure.axes[0], "n / 2 + 1")[0] == near(theory.counted_error(2, 2))
    joined = [each.get_ydata() for each in figure.axes[1].get_lines() if len(each.get_ydata()) == 3]
    assert [np.asarray(each).tolist() for each in joined] == [near([0.2, 0.3, 0.1]), near([0.2, 0.2, 0.2])]
