"""Every statistic that a claim names, on made-up runs with known curves."""

import numpy as np
import pytest
from made_up import artifact, measuring, near, values

from replications.sgd_stability.rosenfeld2023 import measure as module

measured = measuring(module.measure)
DIRECT = {"direct_hessian_error": [1e-12, 3e-12], "direct_loss_error": [2e-12, 1e-12]}
TOY = {"beta": 2.0, "outlier_share": 0.1, "outlier_size": 10.0, "learning_rate": 0.1}  # valley 20, threshold 20


def toys(sharpness, groups=None, gauss_newton=None, conditions=None, **settings) -> object:
    """Runs [members, T] of one condition unless named; groups [members, T, 3]; losses fall from 4 to 1."""
    sharpness = np.asarray(sharpness, float)
    members, length = sharpness.shape
    groups = np.ones((members, length, 3)) if groups is None else np.asarray(groups, float)
    arrays = {
        "sharpness": sharpness, "gauss_newton": sharpness if gauss_newton is None else gauss_newton, "groups": groups,
        "loss": np.linspace(4, 1, length) * np.ones((members, 1)), "output": np.zeros((members, length)),
        "steps": np.arange(length),
    }  # fmt: skip
    return artifact(arrays | DIRECT, conditions or {"one": {}}, seeds=members, **(TOY | settings))


def test_the_last_sharpness_over_the_closed_form_and_the_lowest_over_the_first():
    out = measured(minimum=toys([[10, 5, 15, 19], [10, 12, 22, 21]], gauss_newton=[[4, 2, 5, 6], [4, 5, 6, 7]]))
    assert values(out, "over_closed_form") == near({"condition=one": [0.95, 1.05]})
    assert values(out, "over_target") == near({"condition=one": [9.5, 10.5]})
    assert values(out, "lowest") == near({"condition=one": [0.5, 1]})
    assert values(out, "lowest_gauss_newton") == near({"condition=one": [0.5, 1]})
    assert values(out, "final_over_threshold") == near({"condition=one": [0.95, 1.05]})
    assert values(out, "peak_over_threshold") == near({"condition=one": [0.95, 1.1]})
    assert values(out, "loss_left") == near({"condition=one": [0.25, 0.25]})
    assert values(out, "direct_hessian_error") == near({"": [3e-12]})
    assert values(out, "direct_loss_error") == near({"": [2e-12]})
    assert values(out, "correlation") == {}
    drawn = out.curves["minimum_sharpness"]
    assert drawn["over_valley"].tolist() == near([0.5, 0.25, 0.75, 0.95, 0.5, 0.6, 1.1, 1.05])


def test_without_outliers_there_is_no_closed_form():
    out = measured(edge=toys([[1, 2, 3]], outlier_size=0.0))
    assert values(out, "over_closed_form") == {}
    assert values(out, "correlation") == near({"condition=one": [np.nan]})
    assert out.statistics().query("statistic == 'correlation'")["status"].tolist() == ["never"]


def test_the_spike_is_of_the_mean_loss_of_both_groups():
    """Not of the rest, nor of one group: means are 2, 3, 5, 1 and 4, 2, 2, 2."""
    groups = [[[1, 3, 9], [5, 1, 0], [4, 6, 0], [1, 1, 99]], [[4, 4, 1], [1, 3, 1], [3, 1, 1], [2, 2, 1]]]
    out = measured(edge=toys([[1, 1, 1, 1]] * 2, groups))
    assert values(out, "spike") == near({"condition=one": [2.5, 1]})
    drawn = out.curves["groups"].query("seed == 0")
    assert drawn["positive"].tolist() == [1, 5, 4, 1]
    assert drawn["negative"].tolist() == [3, 1, 6, 1]
    assert drawn["rest"].tolist() == [9, 0, 0, 99]


def oscillation(length: int, together: bool, peak: int) -> np.ndarray:
    """Losses [length, 3] of groups that swing with a growing size up to `peak`, against each other or together."""
    size = np.where(np.arange(length) <= peak, 1.1 ** np.arange(length), 0)
    swing = size * (-1.0) ** (np.arange(length) - peak)
    return np.stack([100 + swing + 0.1 * size, 100 + (swing if together else -swing) + 0.1 * size, swing * 0], 1)


@pytest.mark.parametrize("together", [True, False])
def test_loss_changes_are_correlated_over_the_steps_up_to_the_spike(together):
    groups = oscillation(60, together, peak=40)
    groups[3] = 1000  # a loss before the sharpness is above the threshold is no spike
    above = np.where(np.arange(60) >= 15, 25.0, 15.0)
    out = measured(edge=toys([above], [groups]))
    expected = np.corrcoef(np.diff(groups[20:41, :2], axis=0).T)[0, 1]
    assert values(out, "correlation") == near({"condition=one": [expected]})
    assert expected > 0.9 if together else expected < -0.9
    drawn = out.curves["changes"]
    assert drawn["x"].tolist() == list(range(20, 40))
    assert drawn["positive"].tolist() == near(np.diff(groups[:, 0])[20:40].tolist())


def test_a_spike_before_twenty_steps_or_a_low_sharpness_has_no_correlation():
    early, low = oscillation(60, False, peak=10), oscillation(60, False, peak=40)
    out = measured(edge=toys([[25.0] * 60, [20.0] * 60], [early, low]))
    assert out.statistics().query("statistic == 'correlation'")["status"].tolist() == ["never", "never"]
    assert len(out.curves["changes"]) == 0


def test_turns_and_overlap_are_means_over_the_last_third():
    """Steps 3 to 9: later than step 6 are the last three."""
    turns = {
        "turn_up": [[0, 0, 0, 0, 0.2, 0.4, 0.6]],
        "turn_down": [[9, 9, 9, 9, 1, 0, 0.5]],
        "overlap": [[0, 0, 0, 0, 1, 1, 0.4]],
    }
    rest = {name: [[4.0, 4, 4, 4, 3, 2, 1]] for name in ("loss", "up", "down")}
    sharp = {"sharpness": [[np.nan] * 6 + [10.0]], "steps": np.arange(3, 10)}
    out = measured(network=artifact(turns | rest | sharp, {"large": {}}, learning_rate=0.1, follow_from=6))
    assert values(out, "turn_up") == near({"condition=large": [0.4]})
    assert values(out, "turn_down") == near({"condition=large": [0.5]})
    assert values(out, "overlap") == near({"condition=large": [0.8]})
    assert values(out, "loss_left") == near({"condition=large": [0.25]})
    assert values(out, "sharpness_over_threshold") == near({"condition=large": [0.5]})
    assert out.curves["followed"]["x"].tolist() == [8]
    assert out.curves["followed"]["up"].tolist() == [-1]


def test_nothing_is_measured_of_what_was_not_run():
    assert len(measured().statistics()) == 0


def test_every_seed_has_a_spike_of_its_own():
    with pytest.raises(ValueError, match="zip"):
        module._window(np.zeros((2, 30, 2)), np.array([25]), "one")
