"""One part on its units: every number of a verdict against scipy or against what can be counted, bounds touched exactly."""

import math
import warnings

import numpy as np
import pytest
from scipy import stats as reference
from test_judge import part, rows, verdict

from verifig.judging import judge, judgement

INF = math.inf


def judged(values, status=None, random_parts=1, minimum=None, **options) -> dict:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return judge.judge_part(part(**options), rows(values, status), random_parts, minimum)


def t_interval(values, level=0.95) -> list[float]:
    return list(reference.ttest_1samp(values, 0).confidence_interval(level))


def taken(result: dict, *names: str) -> tuple:
    return tuple(result[name] for name in names)


def test_all_that_a_verdict_says():
    values = [1.0, 2.5, 2.0, 3.5]
    low, high = t_interval(values)
    found = judged(values, bounds=0.5, unit="draw", label="growth", paper=2.0, condition={"a": 1}, scales=["laptop"])
    assert found == {
        "label": "growth", "experiment": "e", "condition": "a=1", "statistic": "s", "estimator": "mean", "relation": "at_least",
        "unit": "draw", "paper": 2.0, "bounds": [0.5, "inf"], "n": 4, "values": values, "observed": pytest.approx(2.25),
        "low": pytest.approx(low), "high": pytest.approx(high), "verdict": "reproduced",
        "p_bound": pytest.approx(reference.ttest_1samp(values, 0.5, alternative="greater").pvalue),
        "headroom": round(1.75 / (high - 2.25), 3), "units_to_decide": None,
        "notes": ["narrow: expect it to flip on another machine"],
    }  # fmt: skip
    assert found["headroom"] == 1.057


def test_without_more_said_a_part_is_the_only_one_and_has_its_estimator_s_minimum():
    values = [-0.4, -0.2, -0.5, -0.05, -0.1]
    assert 0.05 / 2 < reference.ttest_1samp(values, 0).pvalue < 0.05, "one part is told from two"
    alone = judge.judge_part(part(), rows(values))
    assert alone == judgement.Judgement(part(), rows(values)).as_dict() == judged(values)
    assert (alone["verdict"], verdict(values, random_parts=2)) == ("contradicted", "inconclusive")


# ---- the number of units -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "least"),
    [
        ({"estimator": "every"}, 3),
        ({"estimator": "mean"}, 3),
        ({"estimator": "median"}, 6),
        ({"estimator": "share"}, 6),
        ({"estimator": "mean", "relation": "consistent", "bounds": 1.0, "resolution": 9.0}, 5),
    ],
)
def test_fewer_units_than_the_estimator_needs_decide_nothing(options, least):
    values = [1.0, 0.9] + [1.0] * (least - 2)
    if options["estimator"] == "share":
        values[1] = 1.0
    assert judged(values, **options)["verdict"] == "reproduced"
    fewer = judged(values[:-1], **options)
    assert fewer["verdict"] == "inconclusive"
    assert fewer["notes"] == [f"{least - 1} seeds: {options['estimator']} needs {least}"]
    assert fewer["units_to_decide"] is None


@pytest.mark.parametrize(
    ("values", "note"),
    [([], "0 seeds: no interval"), ([1.0], "1 seed: no interval"), ([1.0, 1.2], "2 seeds: mean needs 3")],
)
def test_without_two_units_there_is_no_interval(values, note):
    found = judged(values)
    assert taken(found, "n", "low", "high", "verdict", "notes") == (
        (len(values), "-inf", "inf", "inconclusive", [note]) if len(values) < 2 else (2, *(pytest.approx(x) for x in t_interval(values)), "inconclusive", [note])
    )  # fmt: skip
    assert found["headroom"] is None or len(values) == 2


def test_the_minimum_may_be_lowered():
    assert judged([1.0], estimator="every", minimum=1)["verdict"] == "reproduced"
    assert judged([1.0, 1.1], minimum=3)["verdict"] == "inconclusive"
    assert judged([1.0, 1.001], minimum=2)["verdict"] == "reproduced"


