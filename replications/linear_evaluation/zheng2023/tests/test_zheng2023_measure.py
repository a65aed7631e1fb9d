"""Every statistic that a claim names, on made-up artifacts."""

import numpy as np
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.linear_evaluation.zheng2023 import measure as module
from replications.linear_evaluation.zheng2023 import theory
from replications.linear_evaluation.zheng2023.measure import fall, measure, slope

measured = measuring(measure)
NAN, INF = float("nan"), float("inf")
EMPTY = {"dataset": "mnist_5k", "representation": "pca", "sizes": [20], "strengths": [1.0]}


def test_identities_by_name_and_the_worst_over_classes():
    arrays = {name: 0.1 * (k + 1) for k, name in enumerate(module.EXACT)}
    arrays |= {"slack": [0.3, -0.1, 0.2], "slack_doubled": [-0.5, 0.1, 0.4]}
    arrays |= {"newton": [0.01, 0.02], "tight_tolerance": [0.012, 0.02], "default_tolerance": [0.12, 0.08]}
    arrays |= {"shown": [[2, 0.1, 0.3], [3, 0.2, 0.4]]}
    out = measured(identities=artifact(arrays, seeds=2))
    assert values(out, "tight_error") == near({"": [0.1]})
    assert values(out, "discriminant_error") == near({"": [0.2]})
    assert values(out, "gradient") == near({"": [0.3]})
    assert values(out, "permuted") == near({"": [0.4]})
    assert values(out, "scaled_bayes") == near({"": [0.5]})
    assert values(out, "scaled_logistic") == near({"": [0.6]})
    assert values(out, "exact_error") == near({"": [0.7]})
    assert values(out, "bayes_error") == near({"": [0.8]})
    assert values(out, "bayes_three_40") == near({"": [0.9]})
    assert values(out, "bayes_three_100") == near({"": [1.0]})
    assert values(out, "slack") == near({"": [-0.1]})
    assert values(out, "slack_doubled") == near({"": [-0.5]})
    assert values(out, "default_over_tight") == near({"": [10, 4]})
    assert values(out, "newton_off_tight") == near({"": [0.002, 0]})
    assert values(out, "newton") == near({"": [0.01, 0.02]})
    assert cells(out, "pairs", "classes", "x") == near({(2, 0.1): 0.3, (3, 0.2): 0.4})
    assert cells(out, "tolerances", "seed", value="default_tolerance") == near({0: 0.12, 1: 0.08})


def test_the_authors_table_is_compared_with_both_counts():
    """Counted by drawing: n = 2, and a variance of n for both coordinates where one has it."""
    arrays = dict.fromkeys(module.EXACT, 0) | {"slack": [0], "slack_doubled": [0], "shown": np.zeros((1, 3))}
    out = measured(identities=artifact(arrays | {name: [1.0] for name in module.TOLERANCES}))
    assert values(out, "stored_miscounted")[""][0] == pytest.approx(1.49, abs=0.01)
    assert values(out, "stored_rightly_counted")[""][0] == pytest.approx(44.2, abs=0.1)
    x = np.random.default_rng(0).normal(size=(200000, 2))
    assert theory.counted_error(2, 2) == pytest.approx(np.mean(x.sum(1) / 2**0.5 > 1.5), abs=0.003)
    assert theory.counted_error(2, 1) == pytest.approx(np.mean(x[:, 0] / 2**0.5 + x[:, 1] > 1.5), abs=0.003)
    assert theory.deviations(np.array([2, 3, 6, 11]))[0] == pytest.approx(-0.3257, abs=1e-3)


def searches(**rules: list) -> dict:
    """m* [members, dimensions] by rule, with two sizes tried in each search."""
    arrays = {name: np.array(rows, float) for name, rows in rules.items()}
    tried = {
        f"{name}_seen": np.stack([np.stack([rows, rows + 1], 2), np.broadcast_to([0.5, 0.0], (*rows.shape, 2))], 3)
        for name, rows in arrays.items()
    }
    for name, rows in arrays.items():
        tried[f"{name}_seen"][~np.isfinite(rows)] = np.nan
    return arrays | tried


CONDITIONS = {
    "equal": {"dimensions": [100, 400]},
    "three_100": {"dimensions": [100], "rules": ["logistic"]},
    "three_400": {"dimensions": [400], "rules": ["logistic"], "seeds": 1},
    "two": {"dimensions": [100, 400]},
    "two_100": {"dimensions": [100], "rules": ["logistic"]},
    "two_bayes": {"dimensions": [100, 400], "rules": ["naive_bayes", "nearest_mean"]},
}


def mixture():
    logistic = [
        [60, 240],
        [50, 100],
        [300, NAN],
        [330, NAN],
        [900, NAN],
        [100, 400],
        [120, 240],
        [100, NAN],
        [110, NAN],
        [NAN] * 2,
        [NAN] * 2,
    ]
    bayes = [[30, 60], [25, 100], *[[NAN] * 2] * 3, [10, 5], [4, 16], *[[NAN] * 2] * 2, [9, 9], [4, 8]]
    mean = [*[[NAN] * 2] * 9, [INF, INF], [50, INF]]
    given = {"rules": ["naive_bayes", "logistic"], "dimensions": [100, 400]}
    return measured(
        mixture=artifact(
            searches(logistic=logistic, naive_bayes=bayes, nearest_mean=mean), CONDITIONS, seeds=2, **given
        )
    )


