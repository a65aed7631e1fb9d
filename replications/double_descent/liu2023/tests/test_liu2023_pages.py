"""Figures, captions and statistics of the page, on small made-up tables."""

import numpy as np
import pandas as pd
import pytest

from replications.double_descent.liu2023 import captions, plotting
from replications.double_descent.liu2023.measuring import features, soundness, trained
from replications.double_descent.liu2023.plotting import select
from verifig.ground.paths import ruleset_dir
from verifig.ground.yaml_files import read_yaml
from verifig.judging import claims, judgement
from verifig.measuring.tables import Tables
from verifig.pages import figures, marked
from verifig.training.artifacts import Artifact

CLAIMS = ruleset_dir("liu2023") / "claims.yaml"

SEEDS, WIDTHS = range(3), (100, 400, 1000, 4000)


def risk_table(names: list[str], key: str) -> pd.DataFrame:
    rows = [(name, width, seed) for name in names for width in WIDTHS for seed in SEEDS]
    frame = pd.DataFrame(rows, columns=[key, "width", "seed"])
    for field in ("train_mse", "test_mse", "test_error", "train_error"):
        frame[field] = 0.01 * (1 + frame["seed"]) + 10.0 / frame["width"]
    return frame.assign(map="standardised", steps=1000)


SETTINGS = {
    "n": 1000, "widths": list(WIDTHS), "horizons": [1000, 10000, 100000], "steps": 10000, "label_noise": 0.05,
    "noise_levels": [0.0, 0.2, 1.0], "noise_horizons": [1000, 10000],
}  # fmt: skip


def test_full_size_figures_are_drawn():
    grid = risk_table(["constant 1000", "decay 1000", "cross_entropy 100000"], "run")
    runs = {name: {"loss": "mse", "rate_decay": name == "decay"} for name in ("constant", "decay")}
    runs["cross_entropy"] = {"loss": "cross_entropy", "rate_decay": False}
    base = {"optimizer": "adam", "momentum": 0.0, "label_noise": 0.1, "init_scale": 1.0, "seeds": 3, "n": 4000}
    base |= {"dataset": "mnist", "classes": [], "pool_size": 1}
    networks = {"gd": base | {"optimizer": "sgd"}, "adam": base}
    solvers = [f"steps {steps:g}" for steps in select.shown_horizons(SETTINGS)]
    drawn = [
        plotting.training.horizons(risk_table(solvers, "solver"), SETTINGS),
        plotting.training.author_grid({"MNIST": grid, "Fashion-MNIST": grid}, runs, 1000, WIDTHS),
        plotting.networks.two_layer(risk_table(["gd", "adam"], "run"), base, networks),
    ]
    for k, figure in enumerate(drawn):
        assert figures.svg(figure, f"test{k}", "a test").startswith("<svg")


def test_horizons_are_picked_from_those_of_the_run():
    assert select.shown_horizons({"horizons": [10, 100, 300, 1000, 10000]}) == [100, 1000, 10000, np.inf]
    assert select.shown_horizons({"horizons": [15, 30, 60]}) == [15, 30, 60, np.inf]


def test_captions_follow_the_curves():
    """The same sentence over two opposite results says opposite things."""
    risk = risk_table(["steps 1000", "noise 0 steps 1000", "noise 0.2 steps 1000"], "solver")
    settings = SETTINGS | {"noise_horizons": [1000], "seeds": 3}
    quiet = captions.features.caveat_noise_note(risk, settings)
    assert "higher loss goes with the higher peak" in quiet, "all levels are equal, so nothing falls"
    louder = risk["solver"] == "noise 0.2 steps 1000"
    risk.loc[louder, "train_mse"] *= 10
    risk.loc[louder & (risk["width"] == 1000), "test_mse"] = 1e-6
    assert "higher loss goes" not in captions.features.caveat_noise_note(risk, settings)


def test_heights_by_output_scale_are_compared_after_equal_steps():
    """The plain start is that of the run's own number of steps, whatever other horizons there are."""
    names = ["steps 10000", "steps 15000", *features.OUTPUT_SCALES]
    mse = np.ones((3, len(names), 2))
    mse[:, :, 0] = np.array([10, 2, 6, 1, 1])
    mse[:, :, 1] = np.array([1, 1, 1, 10, 101])
    curves = features.Curves({"test_mse": mse}, names, np.array([20, 80]), 20)
    out = Tables()
    features._output_scales("features", curves, {"steps": 15000, "output_scale": 1.0}, out)
    rows = out.statistics().set_index("statistic")["value"]
    assert (rows.loc["start_height_ratio"] == 3).all()
    assert (rows.loc["tail_law"] == 1).all()


def test_medians_below_the_height_that_is_asked_are_counted():
    table = pd.DataFrame({"name": ["a", "b", "c"], "seed": 0, "loss": [0.001, 0.002, 0.02], "height": [1.9, 3.0, 0.9]})
    note = captions.networks.loss_peak_note(table, (0.0025, 0.009), 2.0)
    assert "of all 2 medians left of the grey 1 lie below its h of 2" in marked.plain(note)


@pytest.mark.parametrize(("factor", "sound"), [(0.1, True), (30.0, False), (np.nan, False)])
def test_a_run_that_diverged_is_not_sound(factor, sound):
    arrays = {"gd.train_mse": np.full((3, 1, 4), 0.25 * factor), "gd.widths": np.arange(4), "gd.points": np.array([10])}
    settings = {"seeds": 3, "classes": [0, 6], "dataset": "mnist_5k", "conditions": {"gd": {}}}
    out = Tables()
    soundness.measure("two_layer", Artifact(arrays, {"job": {"program": "two_layer", "settings": settings}}), out)
    rows = out.statistics()
    part = next(part for part in read_yaml(CLAIMS)["health"]["two_layer"])
    judged = judgement.judge_part(claims.resolve(part, "laptop"), rows, minimum=1)
    assert (judged["verdict"] == "reproduced") is sound


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
