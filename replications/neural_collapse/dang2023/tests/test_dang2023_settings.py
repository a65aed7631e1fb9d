"""Statistics away from the default settings, and settings that do not go together."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from replications.neural_collapse.dang2023 import closed_form, metrics
from replications.neural_collapse.dang2023.experiments.linear import FreeFeatures
from replications.neural_collapse.dang2023.measure import measure
from replications.neural_collapse.dang2023.measuring import ties
from verifig.ground.errors import InputError
from verifig.measuring.tables import Tables
from verifig.planning import jobs, rulesets
from verifig.running.stages.train import train
from verifig.training import artifacts
from verifig.training.members import members_of

SIZES = (20, 12, 7, 4, 2)


def statistics(tmp_path, experiment: str, overrides: dict, only: tuple[str, ...] = ()) -> pd.DataFrame:
    """Train at smoke scale (`only` some conditions), measure, and return statistics by condition and statistic."""
    job = jobs.train("dang2023", experiment, "smoke", "cpu", overrides=overrides)
    if only:
        job["settings"]["conditions"] = {name: job["settings"]["conditions"][name] for name in only}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(job, tmp_path / "a.npz", tmp_path / "a.json", log=lambda text: None)
        out = Tables()
        measure({experiment: artifacts.read(tmp_path / "a.npz")}, out)
    table = out.statistics()
    assert (np.isfinite(table["value"]) | (table["status"] != "ok")).all()
    return table.set_index(["condition", "statistic"]).sort_index()


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize(
    ("sizes", "width", "bias"),
    [
        (SIZES, 3, False),
        (SIZES, 3, True),
        (SIZES, 8, True),
        ((6, 6, 6, 6), 3, False),
        ((6, 6, 6, 6), 2, True),
        ((8, 4, 4, 4), 2, False),
        ((8, 8, 3, 3, 1, 1), 4, True),
    ],
)
def test_minimisers_of_narrow_layers_and_of_unequal_classes_with_a_bias(sizes, width, bias, depth):
    """Stationary, of the stated objective, with the predicted matrices, and no random point lies lower."""
    rng = np.random.default_rng(20230101)
    problem = (sizes, 1e-3, 5e-3)
    weights, features, b = closed_form.minimiser(sizes, depth, 1e-3, 5e-3, width, rng, bias)
    value, gradients = closed_form.objective(weights, features, b, *problem)
    solution = closed_form.solve(sizes, depth, 1e-3, 5e-3, bias, width)
    assert max(np.abs(g).max() for g in (gradients if bias else gradients[:-1])) < 1e-14
    assert value == pytest.approx(solution.objective, abs=1e-14)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    found = metrics.grams(weights, features, labels, len(sizes))
    near = ties.nearest(solution, found["classifier"][0])
    for name, target in closed_form.targets(near).items():
        assert (found[name] if name == "output" else found[name][0]) == pytest.approx(target, abs=1e-10)
    dual = (found["classifier"][0], found["feature"][0], found["output"], closed_form.duality_map(near))
    assert metrics.duality(*dual) == pytest.approx(0, abs=1e-6)
    for size in (1e-2, 0.1, 1.0):
        moved = [w + size * rng.standard_normal(w.shape) for w in weights]
        shifted, other = (
            features + size * rng.standard_normal(features.shape),
            b + size * bias * rng.standard_normal(b.shape),
        )
        assert closed_form.objective(moved, shifted, other, *problem)[0] >= value


def test_a_cut_through_equal_classes_is_turned_to_what_was_found():
    """Four equal classes and two dimensions: every plane is optimal; the nearest target is the measured plane's."""
    rng = np.random.default_rng(20230101)
    solution = closed_form.solve((6,) * 4, 1, 1e-3, 5e-3, rank=2)
    plane = np.linalg.qr(rng.standard_normal((4, 2)))[0]
    near = closed_form.targets(ties.nearest(solution, 3 * plane @ plane.T))
    assert near["classifier"] == pytest.approx(solution.classifier[0] * plane @ plane.T)
    assert ties.nearest(closed_form.solve((6, 5, 4, 3), 1, 1e-3, 5e-3, rank=2), plane @ plane.T).left is not None
    assert len(ties.tied(closed_form.solve((6, 5, 4, 3), 1, 1e-3, 5e-3, rank=2))) == 0


