"""Statistics of the trained models on made-up records: every value follows from the numbers written here."""

import numpy as np
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.noisy_labels.liu2020.measure import measure

measured = measuring(measure)
NAN = float("nan")
POINTS = [0, 10, 20]
FIELDS = (
    "test_accuracy",
    "clean_accuracy",
    "wrong_accuracy",
    "memorised",
    "target_accuracy",
    "wrong_share",
    "finite",
)
# condition: test accuracy [seeds, points]
TESTED = {
    "sym40_ce": [[0.1, 0.8, 0.6], [0.1, 0.7, 0.65]],
    "sym40_elr": [[0.1, 0.85, 0.9], [0.1, 0.95, 0.8], [0.1, 0.5, 0.7]],
    "sym40_elr_beta0": [[0.1, 0.2, 0.3], [0.1, 0.2, 0.1], [0.1, 0.6, 0.5]],
    "sym40_elr_slow": [[0.1, 0.6, 0.5], [0.1, 0.5, 0.6]],
    "sym40_elr_weak": [[0.1, 0.6, 0.95], [0.1, 0.5, 0.5]],
    "sym40_elr_shifted": [[0.1, 0.6, 0.61], [0.1, 0.5, 0.6]],
    "sym40_kl": [[0.1, 0.8, 0.65], [0.1, 0.8, 0.75]],
    "asym40_ce": [[0.1, 0.5, 0.4], [0.1, 0.5, 0.3]],
    "asym40_elr": [[0.1, 0.5, 0.45], [0.1, 0.5, 0.5]],
    "clean_elr": [[0.1, 0.9, 0.9], [0.1, 0.9, 0.9]],
}


def networks(*chosen: str, **changes: list) -> dict:
    """An artifact of some conditions (none: all): test accuracies as above, the other fields with values of their own."""
    names = sorted(chosen or TESTED)
    arrays = {"points": POINTS}
    for place, field in enumerate(FIELDS):
        rows = [row for name in names for row in TESTED[name]]
        arrays[field] = np.array(rows) if field == "test_accuracy" else own(field, place, len(rows))
    conditions = {name: {"seeds": len(TESTED[name])} for name in names}
    return artifact(arrays | changes, conditions)


def own(field: str, place: int, rows: int) -> np.ndarray:
    """Values [rows, 3] that rise and then fall, others in every field and row."""
    start = 0.01 * np.arange(rows)[:, None] + 0.05 * place
    return start + np.array([0.0, 0.3, 0.1])


def row_of(condition: str) -> slice:
    before = sum(len(TESTED[name]) for name in sorted(TESTED) if name < condition)
    return slice(before, before + len(TESTED[condition]))


@pytest.fixture(scope="module")
def trained():
    return measured(images=networks(), cifar=networks())


@pytest.mark.parametrize("experiment", ["images", "cifar"])
@pytest.mark.parametrize(
    ("statistic", "field"),
    [
        ("clean_accuracy_end", "clean_accuracy"),
        ("wrong_accuracy_end", "wrong_accuracy"),
        ("memorised_end", "memorised"),
        ("target_accuracy_end", "target_accuracy"),
        ("wrong_share", "wrong_share"),
        ("finite", "finite"),
    ],
)
def test_ends_are_those_of_their_own_field_and_condition(trained, experiment, statistic, field):
    array = own(field, FIELDS.index(field), sum(map(len, TESTED.values())))
    expected = {f"condition={name}": array[row_of(name), -1].tolist() for name in TESTED}
    assert values(trained, statistic, experiment) == near(expected)


def test_test_accuracy_at_its_end_and_its_peak(trained):
    assert values(trained, "test_accuracy_end", "images")["condition=sym40_elr"] == [0.9, 0.8, 0.7]
    assert values(trained, "test_peak", "images")["condition=sym40_elr"] == [0.9, 0.95, 0.7]
    falls = values(trained, "test_fall", "images")
    assert falls["condition=sym40_elr"] == near([0.0, 0.15, 0.0], abs=1e-12)
    assert falls["condition=sym40_ce"] == near([0.2, 0.05])


@pytest.mark.parametrize("statistic", ["wrong_fall", "target_fall"])
def test_falls_are_from_the_peak_to_the_end(trained, statistic):
    assert values(trained, statistic, "images")["condition=sym40_ce"] == near([0.2, 0.2])


@pytest.mark.parametrize(("statistic", "field"), [("wrong_peak", "wrong_accuracy"), ("target_peak", "target_accuracy")])
def test_peaks(trained, statistic, field):
    array = own(field, FIELDS.index(field), sum(map(len, TESTED.values())))
    assert values(trained, statistic, "images")["condition=sym40_kl"] == near(array[row_of("sym40_kl"), 1].tolist())


def test_gains_are_paired_with_cross_entropy_on_the_same_noise(trained):
    assert values(trained, "gain", "images") == {
        "condition=sym40_elr": near([0.3, 0.15]),
        "condition=sym40_elr_beta0": near([-0.3, -0.55]),
        "condition=sym40_elr_shifted": near([0.01, -0.05]),
        "condition=sym40_elr_slow": near([-0.1, -0.05]),
        "condition=sym40_elr_weak": near([0.35, -0.15]),
        "condition=sym40_kl": near([0.05, 0.1]),
        "condition=asym40_elr": near([0.05, 0.2]),
    }