def test_one_exact_value_is_enough_and_two_are_too_many():
    found = judged([1.5], estimator="exact", relation="within", bounds=[1, 2])
    assert taken(found, "verdict", "observed", "low", "high", "n", "notes") == ("reproduced", 1.5, 1.5, 1.5, 1, [])
    found = judged([1.5, 1.6], estimator="exact", relation="within", bounds=[1, 2])
    assert taken(found, "verdict", "notes") == ("inconclusive", ["one value was expected, 2 were found"])


# ---- relations: bounds are closed, and an interval must lie inside both -----------------------------------------------


@pytest.mark.parametrize("estimator", ["exact", "every"])
@pytest.mark.parametrize(
    ("relation", "bounds", "inside", "outside"),
    [
        ("at_least", 2.0, [2.0, 7.0], [1.9]),
        ("at_most", 2.0, [2.0, -7.0], [2.1]),
        ("within", [2.0, 3.0], [2.0, 2.5, 3.0], [1.9, 3.1]),
        ("equals", 2.0, [2.0], [1.9, 2.1]),
    ],
)
def test_values_against_closed_bounds(estimator, relation, bounds, inside, outside):
    n = 1 if estimator == "exact" else 3
    for value in inside:
        assert verdict([value] * n, estimator=estimator, relation=relation, bounds=bounds) == "reproduced"
    for value in outside:
        assert verdict([value] * n, estimator=estimator, relation=relation, bounds=bounds) == "contradicted"


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ([1.0, 3.0], "reproduced"),
        ([1.5, 3.0], "inconclusive"),
        ([1.0, 2.5], "inconclusive"),
        ([0.0, 0.5], "contradicted"),
        ([3.5, 9.0], "contradicted"),
        ([0.0, 1.0], "inconclusive"),  # touched from outside
        ([3.0, 9.0], "inconclusive"),
    ],
)
def test_the_interval_1_to_3_against_bounds(bounds, expected):
    """Six units have the interval [least, greatest] of the sign test: here [1, 3], without rounding."""
    assert verdict([1.0, 1.5, 2.0, 2.0, 2.5, 3.0], estimator="median", relation="within", bounds=bounds) == expected


def test_more_random_parts_contradict_less_easily_on_either_side():
    values = np.array([-0.4, -0.2, -0.4, -0.05, -0.2])
    assert 0.05 / 3 < reference.ttest_1samp(values, 0).pvalue < 0.05 / 2
    for sign, relation in ((1, "at_least"), (-1, "at_most")):
        found = [verdict(10 + sign * values, relation=relation, bounds=10.0, random_parts=k) for k in (1, 2, 3, 9)]
        assert found == ["contradicted"] * 2 + ["inconclusive"] * 2
    eight = [-1.0, -2, -3, -4, -5, -6, -7, -8]  # all on one side: two-sided p = 2 / 256 = .05 / 6.4
    assert [verdict(eight, estimator="median", random_parts=k) for k in (6, 7)] == ["contradicted", "inconclusive"]
    assert verdict(-np.array(eight), estimator="median", random_parts=7) == "reproduced", (
        "that side needs no correction"
    )


# ---- resolution ----------------------------------------------------------------------------------------------------


def test_half_a_step_is_added_on_either_side():
    values = [1.0, 1.75, 1.25, 1.5]
    low, high = t_interval(values)
    assert taken(judged(values, resolution=0.5), "low", "high") == pytest.approx((low - 0.25, high + 0.25))
    six = judged([1.0, 1.5, 2.0, 2.0, 2.5, 3.0], estimator="median", resolution=0.5)
    assert taken(six, "observed", "low", "high") == (2.0, 0.75, 3.25)


