"""Every statistic that a claim names, on artifacts with known values."""

import numpy as np
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.attention_svm.tarzanagh2023.measure import measure
from replications.attention_svm.tarzanagh2023.names import DIRECTIONS

measured = measuring(measure)


@pytest.fixture(scope="module")
def local():
    """Conditions kq and w by name, two data sets each; W at 0, 10 and 20 steps; directions in tenths from the point's value."""
    base = np.array([[0.0, 0.1, 0.2], [0.3, 0.5, 0.6], [0.1, 0.3, 0.4], [0.1, 0.7, 0.9]])
    arrays = {
        "points": [0, 10, 20],
        "correlation": base[..., None] - 0.05 * np.arange(8),
        "probability": base,
        "norm": 10 * base,
        "gap": [1e-12, -1e-12, 3e-12, 4e-12],
        "multiplier_error": [0.1, 0.2, 0.3, 0.4],
        "nuclear_gap": [1e-9, 2e-9, 3e-9, 4e-9],
        "frobenius_rank": [6, 6, 5, 6],
        "nuclear_rank": [3, 4, 2, 3],
    }
    settings = {"judged_steps": [10, 20, 30], "steps": 20, "parameters": "w"}
    return measured(local=artifact(arrays, {"w": {}, "kq": {"parameters": "kq"}}, seeds=2, **settings))


def test_correlations_with_every_direction(local):
    found = values(local, "correlation", "local")
    assert found["condition=w;direction=frobenius;iteration=20"] == near([0.4, 0.9])
    assert found["condition=w;direction=nuclear;iteration=10"] == near([0.25, 0.65])
    assert found["condition=kq;direction=best;iteration=20"] == near([-0.15, 0.25])
    assert len(found) == 2 * 2 * len(DIRECTIONS)


def test_the_machine_of_the_own_norm_comes_first(local):
    """Frobenius minus nuclear is 0.05 everywhere: with K and Q trained it is the wrong way round."""
    assert values(local, "advantage") == near(
        {
            "condition=kq;iteration=10": [-0.05] * 2,
            "condition=kq;iteration=20": [-0.05] * 2,
            "condition=w;iteration=10": [0.05] * 2,
            "condition=w;iteration=20": [0.05] * 2,
        }
    )


def test_probabilities_norms_and_certificates(local):
    assert values(local, "probability", "local")["condition=w;iteration=20"] == near([0.4, 0.9])
    assert values(local, "norm", "local")["condition=kq;iteration=10"] == near([1, 5])
    assert values(local, "gap")["condition=w"] == [3e-12, 4e-12]
    assert values(local, "multiplier_error")["condition=kq"] == [0.1, 0.2]
    assert values(local, "nuclear_gap")["condition=w"] == [3e-9, 4e-9]
    assert values(local, "frobenius_rank")["condition=w"] == [5, 6]
    assert values(local, "nuclear_rank")["condition=kq"] == [3, 4]


def test_curves_are_means_and_percentiles(local):
    place = ("condition", "curve", "x")
    assert cells(local, "local", *place)["w", "frobenius", 20] == near(0.65)
    assert cells(local, "local", *place, value="low")["w", "probability", 20] == near(0.45)
    assert cells(local, "local", *place, value="high")["w", "probability", 20] == near(0.85)
    assert cells(local, "local", *place, value="third")["kq", "nuclear", 10] == near(0.35)


