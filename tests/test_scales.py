"""The scales on which intervals are formed, at and beyond their limits; a warning of numpy is an error here."""

import dataclasses
import math

import numpy as np
import pytest

from verifig.judging import scales

INF = math.inf
SHARE = scales.Logit(20)
pytestmark = pytest.mark.filterwarnings("error")


def log_odds(successes: float, trials: int) -> float:
    """Of half a success and half a failure more than were seen."""
    return math.log((successes + 0.5) / (trials - successes + 0.5))


@pytest.mark.parametrize(
    ("part", "scale"),
    [
        ({}, scales.Linear()),
        ({"scale": None}, scales.Linear()),
        ({"estimator": "share"}, scales.YesNo()),
        ({"scale": "log", "trials": 7}, scales.Log()),
        ({"scale": "logit", "trials": 7}, scales.Logit(7)),
    ],
)
def test_a_part_names_its_scale(part, scale):
    assert scales.of(part) == scale
    assert type(scales.of(part)) is type(scale)


@pytest.mark.parametrize("scale", [scales.Linear(), scales.YesNo(), scales.Log(), SHARE])
def test_scales_are_values(scale):
    with pytest.raises(dataclasses.FrozenInstanceError):
        scale.trials = 3
    assert len({scale, dataclasses.replace(scale)}) == 1


def test_the_linear_scale_changes_nothing():
    scale = scales.Linear()
    values = [-INF, -2, 0, 1.5, INF]
    assert scale.forward(values).tolist() == values
    assert [scale.back(value) for value in values] == values
    assert scale.bounds(-3, 0) == (-3, 0)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.25, 0.75, (0.25, 0.75)),
        (0.5, 1.0, (0.5, INF)),
        (0.0, 0.5, (-INF, 0.5)),
        (0.0, 1.0, (-INF, INF)),
        (1.0, INF, (1.0, INF)),  # all of them
        (-INF, 0.0, (-INF, 0.0)),  # none of them
        (1.5, INF, (1.5, INF)),  # no share is that large
    ],
)
def test_a_bound_that_no_share_can_cross_is_open(low, high, expected):
    assert scales.YesNo().bounds(low, high) == expected
    assert scales.YesNo().forward([0, 1]).tolist() == [0, 1]


# ---- logarithms ----------------------------------------------------------------------------------------------------


def test_only_what_is_positive_has_a_logarithm():
    found = scales.Log().forward([math.e**2, 1, 0.5, 5e-324, INF])
    assert found[:3] == pytest.approx([2, 0, -0.6931471805599453])
    assert math.isfinite(found[3])
    assert found[4] == INF
    assert np.isnan(scales.Log().forward([0, -0.5, -1, -INF, math.nan])).all()
    assert math.isnan(scales.Log().forward(0.0))


def test_logarithms_come_back():
    scale = scales.Log()
    assert [scale.back(x) for x in (0, math.log(3), -INF, INF, 1e4)] == [1, pytest.approx(3), 0, INF, INF]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (math.e, math.e**3, (1, 3)),
        (0.5, 1, (-0.6931471805599453, 0)),
        (0, INF, (-INF, INF)),  # every positive number is above 0
        (-0.5, 1, (-INF, 0)),
        (-INF, 0, (-INF, -INF)),  # and none below
    ],
)
def test_bounds_have_logarithms_or_none(low, high, expected):
    assert scales.Log().bounds(low, high) == pytest.approx(expected)


# ---- shares --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trials", [1, 20, 10_000])
def test_shares_have_the_log_odds_of_half_a_success_more(trials):
    counts = np.unique(np.linspace(0, trials, 7).round())
    found = scales.Logit(trials).forward(counts / trials)
    assert found == pytest.approx([log_odds(k, trials) for k in counts])
    assert [scales.Logit(trials).back(z) for z in found] == pytest.approx(list(counts / trials), abs=1e-12)


def test_what_is_no_share_has_no_place():
    just_outside = [np.nextafter(0, -1), np.nextafter(1, 2), -0.02, 1.02, -7, 7, math.nan, INF]
    assert np.isnan(SHARE.forward(just_outside)).all()
    assert np.isfinite(SHARE.forward([0, 1, np.nextafter(0, 1), np.nextafter(1, 0)])).all()


def test_shares_come_back_between_0_and_1_to_twelve_decimals():
    assert [SHARE.back(z) for z in (-INF, -50, log_odds(0, 20), log_odds(20, 20), 50, INF)] == [0, 0, 0, 1, 1, 1]
    third = SHARE.back(log_odds(20 / 3, 20))
    assert third == 0.333333333333
    assert [SHARE.back(log_odds(k, 20)) for k in (0.01, 19.99)] == [0.0005, 0.9995]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.25, 0.75, (log_odds(5, 20), log_odds(15, 20))),
        (0.0, 1.0, (-INF, INF)),
        (-INF, INF, (-INF, INF)),
        (-0.5, 1.5, (-INF, INF)),
        (1.0, INF, (log_odds(20, 20), INF)),  # all of them, and no fewer
        (-INF, 0.0, (-INF, log_odds(0, 20))),  # none of them
        (1.5, 2.5, (INF, INF)),  # no share is that large
        (-2.5, -0.5, (-INF, -INF)),
        (0.001, 0.999, (log_odds(0.02, 20), log_odds(19.98, 20))),
    ],
)
def test_bounds_of_shares(low, high, expected):
    assert SHARE.bounds(low, high) == pytest.approx(expected)
