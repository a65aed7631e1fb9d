"""Every statistic that a claim names, on records with known values."""

import numpy as np
from made_up import artifact, cells, measuring, near, values

from replications.sparse_training.farahani2024.measure import measure

measured = measuring(measure)
STEPS = np.array([0, 50, 800])
NAN = np.nan


def records(accuracies: dict[str, list[list[float]]], scores: dict[str, list[list[float]]], **arrays):
    """Records of conditions with known accuracies [seeds, steps] and losses of candidates [seeds, candidates]."""
    names = sorted(accuracies)
    stacked = {
        "test_accuracy": np.array([row for name in names for row in accuracies[name]]),
        "scores": np.array([row for name in names for row in scores[name]]),
    }
    members = len(stacked["scores"])
    made = stacked | {"picked": np.zeros(members, int), "largest_pruned": np.zeros((members, 3)), "steps": STEPS}
    return artifact(made | arrays, {name: {"seeds": len(accuracies[name])} for name in names})


ACCURACIES = {
    "best": [[0.2, 0.6, 0.9], [0.1, 0.7, 0.8]],
    "random": [[0.1, 0.5, 0.85], [0.2, 0.5, 0.9]],
    "other": [[0.1, 0.55, 0.87]],
    "trained": [[0.1, 0.7, 0.85]],
    "whole": [[0.1, 0.8, 0.95], [0.1, 0.9, 0.92]],
    "eighth": [[0.1, 0.3, 0.8]],
    "worst": [[0.1, 0.4, 0.9]],
}
SCORES = {
    "best": [[2.3, 2.2, 2.4], [2.5, 2.4, 2.45]],
    "random": [[2.3, 2.2, 2.4], [2.5, 2.4, 2.45]],
    "other": [[2.3, 2.2, 2.4]],
    "trained": [[1.0, 0.9, NAN]],
    "whole": [[2.31, NAN, NAN], [2.32, NAN, NAN]],
    "eighth": [[2.33, NAN, NAN]],
    "worst": [[2.3, 2.2, 2.4]],
}


def test_differences_are_paired_by_seed_and_filed_by_step():
    found = values(measured(nodes=records(ACCURACIES, SCORES)), "difference", "nodes")
    assert found["first=best;second=random;step=0"] == near([0.1, -0.1])
    assert found["first=best;second=random;step=50"] == near([0.1, 0.2])
    assert found["first=best;second=random;step=800"] == near([0.05, -0.1])
    assert found["first=random;second=whole;step=800"] == near([-0.1, -0.02])
    assert found["first=eighth;second=whole;step=800"] == near([-0.15])
    assert found["first=other;second=random;step=800"] == near([0.02])
    assert found["first=trained;second=random;step=50"] == near([0.2])
    assert found["first=worst;second=random;step=50"] == near([-0.1])
    out = measured(nodes=records(ACCURACIES, SCORES))
    assert cells(out, "nodes_differences", "first", "seed", "x")["best", 1, 50] == near(0.2)


def test_accuracies_are_filed_by_pick_and_step():
    out = measured(nodes=records(ACCURACIES, SCORES))
    assert values(out, "test_accuracy", "nodes")["condition=whole;step=800"] == near([0.95, 0.92])
    assert cells(out, "nodes_accuracy", "picks", "seed", "x")["best", 0, 50] == 0.6


def test_the_gain_in_score_is_the_best_less_the_first_candidate():
    out = measured(nodes=records(ACCURACIES, SCORES))
    assert values(out, "score_gain") == {"": near([-0.1, -0.1])}
    assert values(out, "score_spread") == {"": near([0.2, 0.1])}
    assert cells(out, "nodes_scores", "seed", "candidate")[1, 2] == 2.45


def test_the_score_of_what_was_picked():
    """Members: best (2), eighth, other, random (2), trained, whole (2), worst."""
    picked = np.array([1, 1, 0, 1, 0, 0, 1, 0, 0, 2])
    found = values(measured(nodes=records(ACCURACIES, SCORES, picked=picked)), "picked_score")
    assert found["condition=best"] == near([2.2, 2.4])
    assert found["condition=other"] == near([2.2])
    assert found["condition=trained"] == near([0.9])
    assert found["condition=worst"] == near([2.4])


def test_the_search_over_weights_has_the_same_statistics():
    few = {name: ACCURACIES[name] for name in ("best", "random")}
    pruned = np.zeros((4, 3))
    pruned[2, 1] = 0.5
    out = measured(weights=records(few, SCORES, largest_pruned=pruned))
    assert values(out, "difference", "weights")["first=best;second=random;step=800"] == near([0.05, -0.1])
    assert values(out, "score_gain", "weights") == {"": near([-0.1, -0.1])}
    assert values(out, "largest_pruned", "weights") == {"": [0.5]}
