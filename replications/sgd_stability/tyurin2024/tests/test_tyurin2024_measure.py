"""Every statistic that a claim names, on artifacts with known counts."""

import numpy as np
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.sgd_stability.tyurin2024 import theory
from replications.sgd_stability.tyurin2024.measure import bound, measure, methods

measured = measuring(measure)


def exact_artifact(**change):
    """Two step sizes and one normalised one; the worst case with n = 20; a toy at two step sizes."""
    arrays = {
        "solved": [9.0, 0.0, 4.0, 7.0, 2.0],
        "near": [19, 21],
        "near_solved": [[8.0, 10, 4, 6, 2], [9, 11, 0, 7, 3]],
        "sizes": [10, 11, 20],
        "by_size": [[4.0, 2.0], [5, 2], [9, 3]],
        "theta": [[[0.5, 0.75], [0.5, 0.75]], [[0.9, 0.3], [1, 0.25]]],
        "limit": [[0.5, 0.75], [1, 0.25]],
        "loss": [[1.3, 12.5], [0.1, 0.2]],
        "gradient": [[0.6, 0.7], [0.3, 0.4]],
    }
    settings = {"samples": 20, "step_sizes": [10, 100], "normalised_step_sizes": [0.1], "toy_step_sizes": [10, 100]}
    return artifact(arrays | change, **settings)


@pytest.fixture(scope="module")
def exact():
    return measured(exact=exact_artifact())


def test_counts_on_the_worst_case(exact):
    found = values(exact, "iterations", "exact")
    assert found == near(
        {
            "method=descent;step_size=10": [9],
            "method=descent;step_size=100": [np.nan],
            "method=normalised_descent;step_size=0.1": [4],
            "method=perceptron": [7],
            "method=normalised_perceptron": [2],
        }
    )
    assert values(exact, "iterations_near") == near(
        {
            "method=descent;n=19;step_size=10": [8],
            "method=descent;n=19;step_size=100": [10],
            "method=normalised_descent;n=19;step_size=0.1": [4],
            "method=perceptron;n=19": [6],
            "method=normalised_perceptron;n=19": [2],
            "method=descent;n=21;step_size=10": [9],
            "method=descent;n=21;step_size=100": [11],
            "method=normalised_descent;n=21;step_size=0.1": [np.nan],
            "method=perceptron;n=21": [7],
            "method=normalised_perceptron;n=21": [3],
        }
    )


def test_counts_over_the_bounds_of_the_worst_case(exact):
    """R^2 = 1.25 and mu = 1/2, so R^2/mu^2 = 5, and n = 20."""
    assert values(exact, "bound_ratio", "exact") == near(
        {
            "method=perceptron": [7 / 100],
            "method=normalised_perceptron": [2 / 5],
            "method=normalised_descent;step_size=0.1": [4 / (5 + 2 * np.log(39) / (0.1 * 0.25))],
        }
    )
    assert values(exact, "bound_ratio_without_n") == near({"method=perceptron": [7 / 5]})


def test_the_worst_case_by_size(exact):
    """The closed form is 4, 4 and 7; of multiples of ten 4 and 7."""
    assert values(exact, "largest_formula_error") == {"": [2]}
    assert values(exact, "largest_tens_error") == {"": [2]}
    odd = measured(exact=exact_artifact(by_size=[[4.0, 2], [1, 2], [7, 3]]))
    assert values(odd, "largest_formula_error") == {"": [3]}
    assert values(odd, "largest_tens_error") == {"": [0]}
    assert values(exact, "iterations_by_size")["method=normalised_perceptron;n=20"] == [3]
    assert cells(exact, "family", "n", value="formula") == {10: 4, 11: 4, 20: 7}
    assert cells(exact, "family", "n", value="perceptron") == {10: 4, 11: 5, 20: 9}


def test_the_toy(exact):
    assert values(exact, "toy_loss") == {"step_size=10": [1.3], "step_size=100": [12.5]}
    assert values(exact, "toy_gradient") == {"step_size=10": [0.6], "step_size=100": [0.7]}
    assert values(exact, "toy_first_x") == {"step_size=10": [0.5], "step_size=100": [0.5]}
    assert values(exact, "toy_first_y") == {"step_size=10": [0.75], "step_size=100": [0.75]}
    assert values(exact, "toy_second_x") == {"step_size=10": [0.9], "step_size=100": [1]}
    assert values(exact, "toy_second_y") == {"step_size=10": [0.3], "step_size=100": [0.25]}
    assert cells(exact, "toy", "x", value="second") == near({10: 0.1, 100: 0})