@pytest.mark.parametrize(
    ("value", "expected", "inside"),
    [
        (1.25, "reproduced", 3),
        (1.75, "reproduced", 3),
        (1.0, "inconclusive", 2),
        (0.75, "inconclusive", 2),  # its step reaches the bound
        (0.5, "contradicted", 2),
        (2.0, "inconclusive", 2),
        (2.25, "inconclusive", 2),
        (2.5, "contradicted", 2),
    ],
)
def test_every_unit_with_half_a_step_on_either_side(value, expected, inside):
    options = {"relation": "within", "bounds": [1.0, 2.0], "resolution": 0.5}
    found = judged([1.5, value, 1.5], estimator="every", **options)
    assert taken(found, "observed", "low", "high", "verdict") == (value, value - 0.25, value + 0.25, expected)
    assert found["notes"][0].startswith(f"{inside} of 3 inside")
    assert judged([value], estimator="exact", **options)["verdict"] == expected


# ---- every ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "relation", "bounds", "worst", "inside"),
    [
        ([3, 2, 4], "at_least", 1, 2, 3),
        ([3, 2, 4], "at_most", 9, 4, 3),
        ([13, 12, 17.5], "within", [10, 20], 12, 3),
        ([13, 19, 18], "within", [10, 20], 19, 3),
        ([13, 25, 8], "within", [10, 20], 25, 1),
        ([10, 20, 15], "within", [10, 20], 10, 3),
    ],
)
def test_every_shows_the_unit_nearest_to_a_bound_and_how_many_are_inside(values, relation, bounds, worst, inside):
    found = judged(values, estimator="every", relation=relation, bounds=bounds)
    assert taken(found, "observed", "low", "high") == (worst, worst, worst)
    limit = reference.beta.ppf(0.025, inside, 4 - inside)  # Clopper and Pearson's lower limit
    assert found["notes"] == [f"{inside} of 3 inside (at least {100 * limit:.0f}% of runs, 95 % confidence)"]
    assert taken(found, "p_bound", "headroom", "units_to_decide") == (None, None, None)


def test_never_is_the_best_where_there_is_no_upper_bound_and_the_worst_where_there_is():
    status = ["ok", "never", "ok"]
    at_least = judged([10, 500, 12], status, estimator="every", bounds=5)
    assert taken(at_least, "observed", "verdict", "values") == (10, "reproduced", [10, "inf", 12])
    at_most = judged([10, 500, 12], status, estimator="every", relation="at_most", bounds=900)
    assert taken(at_most, "observed", "verdict") == ("inf", "contradicted")


# ---- undefined units and units that never -----------------------------------------------------------------------------


def test_what_diverged_and_what_was_never_seen_is_counted_apart():
    status = ["ok", "diverged", "never", "never", "ok", "ok"]
    found = judged([1.0, 2, 3, 4, 5, 6], status, estimator="median")
    assert found["notes"] == ["1 of 6 diverged or undefined", "never seen in 2 of 6"]
    assert found["values"] == [1.0, None, "inf", "inf", 5.0, 6.0]
    assert judged([1.0, 1.1, 1.2])["notes"] == []


def test_never_is_no_undefined_share():
    found = judged([0.5, 0.6, 0.9], ["ok", "ok", "never"], estimator="every", scale="logit", trials=10, bounds=0.1)
    assert found["verdict"] == "reproduced"
    assert found["notes"][0] == "never seen in 1 of 3"


@pytest.mark.parametrize(
    ("good", "low", "high"),
    [
        ([18.0, 18.5, 19, 19, 19.5, 17], 17, "inf"),  # nearer to 20
        ([11.0, 11.5, 12, 12, 12.5, 13], "-inf", 13),  # nearer to 10
        ([14.0, 14, 14.5, 14.5, 14, 14], "-inf", 14.5),
        ([15.5, 15.5, 15.5, 16, 16, 16], 15.5, "inf"),
    ],
)
def test_an_undefined_unit_falls_out_on_the_side_of_the_nearer_bound(good, low, high):
    options = {"estimator": "median", "relation": "within", "bounds": [10, 20]}
    assert judged([*good, 15.0], **options)["verdict"] == "reproduced"
    found = judged([*good, math.nan], **options)
    assert taken(found, "low", "high", "n") == (low, high, 7)
    assert taken(found, "verdict", "headroom", "units_to_decide") == ("inconclusive", None, None)


