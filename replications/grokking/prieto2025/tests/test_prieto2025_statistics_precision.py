"""Statistics of softmax collapse by precision and of the alignment of gradients, on curves made by hand."""

import math

import numpy as np
import pytest
from made_up import values
from prieto2025_records import measured, statuses
from scipy.stats import linregress

NAN = float("nan")
POINTS = [0, 100, 300, 700, 1000, 1300]
COLLAPSED = {
    "float32": [[0, 0.3, 0.7, 1, 1, 1], [0, 0, 0.5, 0.4, 1, 1], [0, 0.1, 0.2, 0.3, 0.4, 0.45]],
    "float64": [[0, 0, 0, 0.25, 0.75, 1], [0, 0, 0.1, 0.2, 0.3, 0.49], [0, 0, 0, 0.2, 0.5, 1]],
    "float32_beta90": [[0, 1, 1, 1, 1, 1], [0, 0.2, 0.6, 1, 1, 1]],
    "float64_beta90": [[0, 0, 0.25, 0.75, 1, 1], [0, 0, 0.2, 0.5, 0.9, 1]],
    "float32_fast": [[0.5, 1, 1, 1, 1, 1]],
    "float64_fast": [[0, 0, 0, 0, 0.4, 0.7]],
}
BETA2 = {"_beta90": 0.9, "": 0.95, "_fast": 0.99}


def law(beta2: float) -> float:
    """Epochs in which ln(loss), falling by ln(1 / beta2) / 2 each, falls by 29 bits."""
    return 29 * math.log(2) / (0.5 * math.log(1 / beta2))


@pytest.mark.parametrize(
    ("pair", "wrong", "delays", "status"),
    [
        ("", 0.99, [850 - 200, NAN, NAN], ["ok", "never", "never"]),
        ("_beta90", 0.99, [500 - 50, 700 - 250], ["ok", "ok"]),
        ("_fast", 0.95, [1100 - 0], ["ok"]),
    ],
)
def test_the_delay_from_single_to_double_precision_is_divided_by_the_law(pair, wrong, delays, status):
    settings = {f"float{bits}{suffix}": {"beta2": beta2} for suffix, beta2 in BETA2.items() for bits in (32, 64)}
    out = measured("precision43", POINTS, {"collapsed": COLLAPSED}, settings)
    condition = f"pair=float32{pair}/float64{pair}"
    delays = np.array(delays)
    expected, broken = (pytest.approx((delays / law(beta2)).tolist(), nan_ok=True) for beta2 in (BETA2[pair], wrong))
    assert values(out, "predicted_delay")[condition] == pytest.approx([law(BETA2[pair])])
    assert values(out, "collapse_delay")[condition] == pytest.approx(delays.tolist(), nan_ok=True)
    assert values(out, "collapse_delay_over_prediction")[condition] == expected
    assert values(out, "collapse_delay_over_wrong_prediction")[condition] == broken
    assert statuses(out, "collapse_delay_over_prediction", condition) == status
    assert statuses(out, "collapse_delay_over_wrong_prediction", condition) == status


def test_the_law_says_4000_epochs_for_the_beta2_of_the_paper():
    assert law(0.99) == pytest.approx(4000, rel=1e-3)


def test_the_slope_of_the_loss_is_fitted_while_it_first_lies_between_1e_3_and_1e_12():
    points = [0, 10, 30, 60, 100, 150, 210, 280, 360]
    returns = [1, 2e-3, 8e-4, 1e-5, 3e-8, 1e-11, 5e-13, 1e-15, 1e-9]
    three = [0.5, 0.1, 5e-2, 2e-3, 9e-4, 1e-8, 2e-12, 9e-13, 5e-14]
    two = [0.5, 0.1, 1e-4, 1e-6, 1e-13, 1e-14, 1e-15, 1e-5, 1e-7]
    none = [1, 0.5, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0]
    other = [1, 1e-1, 1e-2, 9e-4, 8e-4, 7e-4, 6e-4, 5e-4, 4e-4]
    losses = {"float64_beta90": [returns, three, two, none], "float32_beta90": [other] * 4}
    settings = {name: {"beta2": 0.9} for name in losses}
    out = measured("precision43", points, {"train_loss": losses}, settings)
    slopes = [
        linregress(points[2:6], np.log(returns[2:6])).slope,
        linregress(points[4:7], np.log(three[4:7])).slope,
    ]
    expected = [2 * slopes[0] / math.log(0.9), 2 * slopes[1] / math.log(0.9), NAN, NAN]
    condition = "pair=float32_beta90/float64_beta90"
    assert values(out, "loss_decay_over_prediction")[condition] == pytest.approx(expected, nan_ok=True)
    assert statuses(out, "loss_decay_over_prediction", condition) == ["ok", "ok", "diverged", "diverged"]


