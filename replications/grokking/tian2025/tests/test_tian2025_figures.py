"""Figures draw what the tables hold; predictions stand where the formulas put them."""

import numpy as np
import pandas as pd
import pytest

from replications.grokking.tian2025 import captions, plots
from replications.grokking.tian2025.boundary import boundary_fraction
from verifig.measuring.tables import melt
from verifig.pages import figures


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


def curves() -> pd.DataFrame:
    names = (
        "train_accuracy",
        "test_accuracy",
        "feature_gradient",
        "moved_output",
        "moved_hidden",
        "purity",
        "frequencies",
    )
    fields = {name: (k + 1) * np.array([[0.01, 0.02, 0.08], [0.01, 0.04, 0.1]]) for k, name in enumerate(names)}
    arms = (*plots.ARMS, *plots.CONTROLS)
    return pd.concat([melt(fields, condition=arm, seed=range(2), x=[0, 1, 10]) for arm in arms])


def lines(axes) -> dict[str, list]:
    return {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}


def limits() -> pd.DataFrame:
    made = []
    for condition, modulus in (("m11", 11), ("m8", 8)):
        fields = {"energy": np.full((2, 3), modulus / 4), "purity": np.array([[1, 1, 0.5], [1, 1, 1]])}
        fields |= {"frequency": np.array([[1.0, 2, 2], [1, 1, 1]]), "reflection": np.ones((2, 3))}
        made.append(melt(fields, condition=condition, modulus=modulus, seed=range(2), start=range(3)))
    return pd.concat(made)


def test_accuracies_are_in_percent_by_arm_from_the_first_step_on():
    figure = plots.accuracy(curves())
    found = lines(figure.axes[0])
    assert np.allclose(found["train"], [[1, 3], [10, 9]])
    assert np.allclose(found["test"], [[1, 6], [10, 18]])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["weight decay", "no decay"]


def test_the_predicted_boundary_stands_at_the_formula():
    table = pd.concat([melt(np.array([[0, 1.0], [0, 0.5]]), modulus=m, seed=range(2), x=[0.2, 0.4]) for m in (23, 41)])
    figure = plots.fractions(table, 2.7482)
    upright = [x[0][0] for x in lines(figure.axes[0]).values() if len(x) == 2 and x[0][0] == x[1][0]]
    dashed = [line.get_xdata()[0] for line in figure.axes[0].get_lines() if list(line.get_ydata()) == [0, 1]]
    assert dashed == pytest.approx([100 * boundary_fraction(23), 100 * boundary_fraction(41)])
    assert not [x for x in upright if x not in dashed]
    assert np.allclose(lines(figure.axes[0])["M = 23, median of seeds (dots)"], [[20, 0], [40, 75]])
    assert "0 % at 20 %, 75 % at 40 %" in captions.by_fraction(table)


def test_scaled_shares_put_both_boundaries_at_the_constant():
    shares = [boundary_fraction(m, 2.0) for m in (23, 41)]
    table = pd.concat(
        [melt(np.array([[1.0]]), modulus=m, seed=[0], x=[x]) for m, x in zip((23, 41), shares, strict=True)]
    )
    found = lines(plots.scaling(table, 2.7482).axes[0])
    assert np.allclose(found["M = 23"] + found["M = 41"], [[2, 100], [2, 100]])


def test_limits_are_counted_by_frequency():
    paths = melt(np.ones((2, 3)), condition="m11", modulus=11, x=[0, 5], start=range(3))
    figure = plots.energy(paths, limits(), ["m11", "m8"])
    assert [bar.get_height() for bar in figure.axes[1].patches] == [2, 1, 0, 0, 0]
    assert [bar.get_height() for bar in figure.axes[2].patches] == [2, 1, 0, 0]
    assert "M = 11: lowest share 0.500, 2 frequencies" in captions.energy(limits())


def test_both_energies_of_a_feature_are_drawn():
    figure = plots.constant(limits(), ["m11", "m8"], 0.0625)
    for axes in figure.axes:
        levels = [line.get_ydata()[0] for line in axes.get_lines() if len(set(line.get_ydata())) == 1]
        assert {0.25, 0.0625} <= set(levels)


def test_the_other_figures_draw():
    arcs = melt(np.full((2, 3), 2.75), condition="m11", modulus=11, seed=range(2), x=[0, 45, 90])
    assert np.allclose(
        lines(plots.landscape(arcs, {"m11": "M = 11"}).axes[0])["M = 11"], [[0, 0.25], [45, 0.25], [90, 0.25]]
    )
    stages = plots.stages(curves())
    assert np.allclose(lines(stages.axes[0])["weight decay"], [[1, 0.09], [10, 0.27]])
    assert np.allclose(lines(stages.axes[1])["output weights V"], [[1, 0.12], [10, 0.36]])
    assert np.allclose(lines(stages.axes[2])["hidden weights W"], [[1, 0.15], [10, 0.45]])
    assert np.allclose(lines(plots.features(curves(), 23).axes[1])["results permuted"], [[1, 0.21], [10, 0.63]])
    assert np.allclose(lines(plots.rates(curves(), {"decay": "0.1"}).axes[0])["learning rate 0.1"], [[1, 6], [10, 18]])