@pytest.fixture(scope="module")
def planted():
    """Conditions flipped and separable by name, two draws each; two step sizes, one normalised."""
    arrays = {
        "points": [2, 5],
        "n": [10, 20, 10, 20],
        "radius": [2.0, 3, 2, 3],
        "planted": [0.5, 1, 0.5, 1],
        "margin": [0.0, 0.1, 0.5, 1.02],
        "attained": [-1.0, 0.1, 0.5, 0.99],
        "solved": [[0, 0, 0, 5, 0], [0, 0, 0, 0, 0], [3, 4, 8, 16, 4], [3, 0, 9, 18, 12]],
        "distance": np.arange(16.0).reshape(4, 2, 2),
    }
    settings = {"steps": 50, "step_sizes": [1, 10], "normalised_step_sizes": [2], "limit_steps": [2, 5]}
    return measured(planted=artifact(arrays, {"separable": {}, "flipped": {"flipped": 0.1}}, seeds=2, **settings))


def test_counts_over_the_bounds_of_random_data(planted):
    """R^2/mu^2 = 16 and 9; times n 160 and 180; with 2 log(2n - 1)/(2 mu^2) more for normalised descent."""
    found = values(planted, "bound_ratio", "planted")
    assert found["condition=separable;method=perceptron"] == near([16 / 160, 18 / 180])
    assert found["condition=separable;method=normalised_perceptron"] == near([4 / 16, 12 / 9])
    soft = [8 / (16 + np.log(19) / 0.25), 9 / (9 + np.log(39))]
    assert found["condition=separable;method=normalised_descent;step_size=2"] == near(soft)
    assert np.isnan(found["condition=flipped;method=normalised_perceptron"]).all()
    assert np.isnan(found["condition=flipped;method=perceptron"]).tolist() == [False, True]
    assert len(found) == 6
    assert set(planted.curves["bounds"]["condition"]) == {"separable"}


def test_shares_of_methods_that_end(planted):
    assert values(planted, "solved_share") == near({"condition=flipped": [0.2, 0], "condition=separable": [1, 0.8]})


def test_margins_against_the_planted_ones(planted):
    assert values(planted, "margin", "planted") == near(
        {"condition=flipped": [0, 0.1], "condition=separable": [0.5, 1.02]}
    )
    assert values(planted, "margin_error") == near({"": [0, 0.02]})
    assert values(planted, "margin_gap", "planted") == near({"": [0, 0.03]})


def test_the_distance_from_the_limit_is_the_largest_over_the_points(planted):
    """Members 2 and 3: [[8, 9], [10, 11]] and [[12, 13], [14, 15]], points by step sizes."""
    assert values(planted, "limit_distance") == {"step_size=1": [10, 14], "step_size=10": [11, 15]}
    assert cells(planted, "limit", "seed", "t", "x")[1, 2, 10] == 13


@pytest.fixture(scope="module")
def images():
    """Pairs by name: three_five, zero_one; step sizes 1, 100 and 10,000, one normalised; two points."""
    shape = (2, 2)
    arrays = {
        "points": [0, 3],
        "accuracy": np.arange(24.0).reshape(*shape, 6) / 24,
        "loss": np.arange(16.0).reshape(*shape, 4),
        "gradient": np.arange(16.0).reshape(*shape, 4) / 10,
        "solved": [[0, 200, 30, 0, 32, 64], [80, 40, 10, 7, 16, 4]],
        "peak": [[0.7, 2.1, 21, 5], [0.7, 0.7, 1.4, 6]],
        "n": [10, 20],
        "radius": [1.0, 1],
        "margin": [0.1, 0.5],
        "attained": [0.09, 0.5],
    }
    settings = {"steps": 500, "step_sizes": [1, 100, 10000], "normalised_step_sizes": [2]}
    return measured(images=artifact(arrays, {"zero_one": {}, "three_five": {}}, **settings))


def test_counts_on_images(images):
    found = values(images, "iterations", "images")
    assert found["method=descent;pair=zero_one;step_size=10000"] == [10]
    assert found["method=descent;pair=three_five;step_size=100"] == [200]
    assert found["method=normalised_perceptron;pair=three_five"] == [64]
    assert np.isnan(found["method=descent;pair=three_five;step_size=1"]).all()
    assert len(found) == 12


def test_ratios_of_counts_on_images(images):
    """Three_five at step size 1 never ends: its iterations count as the last step, 500."""
    assert values(images, "over_perceptron") == near(
        {
            "pair=three_five;step_size=1": [np.nan],
            "pair=three_five;step_size=100": [200 / 32],
            "pair=three_five;step_size=10000": [30 / 32],
            "pair=zero_one;step_size=1": [80 / 16],
            "pair=zero_one;step_size=100": [40 / 16],
            "pair=zero_one;step_size=10000": [10 / 16],
        }
    )
    assert values(images, "iterations_ratio") == near(
        {
            "over=1;pair=three_five;step_size=100": [200 / 500],
            "over=1;pair=three_five;step_size=10000": [30 / 500],
            "over=100;pair=three_five;step_size=10000": [30 / 200],
            "over=1;pair=zero_one;step_size=100": [40 / 80],
            "over=1;pair=zero_one;step_size=10000": [10 / 80],
            "over=100;pair=zero_one;step_size=10000": [10 / 40],
        }
    )
    assert values(images, "normalised_over_perceptron") == near({"pair=three_five": [2], "pair=zero_one": [0.25]})


