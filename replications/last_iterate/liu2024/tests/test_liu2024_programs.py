"""The programs against plain loops, one run after the other; streams; settings that do not go together."""

import numpy as np
import pytest
from made_up import Progress

from replications.last_iterate.liu2024 import checks
from replications.last_iterate.liu2024.experiments import guarantee, noisy, worst_case
from replications.last_iterate.science import hard, laws, schedules
from verifig.ground.errors import InputError
from verifig.planning import rulesets
from verifig.training.checkpoint import Checkpoint
from verifig.training.members import members_of
from verifig.training.run import Run

RULESET = rulesets.load("liu2024")
SMALL = {
    "worst_case": {"seeds": 3, "horizons": [4, 6], "shuffled_horizons": [4, 6], "dense_horizons": [4, 64], "long_horizons": [8, 9]},
    "guarantee": {"seeds": 3, "sizes": [1, 4]},
    "noisy": {"seeds": 3, "multiples": [0.5, 1.5], "steps": 20, "checked_steps": 5, "checked_runs": 4, "runs": [3, 2], "horizons": [2, 5]},
}  # fmt: skip


def settings(experiment: str, **changes) -> dict:
    return rulesets.settings(RULESET, experiment, "laptop") | SMALL[experiment] | changes


def left_by(program, experiment: str, checkpoint: Checkpoint | None = None, **changes) -> dict:
    job = {"settings": settings(experiment, **changes), "device": "cpu", "slug": "liu2024", "experiment": experiment}
    run = Run(job, checkpoint or Checkpoint(None, "key"), {}, lambda text: None)
    run.progress = Progress()
    found = program(run)
    total = {"worst_case": 36, "guarantee": 3, "noisy": 3}[experiment]
    assert list(run.progress.told.values()) == [total]
    return found


# ---- the worst case --------------------------------------------------------------------------------------------------
def one_run(steps, a, b, tolerance, ranks):
    """A run by the rows as a matrix, with everything that is recorded."""
    rows, x, trail, norms, chosen = hard.rows(a, b), np.zeros(len(a)), [np.zeros(len(a))], [], []
    for step in steps:
        products = rows @ x
        ties = np.flatnonzero(products >= products.max() - tolerance)
        chosen.append(ties[np.argmin(ranks[ties])])
        x = x - step * rows[chosen[-1]]
        norms.append(np.linalg.norm(x))
        x = x / max(1, norms[-1])
        trail.append(x)
    return np.array(trail), max(norms), chosen == list(range(len(steps)))


@pytest.mark.parametrize("factor", [1, 40])
def test_runs_side_by_side_are_plain_runs(factor):
    """With long steps the ball is left, and rows are returned in another order."""
    size = 9
    a, b = hard.coefficients(size)
    steps = factor * np.stack([worst_case.step_sizes(name, size) for name in worst_case.SCHEDULES])
    order = np.stack([np.random.default_rng(k).permutation(size + 1) for k in range(len(steps))])
    for ranks in (None, order):
        found = worst_case.descend(steps, a, b, 1e-12, ranks)
        for k, sizes in enumerate(steps):
            own = np.arange(size + 1) if ranks is None else ranks[k]
            trail, norm, in_order = one_run(sizes, a, b, 1e-12, own)
            expected = {"last": trail[-1], "before": trail[:-1].mean(0), "after": trail[1:].mean(0), "suffix": trail[-5:].mean(0), "norm": norm}  # fmt: skip
            for name, value in expected.items():
                np.testing.assert_allclose(found[name][k], value, atol=1e-13, err_msg=name)
            assert found["in_order"][k] == in_order
    assert (factor == 40) == bool((found["norm"] > 1).any())


