"""Every statistic that a claim names, on artifacts with known entries."""

import numpy as np
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.convex_relu.bai2023.measure import measure

measured = measuring(measure)


def exact_artifact():
    """Two data sets, three draws with two numbers of patterns and of neurons."""
    return artifact(
        {
            "value": [2.0, 4.0],
            "bound": [1.5, 4.25],
            "network": [2.25, 3.5],
            "network_whole": [3.0, 6.0],
            "neurons": [3.0, 5.0],
            "patterns": [20.0, 18.0],
            "gated": [1.0, 2.0],
            "gated_network": [5.0, 1.0],
            "largest": [1.0, 1.0],
            "start": [7.0, 9.0],
            "above": [7.0, 8.5],
            "below": [6.75, 8.0],
            "full": [1.0, 2.0, 4.0],
            "sampled": [[2.0, 1.0], [3.0, 2.0], [4.0, 5.0]],
            "sampled_gated": [[0.5, 0.25], [1.0, 1.0], [1.0, 2.0]],
            "mass": [[0.5, 0.1], [0.25, 0.2], [0.0, 0.0]],
            "drawn_mass": [[0.0, 0.0], [0.125, 0.0], [0.0, 0.0]],
            "features": [[1.5, 1.0], [2.0, 2.5], [8.0, 4.0]],
            "orthonormal": [[1.0, 2.0], [3.0, 4.0]],
            "orthonormal_formula": [[1.0, 2.5], [3.25, 4.0]],
            "angles": [0.0, 1.0],
            "certificate": [0.5, 1.0],
            "neuron_angles": [0.5],
            "neuron_weights": [-2.0],
            "points": [[0.0, 1.0], [1.0, 2.0]],
            "grid": [0.0],
            "fit": [1.5],
        },
        samples=10,
        pattern_counts=[4, 9],
        feature_counts=[100, 1000],
    )


@pytest.fixture(scope="module")
def exact():
    return measured(exact=exact_artifact())


def test_gaps_of_the_equivalence(exact):
    assert values(exact, "optimum") == {"": [2, 4]}
    assert values(exact, "duality_gap") == {"": [0.5, -0.25]}
    assert values(exact, "network_gap") == {"": [0.25, 0.5]}
    assert values(exact, "network_gap_whole") == {"": [1, 2]}
    assert values(exact, "network_gap_gated") == {"": [4, 1]}
    assert values(exact, "orthonormal_error") == {"": [0.5]}


def test_counts_and_the_zero_network(exact):
    assert values(exact, "patterns_missing") == {"": [0, 2]}
    assert values(exact, "neurons") == {"": [3, 5]}
    assert values(exact, "fall_above") == {"": [0, 0.5]}
    assert values(exact, "fall_below") == {"": [0.25, 1]}


def test_random_patterns_and_neurons(exact):
    assert values(exact, "sampled_gap") == {"patterns=4": [1, 0.5, 0], "patterns=9": [0, 0, 0.25]}
    assert values(exact, "sampled_gap_gated") == {"patterns=4": [-0.5, -0.5, -0.75], "patterns=9": [-0.75, -0.5, -0.5]}
    assert values(exact, "mass") == {"patterns=4": [0.5, 0.25, 0], "patterns=9": [0.1, 0.2, 0]}
    bounds = {"patterns=4": [0.5 / 2.2, 0.25 / 2.2, 0], "patterns=9": [0.1 / 1.1, 0.2 / 1.1, 0]}
    assert values(exact, "mass_over_bound") == near(bounds)
    assert values(exact, "drawn_mass") == {"patterns=4": [0, 0.125, 0], "patterns=9": [0, 0, 0]}
    assert values(exact, "feature_gap") == {"neurons=100": [0.5, 0, 1], "neurons=1000": [0, 0.25, 0]}
    table = cells(exact, "sampling", "curve", "seed", "x")
    assert (table["patterns", 1, 4], table["mass", 1, 9], table["neurons", 2, 100]) == (0.5, 0.2, 1)


def test_the_curves_of_the_first_data_set(exact):
    table = cells(exact, "certificate", "curve", "x")
    assert table == {("gain", 0): 0.5, ("gain", 1): 1, ("neurons", 0.5): -2}
    assert cells(exact, "fit", "curve", "x") == {("data", 0): 1, ("data", 1): 2, ("fit", 0): 1.5}