def test_statistics_of_narrow_layers_and_of_a_bias_with_unequal_classes(tmp_path):
    """Optimisation arrives where the statistics say: gap and errors vanish in all conditions at once, of other class numbers."""
    overrides = {
        "iterations": 5000,
        "seeds": 1,
        "weight_decay": 1e-3,
        "width": 3,
        "conditions.gof1.sizes": list(SIZES),
        "conditions.etf1.sizes": [20, 12, 7],
        "conditions.of1.sizes": [6, 6, 6, 6],
    }
    found = statistics(tmp_path, "direct", overrides, ("of1", "gof1", "etf1"))
    for condition in ("of1", "gof1", "etf1"):
        rows = found.loc[f"condition={condition}"]
        assert abs(rows.loc["gap", "value"]) < (1e-8 if condition == "etf1" else 1e-10), condition
        for name in ("classifier_error", "worst_misfit", "nc3_dual"):
            assert rows.loc[name, "value"] < 1e-4, (condition, name)
    assert found.loc[("condition=etf1", "bias_error"), "value"] < 1e-6
    assert (found["status"] == "ok").all()


def test_a_warm_start_of_all_columns_begins_at_the_minimiser():
    (member,) = (
        m
        | {
            "start": "minimiser",
            "sizes": [6, 3, 2],
            "bias": True,
            "init": 1e-9,
            "weight_decay": 0.01,
            "feature_decay": 0.01,
        }
        for m in members_of(rulesets.settings(rulesets.load("dang2023"), "direct", "smoke"))
        if m["condition"] == "etf1" and m["seed"] == 0
    )
    member["start_beta"] = float(closed_form.pressure([6], 1, 0.01, 0.01, 11)[0])
    found = FreeFeatures([member], torch.device("cpu")).record()["objective"].item()
    assert found == pytest.approx(closed_form.solve([6, 3, 2], 1, 0.01, 0.01, bias=True).objective, abs=1e-12)


def test_networks_of_several_shapes_and_in_double_precision(tmp_path):
    overrides = {
        "iterations": 10,
        "seeds": 1,
        "conditions.gof1.sizes": [9, 3, 2],
        "conditions.gof1.bias": True,
        "conditions.gof3.width": 2,
        "conditions.gof3.hidden_layers": 1,
        "conditions.gof3.dtype": "float64",
    }
    found = statistics(tmp_path, "mlp_imbalanced", overrides)
    assert set(found.index.get_level_values("condition")) >= {"condition=gof1", "condition=gof3"}
    assert np.isfinite(found.loc[("condition=gof1", "worst_misfit"), "value"]).all()


def test_backbones_in_double_precision(tmp_path):
    found = statistics(tmp_path, "mlp_balanced", {"dtype": "float64", "epochs": 1}, ("etf3",))
    assert np.isfinite(found.loc[("condition=etf3", "own_misfit"), "value"]).all()


def test_unequal_classes_without_a_known_minimum_have_no_target(tmp_path):
    overrides = {"sizes": [6, 4, 2], "epochs": 1}
    found = statistics(tmp_path, "mlp_balanced", overrides, ("of1",)).loc["condition=of1"]
    assert "of_misfit" in found.index
    assert "own_misfit" not in found.index


def test_a_diverged_run_has_a_status(tmp_path):
    overrides = {"learning_rate": 1e3, "iterations": 120, "seeds": 1}
    found = statistics(tmp_path, "direct", overrides, ("of1", "gof3"))
    assert found.loc[("condition=of1", "gap"), "status"] == "diverged"


@pytest.mark.parametrize(
    ("experiment", "overrides", "sentence"),
    [
        ("direct", {"conditions.of1.iterations": 5}, "iterations must be the same in all conditions"),
        ("direct", {"loss": "cross_entropy"}, "condition etf1: loss must be mse"),
        ("sweep", {"bias": True}, "bias must be false"),
        ("sweep", {"width": 3}, "condition staircase: width 3 must be at least 4 for 4 classes"),
        ("sweep", {"conditions.warm2.sizes": [4, 2]}, r"condition warm2: sizes \[4, 2\] must be equal"),
        ("sweep", {"betas": [0.1, 0.1]}, "must differ"),
        ("sweep", {"betas": [], "over_threshold": [], "over_spinodal": []}, "decays, betas or multiples"),
        ("cross_entropy", {"sizes": [5, 4]}, "must be equal"),
        ("cross_entropy", {"weight_decay": 0.0}, "weight_decay must be > 0"),
        ("cross_entropy", {"width": 2}, "width 2 must be at least 3"),
        ("mlp_imbalanced", {"dataset": "folder"}, "dataset folder needs image_folder"),
        ("mlp_imbalanced", {"sizes": [501, 1]}, "sizes asks for 501 images of a class, mnist_5k has 500"),
        ("mlp_imbalanced", {"sizes": [1] * 11}, "sizes names 11 classes, mnist_5k has 10"),
        ("mlp_balanced", {"batch_size": 13}, "leaves one image of 40"),
        ("mlp_balanced", {"conditions.of1.sizes": [4, 4]}, "sizes must be the same in all conditions"),
    ],
)
def test_settings_that_do_not_go_together_are_one_sentence(experiment, overrides, sentence):
    with pytest.raises(InputError, match=sentence):
        rulesets.settings(rulesets.load("dang2023"), experiment, "smoke", overrides)
