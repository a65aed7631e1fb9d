"""The batched program against plain loops; data sets; replay on a device, and resuming."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tape import assert_replays, assert_resumes, assert_stays_on_device
from tyurin2024_plain import plain

from replications.sgd_stability.tyurin2024 import checks, theory
from replications.sgd_stability.tyurin2024.experiments import images, planted, rounding
from replications.sgd_stability.tyurin2024.experiments.separating import Separating, columns_of, points_of
from verifig.ground.errors import InputError
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
METHODS = {"step_sizes": [0.5, 20.0], "normalised_step_sizes": [0.3, 7.0]}
DRAW = {"sample_range": [12, 20], "dimensions": [2, 4], "margin_range": [0.2, 0.5], "flipped": 0.0}


def program(device: torch.device = CPU, **options) -> Separating:
    data = [planted.draw(DRAW | {"seed": seed}, "test")[0] for seed in range(3)]
    return Separating(data, METHODS, device, **options)


def taken(made: Separating, steps: int) -> Separating:
    for _ in range(steps):
        made.step()
    return made


def test_every_method_on_every_data_set_is_a_plain_loop():
    """Counts, theta on the way, loss, gradient, accuracy and the largest loss, of padded data sets of several sizes."""
    made = program(theta=True)
    data = [planted.draw(DRAW | {"seed": seed}, "test")[0] for seed in range(3)]
    assert len({rows.shape for rows in data}) > 1
    paths = {
        (k, m): plain(data[k], c["method"], 1.0 if np.isnan(c["step_size"]) else c["step_size"], cap=400)
        for k in range(3)
        for m, c in enumerate(columns_of(METHODS))
    }
    for t in range(1, 401):
        made.step()
        record = {name: value.numpy() for name, value in made.record().items()} if t <= 6 else {}
        for (k, m), (_, path) in paths.items():
            if not record or t > len(path):
                continue
            rows, column = data[k], columns_of(METHODS)[m]
            scale = 1.0 if np.isnan(column["step_size"]) else column["step_size"]
            near = pytest.approx(path[t - 1] / scale, rel=1e-9, abs=1e-12)
            assert record["theta"][k, m, : rows.shape[1]] == near
            assert not record["theta"][k, m, rows.shape[1] :].any()
            products = rows @ path[t - 1]
            assert record["accuracy"][k, m] == pytest.approx((products > 0).mean())
            if m < 4:
                slopes = rows.T @ (1 / (1 + np.exp(products))) / len(rows)
                losses = [np.logaddexp(0, -rows @ theta).mean() for theta in path[:t]]
                assert record["loss"][k, m] == pytest.approx(losses[-1])
                assert record["gradient"][k, m] == pytest.approx(np.linalg.norm(slopes))
                assert record["peak"][k, m] == pytest.approx(max(np.log(2), *losses))
    for (k, m), (steps, _) in paths.items():
        assert made.tensors["solved"][k, m] == steps, columns_of(METHODS)[m]


def test_the_largest_loss_is_that_before_separation():
    """On the toy at gamma = 10 the first step overshoots to 1.289; later losses are smaller."""
    made = taken(Separating([theory.toy()], {"step_sizes": [10.0], "normalised_step_sizes": []}, CPU), 30)
    assert made.tensors["solved"][0, 0] == 2
    assert made.tensors["peak"].item() == pytest.approx(1.2894449, abs=1e-7)


def test_losses_that_rise_after_separation_do_not_count():
    """Normalised descent separates these rows in one step and loses them in the next, at a loss of 4.46."""
    rows = np.array([[1.1, 1.8], [-2.6, -0.1], [1.0, 1.4]])
    made = taken(Separating([rows], {"step_sizes": [], "normalised_step_sizes": [5.0]}, CPU), 2)
    assert made.loss().item() == pytest.approx(4.464391868528756)
    assert made.tensors["solved"][0, 0] == 1
    assert made.tensors["peak"].item() == pytest.approx(np.log(2))


def test_huge_steps_stay_finite_after_separation():
    """Four methods with huge steps on data that the first step separates: the largest loss is that at the start."""
    made = taken(Separating([np.eye(2)], {"step_sizes": [1e6], "normalised_step_sizes": [1e6]}, CPU), 20)
    assert made.tensors["solved"].tolist() == [[1, 1, 1, 1]]
    assert made.tensors["peak"] == pytest.approx(np.log(2))
    record = made.record()
    assert all(torch.isfinite(value).all() for value in record.values())
    assert record["loss"].max() == 0
    assert record["accuracy"].tolist() == [[1, 1, 1, 1]]


def test_products_of_zero_are_wrong():
    """Two opposite rows: the first step is zero, and nothing ever separates."""
    made = taken(Separating([np.array([[1.0, 0.0], [-1.0, 0.0]])], METHODS, CPU), 50)
    assert not made.tensors["solved"].any()
    assert made.record()["accuracy"].max() <= 0.5


def test_the_worst_case_row_of_table_1():
    methods = {"step_sizes": [100.0], "normalised_step_sizes": [0.1, 1.0, 10.0, 100.0]}
    made = taken(Separating([theory.worst_case(1000)], methods, CPU), 320)
    assert made.tensors["solved"][0].tolist() == [308, 157, 16, 2, 2, 301, 2]


@settings(max_examples=30, deadline=None)
@given(st.integers(3, 120))
def test_padding_and_units_do_not_round_the_worst_case(n):
    made = Separating(
        [theory.worst_case(n), theory.worst_case(150)], {"step_sizes": [], "normalised_step_sizes": []}, CPU
    )
    taken(made, 50)
    assert made.tensors["solved"][:, 0].tolist() == [theory.worst_case_iterations(n), 46]


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_draw_has_the_margin_that_was_planted(seed):
    rows, margin = planted.draw(DRAW | {"seed": seed}, "test")
    found = theory.margin(rows)
    assert 0.2 <= margin <= 0.5
    assert 12 <= len(rows) <= 20
    assert 2 <= rows.shape[1] <= 4
    assert found.value == pytest.approx(margin, rel=1e-9)
    assert found.attained == pytest.approx(margin, rel=1e-9)


def test_margins_of_the_judged_draws_are_found():
    """Of draw 15 SciPy 1.17's `nnls` finds another point, and reports a residual of 0."""
    values = rulesets.settings(rulesets.load("tyurin2024"), "planted", "laptop")
    for member in members_of(values):
        rows, margin = planted.draw(member)
        expected = 0 if member["condition"] == "flipped" else margin
        assert theory.margin(rows).value == pytest.approx(expected, rel=1e-9)


