"""Figures and statistics that only the paper scale shows, on small made-up tables."""

import numpy as np
import pandas as pd
import pytest

from replications.double_descent import plots, plots_unified
from replications.double_descent.measuring import trained
from verifig import figures
from verifig.artifacts import Artifact
from verifig.tables import Tables

SEEDS, WIDTHS = range(3), (100, 400, 1000, 4000)


def risk_table(names: list[str], key: str) -> pd.DataFrame:
    rows = [(name, width, seed) for name in names for width in WIDTHS for seed in SEEDS]
    frame = pd.DataFrame(rows, columns=[key, "width", "seed"])
    for field in ("train_mse", "test_mse", "test_error", "train_error"):
        frame[field] = 0.01 * (1 + frame["seed"]) + 10.0 / frame["width"]
    return frame.assign(map="standardised", steps=1000)


def test_full_size_figures_are_drawn():
    published = pd.DataFrame({"x": [1, 10, 64], "test": [0.5, 0.4, 0.3], "train": [0.5, 0.1, 0.0]})
    own = pd.DataFrame({"x": [2, 10] * 3, "seed": [0, 0, 1, 1, 2, 2], "value": 0.4, "train": 0.1})
    grid = risk_table(["constant 1000", "decay 1000", "cross_entropy 100000"], "run")
    drawn = [
        plots.horizons(risk_table(list(plots.HORIZONS), "solver"), 1000),
        plots_unified.resnet(published, own),
        plots_unified.author_grid(grid, grid),
        plots_unified.two_layer(risk_table(["gd", "adam"], "run"), 50, (100, 1000), 1000),
    ]
    for k, figure in enumerate(drawn):
        assert figures.svg(figure, f"test{k}", "a test").startswith("<svg")


def test_deep_runs_are_measured_against_the_published_peak():
    error = np.array([[[0.5, 0.34], [0.5, 0.41], [0.5, 0.29]]] * 3)
    arrays = {"widths": np.array([4, 10, 64]), "points": np.array([1, 400])}
    artifact = Artifact(arrays | dict.fromkeys(("test_error", "train_error", "clean_test_error"), error), {})
    out = Tables()
    trained.deep("deep_cifar", artifact, out)
    rows = out.statistics().set_index(["statistic", "condition"])["value"]
    np.testing.assert_allclose(rows.loc[("peak_rise", "other=4")], 0.07)
    np.testing.assert_allclose(rows.loc[("peak_rise", "other=64")], 0.12)


@pytest.mark.parametrize(("weak", "strong"), [("gd", "heavy_ball"), ("heavy_ball", "adam")])
def test_two_layer_ratios(weak, strong):
    grid = np.array([16, 24, 40, 50, 80, 160])
    arrays = {}
    for factor, name in enumerate((weak, strong), start=1):
        mse = np.ones((4, 2, len(grid)))
        mse[:, :, 2] = factor
        arrays |= {f"{name}.{field}": mse for field in ("train_mse", "test_mse", "test_error")}
        arrays |= {f"{name}.widths": grid, f"{name}.points": np.array([300, 3000])}
    out = Tables()
    trained.two_layer("two_layer", Artifact(arrays, {}), out)
    rows = out.statistics().set_index(["statistic", "condition"])["value"]
    assert (rows.loc[("wide_ratio_ratio", f"a={strong};b={weak}")] == 2).all()
    assert (rows.loc[("train_ratio", f"a={strong};b={weak}")] == 0.5).all()
    assert (rows.loc[("threshold_wide_ratio", f"run={weak}")] == 1).all()
