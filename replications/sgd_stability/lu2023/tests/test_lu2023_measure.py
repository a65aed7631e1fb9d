"""Every statistic that a claim names, on artifacts made up with known values."""

import numpy as np
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.sgd_stability.lu2023.measure import measure
from replications.sgd_stability.lu2023.theory import chance_of_a_dead_start, edge, residuals

measured = measuring(measure)
NAN = float("nan")


def run(condition: str, seed: int, rate: float, weak: tuple, swing: float, accuracy: tuple = (0.5, 1.0)) -> dict:
    """A run: weak component at both log points, mean |y f - 1|, accuracies on weak-only and strong points."""
    return {
        "condition": condition, "seed": seed, "rate": rate, "weak": weak, "swing": swing, "weak_accuracy": accuracy[0],
        "strong_accuracy": accuracy[1], "strong": (0.1, 1.0 + seed), "deviation": (-0.9, rate),
    }  # fmt: skip


RATES = [
    run("mixed", 0, 0.01, (0.02, 0.03), 0.0, (0.5, 1.0)),
    run("mixed", 1, 0.01, (0.04, 0.02), 0.5, (0.6, 0.5)),
    run("mixed", 0, 0.325, (0.02, 0.9), 0.3, (0.9, 1.0)),
    run("mixed", 1, 0.325, (0.04, 0.5), 0.4, (0.7, 1.0)),
    run("strong", 0, 0.01, (0.02, 0.02), 0.1),
    run("strong", 1, 0.01, (0.02, 0.02), 0.2),
    run("strong", 0, 0.26, (0.02, 0.03), 0.1),
    run("strong", 1, 0.26, (0.02, NAN), 0.2),
]
PATIENT = [run("base", 0, 0.05, (0.02, 0.1), 0.0, (0.75, 1.0)), run("base", 1, 0.05, (0.04, 0.1), 0.0, (0.8, 1.0))]


def made(rows: list[dict]):
    return artifact({name: np.array([row[name] for row in rows]) for name in rows[0]} | {"steps": [0, 40]})


@pytest.fixture(scope="module")
def out():
    return measured(rates=made(RATES[::-1]), patient=made(PATIENT[::-1]))


def test_final_values_by_rate(out):
    small, large = "condition=mixed;rate=0.01", "condition=mixed;rate=0.325"
    assert values(out, "weak_accuracy", "rates")[small] == near([0.5, 0.6])
    assert values(out, "strong_accuracy", "rates")[small] == near([1, 0.5])
    assert values(out, "accuracy", "rates")[small] == near([0.9375, 0.5125])
    assert values(out, "swing", "rates")[large] == near([0.3, 0.4])
    assert values(out, "growth", "rates") == near(
        {
            small: [1.5, 0.5],
            large: [45, 12.5],
            "condition=strong;rate=0.01": [1, 1],
            "condition=strong;rate=0.26": [1.5, NAN],
        }
    )
    assert values(out, "finite_share", "rates")["condition=strong;rate=0.26"] == [0.5]
    assert values(out, "finite_share", "rates")[large] == [1]


def test_gains_are_over_the_small_rate_of_the_same_seed_and_condition(out):
    assert values(out, "weak_accuracy_gain")["condition=mixed;rate=0.325"] == near([0.4, 0.1])
    assert values(out, "accuracy_gain")["condition=mixed;rate=0.325"] == near([0.05, 0.45])
    assert values(out, "weak_ratio")["condition=mixed;rate=0.325"] == near([30, 25])
    assert values(out, "weak_ratio")["condition=strong;rate=0.26"] == near([1.5, NAN])
    assert values(out, "weak_accuracy_gain")["condition=strong;rate=0.26"] == near([0, 0])


def test_the_large_rate_is_compared_with_patient_runs_by_seed(out):
    assert values(out, "gain_of_large") == near({"rate=0.05": [0.15, -0.1]})


def test_runs_that_do_not_learn_a_label_are_counted_and_the_rest_looked_at(out):
    assert values(out, "unlearned_runs") == {"condition=mixed": [1], "condition=strong": [0]}
    assert values(out, "largest_swing_of_the_rest")["condition=mixed;rate=0.325"] == near([0.3])
    assert values(out, "largest_growth_of_the_rest")["condition=mixed;rate=0.325"] == near([45])
    assert values(out, "smallest_growth_of_the_rest")["condition=strong;rate=0.26"] == near([1.5])


def test_a_run_whose_swing_is_exactly_at_the_bound_has_learned():
    rows = [run("mixed", seed, 0.01, (0.02, 0.02), swing) for seed, swing in enumerate((0.25, 0.2501))]
    assert values(measured(rates=made(rows)), "unlearned_runs") == {"condition=mixed": [1]}


def test_figures_get_every_record(out):
    table = out.curves["rates_series"].query("condition == 'mixed' and rate == 0.325")
    assert table.set_index(["seed", "x"])["weak"].to_dict() == {(0, 0): 0.02, (0, 40): 0.9, (1, 0): 0.04, (1, 40): 0.5}
    assert set(table["deviation"]) == {-0.9, 0.325}
    assert len(cells(out, "rates_runs", "condition", "seed", "rate", value="swing")) == 8


def test_without_the_small_rate_there_are_no_gains():
    out = measured(rates=made([row for row in RATES if row["rate"] != 0.01]))
    assert values(out, "weak_accuracy_gain") == {}


# ---- formulas --------------------------------------------------------------------------------------------------------
def test_residuals_settle_below_the_edge_and_oscillate_above():
    assert (edge(), edge(0.5)) == (0.25, 0.5)
    assert residuals(-0.5, 0.1, 1)[1] == pytest.approx(0.5 * 1.2**2 - 1)
    below, above = (residuals(-0.5, edge() * factor, 4000)[-20:] for factor in (0.98, 1.02))
    assert np.abs(below).max() < 1e-6
    assert (above[:-1] * above[1:] < 0).all()
    assert np.abs(above).min() > 0.1


def test_the_chance_of_a_dead_start():
    assert chance_of_a_dead_start(1) == 0.75
    assert chance_of_a_dead_start(8) == pytest.approx(1 / 128, rel=0.01)