def test_the_record_of_a_horizon():
    size = 16
    a, b = hard.coefficients(size)
    found = worst_case.at(size, 3, 1e-12)
    last = worst_case.descend(np.stack([worst_case.step_sizes(n, size) for n in worst_case.SCHEDULES]), a, b, 1e-12)
    np.testing.assert_allclose(found["last"], hard.values(last["last"], a, b).max(-1))
    np.testing.assert_allclose(found["average"], hard.values(last["after"], a, b).max(-1))
    np.testing.assert_allclose(found["suffix"], hard.values(last["suffix"], a, b).max(-1))
    np.testing.assert_allclose(found["closed"], found["last"], atol=1e-14)
    assert 4 * found["last"][0] == pytest.approx(0.1798, abs=5e-5)
    assert found["identity"] < 1e-15 < 1e-3 < found["identity_before"]
    assert found["in_order"].all()
    assert len(set(found["shuffled"])) == 3
    largest = hard.largest_norm(a, b)
    rows = hard.rows(a, b) / largest
    assert np.linalg.norm(rows, axis=1).max() == pytest.approx(1)
    x = np.zeros(size)
    for step in schedules.tight_decay(size):
        products = rows @ x
        x = x - step * rows[np.argmax(products >= products.max() - 1e-12)]
    assert found["normalised"][2] == pytest.approx((rows @ x).max())


def test_a_late_decay_is_the_first_half_of_a_longer_one():
    np.testing.assert_array_equal(worst_case.step_sizes("late_decay", 5), schedules.linear_decay(10)[:5])


def test_the_matrix_form_agrees_within_the_tolerance_and_not_without():
    a, b = hard.coefficients(64)
    steps = schedules.inverse_root(64)
    assert worst_case.dense(steps, a, b, 1e-12) == pytest.approx(hard.last_value(steps), abs=1e-14)
    assert worst_case.dense(steps, a, b, 0.0) < 0.7 * hard.last_value(steps)
    long = 40 * steps  # the ball is left
    assert worst_case.dense(long, a, b, 1e-12) == pytest.approx(
        hard.values(worst_case.descend(long[None], a, b, 1e-12)["last"], a, b).max(), abs=1e-12
    )


# ---- the guarantee ---------------------------------------------------------------------------------------------------
def test_the_bound_is_attained_in_one_dimension_more_than_there_are_steps():
    np.testing.assert_allclose(guarantee.attained(7, 8), 1, atol=1e-15)
    own = schedules.tight_decay(7)
    assert guarantee.attained(7, 7)[2] == pytest.approx((8**-0.5 - own.min()) * 8**0.5)


def test_a_problem_has_its_minimum_at_zero_and_the_right_scale():
    for seed in range(20):
        problem = guarantee.draw(seed, (2, 7), (5, 50))
        m, d = problem.rows.shape
        assert 2 <= d <= 7
        assert d + 1 <= m <= 3 * d
        assert 5 <= problem.steps <= 50
        assert problem.weights.min() > 0
        assert np.abs(problem.weights @ problem.rows).max() < 1e-12
        assert np.linalg.norm(problem.rows, axis=1).max() == pytest.approx(1)
        assert np.linalg.norm(problem.start) == pytest.approx(1)


def test_errors_are_those_of_a_plain_loop():
    problem = guarantee.draw(3, (2, 4), (6, 6))
    found = guarantee.solved(problem, 10)
    sizes = [schedules.inverse_root(6), schedules.constant(6), schedules.tight_decay(6), 10 * schedules.tight_decay(6)]
    for value, steps in zip(found, sizes, strict=True):
        x = problem.start
        for step in steps:
            x = x - step * problem.rows[np.argmax(problem.rows @ x)]
        assert value == pytest.approx(max(problem.rows @ x) * 7**0.5)


# ---- noise -----------------------------------------------------------------------------------------------------------
def test_noise_is_the_same_whatever_the_block_and_a_group_s_own():
    found = {block: np.stack(list(noisy.draws("x", 3, (2,), 7, block))) for block in (1, 3, 50)}
    assert found[1].shape == (7, 3, 2)
    for block in (3, 50):
        np.testing.assert_array_equal(found[1], found[block])
    np.testing.assert_array_equal(np.stack(list(noisy.draws("x", 2, (2,), 7))), found[1][:, :2])
    assert len(np.unique(found[1])) == found[1].size


