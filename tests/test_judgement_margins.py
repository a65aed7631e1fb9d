"""How far inside its bounds a part lies, how many units would decide, whether the paper's value lies in our spread."""

import math

import numpy as np
import pytest
from scipy import stats as reference
from test_judge import part, rows, verdict
from test_judgement import judged, taken

from verifig.judging import judge

# ---- consistent: one run of the paper in our spread ----------------------------------------------------------------------

SPREAD = [1.0, 1.1, 0.9, 1.05, 0.95]
MARGIN = reference.t.ppf(0.975, 4) * np.std(SPREAD, ddof=1) * math.sqrt(1 + 1 / 5)


def consistent(bounds, resolution=9.0, **more) -> dict:
    return judged(SPREAD, relation="consistent", bounds=bounds, resolution=resolution, **more)


def test_consistent_shows_the_prediction_interval_and_no_margins():
    found = consistent(1.1)
    assert taken(found, "observed", "low", "high") == pytest.approx((1, 1 - MARGIN, 1 + MARGIN))
    assert taken(found, "p_bound", "headroom", "units_to_decide", "notes") == (None, None, None, [])
    assert judge.agreement(part(relation="consistent", bounds=1.1, resolution=9.0), rows(SPREAD)) == {
        "agrees": "yes",
        "prediction": [found["low"], found["high"]],
    }


def test_the_paper_s_run_may_lie_on_the_limit_of_our_spread_but_not_beyond():
    low, high = taken(consistent(1.1), "low", "high")
    for bound, outside in ((low, -9), (high, 9)):
        beyond = float(np.nextafter(bound, outside))
        assert [consistent(x)["verdict"] for x in (bound, beyond)] == ["reproduced", "contradicted"]
        options = {"relation": "consistent", "resolution": 9.0}
        found = [judge.agreement(part(bounds=x, **options), rows(SPREAD))["agrees"] for x in (bound, beyond)]
        assert found == ["yes", "no"]


def test_our_spread_may_be_as_wide_as_the_stated_resolution_and_no_wider():
    low, high = taken(consistent(1.1), "low", "high")
    half = (high - low) / 2
    assert consistent(1.1, resolution=half)["verdict"] == "reproduced"
    wider = consistent(1.1, resolution=float(np.nextafter(half, 0)))
    assert wider["verdict"] == "inconclusive"
    assert wider["notes"] == [f"our spread is wider than the stated resolution {half:g}"]
    shifted = [10 + x for x in SPREAD]
    assert verdict(shifted, relation="consistent", bounds=11.1, resolution=half * 1.001) == "reproduced"
    assert verdict(shifted, relation="consistent", bounds=11.1, resolution=half * 0.999) == "inconclusive"


@pytest.mark.parametrize("options", [{"scale": "logit", "trials": 1000}, {"estimator": "share"}])
def test_the_paper_s_run_may_be_all_there_is(options):
    """A bound of 1 is open for an interval; the paper's value is still 1."""
    values = [1.0] * 6 if "estimator" in options else [0.98, 0.999, 1.0, 0.99, 1.0, 1.0]
    options |= {"relation": "consistent", "resolution": 9.0}
    assert verdict(values, bounds=1.0, **options) == "reproduced"
    assert verdict(values, bounds=0.0, **options) == "contradicted"


def test_consistent_on_logarithms():
    values = np.exp(SPREAD)
    found = judged(values, relation="consistent", bounds=3.0, resolution=MARGIN * 1.001, scale="log")
    assert taken(found, "low", "high", "verdict") == (
        *(pytest.approx(math.exp(x)) for x in (1 - MARGIN, 1 + MARGIN)),
        "reproduced",
    )
    assert judged(values, relation="consistent", bounds=4.0, resolution=1.0, scale="log")["verdict"] == "contradicted"


# ---- how far inside, and how many units would decide ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "bounds", "distance"),
    [("at_least", 9.0, 1.25), ("at_most", 12.5, 2.25), ("within", [9.0, 12.5], 1.25), ("within", [4.0, 11.0], 0.75)],
)
def test_headroom_is_the_distance_to_the_nearest_bound_in_half_widths(relation, bounds, distance):
    values = [10.0, 10.25, 10.75, 10.0]
    half = reference.sem(values) * reference.t.ppf(0.975, 3)
    found = judged(values, relation=relation, bounds=bounds)
    assert found["headroom"] == round(distance / half, 3)
    wider = judged(values, relation=relation, bounds=bounds, resolution=0.5)
    assert wider["headroom"] == round(distance / (half + 0.25), 3)


