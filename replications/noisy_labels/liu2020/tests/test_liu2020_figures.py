"""Figures and sentences from made-up tables: what is drawn is what stands in them."""

import numpy as np
import pandas as pd
import pytest
from made_up import near

from replications.noisy_labels.liu2020 import captions, closed_form, plots
from verifig.ground.paths import ruleset_dir
from verifig.ground.yaml_files import read_yaml
from verifig.measuring.tables import melt
from verifig.pages import figures

PAPER = read_yaml(ruleset_dir("liu2020") / "values.yaml")
EPOCHS = [0, 10, 20]
CONDITIONS = (
    "sym40_ce",
    "sym40_elr",
    "sym40_kl",
    "sym40_elr_beta0",
    "sym80_ce",
    "sym80_elr",
    "asym40_ce",
    "asym40_elr",
)
CURVES = ("test_accuracy", "clean_accuracy", "wrong_accuracy", "memorised", "target_accuracy")


def runs(conditions=CONDITIONS, curves=CURVES, x=EPOCHS) -> pd.DataFrame:
    """Three seeds; the value tells condition, curve, seed and place apart."""
    frames = []
    for i, condition in enumerate(conditions):
        for j, curve in enumerate(curves):
            values = 0.1 + 0.07 * i + 0.02 * j + 0.001 * np.arange(3)[:, None] + 0.1 * (np.arange(len(x)) == 1)
            frames.append(melt(values, condition=condition, curve=curve, seed=range(3), x=x))
    return pd.concat(frames, ignore_index=True)


def line(axes, label: str) -> np.ndarray:
    (found,) = [each.get_ydata() for each in axes.get_lines() if each.get_label() == label]
    return np.asarray(found)


def texts(figure) -> str:
    return " ".join(axes.get_title("left") + axes.get_xlabel() + axes.get_ylabel() for axes in figure.axes)


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


def value(condition: str, curve: str, place: int, conditions=CONDITIONS, curves=CURVES) -> float:
    """The median over seeds."""
    return 0.101 + 0.07 * conditions.index(condition) + 0.02 * curves.index(curve) + 0.1 * (place == 1)


def test_memorisation_draws_each_curve_in_its_panel():
    figure = plots.memorisation(runs())
    for axes, condition in zip(figure.axes[:2], ("sym40_ce", "sym40_elr"), strict=True):
        expected = [100 * value(condition, "memorised", place) for place in range(3)]
        assert line(axes, "wrong labels: memorised") == near(expected)
    assert line(figure.axes[2], "regularised") == near([100 * value("sym40_elr", "test_accuracy", k) for k in range(3)])
    said = captions.memorisation(runs())
    assert "at epoch 10" in said
    assert "With cross-entropy" in said


def test_gains_show_single_runs_and_the_papers_values():
    figure = plots.gains(runs(), PAPER["table1"])
    (axes,) = figure.axes
    assert line(axes, "cross-entropy") == near(
        [100 * (value("sym40_ce", "test_accuracy", 2) + s) for s in (-0.001, 0, 0.001)]
    )
    assert line(axes, "paper, CIFAR-10: regularised") == near([89.15, 73.86, 90.12])
    assert "40 % symmetric" in captions.gains(runs())


def test_targets_and_ablation():
    figure = plots.targets(runs())
    assert line(figure.axes[0], "KL") == near([100 * value("sym40_kl", "target_accuracy", k) for k in range(3)])
    assert "at the end" in captions.targets(runs())
    shown = {"sym40_elr": "a", "sym40_elr_slow": "not trained", "sym40_elr_beta0": "b"}
    (axes,) = plots.ablation(runs(), shown, 38.0).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
    paper = next(each for each in axes.get_lines() if each.get_label() == "paper, CIFAR-10")
    assert (list(paper.get_xdata()), list(paper.get_ydata())) == ([38.0], [1])
    said = captions.ablation(runs(), shown)
    assert "a 17.1 %; b 31.1 %" in said
    assert "not trained" not in said


