"""Statistics that every training experiment of the grokking rule set has, on curves made by hand."""

import numpy as np
import pytest
from made_up import by_place, cells, near, values
from prieto2025_records import measured, statuses

NAN = float("nan")
POINTS = [0, 20, 50, 80, 120, 200, 300]
TRAIN = {
    "plain": [[0.05, 0.7, 1.0, 1.0, 0.9, 1.0, 0.97], [0.96, 0.9, 0.95, 0.8, 0.85, 0.9, 0.75]],
    "wd": [
        [0.0, 0.1, 0.2, 0.3, 0.5, 0.94, 0.93],
        [0.1, 0.5, 0.85, 1.0, 1.0, 0.98, 0.96],
        [0.2, 0.6, 0.9, 0.9, 1.0, 1.0, 0.99],
    ],
}
TEST = {
    "plain": [[0.1, 0.2, 0.3, 0.7, 0.75, 1.0, 0.9], [0.3, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95]],
    "wd": [
        [0.5, 0.4, 0.3, 0.2, 0.25, 0.9, 1.0],
        [0.05, 0.15, 0.45, 0.35, 0.4, 0.48, 0.3],
        [0.0, 0.05, 0.1, 0.6, 0.9, 0.99, 0.98],
    ],
}
NORM = {
    "plain": [[2, 3, 9, 10, 7, 6, 5], [4, 3, 8, 0.5, 2, 6, 1]],
    "wd": [[3, 1, 5, 7, 2, 4, 6], [2, 9, 1, 3, 4, 6, 5], [8, 7, 3, 1, 2, 4, 12]],
}


@pytest.fixture(scope="module")
def trained():
    return measured("delay53", POINTS, {"train_accuracy": TRAIN, "test_accuracy": TEST, "norm": NORM})


@pytest.mark.parametrize(
    ("statistic", "plain", "wd"),
    [
        ("final_test_accuracy", [0.9, 0.95], [1.0, 0.3, 0.98]),
        ("final_train_accuracy", [0.97, 0.75], [0.93, 0.96, 0.99]),
        ("initial_test_accuracy", [0.1, 0.3], [0.5, 0.05, 0.0]),
        ("max_test_accuracy", [1.0, 0.95], [1.0, 0.48, 0.99]),
        ("max_train_accuracy", [1.0, 0.96], [0.94, 1.0, 1.0]),
        ("largest_gap", [0.7, 0.8], [0.25, 0.66, 0.8]),
        ("test_gain_after_quarter", [0.9 - 0.3, 0.95 - 0.2], [1.0 - 0.3, 0.3 - 0.45, 0.98 - 0.1]),
        ("norm_ratio", [5 / 2, 1 / 4], [6 / 3, 5 / 2, 12 / 8]),
        ("norm_peak", [10, 8], [7, 9, 12]),
        ("norm_peak_epoch", [80, 50], [80, 20, 300]),
        ("final_norm", [5, 1], [6, 5, 12]),
    ],
)
def test_a_statistic_of_a_curve_is_as_worked_out_by_hand(trained, statistic, plain, wd):
    expected = {"condition=plain": pytest.approx(plain), "condition=wd": pytest.approx(wd)}
    assert values(trained, statistic, "delay53") == expected


@pytest.mark.parametrize(
    ("statistic", "plain", "wd"),
    [
        ("fit_epoch", [45, 0], [NAN, 70, 100]),
        ("grok_epoch", [184, 300], [250, NAN, 120 + 80 * 5 / 9]),
        ("half_test_epoch", [65, 100], [0, NAN, 74]),
        ("delay_ratio", [184 / 45, 300 / 1], [NAN, NAN, (120 + 80 * 5 / 9) / 100]),
    ],
)
def test_the_epoch_of_a_level_is_interpolated_and_flagged_where_it_is_never_reached(trained, statistic, plain, wd):
    expected = {
        "condition=plain": pytest.approx(plain),
        "condition=wd": pytest.approx(wd, nan_ok=True),
    }
    assert values(trained, statistic, "delay53") == expected
    assert statuses(trained, statistic, "condition=plain") == ["ok", "ok"]
    assert statuses(trained, statistic, "condition=wd") == ["ok" if value == value else "never" for value in wd]


def test_the_epoch_of_a_level_that_is_never_reached_is_the_last_one(trained):
    rows = trained.statistics().query(
        "status == 'never' and statistic in ['fit_epoch', 'grok_epoch', 'half_test_epoch']"
    )
    assert rows["value"].tolist() == [300, 300, 300]


@pytest.mark.parametrize(
    ("statistic", "epoch", "plain", "wd"),
    [
        ("test_accuracy", 80, [0.7, 0.4], [0.2, 0.35, 0.6]),
        ("test_accuracy", 130, [0.75, 0.6], [0.25, 0.4, 0.9]),
        ("test_accuracy", 300, [0.9, 0.95], [1.0, 0.3, 0.98]),
        ("train_accuracy", 80, [1.0, 0.8], [0.3, 1.0, 0.9]),
        ("train_accuracy", 130, [0.9, 0.85], [0.5, 1.0, 1.0]),
        ("train_accuracy", 300, [0.97, 0.75], [0.93, 0.96, 0.99]),
    ],
)
def test_accuracy_at_an_epoch_is_that_of_the_last_log_point_up_to_it(trained, statistic, epoch, plain, wd):
    found = values(trained, statistic, "delay53")
    assert found[f"condition=plain;epoch={epoch}"] == pytest.approx(plain)
    assert found[f"condition=wd;epoch={epoch}"] == pytest.approx(wd)


