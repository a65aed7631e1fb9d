"""Statistics of single experiments: MNIST, the transformer, zeroed logits, loss surfaces, weight decay, exact facts."""

import math

import numpy as np
import pytest
import torch
from made_up import artifact, by_place, cells, values
from prieto2025_records import measured, statuses

from replications.grokking.prieto2025 import measure
from replications.grokking.prieto2025.experiments import losses, thresholds
from verifig.measuring.tables import Tables

NAN = float("nan")
IMAGES = {
    "test_accuracy": {
        "x100": [[0.1, 0.3, 0.2, 0.45, 0.4, 0.5, 0.35], [0.2, 0.25, 0.9, 0.6, 0.7, 0.6, 0.65]],
        "x100_wd3": [
            [0.0, 0.4, 0.1, 0.2, 0.3, 0.7, 0.9],
            [0.1, 0.5, 0.4, 0.3, 0.2, 0.6, 0.1],
            [0.3, 0.2, 0.1, 0, 0.5, 0.4, 0.8],
        ],
    },
    "collapsed": {
        "x100": [[0, 0.1, 0.2, 0.99, 0.98, 1, 1], [0, 0.1, 0.2, 0.7, 0.8, 0.9, 0.95]],
        "x100_wd3": [[1, 1, 1, 0.9, 0.04, 0.02, 0.3], [1, 1, 1, 0.8, 0.5, 0.4, 0.1], [1, 1, 1, 1, 0.6, 0.7, 0.2]],
    },
    "zero_loss": {
        "x100": [[0, 0.3, 0.1, 0.9, 1, 0.97, 0.96], [0, 0.2, 0.4, 1, 1, 1, 1]],
        "x100_wd3": [[0, 0, 0, 0.25, 0.2, 0.5, 0.6], [0, 0, 0, 0.35, 0.3, 0.45, 0.2], [1, 1, 0, 1, 1, 1, 0.75]],
    },
}


def images(last: int) -> Tables:
    return measured("mnist200", [0, 300, 400, 500, 900, 1000, last], IMAGES)


@pytest.mark.parametrize(
    ("statistic", "plain", "decay"),
    [
        ("test_range_after_500", [0.5 - 0.35, 0.7 - 0.6], [0.9 - 0.2, 0.6 - 0.1, 0.8 - 0.0]),
        ("min_collapsed_after_500", [0.98, 0.7], [0.02, 0.1, 0.2]),
        ("min_zero_loss_after_500", [0.9, 1], [0.2, 0.2, 0.75]),
        ("test_gain_after_300", [0.35 - 0.3, 0.65 - 0.25], [0.9 - 0.4, 0.1 - 0.5, 0.8 - 0.2]),
    ],
)
def test_images_are_judged_from_an_epoch_on(statistic, plain, decay):
    expected = {"condition=x100": pytest.approx(plain), "condition=x100_wd3": pytest.approx(decay)}
    assert values(images(1700), statistic) == expected


def test_the_share_of_collapsed_images_is_read_at_epoch_1000():
    assert values(images(1700), "collapsed") == {
        "condition=x100;epoch=1000": [1, 0.9],
        "condition=x100_wd3;epoch=1000": [0.02, 0.4, 0.7],
    }


def test_images_are_judged_in_runs_of_1000_epochs_but_not_in_shorter_ones():
    fields = {name: {"x1": [[0.1, 0.2, 0.3]]} for name in IMAGES}
    assert values(measured("mnist200", [0, 600, 1000], fields), "collapsed") == {"condition=x1;epoch=1000": [0.3]}
    assert values(measured("mnist200", [0, 600, 990], fields), "collapsed") == {}


