"""Statistics of the laws and of Theorem 1 on made-up records: every value follows from the numbers written here."""

import numpy as np
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.noisy_labels.liu2020 import closed_form
from replications.noisy_labels.liu2020.measure import crossing, measure

measured = measuring(measure)
TIME = [0.0, 0.1, 0.2, 0.3]
# seeds x sigmas x points; theta . v reaches 0.1 at the third point, at the second, and never
ALONG = [[[0.0, 0.05, 0.15, 0.3], [0.0, 0.1, 0.2, 0.3]], [[0.0, 0.01, 0.02, 0.03], [0.0, 0.2, 0.3, 0.4]]]
FIELDS = ("cosine", "moved", "right", "wrong", "printed_right", "printed_wrong", "wrong_accuracy")


def series(field: str) -> np.ndarray:
    """[2 seeds, 2 sigmas, 4 points], other numbers in every place and field."""
    place = FIELDS.index(field) + 1
    return place + 0.1 * np.arange(2)[:, None, None] + 0.01 * np.arange(2)[:, None] + np.array([0.5, 0.3, 0.9, 0.1])


@pytest.fixture(scope="module")
def begun():
    arrays = {"along": ALONG, "time": TIME, "sigmas": [0.1, 0.02]} | {field: series(field) for field in FIELDS}
    return measured(theorem=artifact(arrays, seeds=2, wrong=0.2, p=90, n=100))


def test_the_worst_cosine_is_that_before_t(begun):
    """Of the points before T: the first two; the first alone."""
    assert values(begun, "worst_cosine") == near({"sigma=0.1": [1.3, np.nan], "sigma=0.02": [1.51, 1.61]})


@pytest.mark.parametrize(("statistic", "field"), [("moved", "moved"), ("wrong_accuracy_end", "wrong_accuracy")])
def test_values_at_t(begun, statistic, field):
    found = series(field)
    expected = {"sigma=0.1": [found[0, 0, 2], np.nan], "sigma=0.02": [found[0, 1, 1], found[1, 1, 1]]}
    assert values(begun, statistic) == near(expected)


@pytest.mark.parametrize(
    ("statistic", "side"),
    [("clean_change", 0), ("wrong_change", 1), ("printed_clean_change", 0), ("printed_wrong_change", 1)],
)
def test_changes_are_from_the_start_to_t_and_compared_with_the_law(begun, statistic, side):
    change = {"sigma=0.1": np.array([0.4, np.nan]), "sigma=0.02": np.array([-0.2, -0.2])}
    law = closed_form.coefficient_changes()[side]
    assert values(begun, statistic) == near({name: value.tolist() for name, value in change.items()})
    assert values(begun, f"{statistic}_error") == near({name: (value - law).tolist() for name, value in change.items()})


def test_changes_read_their_own_series():
    arrays = {"along": ALONG, "time": TIME, "sigmas": [0.1, 0.02]} | {field: series(field) for field in FIELDS}
    arrays["printed_right"] = arrays["printed_right"] * 2
    arrays["right"] = arrays["right"] * 3
    out = measured(theorem=artifact(arrays, seeds=2, wrong=0.2, p=90, n=100))
    assert values(out, "clean_change_error")["sigma=0.1"][0] == near(1.2 - closed_form.coefficient_changes()[0])
    assert values(out, "printed_clean_change_error")["sigma=0.1"][0] == near(0.8 - closed_form.coefficient_changes()[0])
    assert values(out, "wrong_change_error")["sigma=0.1"][0] == near(0.4 - closed_form.coefficient_changes()[1])
    assert values(out, "printed_wrong_change_error")["sigma=0.1"][0] == near(0.4 - closed_form.coefficient_changes()[1])


def test_the_first_cosine_against_its_law(begun):
    law = {sigma: 0.6 / np.sqrt(0.36 + sigma**2 * 0.9) for sigma in (0.1, 0.02)}
    expected = {"sigma=0.1": [1.5 - law[0.1], 1.6 - law[0.1]], "sigma=0.02": [1.51 - law[0.02], 1.61 - law[0.02]]}
    assert values(begun, "first_cosine_error") == near(expected)
    assert values(begun, "first_cosine") == near({"sigma=0.1": [1.5, 1.6], "sigma=0.02": [1.51, 1.61]})


def test_t_is_interpolated_between_steps(begun):
    assert values(begun, "early_time") == near({"sigma=0.1": [0.15, np.nan], "sigma=0.02": [0.1, 0.05]})


def test_accuracy_on_wrong_labels_at_the_start_and_against_its_law(begun):
    assert values(begun, "wrong_accuracy_start") == near({"sigma=0.1": [7.5, 7.6], "sigma=0.02": [7.51, 7.61]})
    law = closed_form.wrong_accuracy_at_end(0.02)
    assert values(begun, "wrong_accuracy_error")["sigma=0.02"] == near([7.31 - law, 7.41 - law])