def test_gaps_of_trained_networks():
    """Three data sets of 30 % and more above the optimum; the last cost counts, 1 % is near, 0.1 % is reached."""
    narrow = [[[9, 9], [1.3, 1.0005]], [[9, 9], [2.04, 2.015]], [[9, 9], [4.8, 4.004]]]
    wide = [[[9, 9], [1.0, 1.0]], [[9, 9], [2.0, 2.1]], [[9, 9], [4.5, 4.5]]]
    arrays = {
        "cost": narrow + wide,
        "optimum": [1.0, 2, 4],
        "doubled": [2.0, 4, 8],
        "gated": [0.5, 1, 2],
        "points": [0, 5],
    }
    out = measured(widths=artifact(arrays, {"m05": {"neurons": 5}, "m50": {"neurons": 50}}, seeds=3))
    gap = {"neurons=5": [0.0005, 0.0075, 0.001], "neurons=50": [0, 0, 0.125]}
    assert values(out, "best_gap") == near(gap)
    assert values(out, "best_gap_doubled") == near(
        {"neurons=5": [-0.49975, -0.49625, -0.4995], "neurons=50": [-0.5, -0.5, -0.4375]}
    )
    assert values(out, "best_gap_gated") == near({"neurons=5": [1.001, 1.015, 1.002], "neurons=50": [1, 1, 1.25]})
    assert values(out, "sets_missed") == {"neurons=5": [1], "neurons=50": [1]}
    assert values(out, "share_near") == {"neurons=5": [0.5, 0.5, 0.5], "neurons=50": [1, 0.5, 0]}
    assert values(out, "share_gain") == {"": [0.5, 0, -0.5]}
    assert cells(out, "widths", "neurons", "seed", "start")[50, 1, 1] == near(0.05)


def test_a_gap_at_the_limit_is_near(monkeypatch):
    monkeypatch.setattr("replications.convex_relu.bai2023.measure.NEAR", 0.5)
    arrays = {"cost": [[[9, 9], [1.5, 1.75]], [[9, 9], [1.0, 1.0]]], "optimum": [1.0], "doubled": [2.0], "gated": [0.5], "points": [0, 5]}  # fmt: skip
    out = measured(widths=artifact(arrays, {"m05": {"neurons": 5}, "m50": {"neurons": 50}}, seeds=1))
    assert values(out, "share_near") == {"neurons=5": [0.5], "neurons=50": [1]}


def admm_artifact():
    """Ratios 1 and 2.5 on two data sets, after 10, 20 and 40 iterations."""
    programme = [[3, 2.5, 2.0], [3, 5, 4.5], [3, 1e8, np.inf], [3, np.nan, 4.0]]
    arrays = {
        "programme": programme,
        "apart": [[3, 2, 1.0], [3, 2, 0.5], [1, 1, 1], [1, 1, 1]],
        "slack_apart": [[3, 4, 0.5], [3, 2, 2], [1, 1, np.inf], [1, 1, 2]],
        "optimum": [2.0, 5.0],
        "points": [10, 20, 40],
    }
    return artifact(arrays, {"a": {"ratio": 1}, "b": {"ratio": 2.5}}, seeds=2, log_points=[20, 1000])


def test_errors_and_residuals_of_admm():
    out = measured(ratios=admm_artifact(), long=admm_artifact())
    for experiment in ("ratios", "long"):
        found = {
            "iterations=20;ratio=1": [0.25, 0],
            "iterations=40;ratio=1": [0, 0.1],
            "iterations=20;ratio=2.5": [5e7 - 1, np.nan],
            "iterations=40;ratio=2.5": [np.nan, 0.2],
        }
        assert values(out, "error", experiment) == near(found)
        assert values(out, "residual", experiment) == near(
            {
                "iterations=20;ratio=1": [4, 2],
                "iterations=40;ratio=1": [1, 2],
                "iterations=20;ratio=2.5": [1, 1],
                "iterations=40;ratio=2.5": [np.nan, 2],
            }
        )
        assert values(out, "diverged", experiment) == {"ratio=1": [0, 0], "ratio=2.5": [1, 0]}
        shown = cells(out, experiment, "ratio", "seed", "x")
        assert np.isnan(shown[2.5, 0, 20])
        assert shown[1, 0, 20] == 0.25