def test_the_transformer_with_the_projection_is_compared_with_weight_decay_seed_by_seed():
    test = {
        "perp_adamw": [[0, 0.7, 1, 1, 1], [0, 0.1, 0.2, 0.8, 1], [0, 0, 0, 0, 0.89], [0, 1, 1, 1, 1]],
        "adamw_wd": [
            [0, 0.1, 0.2, 0.9, 1],
            [0.9, 1, 1, 1, 1],
            [0, 0.5, 1, 1, 1],
            [0, 0, 0.1, 0.2, 0.8],
            [0, 1, 1, 1, 1],
        ],
        "adamw": [[0, 1, 1, 1, 1]] * 4,
    }
    out = measured("transformer", [0, 100, 250, 600, 1000], {"test_accuracy": test})
    condition = "a=perp_adamw;b=adamw_wd"
    assert values(out, "epoch_ratio") == {condition: pytest.approx([200 / 600, 800 / 1, NAN, NAN], nan_ok=True)}
    assert statuses(out, "epoch_ratio", condition) == ["ok", "ok", "never", "never"]


def test_the_change_after_zeroing_starts_at_the_intervention_in_both_arms():
    test = {
        "zeroed": [[0.0, 0.4, 0.7, 0.65, 0.72], [0.1, 0.3, 0.8, 0.9, 0.6]],
        "not_zeroed": [[0.05, 0.2, 0.3, 0.5, 0.95], [0.1, 0.15, 0.25, 0.9, 0.85], [0.2, 0.1, 0.6, 0.4, 0.5]],
    }
    settings = {"zeroed": {"zero_correct_logits_at": 6000}, "not_zeroed": {"zero_correct_logits_at": None}}
    out = measured("zeroed113", [0, 3000, 6000, 6100, 10000], {"test_accuracy": test}, settings)
    assert values(out, "test_change_after_zeroing") == {
        "condition=zeroed": pytest.approx([0.72 - 0.7, 0.6 - 0.8]),
        "condition=not_zeroed": pytest.approx([0.95 - 0.3, 0.85 - 0.25, 0.5 - 0.6]),
    }
    assert values(out, "test_at_zeroing") == {"condition=zeroed": [0.7, 0.8], "condition=not_zeroed": [0.3, 0.25, 0.6]}


@pytest.mark.parametrize(
    ("statistic", "plain", "projected"),
    [
        ("train_loss_end_over_start", [0.5 / 4, 3 / 2], [0.2 / 8, 0.6 / 3]),
        ("test_loss_end_over_start", [12 / 5, 1 / 4], [0.3 / 6, 9 / 2]),
        ("train_loss_end_over_lowest", [0.5 / 0.25, 3 / 1], [1, 0.6 / 0.1]),
    ],
)
def test_losses_of_trajectories_are_compared_with_start_and_lowest_value(statistic, plain, projected):
    train = {"sgd": [[4, 0.25, 6, 0.5], [2, 1, 2.5, 3]], "perp_sgd": [[8, 9, 1, 0.2], [3, 0.1, 0.4, 0.6]]}
    test = {"sgd": [[5, 3, 20, 12], [4, 0.5, 2, 1]], "perp_sgd": [[6, 7, 0.1, 0.3], [2, 1, 4, 9]]}
    shapes = {"path": (2, 4, 2), "grid": (2, 2, 3), "surface_train": (2, 3, 3), "surface_test": (2, 3, 3)}
    plane = {name: np.zeros(shape) for name, shape in shapes.items()} | {"in_plane": np.ones((2, 4))}
    out = measured("landscape53", [0, 10, 40, 100], {"train_loss": train, "test_loss": test}, **plane)
    expected = {"condition=sgd": pytest.approx(plain), "condition=perp_sgd": pytest.approx(projected)}
    assert values(out, statistic) == expected