def test_accuracy_is_not_asked_for_after_the_last_epoch(trained):
    epochs = {"condition=plain;epoch=80", "condition=plain;epoch=130", "condition=plain;epoch=300"}
    found = values(trained, "test_accuracy", "delay53")
    assert {condition for condition in found if "plain" in condition} == epochs


@pytest.mark.parametrize(
    ("epoch", "place"), [(80, 0), (130, 1), (300, 1), (400, 2), (480, 3), (2000, 4), (75000, 6), (80000, 7)]
)
def test_every_epoch_that_a_claim_names_is_read(epoch, place):
    points = [0, 130, 400, 470, 1990, 2010, 75000, 79500, 80500]
    test = {"stablemax": [[0.1 * k for k in range(9)]], "softmax64": [[0.01 * k for k in range(9)]] * 2}
    train = {"stablemax": [[0.9 - 0.1 * k for k in range(9)]], "softmax64": [[1 - 0.01 * k for k in range(9)]] * 2}
    out = measured("stablemax113", points, {"test_accuracy": test, "train_accuracy": train})
    assert values(out, "test_accuracy")[f"condition=stablemax;epoch={epoch}"] == pytest.approx([0.1 * place])
    assert values(out, "train_accuracy")[f"condition=softmax64;epoch={epoch}"] == pytest.approx([1 - 0.01 * place] * 2)


def test_collapse_under_softmax_is_dated_and_told_at_its_peak_and_end():
    collapsed = {"a": [[0, 0.4, 0.6, 0.3], [0, 0.1, 0.45, 0.2]], "b": [[0, 1, 1, 1]]}
    out = measured("delay53", [0, 20, 50, 90], {"collapsed": collapsed}, {"b": {"loss": "stablemax"}})
    assert values(out, "collapse_epoch") == {"condition=a": near([35, NAN])}
    assert statuses(out, "collapse_epoch", "condition=a") == ["ok", "never"]
    assert values(out, "peak_collapsed") == {"condition=a": [0.6, 0.45]}
    assert values(out, "final_collapsed") == {"condition=a": [0.3, 0.2]}


def test_figures_get_every_curve_of_every_seed(trained):
    table = cells(trained, "delay53", "curve", "condition", "seed", "x")
    for name, rows in (("train_accuracy", TRAIN), ("test_accuracy", TEST), ("norm", NORM)):
        for condition, own in rows.items():
            expected = by_place([[own]], [name], [condition], range(len(own)), POINTS)
            assert {place: table[place] for place in expected} == expected


def test_figures_get_losses_collapse_and_the_alignment_of_each_layer():
    stream, points = np.random.default_rng(4), [0, 20, 50]
    names = ("train_loss", "test_loss", "collapsed", "zero_loss")
    fields = {name: {"a": stream.random((2, 3))} for name in names} | {"alignment": {"a": stream.random((2, 3, 3))}}
    table = cells(measured("delay53", points, fields), "delay53", "curve", "condition", "seed", "x")
    expected: dict = {}
    for name in names:
        expected |= by_place(fields[name]["a"][None, None], [name], ["a"], range(2), points)
    layers = [f"alignment_{layer}" for layer in (1, 2, 3)]
    expected |= by_place(fields["alignment"]["a"].transpose(2, 0, 1)[:, None], layers, ["a"], range(2), points)
    assert {place: table[place] for place in expected} == expected


@pytest.mark.parametrize(
    ("experiment", "a", "b"),
    [
        ("edge113", "perp_adamw", "adamw"),
        ("delay53", "perp_adamw", "adamw"),
        ("delay53", "perp_adamw", "projection_random"),
        ("delay53", "projection_off", "adamw"),
        ("delay53", "projection_random", "adamw"),
        ("delay53", "projection_random", "projection_off"),
        ("precision43", "float32", "float16"),
        ("precision43", "float64", "float32"),
        ("precision113", "f32_70", "f16_70"),
        ("precision113", "f64_70", "f32_70"),
        ("stablemax53", "stablemax", "softmax64"),
        ("stablemax53", "softmax64_beta99", "softmax64"),
        ("stablemax113", "stablemax", "softmax64"),
    ],
)
def test_a_difference_of_arms_is_of_final_test_accuracies_of_the_same_seed(experiment, a, b):
    three, two = [[0, 0.8, 0.6], [0.1, 1, 0.25], [0.2, 0.5, 0.9]], [[0.5, 0.3, 0.1], [0.7, 0.4, 0.95]]
    longer = measured(experiment, [0, 100, 300], {"test_accuracy": {a: three, b: two}})
    shorter = measured(experiment, [0, 100, 300], {"test_accuracy": {a: two, b: three}})
    assert values(longer, "test_difference")[f"a={a};b={b}"] == pytest.approx([0.6 - 0.1, 0.25 - 0.95])
    assert values(shorter, "test_difference")[f"a={a};b={b}"] == pytest.approx([0.1 - 0.6, 0.95 - 0.25])


def test_there_is_no_difference_where_an_arm_was_left_out():
    out = measured("edge113", [0, 100, 300], {"test_accuracy": {"adamw": [[0, 0.1, 0.2]]}})
    assert values(out, "test_difference") == {}