def test_slopes_are_those_from_1000_iterations_on():
    """1 - correlation = .5 until 999, then k^-2 or constant; other directions than the first are elsewhere."""
    points = np.array([999, 1000, 2000, 4000, 8000])
    away = np.stack([np.r_[0.5, 1e3 / points[1:] ** 2.0], np.r_[0.5, [0.05] * 4]])
    correlation = np.repeat(1 - away[..., None], 8, axis=2)
    correlation[..., 1:] = 0.2
    settings = {"judged_steps": [4000], "steps": 8000}
    arrays = {"points": points, "correlation": correlation, "norm": np.ones((2, 5)) * points}
    out = measured(stall=artifact(arrays, {"stable": {}}, seeds=2, **settings))
    assert values(out, "slope") == near({"condition=stable": [-2, 0]}, abs=1e-6)
    assert values(out, "norm", "stall") == {"condition=stable;iteration=4000": [4000, 4000]}
    assert values(out, "distance", "stall") == near({"condition=stable;iteration=4000": [1e3 / 16e6, 0.05]})
    assert cells(out, "stall", "curve", "x", value="middle")["distance", 8000] == near((1e3 / 64e6 + 0.05) / 2)
    early = measured(
        stall=artifact(arrays | {"points": [1, 2, 3, 4, 1000]}, {"stable": {}}, seeds=2, **settings | {"steps": 1000})
    )
    assert values(early, "slope") == {}


@pytest.fixture(scope="module")
def selection():
    """By name: equal_8, large_8, small_2, small_4 of three data sets; the small ones have two inputs of the three."""
    nan = np.nan
    optimal = [
        [[1, 1, 1], [1, 1, 1], [1, 1, 0]],
        [[1, 0, 1], [1, 1, 1], [0, 0, 0]],
        [[0, 1, nan], [1, 1, nan], [1, 0, nan]],
        [[1, 1, nan], [1, 1, nan], [1, 0, nan]],
    ]
    arrays = {"optimal": np.reshape(optimal, (12, 3)), "probability": np.arange(12) / 12}
    small = {"inputs": 2, "tokens": 3, "dimension": 2, "equal_scores": False}
    large = {"inputs": 3, "tokens": 4, "dimension": 8, "equal_scores": False}
    conditions = {
        "small_2": small,
        "small_4": small | {"dimension": 4},
        "large_8": large,
        "equal_8": large | {"equal_scores": True},
    }
    return measured(selection=artifact(arrays, conditions, seeds=3))


def test_runs_that_select_every_best_token(selection):
    assert values(selection, "all_optimal") == {
        "condition=equal_8": [1, 1, 0],
        "condition=large_8": [0, 1, 0],
        "condition=small_2": [0, 1, 0],
        "condition=small_4": [1, 1, 0],
    }
    assert values(selection, "probability", "selection")["condition=large_8"] == near([3 / 12, 4 / 12, 5 / 12])


def test_the_rise_is_paired_from_the_smallest_to_the_largest_dimension(selection):
    assert values(selection, "rise") == {"inputs=2;tokens=3": [1, 0, 0], "inputs=3;tokens=4": [0, 0, 0]}


def test_equal_scores_are_paired_with_scores_as_drawn(selection):
    assert values(selection, "equal_gain") == {"condition=equal_8": [1, 0, 0]}
    assert values(selection, "elsewhere") == {"condition=equal_8": [1]}
    assert cells(selection, "selection", "condition", value="optimal")["small_4"] == 2


def test_distances_of_accepted_runs_alone():
    """Five data seeds: not trained, rejected, and three accepted, of which two are compared."""
    nan = np.nan
    arrays = {
        "trained": [0, 1, 1, 1, 1],
        "accepted": [0, 0, 1, 1, 1],
        "kept": [0, 9, 3, 4, 5],
        "distance": [[nan] * 3, [nan] * 3, [0.1, 0.3, 0.6], [0.2, 0.1, 0.5], [0, 0, 0]],
    }
    out = measured(multi=artifact(arrays, {"d04": {}}, seeds=5, accepted_runs=2, inputs=3, dimension=4))
    assert values(out, "distance", "multi") == near(
        {
            "condition=d04;prediction=line": [0.1, 0.2],
            "condition=d04;prediction=direction": [0.3, 0.1],
            "condition=d04;prediction=single": [0.6, 0.5],
        }
    )
    assert values(out, "single_minus_direction") == near({"condition=d04": [0.3, 0.4]})
    assert values(out, "direction_minus_line") == near({"condition=d04": [0.2, -0.1]})
    assert values(out, "accepted") == {"condition=d04": [0, 1, 1, 1]}
    assert values(out, "several") == {"condition=d04": [0, 1]}
    seeds = out.statistics().query("statistic == 'single_minus_direction'")["seed"].tolist()
    assert seeds == [2, 3]
    assert cells(out, "multi_counts", "dimension", value="trained") == {4: 4}
    assert cells(out, "multi", "seed", "prediction")[3, "single"] == 0.5