ALIGNED_POINTS = [0, 40, 100, 150, 300, 400, 520, 600, 700]
FIT = [  # at epochs 100, 300, 225, 600, never, never
    [0, 0.5, 0.99, 1, 1, 1, 1, 1, 1],
    [0, 0.2, 0.5, 0.6, 0.99, 0.9, 1, 1, 1],
    [0, 0.9, 0.95, 0.98, 1, 1, 1, 1, 1],
    [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.99, 1],
    [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.98],
    [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
]
COLLAPSE = [  # at epochs 300, 600, 600, 160, 360, never
    [0, 0, 0, 0.2, 0.5, 1, 1, 1, 1],
    [0, 0, 0, 0, 0, 0, 0.2, 0.5, 1],
    [0, 0, 0, 0, 0, 0, 0.4, 0.5, 1],
    [0, 0, 0, 0.49, 0.64, 1, 1, 1, 1],
    [0, 0, 0, 0, 0.2, 0.7, 1, 1, 1],
    [0, 0, 0, 0, 0, 0, 0, 0, 0.4],
]
OUTPUT = [
    [0.0, 0.3, 0.2, 0.4, 0.9, 0.8, 0.7, 0.1, -0.3],
    [0.1, 0.2, 0.25, 0.35, 0.5, 0.95, 0.85, 0.6, 0.15],
    [-0.1, 0.1, 0.15, 0.55, 0.6, 0.65, 0.75, 0.05, 0.45],
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.35, 0.6, 0.7, 0.8],
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
]


def three_layers(output: list[list[float]]) -> np.ndarray:
    """Cosines [seeds, points, 3] with those of the output layer given; the others depend on seed and log point."""
    seed, point = np.indices(np.shape(output))
    return np.stack([0.1 + 0.05 * seed + 0.01 * point, 0.4 - 0.03 * seed - 0.02 * point, output], -1)


@pytest.fixture(scope="module")
def aligned():
    double = [[0.51, 0.52, 0.53, 0.54, 0.58, 0.57, 0.56, 0.62, 0.61]] * 2 + [[0.3 + 0.05 * k for k in range(9)]] * 3
    never = [[0, 0, 0, 0, 0, 0, 0, 0, 0.3]]
    fields = {
        "train_accuracy": {"float32": FIT, "float64": FIT[1:2] * 5, "float32_bias": FIT[2:4]},
        "collapsed": {"float32": COLLAPSE, "float64": never * 5, "float32_bias": COLLAPSE[4:]},
        "alignment": {
            "float32": three_layers(OUTPUT),
            "float64": three_layers(double),
            "float32_bias": three_layers(OUTPUT[1:3]),
        },
    }
    return measured("precision43", ALIGNED_POINTS, fields)


def between(row: list[float], epoch: float) -> float:
    return float(np.interp(epoch, ALIGNED_POINTS, row))


def test_the_fit_is_dated_and_the_cosine_of_the_output_layer_read_there(aligned):
    fits = [100, 300, 225, 600, NAN, NAN]
    assert values(aligned, "solved_epoch")["condition=float32"] == pytest.approx(fits, nan_ok=True)
    assert statuses(aligned, "solved_epoch", "condition=float32") == ["ok"] * 4 + ["never"] * 2
    cosines = [between(row, epoch) for row, epoch in zip(OUTPUT, fits, strict=True)]
    assert values(aligned, "alignment_at_fit")["condition=float32"] == pytest.approx(cosines, nan_ok=True)


def test_the_first_time_that_the_output_layer_is_aligned_is_dated_and_the_accuracy_read_there(aligned):
    """At a cosine of 0.5."""
    first = [150 + 150 * 0.1 / 0.5, 300, 100 + 50 * 0.35 / 0.4, 400, 400 + 120 * 0.15 / 0.25, 400]
    assert values(aligned, "aligned_epoch")["condition=float32"] == pytest.approx(first)
    accuracies = [between(row, epoch) for row, epoch in zip(FIT, first, strict=True)]
    assert values(aligned, "train_accuracy_when_aligned")["condition=float32"] == pytest.approx(accuracies)