def test_a_value_outside_has_negative_headroom():
    values = [10.0, 10.25, 10.75, 10.0]
    half = reference.sem(values) * reference.t.ppf(0.975, 3)
    found = judged(values, bounds=11.25)
    assert taken(found, "verdict", "headroom") == ("contradicted", round(-1 / half, 3))


@pytest.mark.parametrize(("value", "narrow"), [(12.0, True), (12.9, True), (13.0, False), (14.0, False), (22.0, False)])
def test_narrow_is_a_headroom_below_1_3(value, narrow):
    """Equal values with a resolution of 20 have half-width 10, without rounding."""
    found = judged([value] * 3, resolution=20)
    assert taken(found, "verdict", "headroom") == ("reproduced", value / 10)
    assert found["notes"] == (["narrow: expect it to flip on another machine"] if narrow else [])
    assert judged([value / 16] * 3, resolution=1.25)["notes"] == found["notes"], "in whatever unit it is measured"


def test_what_is_not_reproduced_is_not_called_narrow():
    assert judged([9.0] * 3, resolution=20)["notes"] == []
    assert judged([9.0] * 3, resolution=20)["headroom"] == 0.9


def test_without_width_or_without_a_bound_there_is_no_headroom():
    equal = judged([0.5] * 3)
    assert taken(equal, "verdict", "headroom", "units_to_decide", "p_bound") == ("reproduced", None, None, 0)
    everything = judged([5.0, 6.0, 7.0], scale="log", bounds=0)  # every number with a logarithm is above 0
    assert taken(everything, "verdict", "headroom", "units_to_decide") == ("reproduced", None, None)
    five = judged([1.0, 2, 3, 4, 5], estimator="median")  # five units have no interval
    assert taken(five, "low", "high", "headroom", "units_to_decide") == ("-inf", "inf", None, None)


@pytest.mark.parametrize(
    ("values", "relation", "bounds", "nearest"),
    [
        ([0.1, 0.9, -0.3, 0.4], "at_least", 0.0, 0.275),
        ([10.1, 10.9, 9.7, 10.4], "at_least", 10.0, 0.275),
        ([10.1, 10.9, 9.7, 10.4], "at_most", 10.7, 0.425),
        ([10.1, 10.9, 9.7, 10.4], "within", [8.0, 10.5], 0.225),
        ([10.1, 10.9, 9.7, 10.4], "at_least", 10.5, 0.225),  # outside, but not surely
        ([1.0, 5.0, 3.5], "at_least", 1.0, 6.5 / 3),
    ],
)
def test_units_to_decide_shrink_the_interval_to_the_distance(values, relation, bounds, nearest):
    """The half-width falls with the square root of the number of units."""
    n, half = len(values), reference.sem(values) * reference.t.ppf(0.975, len(values) - 1)
    found = judged(values, relation=relation, bounds=bounds)
    assert found["verdict"] == "inconclusive"
    units = found["units_to_decide"]
    assert half * math.sqrt(n / units) <= nearest < half * math.sqrt(n / (units - 1))


def test_units_to_decide_are_more_than_there_are():
    values = [-0.3, -0.2, -0.35, -0.05, -0.3]
    half = reference.sem(values) * reference.t.ppf(0.975, 4)
    assert half < 0.24, "alone the part would be contradicted"
    assert judged(values, random_parts=200)["units_to_decide"] == 6


@pytest.mark.parametrize(
    ("relation", "bounds", "nearest"), [("at_least", 0.0, 0.275), ("at_most", 0.4, 0.125), ("within", [-9, 0.5], 0.225)]
)
def test_more_units_do_not_refine_the_step_of_the_resolution(relation, bounds, nearest):
    values = [0.1, 0.9, -0.3, 0.4]
    half = reference.sem(values) * reference.t.ppf(0.975, 3)
    found = judged(values, relation=relation, bounds=bounds, resolution=0.2)
    assert found["verdict"] == "inconclusive"
    units = found["units_to_decide"]
    assert half * math.sqrt(4 / units) + 0.1 <= nearest < half * math.sqrt(4 / (units - 1)) + 0.1