def test_figures_get_the_path_of_the_first_seed_and_both_sections():
    """A section's rows run along its second axis."""
    names, epochs, stream = ["perp_sgd", "sgd"], [0, 10, 40, 100], np.random.default_rng(2)
    losses = {f"{which}_loss": {name: stream.random((2, 4)) for name in names} for which in ("train", "test")}
    plane = {"path": stream.random((2, 4, 2)), "grid": stream.random((2, 2, 3)), "in_plane": stream.random((2, 4))}
    plane |= {f"surface_{which}": stream.random((2, 3, 3)) for which in ("train", "test")}
    out = measured("landscape53", epochs, losses, **plane)
    for place, axis in enumerate("xy"):
        found = cells(out, "landscape_paths", "condition", "epoch", value=axis)
        assert found == by_place(plane["path"][..., place], names, epochs)
    for which in ("train", "test"):
        found = cells(out, "landscape_paths", "condition", "epoch", value=f"{which}_loss")
        assert found == by_place([losses[f"{which}_loss"][name][0] for name in names], names, epochs)
        expected: dict = {}
        for name, (x, y), surface in zip(names, plane["grid"], plane[f"surface_{which}"], strict=True):
            expected |= by_place(surface.T[None], [name], x, y)
        assert cells(out, "landscape_surface", "condition", "x", "y", value=which) == expected
    lowest = plane["in_plane"].min(1)
    assert values(out, "lowest_share_in_plane") == {f"condition={n}": [v] for n, v in zip(names, lowest, strict=True)}


@pytest.mark.parametrize("experiment", ["decay53", "decay113"])
def test_weight_decays_and_the_projection_are_compared_in_interpolated_epochs(experiment):
    test = {
        "wd2": [[0, 0.9, 1, 1, 1], [0, 0.1, 0.7, 1, 1], [0, 0.1, 0.2, 0.3, 0.4], [0, 1, 1, 1, 1]],
        "wd6": [[0.95, 1, 1, 1, 0.9], [0, 0.1, 0.2, 0.95, 1], [0, 0.95, 1, 1, 1], [0, 0, 0, 0, 0.94], [0, 1, 1, 1, 1]],
        "wd8": [[0, 0.1, 0.2, 0.3, 0.4]] * 4,
        "perp_adamw": [[0, 0, 0.9, 1, 1], [0, 0.95, 0, 0, 0], [0, 0.1, 0.2, 0.3, 0.4], [0, 0, 0, 0.95, 1]],
        "none": [[0.95, 1, 1, 1, 1]] * 4,
    }
    settings = {"wd2": {"weight_decay": 2.0}, "wd6": {"weight_decay": 6.0}, "wd8": {"weight_decay": 8.0}}
    out = measured(experiment, [0, 19, 59, 119, 400], {"test_accuracy": test}, settings)
    wd2, wd6, projected = [39, 109, NAN, 18.05], [0, 119, 19, NAN], [89, 19, NAN, 119]
    ratios = [wd6[0] / wd2[0], wd6[1] / wd2[1], NAN, NAN]
    over = [projected[0] / 1, projected[1] / wd2[1], NAN, projected[3] / wd2[3]]
    assert values(out, "grok_epoch_ratio") == {"a=wd6;b=wd2": pytest.approx(ratios, nan_ok=True)}
    assert statuses(out, "grok_epoch_ratio", "a=wd6;b=wd2") == ["ok", "ok", "never", "never"]
    assert values(out, "projection_over_best_decay") == {"": pytest.approx(over, nan_ok=True)}
    assert statuses(out, "projection_over_best_decay", "") == ["ok", "ok", "never", "ok"]


def test_a_weight_decay_that_never_generalises_counts_as_the_last_epoch():
    test = {"wd2": [[0, 0.1, 0.2]] * 2, "wd4": [[0, 0.3, 0.4], [0, 0.8, 1]], "perp_adamw": [[0, 0.95, 1]] * 2}
    settings = {"wd2": {"weight_decay": 2.0}, "wd4": {"weight_decay": 4.0}}
    out = measured("decay53", [0, 100, 400], {"test_accuracy": test}, settings)
    assert values(out, "projection_over_best_decay") == {"": pytest.approx([100 / 400, 100 / 325])}