def test_largest_losses_on_images(images):
    assert values(images, "peak")["pair=three_five;step_size=100"] == [2.1]
    assert values(images, "peak_ratio") == near(
        {
            "over=1;pair=three_five;step_size=100": [3],
            "over=1;pair=three_five;step_size=10000": [30],
            "over=100;pair=three_five;step_size=10000": [10],
            "over=1;pair=zero_one;step_size=100": [1],
            "over=1;pair=zero_one;step_size=10000": [2],
            "over=100;pair=zero_one;step_size=10000": [2],
        }
    )


def test_bounds_on_images(images):
    """zero_one: 1/mu^2 = 4 and n = 20; three_five: 100 and n = 10, its normalised descent never ends."""
    found = values(images, "bound_ratio", "images")
    assert found["method=perceptron;pair=zero_one"] == near([16 / 80])
    assert found["method=normalised_perceptron;pair=three_five"] == near([0.64])
    assert found["method=normalised_descent;pair=zero_one;step_size=2"] == near([7 / (4 + 2 * np.log(39) / (2 * 0.25))])
    assert "method=normalised_descent;pair=three_five;step_size=2" not in found
    assert values(images, "margin_gap", "images") == near({"pair=three_five": [0.1], "pair=zero_one": [0]})


def test_curves_of_images(images):
    table = images.curves["images_curves"]
    perceptron = table[(table["method"] == "perceptron") & (table["pair"] == "zero_one")]
    assert perceptron["curve"].unique().tolist() == ["accuracy"]
    assert perceptron["value"].tolist() == near([16 / 24, 22 / 24])
    descent = table[(table["method"] == "descent") & (table["pair"] == "zero_one") & (table["step_size"] == 100)]
    assert descent[descent["curve"] == "gradient"]["value"].tolist() == near([0.9, 1.3])
    assert descent["x"].unique().tolist() == [0, 3]


def test_ratios_of_perceptrons_by_imbalance():
    arrays = {
        "points": [0, 3],
        "solved": [[12, 6], [10, 20], [9, 3], [0, 8]],
        "accuracy": np.arange(16.0).reshape(4, 2, 2),
    }
    conditions = {"three_five_05": {"minority": 5}, "zero_one_02": {"minority": 2}}
    settings = {"steps": 40, "step_sizes": [], "normalised_step_sizes": []}
    out = measured(imbalanced=artifact(arrays, conditions, seeds=2, **settings))
    assert values(out, "perceptron_over_normalised") == near(
        {"minority=5;pair=three_five": [2, 0.5], "minority=2;pair=zero_one": [3, np.nan]}
    )
    counts = out.curves["imbalanced_counts"].set_index(["pair", "minority", "method", "seed"])["value"]
    assert counts["three_five", 5, "normalised_perceptron", 1] == 20
    assert np.isnan(counts["zero_one", 2, "perceptron", 1])
    curves = out.curves["imbalanced_curves"].set_index(["pair", "method", "seed", "x"])["value"]
    assert curves["zero_one", "normalised_perceptron", 0, 3] == 11


def test_orders_are_told_apart_by_counts_and_distances():
    arrays = {
        "points": [1, 9],
        "solved": [[5, 7, 3], [5, 8, 3], [5, 0, 3]],
        "spread": [[[0.0, 0, 0], [0, 0, 0]], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [[1, 2, 3], [4, 5, 6]]],
    }
    settings = {"step_sizes": [100], "normalised_step_sizes": []}
    out = measured(rounding=artifact(arrays, seeds=3, **settings))
    names = ["method=descent;step_size=100", "method=perceptron", "method=normalised_perceptron"]
    assert values(out, "different_counts") == dict(zip(names, [[1], [3], [1]], strict=True))
    assert values(out, "spread") == near(dict(zip(names, [[0.4, 4], [0.5, 5], [0.6, 6]], strict=True)))
    assert values(out, "iterations", "rounding")[names[1]] == near([7, 8, np.nan])
    table = out.curves["rounding"].set_index(["method", "seed", "x"])["value"]
    assert table.xs("perceptron").to_dict() == near({(1, 1): 0.2, (1, 9): 0.5, (2, 1): 2, (2, 9): 5})


def test_columns_are_named_in_the_order_of_the_program():
    found = methods({"step_sizes": [1, 2], "normalised_step_sizes": [3]})
    assert [column["method"] for column in found] == [
        "descent", "descent", "normalised_descent", "perceptron", "normalised_perceptron",
    ]  # fmt: skip
    assert [column.get("step_size") for column in found] == [1, 2, 3, None, None]


def test_bounds_by_method():
    given = (7, 2.0, 0.5)
    assert bound({"method": "perceptron"}, *given) == 112
    assert bound({"method": "normalised_perceptron"}, *given) == 16
    assert bound({"method": "normalised_descent", "step_size": 3}, *given) == theory.normalised_descent_bound(*given, 3)