def test_runs_of_the_quadratic_obey_their_law():
    found = noisy.quadratic(1.5, 30, 20, 400) / laws.quadratic_errors(1.5, 30)[-1]
    assert found.mean() == pytest.approx(1, abs=5 * found.std(ddof=1) / 20**0.5)
    assert found.std() > 0.01


def test_runs_on_the_norm_take_subgradient_steps_with_noise_of_variance_one():
    steps, dimension = 4, 3
    found = noisy.sharp(dimension, steps, 2, 1)
    noise = np.stack(list(noisy.draws(f"sharp {dimension}", 2, (1, dimension), steps)))
    for row, schedule in enumerate((schedules.inverse_root, schedules.constant, schedules.linear_decay)):
        for group in range(2):
            x = np.array([1.0, 0, 0])
            for t, step in enumerate(schedule(steps)):
                x = x - step * (x / np.linalg.norm(x) + noise[t, group, 0] / 3**0.5)
            assert found[row, group] == pytest.approx(np.linalg.norm(x))


# ---- programs --------------------------------------------------------------------------------------------------------
def test_programs_leave_what_is_measured():
    found = left_by(worst_case.worst_case, "worst_case")
    assert found["last"].shape == (2, 4)
    assert found["shuffled"].shape == (3, 2)
    assert found["dense"][0, 1] == pytest.approx(found["last"][0, 0], abs=1e-14)
    assert found["dense"][1, 0] == worst_case.dense(schedules.inverse_root(64), *hard.coefficients(64), 0.0)
    assert found["long"][1, 2] == hard.last_value(schedules.linear_decay(9))
    found = left_by(guarantee.guarantee, "guarantee")
    assert found["ratio"].shape == (3, 4)
    assert found["attained"].shape == found["touched"].shape == (2, 3)
    np.testing.assert_array_equal(found["ratio"][1], guarantee.solved(guarantee.draw(1, (2, 7), (5, 50)), 32))
    found = left_by(noisy.noisy, "noisy")
    assert found["sharp"].shape == (2, 2, 3, 3)
    np.testing.assert_array_equal(found["sharp"][1, 0], noisy.sharp(50, 2, 3, 2))
    np.testing.assert_array_equal(found["exact"][1], laws.quadratic_errors(1.5, 20))
    np.testing.assert_array_equal(found["checked"], noisy.quadratic(1.5, 5, 3, 4))


def test_finished_parts_are_kept(monkeypatch):
    checkpoint = Checkpoint(None, "key")
    first = left_by(noisy.noisy, "noisy", checkpoint)
    monkeypatch.setattr(noisy, "sharp", None)
    monkeypatch.setattr(noisy, "quadratic", None)
    again = left_by(noisy.noisy, "noisy", checkpoint)
    np.testing.assert_array_equal(first["sharp"], again["sharp"])


@pytest.mark.parametrize(
    ("experiment", "changes", "word"),
    [
        ("worst_case", {"horizons": [16, 8]}, "horizons"),
        ("worst_case", {"shuffled_horizons": [5]}, "shuffled_horizons = 5"),
        ("guarantee", {"step_range": [9, 5]}, "step_range"),
        ("guarantee", {"dimensions": [2]}, "dimensions"),
        ("noisy", {"runs": [1]}, "runs"),
        ("noisy", {"checked_multiple": 7.0}, "checked_multiple"),
        ("noisy", {"checked_steps": 21}, "checked_steps"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(experiment, changes, word):
    check = getattr(checks, experiment)
    check(members_of(settings(experiment)))
    with pytest.raises(InputError, match=word):
        check(members_of(settings(experiment, **changes)))


@pytest.mark.parametrize(
    ("experiment", "changes"), [("guarantee", {"step_range": [5, 5], "dimensions": [3, 3]}), ("noisy", {"checked_steps": 20})]
)  # fmt: skip
def test_settings_at_their_limits_are_allowed(experiment, changes):
    getattr(checks, experiment)(members_of(settings(experiment, **changes)))