@pytest.fixture(scope="module")
def ranks():
    nan = np.nan
    arrays = {
        "cells": [[5, 2], [5, 3], [6, 2]],
        "frobenius": [[2, nan, 2, nan], [3, 3, 4, nan], [nan] * 4],
        "gap": [[1e-12, nan, -3e-12, nan], [0, 0, 2e-12, nan], [nan] * 4],
        "nuclear_cells": [[5, 3], [5, 6]],
        "nuclear": [[1, 2, 2, nan], [2, 2, 1, 4]],
        "nuclear_gap": [[1e-9, 2e-9, 5e-9, nan], [1e-10] * 4],
        "unfinished": [[3, 3, 2, nan], [5, 5, 5, 4]],
    }
    return measured(ranks=artifact(arrays, seeds=4))


def test_draws_without_a_solution_are_counted_or_not(ranks):
    assert values(ranks, "feasible") == {
        "dimension=2;inputs=5": [2],
        "dimension=3;inputs=5": [3],
        "dimension=2;inputs=6": [0],
    }
    assert values(ranks, "rank_with_infeasible_as_one") == {
        "dimension=2;inputs=5": [1.5],
        "dimension=3;inputs=5": [2.75],
        "dimension=2;inputs=6": [1],
    }
    assert values(ranks, "rank_of_feasible") == near({"dimension=2;inputs=5": [2], "dimension=3;inputs=5": [10 / 3]})


def test_certificates_of_ranks(ranks):
    """One rank of 4 at n = 5, d = 3 is one too many."""
    assert values(ranks, "largest_excess") == {"": [1]}
    assert values(ranks, "largest_gap") == {"": [3e-12]}
    assert values(ranks, "largest_nuclear_gap") == {"dimension=3;inputs=5": [5e-9], "dimension=6;inputs=5": [1e-10]}


def test_nuclear_ranks_and_their_change_with_the_dimension(ranks):
    assert values(ranks, "nuclear_rank", "ranks") == {
        "dimension=3;inputs=5": [1, 2, 2],
        "dimension=6;inputs=5": [2, 2, 1, 4],
    }
    assert values(ranks, "unfinished_rank")["dimension=3;inputs=5"] == [3, 3, 2]
    assert values(ranks, "nuclear_change") == {"dimension=3;inputs=5;to=6": [1, 0, -1]}
    assert cells(ranks, "ranks", "inputs", "dimension", "curve")[5, 3, "nuclear"] == near(5 / 3)
    assert cells(ranks, "ranks", "inputs", "dimension", "curve")[5, 2, "draws"] == 2


def test_pictures():
    arrays = {
        "points": [0, 5],
        "path": [[[[0.0, 0], [0, 0]], [[1, 2], [3, 4]]]],
        "image": [[[[1.0, 7], [0.3, -7]], [[2, 8], [0.4, -8]]]],
        "correlation": [[[0.1, 0.2], [0.9, 0.8]]],
    }
    out = measured(paths=artifact(arrays, {"one": {}}, judged_steps=[5], steps=5))
    found = values(out, "image")
    assert found["axis=y;condition=one;direction=frobenius;input=2"] == [-7]
    assert found["axis=x;condition=one;direction=nuclear;input=1"] == [2]
    assert values(out, "correlation", "paths") == {
        "condition=one;direction=frobenius;iteration=5": [0.9],
        "condition=one;direction=nuclear;iteration=5": [0.8],
    }
    assert cells(out, "paths", "x", "input", value="second")[5, 1] == 2
    assert cells(out, "images", "direction", "input", value="y")["nuclear", 2] == -8
    two = {
        name: np.concatenate([array, np.add(array, 1)]) if name != "points" else array for name, array in arrays.items()
    }
    again = measured(paths=artifact(two, {"one": {}}, seeds=2, judged_steps=[5], steps=5))
    assert values(again, "image") == found