@pytest.mark.parametrize("estimator", ["median", "every"])
@pytest.mark.parametrize(("relation", "bounds"), [("at_least", -5), ("at_most", 5), ("within", [-5, 5])])
def test_runs_that_all_diverged_contradict(estimator, relation, bounds):
    found = judged([1.0] * 6, ["diverged"] * 6, estimator=estimator, relation=relation, bounds=bounds)
    assert found["verdict"] == "contradicted"
    assert found["notes"][0] == "6 of 6 diverged or undefined"


@pytest.mark.parametrize(
    ("relation", "bounds", "observed"),
    [
        *[("at_least", 0.5, 0.75), ("at_most", 0.9, 0.875), ("within", [0.5, 0.9], 0.875), ("within", [0.7, 2], 0.75)],
        *[("within", [0.5, 1.0], 0.75), ("within", [0.5, 1.2], 0.75), ("within", [0.0, 0.9], 0.875)],
        ("within", [0.75, 0.98], 0.75),  # 6 of 7 are nearer to the lower bound, though most say yes
    ],
)
def test_an_undefined_yes_or_no_is_the_worse_answer(relation, bounds, observed):
    values = [1, 1, 1, 1, 1, 1, 0, math.nan]
    found = judged(values, estimator="share", relation=relation, bounds=bounds)
    expected = reference.binomtest(round(8 * observed), 8).proportion_ci()
    assert taken(found, "observed", "low", "high") == (observed, *(pytest.approx(x) for x in expected))


@pytest.mark.parametrize("answer", [0, 1])
def test_an_undefined_yes_or_no_is_no_success_where_all_may_succeed(answer):
    bounds = [0.55, 1.0] if answer else [0.0, 0.45]
    options = {"estimator": "share", "relation": "within", "bounds": bounds}
    assert verdict([answer] * 7, **options) == "reproduced"
    assert verdict([answer] * 6 + [math.nan], **options) == "inconclusive"


OPEN = [
    {"scale": "log", "bounds": 0},
    {"scale": "log", "relation": "within", "bounds": [-1, INF]},
    {"scale": "logit", "trials": 10, "relation": "within", "bounds": [0, 1]},
    {"scale": "logit", "trials": 10, "relation": "at_most", "bounds": 1},
    {"relation": "at_most", "bounds": INF},
]


@pytest.mark.parametrize("options", OPEN)
def test_bounds_that_allow_every_number_do_not_allow_an_undefined_one(options):
    good = [0.5, 0.4, 0.6, 0.5, 0.5, 0.3, 0.7]
    for estimator, expected in (("every", "contradicted"), ("median", "inconclusive"), ("mean", "inconclusive")):
        assert verdict(good, estimator=estimator, **options) == "reproduced"
        for lost in (1, 7):
            found = judged([*good[lost:], *[math.nan] * lost], estimator=estimator, **options)
            assert taken(found, "verdict", "p_bound", "headroom") == (expected, None, None)
    found = judged([*good, math.nan], estimator="every", **options)
    assert found["notes"][-1].startswith("7 of 8 inside")
    assert taken(found, "observed", "low", "high") == (None, None, None)
    assert verdict([*good, math.nan], estimator="every", resolution=0.1, **options) == "contradicted"
    assert verdict([math.nan], estimator="exact", **options) == "contradicted"


def test_a_share_that_may_be_anything_is_still_not_an_undefined_one():
    options = {"estimator": "share", "relation": "within", "bounds": [0, 1]}
    assert verdict([0, 1, 1, 1, 1, 1], **options) == "reproduced"
    assert verdict([0, 1, 1, 1, 1, 1, math.nan], **options) == "inconclusive"