THRESHOLDS = {"float16": [7.7, 7.5, 7.625], "float32": [16.6, 17.0, 16.7], "float64": [36.0, 37.0, 36.8]}
THEORY = {"float16": 7.625, "float32": 16.65, "float64": 36.75}
IDENTITIES = {"prop1": 3e-16, "orthogonality": 2e-17, "descent": 4e-15, "euler": 5e-14}


@pytest.fixture(scope="module")
def facts():
    arrays = {f"threshold_{precision}": found for precision, found in THRESHOLDS.items()}
    arrays |= {f"theory_{precision}": value for precision, value in THEORY.items()}
    arrays |= {"wrong_gradient_float16": 1e-7, "wrong_gradient_float32": 1e-26, "wrong_gradient_float64": 2e-26}
    out = Tables()
    measure.measure({"thresholds": artifact(arrays | IDENTITIES | {"x": [0, 1], "s": [1, 2], "exp": [1, 3]})}, out)
    return out


@pytest.mark.parametrize(
    ("precision", "event", "error"),
    [
        ("float16", "loss", 0.075),
        ("float16", "gradient", 0.125),
        ("float16", "collapsed", 0),
        ("float32", "loss", 0.05),
        ("float32", "gradient", 0.35),
        ("float32", "collapsed", 0.05),
        ("float64", "loss", 0.75),
        ("float64", "gradient", 0.25),
        ("float64", "collapsed", 0.05),
    ],
)
def test_a_threshold_is_compared_with_theory_by_precision_and_event(facts, precision, event, error):
    found = values(facts, "threshold_error")[f"event={event};precision={precision}"]
    assert found == pytest.approx([error])


def test_exact_facts_are_copied(facts):
    assert values(facts, "wrong_gradient") == {
        "precision=float16": [1e-7],
        "precision=float32": [1e-26],
        "precision=float64": [2e-26],
    }
    assert values(facts, "threshold") == {f"precision={name}": [found[0]] for name, found in THRESHOLDS.items()}
    assert facts.curves["stablemax_function"].to_dict("list") == {"x": [0, 1], "s": [1, 2], "exp": [1, 3]}
    assert values(facts, "prop1") == {"": [3e-16]}
    assert values(facts, "orthogonality") == {"": [2e-17]}
    assert values(facts, "descent") == {"": [4e-15]}
    assert values(facts, "euler") == {"": [5e-14]}


def test_exact_facts_are_stored_by_event_and_precision_as_measured(monkeypatch):
    gaps = {"loss": 1, "gradient": 2, "collapsed": 3}
    bits = {torch.float16: 11, torch.float32: 24, torch.float64: 53}
    monkeypatch.setattr(
        thresholds, "bisect", lambda event, precision: 100 * gaps[event] + bits[precision] * math.log(2)
    )
    arrays = thresholds.thresholds(None)
    out = Tables()
    measure.measure({"thresholds": artifact(arrays)}, out)
    for event, gap in gaps.items():
        for precision in THEORY:
            condition = f"event={event};precision={precision}"
            assert values(out, "threshold_error")[condition] == pytest.approx([100 * gap])
    assert values(out, "wrong_gradient") == {
        "precision=float16": [0],
        "precision=float32": pytest.approx([math.exp(-60)], rel=1e-5, abs=0),
        "precision=float64": pytest.approx([math.exp(-60)], rel=1e-12, abs=0),
    }


def test_stablemax_is_compared_with_softmax_by_the_largest_difference(monkeypatch):
    apart = torch.zeros(1000, 113, dtype=torch.float64)
    apart[3, 7], apart[500, 100] = -0.25, 0.125
    stablemax = losses.stablemax
    monkeypatch.setattr(losses, "stablemax", lambda x: stablemax(x) + apart)
    out = Tables()
    measure.measure({"thresholds": artifact(thresholds.thresholds(None))}, out)
    assert values(out, "prop1")[""] == pytest.approx([0.25])