def test_the_gain_is_compared_with_twice_that_of_kl(trained):
    assert values(trained, "gain_over_twice_kl", "images") == {"": near([0.3 - 0.1, 0.15 - 0.2])}


def test_what_is_lost_against_the_default(trained):
    assert values(trained, "below_default", "cifar") == {
        "variant=beta0": near([0.6, 0.7, 0.2]),
        "variant=slow": near([0.4, 0.2]),
        "variant=weak": near([-0.05, 0.3]),
    }


def test_two_conditions_are_enough_to_tell_what_is_lost():
    """What a run with `--only` these two has."""
    out = measured(images=networks("sym40_elr", "sym40_elr_weak"))
    assert values(out, "below_default") == {"variant=weak": near([-0.05, 0.3])}


def test_curves_hold_every_record(trained):
    found = cells(trained, "images", "curve", "condition", "seed", "x")
    assert found["test_accuracy", "sym40_elr", 1, 10] == 0.95
    assert len(found) == 5 * sum(map(len, TESTED.values())) * len(POINTS)


# condition: accuracy on wrong labels, on fresh examples, on the noisy labels [seeds, points]
STEPS = [0, 1, 3, 10, 200]
LINEAR = {
    "ce": (
        [[0.9, 0.6, 0.8, 0.5, 0.0], [0.0, 0.6, 0.7, 0.75, 0.02]],
        [[0.5, 0.6, 0.9, 0.8, 0.7], [0.5, 0.6, 0.8, 0.85, 0.8]],
    ),
    "elr": (
        [[0.0, 0.6, 0.8, 0.8, 0.7], [0.0, 0.6, 0.7, 0.7, 0.6]],
        [[0.5, 0.6, 0.9, 0.9, 0.9], [0.5, 0.6, 0.8, 0.85, 0.85]],
    ),
}
PULLS = {
    "ce": (
        [[0.5, 0.45, 0.4, 0.2, 0.1], [0.5, 0.48, 0.45, 0.3, 0.1]],
        [[0.5, 0.51, 0.56, 0.4, 0.2], [0.5, 0.52, 0.53, 0.4, 0.1]],
    ),
    "elr": (
        [[0.5, 0.45, 0.4, 0.4, 0.1], [0.5, 0.45, 0.4, 0.4, 0.1]],
        [[0.5, 0.49, 0.5, 0.5, 0.1], [0.5, 0.49, 0.5, 0.5, 0.1]],
    ),
}


@pytest.fixture(scope="module")
def line():
    fields = {
        "wrong_accuracy": [row for name in LINEAR for row in LINEAR[name][0]],
        "fresh_accuracy": [row for name in LINEAR for row in LINEAR[name][1]],
        "train_accuracy": [[0, 0, 0, 0, value] for value in (1.0, 0.99, 0.8, 0.81)],
        "clean_pull": [row for name in PULLS for row in PULLS[name][0]],
        "wrong_pull": [row for name in PULLS for row in PULLS[name][1]],
        "wrong_square": [[0, 0, 0, 0, value] for value in (0.01, 0.02, 0.4, 0.5)],
    }
    return measured(linear=artifact({"points": STEPS} | fields, {"ce": {}, "elr": {}}, seeds=2))


def by_method(ce: list[float], elr: list[float]) -> dict:
    return {"condition=ce": near(ce, abs=1e-12), "condition=elr": near(elr, abs=1e-12)}


def test_the_linear_models_peaks_begin_after_the_first_step(line):
    """At step 0 theta is 0 and predicts nothing."""
    assert values(line, "wrong_peak") == by_method([0.8, 0.75], [0.8, 0.7])


def test_the_linear_models_ends(line):
    assert values(line, "wrong_end") == by_method([0.0, 0.02], [0.7, 0.6])
    assert values(line, "train_end") == by_method([1.0, 0.99], [0.8, 0.81])
    assert values(line, "fresh_end") == by_method([0.7, 0.8], [0.9, 0.85])
    assert values(line, "fresh_fall") == by_method([0.2, 0.05], [0.0, 0.0])
    assert values(line, "fresh_gain") == {"condition=elr": near([0.2, 0.05])}


def test_pulls_of_the_linear_model(line):
    assert values(line, "wrong_growth") == {"": near([0.06, 0.03])}
    assert values(line, "clean_fall") == {"": near([0.3, 0.2])}
    assert values(line, "clean_kept") == {"": near([0.4 - 0.3, 0.4 - 0.45])}
    assert values(line, "wrong_left") == {"": near([0.5 - 0.2, 0.5 - 0.2])}
    assert values(line, "wrong_square_end") == by_method([0.01, 0.02], [0.4, 0.5])


def test_a_diverged_run_is_flagged():
    tested = np.array([row for name in sorted(TESTED) for row in TESTED[name]])
    tested[row_of("sym40_elr").start, -1] = NAN
    out = measured(images=networks(test_accuracy=tested))
    assert np.isnan(values(out, "gain")["condition=sym40_elr"]).tolist() == [True, False]
    assert np.isnan(values(out, "test_fall")["condition=sym40_elr"]).tolist() == [True, False, False]