@pytest.mark.parametrize("estimator", ["mean", "median", "share"])
@pytest.mark.parametrize("bounds", [1.0, 0.2])
def test_an_undefined_unit_leaves_what_is_consistent_undecided(estimator, bounds):
    options = {"estimator": estimator, "relation": "consistent", "resolution": 9.0, "bounds": bounds}
    values = [1.0] * 7
    assert verdict(values, **options) == ("reproduced" if bounds == 1 else "contradicted")
    for status in (["diverged"], ["diverged"] * 7):
        found = judged(values, ["ok"] * (7 - len(status)) + status, **options)
        assert taken(found, "low", "high", "verdict", "units_to_decide") == ("-inf", "inf", "inconclusive", None)
        assert found["notes"] == [f"{len(status)} of 7 diverged or undefined"]
    if estimator != "share":
        never = judged(values, ["ok"] * 6 + ["never"], **options)
        assert taken(never, "verdict", "notes") == ("inconclusive", ["never seen in 1 of 7"])


def test_a_filter_only_drops_what_is_undefined_and_only_from_a_mean():
    named = {"filter": "runs with a negative excess"}
    assert judged([1.0, 1.1, 1.2], **named)["notes"] == []
    median = judged([1.0, 2, 3, 4, 5, 6, math.nan], estimator="median", **named)
    assert taken(median, "n", "low", "notes") == (7, "-inf", ["1 of 7 diverged or undefined"])
    never = judged([1.0, 1.1, 1.2, 5], ["ok"] * 3 + ["never"], **named)
    assert taken(never, "n", "verdict", "notes") == (4, "inconclusive", ["never seen in 1 of 4"])


def test_a_mean_over_an_infinite_or_undefined_unit_has_no_interval():
    found = judged([1.0, 2.0, 4.5, 7], ["ok"] * 3 + ["never"])
    assert taken(found, "observed", "low", "high", "n") == (2.5, "-inf", "inf", 4)
    assert taken(found, "verdict", "p_bound", "headroom", "units_to_decide") == ("inconclusive", None, None, None)
    lost = judged([math.nan] * 3, filter="all of them")
    assert taken(lost, "observed", "low", "high", "n", "verdict") == (None, "-inf", "inf", 0, "inconclusive")
    assert lost["notes"][-1] == "0 seeds: no interval"
    assert judged([math.nan] * 3)["observed"] is None


# ---- equal values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "options", "warned"),
    [
        ([0.5] * 3, {}, True),
        ([2.0] * 3, {}, True),
        ([-1.0] * 3, {"relation": "at_most"}, True),
        ([1.0] * 3, {}, False),
        ([0.0] * 3, {}, False),
        ([0.5] * 3, {"resolution": 0.1}, False),
        ([0.5] * 6, {"estimator": "median"}, False),
        ([0.1, 0.4, 1.1], {"bounds": -9}, False),  # one apart
        ([0.1, 0.4, 0.2], {"bounds": -9}, False),
        ([1.0, 1, 1, 1, math.nan], {"filter": "one"}, False),
        ([1.0, math.nan, 1, 1, 1], {"filter": "one"}, False),
        ([math.nan, 1.0, 1, 1, 1], {"filter": "one"}, False),  # the unit left out is not what is equal
        ([0.0, 5.0, 5, 5, 5], {"filter": "one", "scale": "log"}, True),
        ([1.0, 1, 1], {"scale": "log", "bounds": 0.5}, False),
        ([1.0, 1, 1], {"scale": "logit", "trials": 7}, False),
        ([0.5, 0.5, 0.5], {"scale": "logit", "trials": 7}, True),
    ],
)
def test_equal_means_are_warned_about_unless_saturated_or_of_limited_resolution(values, options, warned):
    notes = judged(values, **options)["notes"]
    assert ("no variation over seeds" in notes) == warned


def test_numbers_without_a_place_in_json():
    given = [1.5, 0, -3, INF, -INF, math.nan, np.float64(2)]
    assert [judgement.finite(value) for value in given] == [1.5, 0, -3, "inf", "-inf", None, 2]