def test_samples_by_dimension_slopes_and_growth():
    out = mixture()
    assert values(out, "logistic")["condition=two;dimension=400"] == near([400, 240])
    assert values(out, "naive_bayes")["condition=two_bayes;dimension=400"] == near([9, 8])
    assert values(out, "most_naive_bayes") == near(
        {"condition=equal": [60, 100], "condition=two": [10, 16], "condition=two_bayes": [9, 8]}
    )
    assert values(out, "most_nearest_mean") == near({"condition=two_bayes": [NAN, NAN]})
    assert values(out, "nearest_mean")["condition=two_bayes;dimension=100"] == near([NAN, 50])
    assert values(out, "slope_logistic")["condition=two"] == near([1, 0.5])
    assert values(out, "slope_naive_bayes") == near(
        {"condition=equal": [0.5, 1], "condition=two": [-0.5, 1], "condition=two_bayes": [0, 0.5]}
    )
    assert values(out, "slope_nearest_mean") == near({"condition=two_bayes": [NAN, NAN]})
    assert values(out, "growth_naive_bayes") == near(
        {"condition=equal": [2, 4], "condition=two": [0.5, 4], "condition=two_bayes": [1, 2]}
    )
    assert values(out, "growth_logistic") == near(
        {"condition=equal": [4, 2], "condition=two": [4, 2], "condition=three_400": [3]}
    )


def test_both_rules_are_compared_on_the_same_draws():
    out = mixture()
    assert values(out, "ratio")["condition=two;dimension=400"] == near([80, 15])
    assert values(out, "ratio_growth") == near({"condition=equal": [2, 0.5], "condition=two": [8, 0.5]})
    assert values(out, "most_ratio") == near({"condition=equal": [4, 2], "condition=two": [80, 30]})
    assert values(out, "most_difference") == near({"condition=equal": [180, 25], "condition=two": [395, 224]})
    assert values(out, "classes_ratio") == near({"condition=three_100": [3, 3]})
    needed = cells(out, "needed", "condition", "rule", "seed", "x")
    assert needed["two", "logistic", 1, 400] == 240
    assert ("two_bayes", "logistic", 0, 100) not in needed
    seen = out.curves["seen"]
    rows = seen[
        (seen["condition"] == "two") & (seen["rule"] == "logistic") & (seen["seed"] == 0) & (seen["dimension"] == 400)
    ]
    assert rows["x"].tolist() == [400, 401]
    assert rows["value"].tolist() == [0.5, 0]


def test_slopes_of_what_was_not_reached_are_undefined():
    assert slope(np.array([10, 100]), np.array([3.0, 30.0])) == pytest.approx(1)
    assert np.isnan(slope(np.array([10, 100]), np.array([3.0, INF])))


def test_errors_by_size_and_strength_and_their_differences():
    bayes = np.array([[0.5, 0.2, 0.1], [0.4, 0.2, 0.2], [0.3, NAN, NAN]])
    logistic = np.stack([bayes + 0.1, bayes - np.array([0.1, 0.05, 0.05])], 2)
    logistic[2, :, 1] = NAN
    arrays = {"naive_bayes": bayes, "floored": bayes / 2, "logistic": logistic, "network": [NAN, NAN, 0.9]}
    conditions = {
        "pca": {"sizes": [20, 100, 1000], "strengths": [1.0, 10.0], "seeds": 2},
        "supervised": {"representation": "supervised"},
    }
    for experiment in ("images", "small"):
        out = measured(**{experiment: artifact(arrays, conditions, seeds=1, **EMPTY)})
        assert values(out, "naive_bayes")["condition=pca;size=1000"] == near([0.1, 0.2])
        assert values(out, "floored")["condition=supervised;size=20"] == near([0.15])
        assert values(out, "logistic")["condition=pca;size=100;strength=10"] == near([0.15, 0.15])
        assert values(out, "logistic")["condition=pca;size=20;strength=1"] == near([0.6, 0.5])
        assert values(out, "gain")["condition=pca;size=20;strength=1"] == near([-0.1, -0.1])
        assert values(out, "gain")["condition=pca;size=100;strength=10"] == near([0.05, 0.05])
        assert values(out, "gain")["condition=supervised;size=20;strength=1"] == near([-0.1])
        assert values(out, "gain_best")["condition=pca;size=20"] == near([0.1, 0.1])
        assert values(out, "gain_best")["condition=supervised;size=20"] == near([-0.1])
        wanted = [np.log(0.2 / b) - np.log(0.15 / (b - 0.05)) for b in (0.1, 0.2)]
        assert values(out, "nearer")["condition=pca;strength=10"] == near(wanted)
        assert list(values(out, "nearer")) == ["condition=pca;strength=1", "condition=pca;strength=10"]
        assert values(out, "network") == near({"condition=supervised": [0.9]})
        drawn = cells(out, f"{experiment}_errors", "condition", "rule", "strength", "seed", "x")
        assert drawn["pca", "logistic", 10.0, 1, 1000] == near(0.15)
        assert drawn["supervised", "naive_bayes", 0.0, 0, 20] == near(0.3)
        assert len(out.curves[f"{experiment}_errors"]) == 2 * 3 * 4 + 3


def test_falls_are_logarithms_of_few_over_many():
    assert fall(np.array([20, 100, 1000]), np.array([[9, 0.4, 0.1]])) == pytest.approx([np.log(4)])


def test_nothing_is_measured_of_what_was_not_run():
    assert len(measured().statistics()) == 0
