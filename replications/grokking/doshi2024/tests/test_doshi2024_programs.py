"""The programs as wholes: what is recorded when, in which row, and that members of other sizes are told apart."""

import numpy as np
import pytest
from alone import assert_rows_are_members, small_run

from replications.grokking.doshi2024.experiments import analytic, corrupted, grid
from verifig.training.seeds import derive


def test_networks_are_recorded_by_member_and_step():
    conditions = {
        "wd0": {},
        "few": {"train_fraction": 0.52},
        "fewer": {"train_fraction": 0.3},
        "clean": {"labels": "true"},
    }
    sizes = {"modulus": 7, "width": 5, "steps": 4, "log_every": 2, "prune_shares": [0.0, 0.4]}
    run = small_run("doshi2024", "decay", seeds=1, conditions=conditions, **sizes)
    found = corrupted.corrupted(run)
    assert found["steps"].tolist() == [0, 2, 4]
    assert found["shares"].tolist() == [0, 0.4]
    assert_rows_are_members(found, run.members, corrupted.build, [0, 2, 4])
    assert np.isfinite(found["pruned"][:, -1]).all()


def test_entries_of_the_grid_are_recorded_at_their_end():
    axes = {"weight_decays": [0.0, 9.0], "train_fractions": [0.4, 0.44, 0.8], "corruptions": [0.0, 0.5]}
    run = small_run("doshi2024", "phases", modulus=5, width=4, steps=3, seeds=1, **axes)
    found = grid.grid(run)
    rows = grid.expand(run.members)
    for row, entry in enumerate(rows):
        assert [found[name][row] for name in grid.AXES.values()] == [entry[name] for name in grid.AXES.values()]
    stored = {name: values[:, None] for name, values in found.items()}
    ends = corrupted.fit(run, rows, ends_only=True)
    assert ends["steps"].tolist() == [3]
    assert_rows_are_members(ends | {n: v for n, v in stored.items() if n in ends}, rows, corrupted.build, [3])


@pytest.mark.parametrize(("p", "width"), [(7, 3), (11, 4)])
def test_the_least_participation_is_that_of_a_neuron_over_its_three_rows(monkeypatch, p, width):
    """u and v are cosines, w a one-hot vector whose ratio is 2/(p + 1); one neuron has it in v too."""
    u = np.cos(2 * np.pi * np.arange(p) / p) * np.ones((width, 1))
    v, w = u.copy(), np.zeros((p, width))
    v[1], w[2] = np.eye(p)[3], 1
    monkeypatch.setattr(analytic, "solution", lambda *arguments: (u, v, w))
    assert analytic.one(p, width, 0)["participation"] == pytest.approx((1 + 4 / (p + 1)) / 3)


def test_draws_of_the_analytic_solution_lie_by_modulus_width_and_draw():
    run = small_run("doshi2024", "analytic", moduli=[5, 7], widths=[6, 8, 9], seeds=2)
    found = analytic.analytic(run)
    assert found["moduli"].tolist() == [5, 7]
    assert found["widths"].tolist() == [6, 8, 9]
    alone = analytic.one(7, 8, derive("grokking", "doshi analytic", 7, 8, 1))
    assert {name: found[name][1, 1, 1] for name in alone} == pytest.approx(alone)
    np.testing.assert_array_equal(found["known"], [analytic.known(5), analytic.known(7)])