def test_a_run_that_is_never_aligned_has_no_accuracy_then():
    fields = {"train_accuracy": {"float64": FIT[:1]}, "collapsed": {"float64": COLLAPSE[:1]}}
    low = {"alignment": {"float64": three_layers([[0.1, 0.3, 0.2, 0.4, 0.49, 0.3, 0.2, 0.1, 0.0]])}}
    out = measured("precision43", ALIGNED_POINTS, fields | low)
    assert statuses(out, "aligned_epoch", "condition=float64") == ["never"]
    assert np.isnan(values(out, "train_accuracy_when_aligned")["condition=float64"]).all()
    assert values(out, "alignment_at_fit")["condition=float64"] == [0.2]


AFTER_FIT = {  # by layer, at the log points of epochs 300, 520 and 520
    1: [0.1 + 0.04, 0.15 + 0.06, 0.2 + 0.06],
    2: [0.4 - 0.08, 0.37 - 0.12, 0.34 - 0.12],
    3: [0.9, 0.85, 0.75],
}


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_alignment_after_the_fit_is_read_at_the_first_log_point_200_epochs_later(aligned, layer):
    condition, expected = f"condition=float32;layer={layer}", [*AFTER_FIT[layer], NAN, NAN, NAN]
    assert values(aligned, "alignment_after_fit")[condition] == pytest.approx(expected, nan_ok=True)
    assert statuses(aligned, "alignment_after_fit", condition) == ["ok"] * 3 + ["diverged"] * 3


def test_alignment_with_bias_is_read_for_that_arm(aligned):
    condition = "condition=float32_bias;layer=3"
    assert values(aligned, "alignment_after_fit")[condition] == pytest.approx([0.85, NAN], nan_ok=True)


@pytest.mark.parametrize("layer", [2, 3])
def test_a_step_of_alignment_is_from_the_layer_below(aligned, layer):
    steps = [upper - lower for upper, lower in zip(AFTER_FIT[layer], AFTER_FIT[layer - 1], strict=True)]
    condition = f"condition=float32;layer={layer}-{layer - 1}"
    assert values(aligned, "alignment_step")[condition] == pytest.approx([*steps, NAN, NAN, NAN], nan_ok=True)


def test_alignment_with_the_sign_flipped_is_that_of_the_output_layer(aligned):
    expected = [-0.9, -0.85, -0.75, NAN, NAN, NAN]
    assert values(aligned, "alignment_sign_flipped")["condition=float32"] == pytest.approx(expected, nan_ok=True)


def test_alignment_rise_starts_from_the_first_log_point_after_half_of_the_time_to_the_fit(aligned):
    rise = [0.9 - 0.2, 0.85 - 0.35, 0.75 - 0.55, NAN, NAN, NAN]
    assert values(aligned, "alignment_rise")["condition=float32"] == pytest.approx(rise, nan_ok=True)


def test_alignment_after_collapse_is_the_lowest_of_the_output_layer_within_100_epochs(aligned):
    expected = [0.8, 0.15, 0.05, NAN, 0.35, NAN]
    assert values(aligned, "alignment_after_collapse")["condition=float32"] == pytest.approx(expected, nan_ok=True)
    statistic = "alignment_after_collapse"
    assert statuses(aligned, statistic, "condition=float32") == ["ok", "ok", "ok", "diverged", "ok", "diverged"]


def test_alignment_without_collapse_is_that_of_double_precision_in_the_epochs_of_single_precision(aligned):
    expected = [0.57, 0.61, 0.3 + 0.05 * 7, NAN, 0.3 + 0.05 * 5]
    assert values(aligned, "alignment_without_collapse")["condition=float32"] == pytest.approx(expected, nan_ok=True)


PAPER_POINTS = [0, 400, 500, 900, 1000, 1500, 1700, 2000]