def test_flipped_labels_turn_rows_round_and_leave_the_draw():
    given_rows, _ = planted.draw(DRAW | {"seed": 4}, "test")
    flipped, _ = planted.draw(DRAW | {"seed": 4, "flipped": 0.25}, "test")
    signs = np.sign((given_rows * flipped).sum(1))
    assert np.abs(given_rows) == pytest.approx(np.abs(flipped))
    assert (signs < 0).sum() == round(0.25 * len(given_rows))


def test_rows_of_images():
    """Pixels over the longest row with its column of ones; signs by class; what is always 0 is left out."""
    pixels = np.array([[0, 3, 0], [0, 0, 4], [0, 1, 1], [9, 9, 9]])
    labels = np.array([7, 2, 7, 5])
    found = images.rows(pixels, labels, {"classes": [2, 7], "minority": 0, "seed": 0})
    assert found == pytest.approx(np.array([[0, 4, 1], [-3, 0, -1], [-1, -1, -1]]) / 17**0.5)


def test_distances_between_orders_are_relative_to_the_first(monkeypatch):
    theta = np.array([[[[9.0, 9]], [[3, 4]]], [[[9, 9]], [[3, 9]]], [[[9, 9]], [[0, 0]]]])  # [members, T, M, d]
    records = {"theta": theta, "solved": np.array([[[0], [5]]] * 3)}
    monkeypatch.setattr(rounding, "read", lambda run: (None, None))
    monkeypatch.setattr(rounding, "rows", lambda *given: np.eye(4))
    monkeypatch.setattr(rounding, "points_of", lambda settings: [0, 7])
    monkeypatch.setattr(rounding, "separate", lambda *given, **more: records)
    run = SimpleNamespace(members=[{"seed": seed} for seed in range(3)], settings={"chunk": 3})
    found = rounding.rounding(run)
    assert found["spread"][:, 0, 0] == pytest.approx([0, 1, 1])
    assert (found["points"].tolist(), found["solved"].tolist()) == ([7], [[5]] * 3)


def test_more_images_of_a_class_than_there_are_is_refused():
    given = {"step_sizes": [1], "normalised_step_sizes": [], "steps": 9, "dataset": "mnist_5k", "curve_points": 4}
    few, many = (
        {"condition": name, "seed": 0, "minority": minority} | given for name, minority in (("a", 500), ("b", 501))
    )
    checks.images([few])
    with pytest.raises(InputError, match="minority = 501 must be at most 500"):
        checks.images([few, many])


def test_a_minority_is_drawn_by_seed():
    pixels, labels = np.arange(1.0, 41)[:, None], np.repeat([0, 1], 20)
    draws = [images.rows(pixels, labels, {"classes": [0, 1], "minority": 3, "seed": seed}) for seed in (0, 0, 1)]
    assert [len(rows) for rows in draws] == [23, 23, 23]
    chosen = [set(np.round(rows[20:, 0] / rows[20:, 1]).astype(int).tolist()) for rows in draws]
    assert chosen[0] == chosen[1] != chosen[2]
    assert all(len(each) == 3 and each <= set(range(21, 41)) for each in chosen)


def test_points_of_curves_begin_at_zero_and_end_with_the_last_step():
    points = points_of({"steps": 1000, "curve_points": 20})
    assert (points[0], points[1], points[-1]) == (0, 1, 1000)
    assert points == sorted(set(points))


@pytest.mark.parametrize("theta", [False, True])
def test_steps_replay(theta):
    assert_replays(lambda: program(theta=theta), steps=8)


def test_steps_stay_on_the_device():
    assert_stays_on_device(program)


def test_a_run_resumes_bit_for_bit():
    assert_resumes(program, at=5, steps=12)


@pytest.mark.parametrize(("experiment", "count"), [("images", 2), ("imbalanced", 80), ("planted", 40), ("rounding", 6)])
def test_members_of_the_laptop_scale(experiment, count):
    values = rulesets.settings(rulesets.load("tyurin2024"), experiment, "laptop")
    assert len(members_of(values)) == count