@pytest.mark.parametrize("values", [[1.0] * 3, [1.0625] * 3, [0.875] * 3, [0.5, 1.0, 1.5], [0.625, 1.125, 1.625]])
def test_what_the_resolution_alone_straddles_no_number_of_units_decides(values):
    """Half a step is .125."""
    found = judged(values, bounds=1.0, resolution=0.25)
    assert taken(found, "verdict", "units_to_decide") == ("inconclusive", "inf")
    assert judged([1.126, 1.626, 0.626], bounds=1.0, resolution=0.25)["units_to_decide"] > 10**6


def test_p_counts_the_resolution_as_the_interval_does():
    values = [10.0, 10.25, 10.75, 10.0]
    for relation, bounds, nearest in (("at_least", 9.0, 9.25), ("at_most", 12.0, 11.75), ("within", [9.0, 99], 9.25)):
        expected = reference.ttest_1samp(values, nearest).pvalue / 2
        assert judged(values, relation=relation, bounds=bounds, resolution=0.5)["p_bound"] == pytest.approx(expected)
    ranks = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    found = [judged(ranks, estimator="median", bounds=0.5, resolution=r)["p_bound"] for r in (0.5, 2.0)]
    assert found == [1 / 64, 7 / 64]


@pytest.mark.parametrize("step", [0.25, 0.5, 1.0, 1.5])
def test_what_is_reproduced_has_a_p_of_2_5_percent_at_most(step):
    values = [10.0, 10.25, 10.75, 10.0]
    low = reference.ttest_1samp(values, 0).confidence_interval(0.95).low - step / 2
    for bound, expected in ((low - 1e-9, "reproduced"), (low + 1e-9, "inconclusive")):
        found = judged(values, bounds=bound, resolution=step)
        assert (found["verdict"], found["p_bound"] <= 0.025) == (expected, expected == "reproduced")


def test_on_the_bound_no_number_of_units_decides():
    found = judged([-1.0, 0.0, 1.0])
    assert taken(found, "verdict", "headroom", "units_to_decide") == ("inconclusive", 0, None)
    assert found["p_bound"] == pytest.approx(0.5)


def test_only_an_inconclusive_part_says_how_many_units_would_decide():
    assert judged([1.0, 1.1, 0.9])["units_to_decide"] is None
    assert judged([-1.0, -1.1, -0.9])["units_to_decide"] is None


# ---- agreement -----------------------------------------------------------------------------------------------------


def agreement(values, **options) -> dict:
    return judge.agreement(part(**options), rows(values))


def test_agreement_grows_by_half_a_step_and_is_closed():
    values = [2.0] * 5
    assert agreement(values, paper=2.5, resolution=1.0) == {"agrees": "yes", "prediction": [1.5, 2.5]}
    assert agreement(values, paper=1.5, resolution=1.0)["agrees"] == "yes"
    assert agreement(values, paper=2.51, resolution=1.0)["agrees"] == "no"
    assert agreement(values, paper=1.49, resolution=1.0)["agrees"] == "no"


def test_agreement_of_a_consistent_part_has_its_bound_for_the_paper_s_value():
    options = {"relation": "consistent", "resolution": 9.0}
    assert [agreement(SPREAD, bounds=x, **options)["agrees"] for x in (1 + 0.99 * MARGIN, 1 + 1.01 * MARGIN)] == [
        "yes",
        "no",
    ]
    assert agreement(SPREAD, bounds=5.0, paper=1.0, **options)["agrees"] == "yes"
    assert agreement(SPREAD, bounds=1.0) == {}


def test_agreement_needs_five_units():
    assert agreement(SPREAD, paper=1.0)["agrees"] == "yes"
    assert agreement(SPREAD[:4], paper=1.0) == {"agrees": "too few", "prediction": None}


@pytest.mark.parametrize("estimator", ["every", "median", "mean"])
def test_agreement_is_of_any_estimator_with_a_spread(estimator):
    found = agreement(SPREAD, paper=1.1, estimator=estimator)
    assert found == {"agrees": "yes", "prediction": pytest.approx([1 - MARGIN, 1 + MARGIN])}
