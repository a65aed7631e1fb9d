"""Intervals and tail probabilities against other routines of scipy, or counted out by hand."""

import dataclasses
import math
import warnings
from itertools import product

import numpy as np
import pytest
from scipy import stats as reference

from verifig.judging import stats

SOME = np.array([0.3, 1.7, -0.4, 2.2, 0.9, 1.1])
INF = math.inf


def limits(interval: stats.Interval) -> list[float]:
    return [interval.low, interval.high]


def test_an_interval_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        stats.mean(SOME).low = 0


def test_the_least_numbers_of_units():
    """Of the guide; a sign test of fewer than six units has no 95 % interval, and 5 of 5 would be a share > .48."""
    assert stats.MINIMUM_UNITS == {"exact": 1, "every": 3, "mean": 3, "median": 6, "share": 6}
    finite = [n for n in range(1, 20) if math.isfinite(stats.median(np.arange(float(n))).low)]
    assert finite[0] == stats.MINIMUM_UNITS["median"]


# ---- mean and prediction -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [None, 0.8, 0.99])
def test_the_mean_has_the_interval_of_the_t_test(level):
    found = stats.mean(SOME) if level is None else stats.mean(SOME, level)
    expected = reference.ttest_1samp(SOME, 0).confidence_interval(level or 0.95)
    assert limits(found) == pytest.approx(list(expected), rel=1e-12)
    assert found.observed == pytest.approx(5.8 / 6)
    half = stats.t_half_width(SOME) if level is None else stats.t_half_width(SOME, level)
    assert half == pytest.approx((expected.high - expected.low) / 2)


def test_two_units_have_a_wide_interval_and_one_has_none():
    """With one degree of freedom Student's t is Cauchy's distribution, whose quantiles are tangents."""
    assert limits(stats.mean(np.array([0.0, 2.0]))) == pytest.approx(
        [1 - math.tan(0.475 * math.pi), 1 + math.tan(0.475 * math.pi)]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert stats.mean(np.array([4.0])) == stats.Interval(4.0, -INF, INF)


def test_equal_values_are_their_own_interval_without_rounding():
    values = np.full(3, 0.1)
    assert np.mean(values) != 0.1, "rounding is what is tested"
    assert stats.mean(values) == stats.prediction(values) == stats.Interval(0.1, 0.1, 0.1)


def test_values_one_apart_are_not_equal():
    values = np.array([0.0, 0.2, 1.0])
    assert stats.mean(values).observed == pytest.approx(0.4)
    assert limits(stats.mean(values)) == pytest.approx(list(reference.ttest_1samp(values, 0).confidence_interval()))


@pytest.mark.parametrize("runs", [None, 1, 2, 7])
def test_a_prediction_interval_covers_means_of_runs_to_come(runs):
    """Its half-width is the t quantile times the standard deviation of (mean of `runs` more - our mean)."""
    found = stats.prediction(SOME) if runs is None else stats.prediction(SOME, runs=runs)
    deviation = math.sqrt(SOME.var(ddof=1) / (runs or 1) + SOME.var(ddof=1) / 6)
    assert limits(found) == pytest.approx(list(reference.t.interval(0.95, 5, loc=SOME.mean(), scale=deviation)))
    assert found.observed == pytest.approx(SOME.mean())


def test_prediction_intervals_cover():
    draws = np.random.default_rng(3).normal(size=(2000, 9))
    found = [stats.prediction(row[:5], level=0.8, runs=4) for row in draws]
    inside = [i.low <= mean <= i.high for i, mean in zip(found, draws[:, 5:].mean(1), strict=True)]
    assert 0.77 <= np.mean(inside) <= 0.83


# ---- median --------------------------------------------------------------------------------------------------------


def sign_test_limits(n: int, tail: float) -> tuple[int, int] | None:
    """(k, n + 1 - k): the innermost order statistics with P(fewer than k heads in n throws) <= `tail`, counted."""
    fitting = [k for k in range(1, n + 1) if 2**n * tail >= sum(math.comb(n, heads) for heads in range(k))]
    return (fitting[-1], n + 1 - fitting[-1]) if fitting else None


@pytest.mark.parametrize("level", [None, 0.8, 0.99])
def test_the_median_s_limits_are_the_order_statistics_of_the_sign_test(level):
    for n in range(2, 31):
        values = np.random.default_rng(n).permutation(np.arange(1.0, n + 1))
        found = stats.median(values) if level is None else stats.median(values, level)
        expected = sign_test_limits(n, (1 - (level or 0.95)) / 2)
        assert limits(found) == list(expected or (-INF, INF)), n
        assert found.observed == (n + 1) / 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0, 1, 2, 5, 4, 6, 70], (4.0, 1.0, 70.0)),
        ([INF, 1, INF, INF, INF, 2], (INF, 1.0, INF)),
        ([-INF, 1, 2, 3, 4, 5], (2.5, -INF, 5.0)),
        ([INF, 1, 2, 3, INF, INF], (INF, 1.0, INF)),
    ],
)
def test_the_median_of_units_without_limit(values, expected):
    found = stats.median(np.array(values))
    assert (found.observed, found.low, found.high) == expected