LINEAR = ("ce", "elr", "elr_slow", "elr_weak", "kl")
FIELDS = ("wrong_accuracy", "fresh_accuracy", "clean_pull", "wrong_pull")


def test_the_linear_model_begins_after_the_first_step():
    table = runs(LINEAR, FIELDS, [0, 1, 10])
    figure = plots.linear(table)
    expected = [100 * value("kl", "wrong_accuracy", k, LINEAR, FIELDS) for k in (1, 2)]
    assert line(figure.axes[0], "KL, λ = 3") == near(expected)
    assert "regularised, λ = 1: from" in captions.linear(table)
    drawn = plots.pulls(table, (1.0, 3.0))
    assert line(drawn.axes[1], "regularised") == near([value("elr", "wrong_pull", k, LINEAR, FIELDS) for k in (1, 2)])
    assert line(drawn.axes[2], "λ = 1") == near([0.5] * 50)
    assert line(drawn.axes[2], "λ = 3")[25:].max() < 0.01
    assert "At step 10" in captions.pulls(table)


def test_the_theorems_figure_has_laws_and_bounds():
    table = runs(("0.1",), ("cosine", "right", "wrong", "wrong_accuracy"), [0, 0.2, 0.4])
    small = table.assign(value=table["value"] / 2)
    figure = plots.theorem(table, small, PAPER["theorem"], (0.1, 0.02), 0.2, 0.9)
    assert line(figure.axes[1], "right labels: law at T") == near([1 + closed_form.coefficient_changes()[0]])
    assert line(figure.axes[1], "wrong labels: law at T") == near([1 + closed_form.coefficient_changes()[1]])
    for sigma, part in ((0.1, 1), (0.02, 2)):
        assert line(figure.axes[2], f"law at T, σ = {sigma:g}") == near(
            [100 * closed_form.wrong_accuracy_at_end(sigma)]
        )
        assert line(figure.axes[2], f"σ = {sigma:g}") == near([100 / part * v for v in (0.161, 0.261, 0.161)])
    assert "learning rate × steps" in texts(figure)
    assert "to 16.1 % at the larger sigma and to 8.05 % at the smaller one" in captions.theorem(table, small)


def test_one_step_lies_on_its_law():
    sigmas = [0.5, 1.0]
    law = closed_form.one_step(0.2, np.array(sigmas), 0.9)
    table = pd.concat([melt(np.tile(law[name], (3, 1)) + 0.01, examples=name, seed=range(3), x=sigmas) for name in law])
    (axes,) = plots.one_step(table, 0.2, 0.9).axes
    assert line(axes, "fresh examples")[[0, -1]] == near((100 * law["fresh"]).tolist())
    assert "within 1.00, 1.00 and 1.00 points" in captions.one_step(table, 0.2, 0.9)


def test_crossings_against_the_law():
    table = pd.DataFrame(
        {"aspect": 0.9, "wrong": [0.1] * 3 + [0.2] * 3, "x": [0.9] * 3 + [0.8] * 3, "value": [0.9] * 3 + [0.88] * 3}
    )
    (axes,) = plots.crossing(table).axes
    assert line(axes, "law: √(a n/p)") == near([0.95 * 0.8, 1.05 * 0.9])
    assert "between 1 and 1.10" in captions.crossing(table)


def test_separability_shows_both_thresholds():
    table = pd.DataFrame({"wrong": [0.2, 0.2, 0.4, 0.4], "x": [0.7, 1.3] * 2, "value": [0.0, 1.0, 0.1, 0.9]})
    figure = plots.separability(table, 0.5, 0.04)
    assert line(figure.axes[0], "paper: 1 − Δ/2")[-1] == near(0.5)
    assert line(figure.axes[0], "tried beyond the paper's") == near([0.84, 0.64])
    assert line(figure.axes[1], "Δ = 0.8") == near([10.0, 90.0])
    assert "at most 10 % at 0.7" in captions.separability(table)
