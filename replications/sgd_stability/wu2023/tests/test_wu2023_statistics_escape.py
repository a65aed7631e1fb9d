"""Statistics of linearised SGD and of the two minima on made-up losses, and what the program leaves against plain loops."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import Progress, artifact, by_place, cells, near, values

from replications.sgd_stability.wu2023.experiments import escape as linearised
from replications.sgd_stability.wu2023.experiments import own, relu
from replications.sgd_stability.wu2023.measure import growth, measure
from verifig.measuring.tables import Tables
from verifig.training.ensemble import generator

NAN = math.nan
RATIOS = [0.9, 0.96, 1.02, 1.2]
STEPS = [0, 100, 500, 700, 1000]  # half of the training is the third record
GROWTH = [  # of the median per 1,000 steps: groups x ratios
    [-3.0, -1.0, 0.5, 4.0],
    [-3.0, -2.0, -0.25, 2.0],
    [1.0, 2.0, 3.0, 5.0],  # grows from the first ratio on
    [-4.0, -3.0, -2.0, -1.0],  # never grows
    [-1.0, 2.0, -1.0, 3.0],  # the first crossing counts
    [-1.0, -0.5, NAN, NAN],
]
OWN = [-0.5, 0.25, 1.5, -2.0, -3.0, NAN]


def losses(rates: list[list[float]]) -> np.ndarray:
    """Log losses [groups, 3 replicas, ratios, points] whose median grows as told in the second half, other replicas not."""
    rates = np.array(rates)
    array = np.empty((len(rates), 3, rates.shape[1], len(STEPS)))
    for place, step in enumerate(STEPS):
        median = -5 + rates * step / 1000 if step >= 500 else 9 * rates  # before that, something else
        spread = [median - 1 - place**2, median, median + 40 * (step != 500)]
        for replica, values_there in enumerate(spread):
            array[:, (replica + place) % 3, :, place] = values_there
    return array


@pytest.fixture(scope="module")
def escape() -> Tables:
    arrays = {
        "log_loss": losses(GROWTH),
        "own_log_loss": losses([[rate] for rate in OWN]),
        "ratios": RATIOS,
        "step": STEPS,
        "threshold": 0.03,
        "own_ratio": 0.8,
        "slice_x": [-0.9, -0.4, 0.05, 0.3, 1.0],
        "slice_sgd": [0.5, 0.2, 0.004, 0.003, 0.7],
        "slice_gd": [0.9, 0.1, 0.006, 0.3, 0.001],
        "spectrum_gd": [1.0, 2.0, 7.0],
        "spectrum_sgd": [0.5, 1.0, 2.5],
    }
    out = Tables()
    measure({"escape": artifact(arrays, seeds=len(GROWTH))}, out)
    return out


def test_the_boundary_of_a_group_is_where_the_median_of_its_replicas_starts_to_grow(escape):
    expected = [0.96 + 0.06 * 1 / 1.5, 1.02 + 0.18 * 0.25 / 2.25, NAN, NAN, 0.9 + 0.06 / 3, NAN]
    assert values(escape, "boundary") == {"": pytest.approx(expected, nan_ok=True, rel=1e-9)}
    rows = escape.statistics().query("statistic == 'boundary'")
    assert rows["status"].tolist() == ["ok", "ok", "diverged", "diverged", "ok", "diverged"]


def test_growth_is_recorded_by_ratio_and_group(escape):
    found = values(escape, "growth")
    for place, ratio in enumerate(RATIOS):
        expected = [row[place] for row in GROWTH]
        assert found[f"ratio={ratio:g}"] == pytest.approx(expected, nan_ok=True, abs=1e-9)
    assert values(escape, "own_growth") == {"": pytest.approx(OWN, nan_ok=True, abs=1e-9)}


def test_figures_get_the_median_loss_of_replicas_and_its_growth(escape):
    medians = [
        [[-5 + rate * step / 1000 if step >= 500 else 9 * rate for step in STEPS] for rate in row] for row in GROWTH
    ]
    grid = (range(6), RATIOS, STEPS)
    assert cells(escape, "escape_losses", "seed", "ratio", "x") == near(by_place(medians, *grid))
    found = cells(escape, "escape_growth", "seed", "x")
    assert found == near(by_place(GROWTH, range(6), RATIOS), abs=1e-9)


def test_figures_get_both_sections_and_both_spectra_from_the_largest(escape):
    assert escape.curves["slice"].to_dict("list") == {
        "x": [-0.9, -0.4, 0.05, 0.3, 1.0],
        "sgd": [0.5, 0.2, 0.004, 0.003, 0.7],
        "gd": [0.9, 0.1, 0.006, 0.3, 0.001],
    }
    assert escape.curves["spectrum"].to_dict("list") == {
        "x": [1, 2, 3], "sgd": [2.5, 1.0, 0.5], "gd": [7.0, 2.0, 1.0],
    }  # fmt: skip


def test_the_second_half_starts_at_the_first_record_that_is_not_before_it():
    step = np.array([0, 300, 450, 800, 900])
    median = np.array([0.0, 5.0, 7.0, 8.0, 11.0])
    log_loss = np.stack([median - 3, median + [9, 1, 2, 3, 4], median, median, median - 1])[:, None]
    assert growth(log_loss, step) == pytest.approx([(11 - 7) / 450 * 1000])
    assert growth(log_loss, np.array([0, 300, 440, 800, 900])) == pytest.approx([(11 - 8) / 100 * 1000])


def test_the_loss_at_the_minimum_is_that_nearest_to_the_middle_of_its_own_section(escape):
    assert values(escape, "loss_at_minimum") == {"algorithm=gd": [0.006], "algorithm=sgd": [0.004]}


def test_thresholds_and_spectra_of_the_two_minima_are_told_apart(escape):
    assert values(escape, "lmax") == {"algorithm=gd": [7.0], "algorithm=sgd": [2.5]}
    assert values(escape, "tr") == {"algorithm=gd": [10.0], "algorithm=sgd": [4.0]}
    assert values(escape, "threshold") == {"": [0.03]}
    assert values(escape, "own_threshold_ratio") == {"": [0.8]}


# ---- what the program leaves -----------------------------------------------------------------------------------------
SETTINGS = {
    "seeds": 2, "replicas": 3, "steps": 200, "ratios": [0.8, 1.3], "block": 25, "dtype": "float64", "samples": 6,
    "test_size": 2, "dimension": 3, "teacher_neurons": 2, "width": 4, "initialisation": "covariance", "clip": 100.0,
    "learning_rate": 0.05, "tolerance": 1e-10, "replacement": True, "gd_steps": 50, "sgd_steps": 100,
}  # fmt: skip


def minimum(algorithm: str, steps: int) -> relu.Relu:
    row = {"algorithm": algorithm, "steps": steps, "log_every": steps, "seed": 0, "batch_size": 1}
    network = relu.build([SETTINGS | row], torch.device("cpu"))
    own.train(network, steps)
    return network


def jacobian(network: relu.Relu) -> tuple[np.ndarray, ...]:
    x, y = network.data.x[0].numpy(), network.data.y[0].numpy()
    a, w = (network.parameters[name][0].numpy() for name in ("a", "w"))
    return x, y, a, w, relu.per_sample_gradients(x, a, w)


def linear(g: np.ndarray, rates: list[float], group: int) -> np.ndarray:
    """Log losses of theta <- theta - eta e_i g_i, e = e_0 + g theta, at steps 0, 100 and 200 by replica and rate."""
    stream = generator("sgd_stability", "escape", group)
    starts = torch.randn(3, 1, len(g), generator=stream, dtype=torch.float64)[:, 0].numpy()
    order = torch.randint(len(g), (200 * 3, 1), generator=stream).view(200, 3).tolist()
    found = np.empty((3, len(rates), 3))
    for replica, start in enumerate(starts):
        for place, rate in enumerate(rates):
            theta = np.zeros(g.shape[1])
            for step in range(201):
                if step % 100 == 0:
                    found[replica, place, step // 100] = math.log(sum((start + g @ theta) ** 2) / (2 * len(g)))
                if step < 200:
                    i = order[step][replica]
                    theta = theta - rate * (start[i] + g[i] @ theta) * g[i]
    return found


@pytest.fixture(scope="module")
def ran() -> SimpleNamespace:
    run = SimpleNamespace(settings=SETTINGS, facts={}, once=lambda name, make: make(), progress=Progress())
    run.left = linearised.escape(run)
    return run


@pytest.fixture(scope="module")
def left(ran) -> dict[str, np.ndarray]:
    return ran.left


def test_the_steps_told_are_those_of_every_replica_at_both_minima(ran):
    """Two groups of three replicas, at two ratios around one minimum and at one rate around the other."""
    assert ran.facts == {"steps": 2 * 3 * (2 + 1) * 200}


def test_linearised_sgd_is_run_around_the_minimum_of_gradient_descent_at_ratios_of_its_threshold(left):
    *_, g = jacobian(minimum("gd", 50))
    assert left["step"].tolist() == [0, 100, 200]
    for group in (0, 1):
        rates = [ratio * float(left["threshold"]) for ratio in (0.8, 1.3)]
        np.testing.assert_allclose(left["log_loss"][group], linear(g, rates, group), rtol=1e-6)


def test_it_is_run_around_the_minimum_of_sgd_at_the_learning_rate_that_found_it(left):
    *_, g = jacobian(minimum("sgd", 100))
    for group in (0, 1):
        np.testing.assert_allclose(left["own_log_loss"][group], linear(g, [0.05], group), rtol=1e-6)


def enumerated(g: np.ndarray) -> float:
    """eta* at batch size 1: twice the smallest generalised eigenvalue of tr(M G M) against the mean of (g_i M g_i)^2."""
    u, s, _ = np.linalg.svd(g, full_matrices=False)
    g = (u * s)[:, s > 1e-9]
    n, p = g.shape
    fisher = sum(np.outer(row, row) for row in g) / n
    damping = (np.kron(fisher, np.eye(p)) + np.kron(np.eye(p), fisher)) / 2
    fourth = sum(np.outer(np.kron(row, row), np.kron(row, row)) for row in g) / n
    return 2 / np.linalg.eigvals(np.linalg.solve(damping, fourth)).real.max()


def test_thresholds_are_those_of_the_two_minima(left):
    own = {name: jacobian(minimum(name, steps))[-1] for name, steps in (("gd", 50), ("sgd", 100))}
    assert left["threshold"] == pytest.approx(enumerated(own["gd"]), rel=1e-6)
    assert left["own_ratio"] == pytest.approx(0.05 / enumerated(own["sgd"]), rel=1e-6)


@pytest.mark.parametrize(("algorithm", "steps"), [("gd", 50), ("sgd", 100)])
def test_a_section_of_the_loss_follows_the_sharpest_direction_from_the_minimum(left, algorithm, steps):
    x, y, a, w, g = jacobian(minimum(algorithm, steps))
    eigenvalues, vectors = np.linalg.eigh(g.T @ g / len(g))
    np.testing.assert_allclose(left[f"spectrum_{algorithm}"], eigenvalues[-6:], rtol=1e-6, atol=1e-9)
    offsets, found = left["slice_x"], left[f"slice_{algorithm}"]
    assert offsets[[0, 200, 400]] == pytest.approx([-1, 0, 1])

    def loss(step: np.ndarray) -> float:
        moved = np.maximum(x @ (w + step[4:].reshape(3, 4)), 0) @ (a + step[:4])
        return sum((moved - y) ** 2) / 12

    ends = [loss(side * vectors[:, -1]) for side in (-1, 1)]
    assert sorted(found[[0, 400]]) == pytest.approx(sorted(ends), rel=1e-6)
    assert found[200] == pytest.approx(loss(np.zeros(16)), rel=1e-9)  # the statistic loss_at_minimum