@pytest.fixture(scope="module")
def paper():
    collapsed = {
        "f16_70": [[0, 0.2, 0.5, 0.55, 0.6, 1, 1, 1], [0, 0.7, 0.8, 0.2, 0.3, 0.4, 0.9, 1]],
        "f32_70": [[0, 0, 0, 0.3, 0.4, 0.45, 0.7, 0.9], [0, 0, 0, 0.6, 0.4, 0.3, 0.9, 0.5], [0, 0, 0, 0, 0.5, 1, 1, 1]],
        "f64_70": [[0, 0, 0, 0, 0, 0, 0.25, 1], [0, 0, 0, 0, 0, 0.1, 0.2, 0.3], [0, 0, 0, 0, 0, 0, 0, 0.5]],
        "f32_60": [[0, 0.25, 0.75, 1, 1, 1, 1, 1]],
        "f64_60": [[0, 0, 0, 0, 0.25, 0.75, 1, 1]],
        "f32_40": [[0, 0, 0, 0, 0, 0.5, 1, 1]],
    }
    test = {
        "f16_70": [[0.0, 0.1, 0.3, 0.2, 0.35, 0.5, 0.4, 0.45], [0.1, 0.9, 0.2, 0.6, 0.5, 0.3, 0.35, 0.4]],
        "f32_70": [
            [0, 0, 0.1, 0.9, 0.6, 0.8, 0.5, 0.7],
            [0, 0, 0, 0.1, 0.3, 0.2, 0.4, 0.6],
            [0, 0, 0, 0, 1, 0.1, 0.2, 0.5],
        ],
        "f64_70": [
            [0, 0, 0, 0, 0.1, 0.95, 0.8, 0.85],
            [0, 0, 0, 0, 0, 0.2, 0.9, 0.3],
            [0, 0, 0, 0, 0.2, 0.4, 0.6, 0.7],
        ],
    }
    settings = {name: {"beta2": 0.9 if name.endswith("60") else 0.99} for name in collapsed}
    return measured("precision113", PAPER_POINTS, {"collapsed": collapsed, "test_accuracy": test}, settings)


def test_collapse_is_dated_by_the_first_500th_epoch_with_more_than_half_of_the_samples(paper):
    found = values(paper, "collapse_epoch_by_500")
    assert found["condition=f16_70"] == [1000, 500]
    assert found["condition=f32_70"] == pytest.approx([2000, NAN, 1500], nan_ok=True)
    assert found["condition=f64_70"] == pytest.approx([2000, NAN, NAN], nan_ok=True)
    assert found["condition=f32_60"] == [500]
    assert statuses(paper, "collapse_epoch_by_500", "condition=f32_70") == ["ok", "never", "ok"]


def test_late_test_accuracy_is_the_mean_from_half_of_the_epochs_on(paper):
    single = [2.6 / 4, 1.5 / 4, 1.8 / 4]
    assert values(paper, "late_mean_test_accuracy")["condition=f16_70"] == pytest.approx([1.7 / 4, 1.55 / 4])
    assert values(paper, "late_mean_test_accuracy")["condition=f32_70"] == pytest.approx(single)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("f16_70", [0.5 - 0.35, 0.6 - 0.3]),  # collapse at 500 and 285.7
        ("f32_70", [NAN, 0.6 - 0.4, 0]),  # at 1540, 833.3 and 1000
        ("f64_70", [NAN, NAN, NAN]),  # at 1800, never, and at 2000
    ],
)
def test_the_range_of_test_accuracy_is_taken_from_twice_the_collapse_on(paper, condition, expected):
    wanted = pytest.approx(expected, nan_ok=True)
    assert values(paper, "test_range_after_twice_collapse")[f"condition={condition}"] == wanted


def test_precisions_are_compared_at_the_end_and_double_precision_at_its_peak(paper):
    condition = "train_fraction=0.7"
    assert values(paper, "f32_minus_f16")[condition] == pytest.approx([0.7 - 0.45, 0.6 - 0.4])
    assert values(paper, "f64_peak_minus_f32")[condition] == pytest.approx([0.95 - 0.7, 0.9 - 0.6, 0.7 - 0.5])


def test_the_delay_at_paper_scale_is_divided_by_the_law_with_the_beta2_of_its_arms(paper):
    found = values(paper, "collapse_delay_over_prediction", "precision113")
    assert found["percent=60"] == pytest.approx([(1250 - 450) / law(0.9)])
    seventy = [(1800 - 1540) / law(0.99), NAN, (2000 - 1000) / law(0.99)]
    assert found["percent=70"] == pytest.approx(seventy, nan_ok=True)
    assert statuses(paper, "collapse_delay_over_prediction", "percent=70") == ["ok", "never", "ok"]
