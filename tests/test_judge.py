"""The judge on synthetic statistics with known answers, edge cases included."""

import math

import numpy as np
import pandas as pd
import pytest

from verifig.judging import claims, judge, stats, verdicts
from verifig.pages import words


def rows(values, status=None) -> pd.DataFrame:
    values = list(values)
    return pd.DataFrame({"seed": range(len(values)), "value": values, "status": status or ["ok"] * len(values)})


def part(estimator="mean", relation="at_least", bounds=0.0, **more) -> dict:
    given = {"statistic": "s", "experiment": "e", "estimator": estimator, "relation": relation, "bounds": bounds} | more
    return claims.resolve(given, "laptop")


def verdict(values, status=None, random_parts=1, **options) -> str:
    return judge.judge_part(part(**options), rows(values, status), random_parts)["verdict"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 1.1, 0.9], "reproduced"),
        ([-1.0, -1.1, -0.9], "contradicted"),
        ([0.1, 0.9, -0.8], "inconclusive"),
        ([1.0], "inconclusive"),
        ([1.0, 1.1], "inconclusive"),
        ([1.0, 1.1, math.nan], "inconclusive"),
        ([0.5, 0.5, 0.5], "reproduced"),
        ([0.0, 0.0, 0.0], "reproduced"),
    ],
)
def test_mean(values, expected):
    assert verdict(values) == expected


def test_an_interval_touching_a_bound_is_inside():
    values = np.array([1.0, 2.0, 3.0])
    low = stats.mean(values).low
    assert verdict(values, bounds=low) == "reproduced"
    assert verdict(values, bounds=np.nextafter(low, 10)) == "inconclusive"


def test_equal_values_are_warned_about_unless_saturated():
    def notes(value):
        return judge.judge_part(part(), rows([value] * 3))["notes"]

    assert "no variation over seeds" in notes(0.5)
    assert notes(1.0) == []


def test_one_seed_says_so():
    assert judge.judge_part(part(), rows([1.0]))["notes"] == ["1 seed: no interval"]


def test_every():
    assert verdict([1, 2, 3], estimator="every") == "reproduced"
    assert verdict([1, 2, -3], estimator="every") == "contradicted"
    assert verdict([1, 2, math.nan], estimator="every") == "contradicted"
    assert verdict([1, 2], estimator="every") == "inconclusive"
    result = judge.judge_part(part(estimator="every"), rows([1, 2, -3]))
    assert result["observed"] == -3
    assert result["notes"][0].startswith("2 of 3 inside (at least 9% of runs")


def test_median_takes_the_worst_value_for_what_diverged():
    good = [1, 2, 3, 4, 5, 6, 7]
    assert verdict(good, estimator="median") == "reproduced"
    assert verdict([*good[:5], math.nan, math.nan], estimator="median") == "inconclusive"
    assert verdict(good[:5], estimator="median") == "inconclusive"


def test_never_counts_as_infinity():
    status = ["ok"] * 3 + ["never"]
    assert verdict([10, 11, 12, 500], status, estimator="every", relation="at_most", bounds=100) == "contradicted"
    assert verdict([10, 11, 12, 50], status, estimator="every", relation="at_least", bounds=5) == "reproduced"
    assert verdict([10, 11, 12, 50], status, relation="at_most", bounds=100) == "inconclusive"


def test_share():
    assert verdict([1] * 6, estimator="share", bounds=0.5) == "reproduced"
    assert verdict([1, 0] * 3, estimator="share", bounds=0.5) == "inconclusive"
    assert verdict([0] * 8, estimator="share", bounds=0.5) == "contradicted"


def test_exact():
    assert verdict([1.0], estimator="exact", relation="equals", bounds=1.0) == "reproduced"
    assert verdict([1.1], estimator="exact", relation="equals", bounds=1.0) == "contradicted"
    assert verdict([1.1], estimator="exact", relation="equals", bounds=1.0, tolerance=0.2) == "reproduced"
    assert verdict([1.0, 1.0], estimator="exact", relation="equals", bounds=1.0) == "inconclusive"


def test_log_scale_gives_geometric_means_and_refuses_what_has_no_logarithm():
    result = judge.judge_part(part(scale="log", relation="within", bounds=[1, 100]), rows([5.0, 10.0, 20.0]))
    assert result["observed"] == pytest.approx(10)
    assert result["verdict"] == "reproduced"
    assert verdict([5.0, 10.0, -1.0], scale="log", relation="within", bounds=[1, 100]) == "inconclusive"


def test_resolution_widens_the_interval_by_half_a_step():
    values = [1.0, 1.0, 1.0]
    assert verdict(values, relation="at_most", bounds=1.04) == "reproduced"
    assert verdict(values, relation="at_most", bounds=1.04, resolution=0.1) == "inconclusive"
    assert verdict(values, estimator="every", relation="at_most", bounds=1.04, resolution=0.1) == "inconclusive"


def test_consistent_is_a_prediction_interval_that_must_be_narrow():
    values = [1.0, 1.1, 0.9, 1.05, 0.95]
    options = {"relation": "consistent", "bounds": 1.1}
    assert verdict(values, **options, resolution=0.5) == "reproduced"
    assert verdict(values, **options, resolution=0.01) == "inconclusive"
    assert verdict(values, relation="consistent", bounds=2.0, resolution=0.5) == "contradicted"
    assert verdict(values[:4], **options, resolution=0.5) == "inconclusive"


def test_many_random_parts_contradict_less_easily():
    values = [-0.3, -0.2, -0.35, -0.05, -0.3]
    assert verdict(values) == "contradicted"
    assert verdict(values, random_parts=200) == "inconclusive"