SIGMAS = [0.5, 1.0]
STEP = {"wrong": [[0.8, 0.4], [0.9, 0.45]], "clean": [[0.98, 0.9], [0.99, 0.91]], "fresh": [[0.94, 0.7], [0.95, 0.71]]}
MULTIPLES = [0.8, 1.0, 1.25]


@pytest.fixture(scope="module")
def first():
    """Crossings: accuracy falls by straight lines over the logarithm of the multiple, through 1/2 at 1 and at 1.1."""
    lines = [[[0.5 - np.log(m / at) for m in MULTIPLES] for at in row] for row in ((1.0, 1.1), (0.9, 1.0))]
    arrays = {f"step_{name}": found for name, found in STEP.items()} | {
        "sigmas": SIGMAS,
        "multiples": MULTIPLES,
        "aspects": [0.9],
        "shares": [0.1, 0.2],
        "cross_wrong": np.array(lines)[:, None],
        "error_elr": [1e-12, 2e-12],
        "error_kl": [3e-12, 4e-12],
    }
    return measured(laws=artifact(arrays, seeds=2, wrong=0.2, aspect=0.9))


@pytest.mark.parametrize(
    ("statistic", "examples"), [("wrong_error", "wrong"), ("clean_error", "clean"), ("fresh_error", "fresh")]
)
def test_accuracies_after_one_step_minus_their_own_law(first, statistic, examples):
    law = closed_form.one_step(0.2, np.array(SIGMAS), 0.9)[examples]
    expected = {
        f"sigma={sigma:g}": [STEP[examples][seed][k] - law[k] for seed in (0, 1)] for k, sigma in enumerate(SIGMAS)
    }
    assert values(first, statistic) == near(expected)


def test_the_law_without_own_pull_and_one_half(first):
    broken = closed_form.one_step(0.2, 0.5, 0.9)["fresh"]
    assert values(first, "wrong_error_without_own")["sigma=0.5"] == near([0.8 - broken, 0.9 - broken])
    assert values(first, "wrong_over_half") == near({"sigma=0.5": [0.3, 0.4], "sigma=1": [-0.1, -0.05]})


def test_crossings_are_in_units_of_the_law(first):
    assert values(first, "crossing") == near({"aspect=0.9;wrong=0.1": [1.0, 0.9], "aspect=0.9;wrong=0.2": [1.1, 1.0]})
    table = first.curves["crossings"]
    ends = {w: closed_form.end_of_early_learning(w, 0.9) for w in (0.1, 0.2)}
    assert table["x"].tolist() == near([ends[0.1]] * 2 + [ends[0.2]] * 2)
    assert table["value"].tolist() == near([ends[0.1], 0.9 * ends[0.1], 1.1 * ends[0.2], ends[0.2]])


def test_a_crossing_is_fitted_over_all_points():
    noisy = np.array([[0.7, 0.52, 0.48, 0.3]])
    x = np.log([0.5, 0.9, 1.1, 2.0])
    slope, start = np.polyfit(x, noisy[0], 1)
    assert crossing(np.exp(x), noisy) == near([np.exp((0.5 - start) / slope)])


def test_gradient_errors_by_loss(first):
    assert values(first, "gradient_error") == {"loss=elr": [1e-12, 2e-12], "loss=kl": [3e-12, 4e-12]}


def test_separable_instances():
    arrays = {
        "shares": [0.2, 0.4],
        "multiples": [0.7, 1.3],
        "paper": [[True, False], [True, True], [False, True]],
        "sharp": [[[False, True], [True, True]], [[False, True], [False, True]], [[True, True], [False, False]]],
        "sharp_threshold": [0.4, 0.48],
        "paper_threshold": [0.8, 0.6],
    }
    out = measured(separability=artifact(arrays, seeds=3))
    assert values(out, "separable_beyond") == {"wrong=0.2": [1, 1, 0], "wrong=0.4": [0, 1, 1]}
    assert values(out, "separable") == {
        "multiple=0.7;wrong=0.2": [0, 0, 1],
        "multiple=1.3;wrong=0.2": [1, 1, 1],
        "multiple=0.7;wrong=0.4": [1, 0, 0],
        "multiple=1.3;wrong=0.4": [1, 1, 0],
    }
    assert values(out, "sharp_threshold") == {"wrong=0.2": [0.4], "wrong=0.4": [0.48]}
    assert values(out, "sharp_over_paper") == near({"wrong=0.2": [0.5], "wrong=0.4": [0.8]})
    assert cells(out, "separable", "wrong", "x") == near(
        {(0.2, 0.7): 1 / 3, (0.2, 1.3): 1.0, (0.4, 0.7): 1 / 3, (0.4, 1.3): 2 / 3}
    )