def images_artifact(**adam):
    arrays = {
        "accuracy": [[0.5, 0.9, 0.8], [0.6, 0.95, 0.95], [0.5, 0.7, 0.75], [0.5, 0.8, 0.7]],
        "outside": [[1, 1, 0.5], [1, 1, 0.25], [1, 1, 0], [1, 1, 1]],
        "bound": [2.0, 3, 1, 1],
        "feasible": [4.0, 3, 2, 1],
        "points": [1, 5, 9],
    }
    return artifact(arrays | adam, {"p08": {"patterns": 8}, "p16": {"patterns": 16}}, seeds=2)


ADAM = {
    "adam_cost": [[1, 2], [4, 2], [0.5, 0.5], [4, 8]],
    "adam_accuracy": [[0.9, 0.8], [0.9, 0.9], [1, 1], [0.5, 0.6]],
}


def test_ratios_and_accuracies_on_images():
    out = measured(images=images_artifact(**ADAM))
    assert values(out, "ratio_low") == {"patterns=8": [2, 1.5], "patterns=16": [2, 0.25]}
    assert values(out, "ratio_high") == {"patterns=8": [4, 1.5], "patterns=16": [4, 0.25]}
    assert values(out, "adam_accuracy") == near({"patterns=8": [0.85, 0.9], "patterns=16": [1, 0.55]})
    accuracy = values(out, "accuracy")
    assert accuracy["iterations=5;patterns=8"] == [0.9, 0.95]
    assert accuracy["iterations=9;patterns=8"] == [0.8, 0.95]
    assert accuracy["iterations=5;patterns=16"] == [0.7, 0.8]
    assert values(out, "accuracy_fall") == near({"patterns=8": [0.1, 0], "patterns=16": [-0.05, 0.1]})
    assert values(out, "outside") == {"patterns=8": [0.5, 0.25], "patterns=16": [0, 1]}
    assert cells(out, "images_accuracy", "patterns", "seed", "x")[16, 1, 5] == 0.8
    assert cells(out, "images_costs", "patterns", "seed", value="ratio_high")[8, 0] == 4


@pytest.mark.parametrize("experiment", ["permuted", "images_mnist", "images_cifar"])
def test_images_without_adam(experiment):
    out = measured(**{experiment: images_artifact()})
    assert values(out, "accuracy", experiment)["iterations=5;patterns=16"] == [0.7, 0.8]
    assert set(out.curves) == {f"{experiment}_accuracy"}


def test_robust_networks():
    """Conditions by name: plain, plane, robust, two seeds each."""
    arrays = {
        "cost": [2.0, 3, 1, 1, 4, 6],
        "bound": [1.0, 2, 1, 0.5, 4, 4],
        "hinge": [1.0, 1, 2, 2, 3, 3],
        "hinge_attacked": [1.5, 0.75, 2, 2.5, 3, 2],
        "hinge_grid": [np.nan, np.nan, 2.25, 1, np.nan, np.nan],
        "hinge_far": [5.0, 5, 5, 5, 5, 5],
        "hinge_far_attacked": [6.0, 3, 5, 5, 4, 5],
        "cones": [9.0, 8, 7, 6, 1, 2],
        "kinked": [0.5, 0.25, 1, 1, 0, 0.125],
        "clean": [0.9, 1.0, 0.5, 0.5, 0.8, 0.95],
        "attacked": [0.1, 0.2, 0.5, 0.5, 0.7, 0.9],
        "seeds": [0, 1, 0, 1, 0, 1],
    }
    out = measured(robust=artifact(arrays, {"plain": {}, "robust": {}, "plane": {}}, seeds=2))
    assert values(out, "gap") == {"condition=plain": [1, 0.5], "condition=plane": [0, 1], "condition=robust": [0, 0.5]}
    errors = {"condition=plain": [0.5, 0.25], "condition=plane": [0, 0.5], "condition=robust": [0, 1]}
    assert values(out, "attack_error") == errors
    assert values(out, "far_error") == {
        "condition=plain": [1, 2],
        "condition=plane": [0, 0],
        "condition=robust": [1, 0],
    }
    assert values(out, "grid_error") == {"condition=plane": [0.25, 1]}
    assert values(out, "cones")["condition=robust"] == [1, 2]
    assert values(out, "kinked")["condition=robust"] == [0, 0.125]
    assert values(out, "clean")["condition=plain"] == [0.9, 1]
    assert values(out, "attacked")["condition=robust"] == [0.7, 0.9]
    assert values(out, "attacked_gain") == near({"": [0.6, 0.7]})
    assert values(out, "clean_fall") == near({"": [0.1, 0.05]})
    assert cells(out, "robust", "condition", "seed", value="hinge_far")["plain", 1] == 5