# ---- share ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [None, 0.8, 0.99])
@pytest.mark.parametrize("successes", [0, 1, 5, 8, 9])
def test_a_share_s_limits_leave_half_the_rest_on_either_side(level, successes):
    values = np.array([1.0] * successes + [0.0] * (9 - successes))
    found = stats.share(values) if level is None else stats.share(values, level)
    tail = (1 - (level or 0.95)) / 2
    assert found.observed == pytest.approx(successes / 9)
    if successes:
        assert reference.binom.sf(successes - 1, 9, found.low) == pytest.approx(tail)
    else:
        assert found.low == 0
    if successes < 9:
        assert reference.binom.cdf(successes, 9, found.high) == pytest.approx(tail)
    else:
        assert found.high == 1


def test_all_of_n_runs():
    """The guide's table, and the limit that leaves 2.5 % for "3 of 5 or more"."""
    assert [round(stats.lower_limit_of_all(n, n), 2) for n in (3, 5, 8)] == [0.29, 0.48, 0.63]
    assert reference.binom.sf(2, 5, stats.lower_limit_of_all(5, 3)) == pytest.approx(0.025)
    assert reference.binom.sf(2, 5, stats.lower_limit_of_all(5, 3, 0.8)) == pytest.approx(0.1)
    assert stats.lower_limit_of_all(5, 0) == 0


# ---- how unlikely it is to lie this far inside -----------------------------------------------------------------------


def quietly(*arguments) -> float | None:
    """`p_bound`, where a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return stats.p_bound(*arguments)


@pytest.mark.parametrize("values", [SOME, SOME[:2], -SOME], ids=["six", "two", "negative"])
def test_p_of_a_mean_is_the_one_sided_t_test_s(values):
    greater = reference.ttest_1samp(values, -0.6, alternative="greater").pvalue
    less = reference.ttest_1samp(values, 2.5, alternative="less").pvalue
    assert quietly("mean", values, -0.6, INF) == pytest.approx(greater)
    assert quietly("mean", values, -INF, 2.5) == pytest.approx(less)
    assert quietly("mean", values, -0.6, 2.5) == pytest.approx(max(greater, less))


def test_p_of_equal_values_and_of_one():
    equal = np.full(4, 0.5)
    assert [quietly("mean", equal, low, INF) for low in (0.25, 0.5, 0.75)] == [0, 1, 1]
    assert [quietly("mean", equal, -INF, high) for high in (0.75, 0.5, 0.25)] == [0, 1, 1]
    assert quietly("mean", np.array([7.0]), 0, INF) == 1, "one unit says nothing"


@pytest.mark.parametrize("value", [0.1, 0.7])
def test_p_of_equal_values_on_a_bound_is_not_a_matter_of_rounding(value):
    values = np.full(3, value)
    assert np.mean(values) != value, "rounding is what is tested"
    assert [quietly("mean", values, *bounds) for bounds in ((value, INF), (-INF, value))] == [1, 1]
    inside = (np.nextafter(value, 0), INF), (-INF, np.nextafter(value, 9))
    assert [quietly("mean", values, *bounds) for bounds in inside] == [0, 0]


def sign_test(inside: int, n: int) -> float:
    """Share of the 2^n equally likely patterns of signs with at least as many units inside."""
    return sum(sum(signs) >= inside for signs in product((0, 1), repeat=n)) / 2**n


@pytest.mark.parametrize(
    ("low", "high", "inside"),
    [
        (0.0, INF, 5),
        (-INF, 2.0, 5),
        (0.9, INF, 3),  # a unit on the bound is not inside of it
        (-INF, 1.1, 3),
        (0.9, 5, 3),
        (-1, 1.1, 3),
        (0.0, 2.0, 5),
        (-1, 5, 6),
    ],
)
def test_p_of_a_median_is_the_sign_test_s(low, high, inside):
    assert quietly("median", SOME, low, high) == pytest.approx(sign_test(inside, 6))


def test_an_infinite_unit_counts_against_the_bound_of_its_side_only():
    with_never = np.array([1.0, 2, 3, 4, 5, INF])
    assert quietly("median", with_never, 0, INF) == pytest.approx(sign_test(6, 6))
    assert quietly("median", with_never, -INF, 9) == pytest.approx(sign_test(5, 6))
    assert quietly("median", -with_never, -INF, 0) == pytest.approx(sign_test(6, 6))
    assert quietly("median", -with_never, -9, INF) == pytest.approx(sign_test(5, 6))


def share(successes: int, n: int = 8) -> np.ndarray:
    return np.array([1.0] * successes + [0.0] * (n - successes))


def test_p_of_a_share_is_a_binomial_tail():
    at_least = sum(math.comb(8, k) * 0.3**k * 0.7 ** (8 - k) for k in (6, 7, 8))
    at_most = sum(math.comb(8, k) * 0.9**k * 0.1 ** (8 - k) for k in range(7))
    assert quietly("share", share(6), 0.3, INF) == pytest.approx(at_least)
    assert quietly("share", share(6), -INF, 0.9) == pytest.approx(at_most)
    assert quietly("share", share(6), 0.3, 0.9) == pytest.approx(max(at_least, at_most))


def test_a_share_s_bound_that_allows_everything_rules_nothing_out():
    assert quietly("share", share(0), 0.0, INF) == 0
    assert quietly("share", share(8), -INF, 1.0) == 0
    assert quietly("share", share(5), 0.0, 1.0) == 0
    assert quietly("share", share(8), 1.5, INF) == 1, "no share is that large"
    assert quietly("share", share(0), -INF, -0.5) == 1


@pytest.mark.parametrize("estimator", ["exact", "every"])
def test_what_has_no_sampling_distribution_has_no_p(estimator):
    assert stats.p_bound(estimator, SOME, 0, 1) is None
