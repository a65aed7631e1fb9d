"""What programs leave behind, on small runs: each array is what its name says."""

import functools

import numpy as np
import pytest
import torch

from replications.convex_relu.bai2023.experiments import exact, images, robust, worst_case
from replications.convex_relu.bai2023.experiments.admm import admm
from replications.convex_relu.bai2023.experiments.problems import regression, stream
from replications.convex_relu.bai2023.experiments.widths import widths
from replications.convex_relu.science.patterns import all_patterns, sampled_patterns
from replications.convex_relu.science.programme import convex_two_layer, projections
from verifig.planning import rulesets
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run


def run_of(experiment: str, **changes) -> Run:
    settings = rulesets.settings(rulesets.load("bai2023"), experiment, "laptop", changes)
    job = {"settings": settings, "device": "cpu", "slug": "bai2023", "experiment": experiment}
    return Run(job, Checkpoint(None, "key"), {}, lambda text: None)


@functools.cache
def exact_arrays() -> tuple[dict, dict]:
    run = run_of("exact", seeds=2, draws=3, pattern_counts=[3, 40], feature_counts=[5, 500], orthonormal_sizes=[2])
    return exact.exact(run), run.settings


def test_optima_with_and_without_cones():
    found, settings = exact_arrays()
    for seed in range(2):
        x, y = regression(settings, seed)
        assert found["value"][seed] == pytest.approx(convex_two_layer(x, y, 0.02).value)
        assert found["gated"][seed] == pytest.approx(convex_two_layer(x, y, 0.02, cones=False).value)
        assert found["start"][seed] == pytest.approx(y @ y / 2)
    assert (found["gated"] < found["value"]).all()
    assert (found["network_whole"] > found["network"] + 0.01).all()
    assert (found["below"] < found["above"]).all()
    assert found["certificate"].max() == pytest.approx(0.02, rel=0.01)


def test_masses_of_patterns_that_would_lower_the_optimum():
    found, settings = exact_arrays()
    for draw in range(3):
        x, y = regression(settings, "draw", draw)
        patterns, shares = all_patterns(x)
        for column, count in enumerate((3, 40)):
            chosen = sampled_patterns(x, count, stream("patterns", count, draw))
            best = convex_two_layer(x, y, 0.02, chosen)
            lower = [
                share
                for pattern, share in zip(patterns, shares, strict=True)
                if convex_two_layer(x, y, 0.02, np.vstack([chosen, pattern])).value < best.value - 1e-7
            ]
            assert found["sampled"][draw, column] == pytest.approx(best.value)
            assert found["mass"][draw, column] == pytest.approx(sum(lower), abs=1e-9)
    assert (found["drawn_mass"] == 0).all()
    assert (found["features"][:, 1] < found["features"][:, 0]).all()


def test_networks_are_compared_with_the_optima_of_their_data():
    run = run_of("widths", seeds=2, inits=2, steps=3, log_points=[2])
    found = widths(run)
    assert found["cost"].shape == (8, 3, 2)
    assert found["points"].tolist() == [0, 2, 3]
    for seed in range(2):
        data = regression(run.settings, seed)
        optima = [
            convex_two_layer(*data, 0.02),
            convex_two_layer(*data, 0.04),
            convex_two_layer(*data, 0.02, cones=False),
        ]
        assert [found[name][seed] for name in ("optimum", "doubled", "gated")] == pytest.approx(
            [o.value for o in optima]
        )


def test_admm_is_logged_at_its_points():
    found = admm(run_of("long", seeds=2, steps=20, log_points=[7, 30], curve_points=3))
    assert found["points"].tolist() == [1, 4, 7, 20]
    assert found["programme"].shape == (2, 4)
    assert found["optimum"].shape == (2,)


def test_accuracy_is_the_share_of_right_signs():
    outputs = torch.tensor([[1.0, -2.0, 0.0, 3.0]])
    labels = torch.tensor([[1.0, 1.0, -1.0, 1.0]])
    assert images.accuracy(outputs, labels).tolist() == [0.75]


@functools.cache
def robust_arrays() -> tuple[dict, list]:
    small = {"seeds": 2, "n": 20, "test_size": 200, "dimension": 3, "steps": 200, "attack_steps": 10, "grid": 3}
    run = run_of("robust", **small)
    return robust.robust(run), run.members


def test_robust_networks_are_attacked_at_the_radius_of_attacks():
    found, members = robust_arrays()
    of = {
        name: [k for k, member in enumerate(members) if member["condition"] == name]
        for name in ("plain", "robust", "plane")
    }
    assert (found["attacked"] <= found["clean"]).all()
    assert (found["attacked"][of["plain"]] < found["clean"][of["plain"]] - 0.05).all()
    assert (found["hinge_far"][of["plain"]] > found["hinge"][of["plain"]] + 0.05).all()
    assert found["hinge_far"][of["robust"]] == pytest.approx(found["hinge"][of["robust"]])
    assert np.isnan(found["hinge_grid"]).tolist() == [member["dimension"] != 2 for member in members]
    assert (found["bound"] <= found["cost"]).all()
    assert found["seeds"].tolist() == [member["seed"] for member in members]
    assert ((found["kinked"] >= 0) & (found["kinked"] <= 1)).all()


def test_the_pattern_of_ones_comes_first_and_is_always_left():
    _, members = robust_arrays()
    for member in members:
        x, _ = robust.clouds(member, "train", member["n"])
        patterns, inner = robust.candidates(member | {"radius": 2.0}, x)
        assert patterns[0].tolist() == [1] * len(x)
        assert len(patterns) == len(inner)


def test_any_weights_give_a_lower_bound():
    """Whatever the prices are, the bound is below the cost of every feasible vector, zero among them."""
    draw = np.random.default_rng(0)
    x, y = np.hstack([draw.standard_normal((6, 2)), np.ones((6, 1))]), draw.choice([-1.0, 1.0], 6)
    problem = worst_case.Robust(x, y, np.ones((1, 6)), 0.2, 5.0)
    for scale in (0.1, 1.0, 10.0):
        prices = [scale * np.abs(draw.standard_normal(shape)) for shape in ((6,), (6, 2), (2, 6))]
        assert problem.bound(*prices) <= 1 + 1e-12
    assert problem.bound(np.full(6, 9.0), np.zeros((6, 2)), np.zeros((2, 6))) <= 1


def test_a_longer_projection_than_the_penalty_is_a_pattern_worth_adding():
    x, y = regression({"samples": 6, "noise": 0.3}, 0)
    patterns, _ = all_patterns(x)
    best = convex_two_layer(x, y, 0.05, patterns)
    longest = np.linalg.norm(projections(x, patterns, best.residual), axis=1)
    assert longest.max() == pytest.approx(0.05, rel=1e-6)