def test_p_bound_and_headroom():
    result = judge.judge_part(part(), rows([1.0, 1.1, 0.9]))
    half = stats.t_half_width(np.array([1.0, 1.1, 0.9]))
    assert result["headroom"] == pytest.approx(1.0 / half, abs=1e-3)
    assert result["p_bound"] < 0.025
    assert judge.judge_part(part(bounds=1.0), rows([1.0, 1.1, 0.9]))["p_bound"] == pytest.approx(0.5)


def claim(claim_id="C", **more) -> dict:
    base = {
        "id": claim_id, "kind": "claim", "paper": "p", "place": "Figure 1", "figure": "f", "statement": "x holds", "basis": "number",
        "setting": "reduced", "paper_value": None, "source": "ours", "scales": ["laptop"], "why": "w",
        "parts": [{"statistic": "s", "experiment": "e", "estimator": "mean", "relation": "at_least", "bounds": 0}],
    }  # fmt: skip
    return base | more


def table(**statistics) -> pd.DataFrame:
    frames = [rows(values).assign(experiment="e", condition="", statistic=name) for name, values in statistics.items()]
    return pd.concat(frames)


def test_parts_combine():
    assert judge.combine(["reproduced", "reproduced"]) == "reproduced"
    assert judge.combine(["reproduced", "inconclusive"]) == "inconclusive"
    assert judge.combine(["inconclusive", "contradicted"]) == "contradicted"
    assert judge.combine(["not tested", "reproduced"]) == "not tested"


def test_a_missing_statistic_is_an_error():
    with pytest.raises(judge.RunError, match="C asks for the statistic 's'"):
        judge.judge([claim()], table(other=[1, 2, 3]), "laptop", {})


def test_other_scales_and_missing_data_are_not_tested():
    other, lacking = judge.judge([claim(scales=["paper"]), claim("D")], table(t=[1.0]), "laptop", {"e": ["file"]})
    assert (other["verdict"], lacking["verdict"]) == ("not tested", "not tested")
    assert "paper scale" in other["reason"]
    assert "file" in lacking["reason"]


def sabotage(substitute, **more) -> dict:
    control = claim("K", kind="control", of="C", substitute=[substitute], **more)
    del control["parts"]
    return control


HEALTHY = {"statistic": "good", "experiment": "e", "estimator": "every", "relation": "at_least", "bounds": 0}


def test_sabotage_is_caught_only_if_contradicted_and_healthy():
    data = table(s=[1.0, 1.1, 0.9], broken=[-1.0, -1.1, -0.9], good=[1.0, 1.0, 1.0], sick=[-1.0, 1.0, 1.0])

    def outcome(**more):
        return judge.judge([claim(), sabotage({"statistic": more.pop("read", "broken")}, **more)], data, "laptop", {})[
            1
        ]["verdict"]

    assert outcome() == "caught"
    assert outcome(read="s") == "missed"
    assert outcome(healthy=[HEALTHY]) == "caught"
    assert outcome(healthy=[HEALTHY | {"statistic": "sick"}]) == "inconclusive"


def test_check_fails_on_what_must_not_be():
    def item(verdict, **more):
        return claim(**more) | {"verdict": verdict}

    assert verdicts.failures([item("reproduced"), item("inconclusive"), item("not tested")]) == []
    assert len(verdicts.failures([item("contradicted")])) == 1
    assert verdicts.failures([item("contradicted", expect="contradicted", because="y")]) == []
    assert len(verdicts.failures([item("reproduced", expect="contradicted", because="y")])) == 1
    assert len(verdicts.failures([item("inconclusive", kind="oracle")])) == 1
    assert len(verdicts.failures([item("missed", kind="control", of="C")])) == 1
    assert verdicts.failures([item("caught", kind="control", of="C")]) == []


@pytest.mark.parametrize(
    ("verdict", "failed"), [("inconclusive", 0), ("contradicted", 1), ("missed", 1), ("reproduced", 1), ("caught", 1)]
)
def test_a_control_expected_to_be_undecided_is_so_and_counts_as_not_as_it_must_be(verdict, failed):
    control = claim(kind="control", expect="undecided", because="y") | {"verdict": verdict}
    assert len(verdicts.failures([control])) == failed
    assert verdicts.controls([control])[0] == (verdict in ("reproduced", "caught"))


def test_intervals_cover():
    """Nominal 95 % intervals of mean and median cover between 93 and 98.5 % on normal data (fixed draws)."""
    draws = np.random.default_rng(7).normal(size=(1500, 9))
    for function in (stats.mean, stats.median):
        found = [function(row) for row in draws]
        coverage = np.mean([i.low <= 0 <= i.high for i in found])
        assert 0.93 <= coverage <= 0.985


def test_median_uses_the_tabulated_order_statistics():
    for n, (low, high) in {6: (1, 6), 8: (1, 8), 9: (2, 8), 12: (3, 10), 16: (4, 13), 24: (7, 18)}.items():
        interval = stats.median(np.arange(1.0, n + 1))
        assert (interval.low, interval.high) == (low, high)


def test_inconclusive_says_what_would_decide():
    result = judge.judge_part(part(), rows([0.1, 0.9, -0.3, 0.4]))
    assert result["verdict"] == "inconclusive"
    said = words.wording(claim() | {"verdict": "inconclusive", "parts": [result]})
    assert said.startswith("Inconclusive: s: our 4 seeds give [")
    assert f"about {result['units_to_decide']} seeds would decide" in said
    sharper = judge.judge_part(part(), rows([0.1, 0.9, -0.3, 0.4] * result["units_to_decide"]))
    assert sharper["verdict"] == "reproduced"
