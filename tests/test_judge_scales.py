"""Logit scale, undefined units, agreement with the paper, control arms and health, against independent references."""

import math

import numpy as np
import pytest
from scipy import special
from scipy import stats as reference
from test_judge import HEALTHY, claim, part, rows, sabotage, table, verdict

from verifig.ground.errors import InputError, RunError
from verifig.judging import claims, judge, scales, verdicts

TRIALS = 1000


def judged(values, status=None, **options) -> dict:
    return judge.judge_part(part(**options), rows(values, status))


# ---- the logit scale ---------------------------------------------------------------------------------------------


def smoothed(share, trials=TRIALS):
    return special.logit((np.asarray(share) * trials + 0.5) / (trials + 1))


def test_an_accuracy_near_one_has_the_t_interval_of_its_smoothed_logits_which_stays_below_one():
    values = [0.985, 0.999, 1.0]
    assert judged(values)["high"] > 1, "the plain interval leaves the possible: the fault that the scale cures"
    found = judged(values, scale="logit", trials=TRIALS, bounds=0.9)
    limits = reference.ttest_1samp(smoothed(values), 0).confidence_interval(0.95)
    expected = np.clip([(special.expit(z) * (TRIALS + 1) - 0.5) / TRIALS for z in limits], 0, 1)
    assert [found["low"], found["high"]] == pytest.approx(list(expected))
    assert 0.8 < found["low"] < found["observed"] < found["high"] == 1


@pytest.mark.parametrize("values", [[0, 0, 0.002], [0, 0, 0], [1, 1, 1], [0.5, 1, 0], [0.001, 0.9, 0.99]])
@pytest.mark.parametrize("trials", [5, 1000, 10**6])
def test_intervals_of_shares_never_leave_the_possible(values, trials):
    found = judged(values, scale="logit", trials=trials, relation="within", bounds=[0.2, 0.8])
    assert 0 <= found["low"] <= found["observed"] <= found["high"] <= 1


def test_the_logit_of_what_is_no_share_is_undefined():
    scale = scales.Logit(10)
    assert np.isnan(scale.forward([-0.1, 1.1])).all()
    assert [scale.back(scale.forward(share)) for share in (0, 0.3, 1)] == pytest.approx([0, 0.3, 1], abs=0)


@pytest.mark.parametrize(
    ("values", "relation", "bounds", "expected"),
    [
        ([1, 1, 1], "at_least", 1.0, "reproduced"),
        ([0, 0, 0], "at_most", 0.0, "reproduced"),
        ([0.999, 1, 1], "at_least", 1.0, "inconclusive"),
        ([0.2, 0.21, 0.22], "at_most", 1.0, "reproduced"),
        ([0.2, 0.21, 0.22], "within", [0.0, 1.0], "reproduced"),
        ([0.2, 0.21, 0.22], "at_least", 0.5, "contradicted"),
        ([0.98, 0.985, 0.983], "at_least", 0.95, "reproduced"),
    ],
)
def test_bounds_on_the_logit_scale(values, relation, bounds, expected):
    assert verdict(values, scale="logit", trials=TRIALS, relation=relation, bounds=bounds) == expected


def test_trials_may_differ_by_scale():
    given = {"statistic": "s", "experiment": "e", "estimator": "mean", "relation": "at_least", "bounds": 0}
    by_scale = {"trials": {"laptop": 100, "paper": 10000}, "scale": "logit"}
    assert claims.resolve(given | by_scale, "paper")["trials"] == 10000
    with pytest.raises(InputError, match="no trials for scale smoke"):
        claims.resolve(given | by_scale, "smoke")


# ---- undefined units ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", ["median", "every"])
@pytest.mark.parametrize(("relation", "bounds"), [("at_least", 0.5), ("at_most", 100), ("within", [0.5, 100])])
def test_an_undefined_logarithm_is_the_worst_value(estimator, relation, bounds):
    good = [1.0, 2, 3, 4, 5, 6, 7]
    options = {"estimator": estimator, "scale": "log", "relation": relation, "bounds": bounds}
    assert verdict(good, **options) == "reproduced"
    expected = "contradicted" if estimator == "every" else "inconclusive"
    assert verdict([-1.0, *good[1:]], **options) == expected


def test_an_undefined_share_is_a_failure_of_that_unit():
    assert verdict([1] * 8, estimator="share", bounds=0.6) == "reproduced"
    assert verdict([1] * 7 + [math.nan], estimator="share", bounds=0.6) == "inconclusive"
    assert verdict([0] * 7 + [math.nan], estimator="share", relation="at_most", bounds=0.4) == "inconclusive"


def test_every_shows_the_unit_as_measured():
    found = judged([2.0, -3.0, 4.0], estimator="every", scale="log", bounds=1)
    assert (found["observed"], found["verdict"]) == (-3.0, "contradicted")


SLOPES = [1.29, 1.4, 1.75, 1.5, 1.35, 1.45, 1.6, 1.38]  # of eight of nine initialisations; the ninth is undefined


def test_a_mean_drops_undefined_units_only_through_a_named_filter():
    options = {"relation": "within", "bounds": [0.85, 1.15]}
    assert verdict([*SLOPES, math.nan], **options) == "inconclusive"
    found = judged([*SLOPES, math.nan], **options, filter="initialisations with a negative excess")
    assert (found["verdict"], found["n"]) == ("contradicted", 8)
    assert found["notes"][:2] == ["1 of 9 diverged or undefined", "left out: initialisations with a negative excess"]
    limits = reference.ttest_1samp(SLOPES, 0).confidence_interval(0.95)
    assert [found["low"], found["high"]] == pytest.approx(list(limits))


def test_a_filter_may_drop_a_third_and_no_more():
    options = {"relation": "within", "bounds": [1, 2], "filter": "why"}
    assert verdict([*SLOPES, *[math.nan] * 4], **options) == "reproduced"
    many = judged([*SLOPES, *[math.nan] * 5], **options)
    assert many["verdict"] == "inconclusive"
    assert "more than a third left out: 5 of 13" in many["notes"]


def test_one_undefined_unit_does_not_let_a_sabotage_escape():
    target = claim()
    target["parts"] = [target["parts"][0] | {"relation": "within", "bounds": [0.85, 1.15], "filter": "why"}]
    data = table(s=[1.0, 1.01, 0.99], broken=[*SLOPES, math.nan])
    assert judge.judge([target, sabotage({"statistic": "broken"})], data, "laptop", {})[1]["verdict"] == "caught"


def test_units_are_named_in_notes():
    assert judged([1.0], unit="group of 10 draws")["notes"] == ["1 group of 10 draws: no interval"]
    assert judged([0.5] * 3, unit="draw")["notes"] == ["no variation over draws"]


# ---- agreement with the paper's value ------------------------------------------------------------------------------


def agreement(values, **options) -> dict:
    return judge.agreement(part(**options), rows(values))


def test_agreement_is_the_prediction_interval_of_one_more_unit():
    values = np.array([1.0, 1.3, 0.8, 1.1, 0.95, 1.2])
    half = reference.t.ppf(0.975, 5) * values.std(ddof=1) * math.sqrt(1 + 1 / 6)
    found = agreement(values, paper=1.5)
    assert found["prediction"] == pytest.approx([values.mean() - half, values.mean() + half])
    for paper, expected in [(1.5, "yes"), (values.mean() + half * 1.001, "no"), (values.mean() - half * 0.999, "yes")]:
        assert agreement(values, paper=paper)["agrees"] == expected


def test_a_paper_s_value_that_is_a_mean_of_runs_must_lie_nearer():
    values = np.array([1.0, 1.3, 0.8, 1.1, 0.95, 1.2])
    half = reference.t.ppf(0.975, 5) * values.std(ddof=1) * math.sqrt(1 / 4 + 1 / 6)
    found = agreement(values, paper=1.5, paper_runs=4)
    assert found["prediction"] == pytest.approx([values.mean() - half, values.mean() + half])
    assert (found["agrees"], agreement(values, paper=1.5)["agrees"]) == ("no", "yes")


def test_agreement_is_formed_on_the_part_s_scale():
    values = np.array([10.0, 20, 12, 30, 15])
    logs = np.log(values)
    half = reference.t.ppf(0.975, 4) * logs.std(ddof=1) * math.sqrt(1 + 1 / 5)
    expected = np.exp([logs.mean() - half, logs.mean() + half])
    assert agreement(values, paper=40, scale="log")["prediction"] == pytest.approx(list(expected))
    shares = agreement([0.97, 0.99, 1.0, 1.0, 0.98], paper=1.0, scale="logit", trials=500)
    assert shares["agrees"] == "yes"
    assert 0 <= shares["prediction"][0] < shares["prediction"][1] <= 1


def test_agreement_needs_five_defined_units_and_a_spread_to_speak_of():
    assert agreement([1, 2, 3, 4], paper=2)["agrees"] == "too few"
    assert agreement([1, 2, 3, 4, math.nan], paper=2)["agrees"] == "too few"
    assert agreement([1.0], paper=1, estimator="exact", relation="equals", bounds=1) == {}
    assert agreement([1, 0, 1, 1, 1, 1], paper=0.9, estimator="share") == {}
    assert agreement([1, 2, 3, 4, 5]) == {}


def test_a_consistent_part_compares_with_its_own_target():
    options = {"relation": "consistent", "resolution": 9.0}
    assert agreement([1, 2, 3, 4, 5], bounds=3, **options)["agrees"] == "yes"
    assert agreement([1, 2, 3, 4, 5], bounds=30, **options)["agrees"] == "no"


def number_claim(papers, **more) -> dict:
    base = claim()["parts"][0]
    return claim(parts=[base | ({"paper": paper} if paper is not None else {}) for paper in papers], **more)


@pytest.mark.parametrize(
    ("papers", "expected"), [([1.0, 1.1], "yes"), ([1.0, 9.0], "no"), ([1.0, None], "yes"), ([None], None)]
)
def test_a_number_claim_says_whether_the_paper_s_values_agree(papers, expected):
    data = table(s=[1.0, 1.1, 0.9, 1.05, 0.95])
    (found,) = judge.judge([number_claim(papers)], data, "laptop", {})
    assert found.get("agrees") == expected
    assert found["verdict"] == "reproduced", "agreement is said apart from the verdict"


def test_only_number_claims_of_a_paper_are_compared():
    data = table(s=[1.0, 1.1, 0.9, 1.05, 0.95])
    others = [number_claim([1.0], basis="direction"), number_claim([1.0], kind="control") | {"id": "K"}]
    assert all("agrees" not in found for found in judge.judge(others, data, "laptop", {}))


# ---- control arms ------------------------------------------------------------------------------------------------


def armed(**arm) -> dict:
    return claim(parts=[claim()["parts"][0] | {"bounds": 8, "control_arm": arm, "label": "growth"}])


def test_a_bound_that_the_control_arm_passes_too_is_void():
    data = table(s=[11.0, 12, 13], passes=[8.4, 8.6, 8.7], fails=[2.0, 2.1, 2.2])
    void, sound = judge.judge([armed(statistic="passes"), armed(statistic="fails")], data, "laptop", {})
    assert void["verdict"] == sound["verdict"] == "reproduced"
    arm = void["parts"][0]["control_arm"]
    limits = reference.ttest_1samp([8.4, 8.6, 8.7], 0).confidence_interval(0.95)
    assert (arm["verdict"], [arm["low"], arm["high"]]) == ("reproduced", pytest.approx(list(limits)))
    assert sound["parts"][0]["control_arm"]["verdict"] == "contradicted"
    (sentence,) = verdicts.failures([void, sound])
    assert sentence == "C: the bound of growth is void, its control arm (e / passes) passes it too: 8.57"


def test_a_control_arm_reads_another_experiment_and_condition():
    arm = claims.control_arm(part(condition={"a": 1}, control_arm={"experiment": "f", "condition": {"b": 2}}, paper=3))
    assert (arm["experiment"], arm["condition"], arm["statistic"]) == ("f", "b=2", "s")
    assert "paper" not in arm


def test_a_control_arm_without_its_statistic():
    data = table(s=[11.0, 12, 13])
    with pytest.raises(RunError, match="the control arm of C asks for the statistic 'gone'"):
        judge.judge([armed(statistic="gone")], data, "laptop", {})
    (found,) = judge.judge([armed(experiment="f")], data, "laptop", {"f": ["file"]})
    assert found["parts"][0]["control_arm"]["verdict"] == "not tested"
    assert found["verdict"] == "reproduced"


def test_a_sabotage_has_no_control_arm_and_no_paper_s_value():
    target = armed(statistic="fails")
    target["parts"][0]["paper"] = 3
    (broken,) = claims.parts(sabotage({"statistic": "broken"}), "laptop", [target])
    assert (broken["statistic"], broken["estimator"], broken["low"]) == ("broken", "mean", 8)
    assert not {"paper", "control_arm"} & set(broken)


# ---- health ------------------------------------------------------------------------------------------------------


def test_health_is_judged_where_the_experiment_ran_and_from_one_run_on():
    health = {"e": [HEALTHY, HEALTHY | {"statistic": "other", "scales": ["paper"]}], "never_ran": [HEALTHY]}
    found = judge.judge_health(health, table(good=[0.5]), "laptop")
    assert {name: [p["verdict"] for p in parts] for name, parts in found.items()} == {"e": ["reproduced"]}
    with pytest.raises(RunError, match="the health of e asks for the statistic 'good'"):
        judge.judge_health(health, table(s=[0.5]), "laptop")
    assert judge.judge_health(health, table(s=[0.5]), "laptop", {"changed": {}, "left_out": []}) == {"e": []}


def test_unsound_runs_fail_a_check_unless_declared():
    data = table(good=[1.0, -2.0, 1.0])
    found = judge.judge_health({"e": [HEALTHY | {"label": "training accuracy"}]}, data, "laptop")
    assert verdicts.failures([], found) == ["runs of e are not sound: training accuracy is −2, must be ≥ 0"]
    declared = judge.judge_health({"e": [HEALTHY | {"declared": "the run that diverges"}]}, data, "laptop")
    assert declared["e"][0]["verdict"] == "contradicted"
    assert verdicts.failures([], declared) == []


def test_a_diverged_run_is_not_sound():
    diverged = rows([1.0, 1.0], ["ok", "diverged"]).assign(experiment="e", condition="", statistic="good")
    assert judge.judge_health({"e": [HEALTHY]}, diverged, "laptop")["e"][0]["verdict"] == "contradicted"


# ---- what cannot be judged -----------------------------------------------------------------------------------------


def test_nothing_is_not_reproduced():
    assert judge.combine([]) == "not tested"


def loaded(monkeypatch, *contents) -> list[dict]:
    monkeypatch.setattr(claims, "_contents", lambda slug: {"claims": contents})
    return claims.load.__wrapped__("prieto2025")


PAPER_ONLY = {"scales": ["paper"]}


def test_a_claim_with_nothing_to_judge_at_one_of_its_scales_is_refused(monkeypatch):
    base = claim()["parts"][0]
    assert loaded(monkeypatch, claim(parts=[base, base | PAPER_ONLY], scales=["laptop", "paper"]))
    with pytest.raises(InputError, match=r"claims.yaml: C is judged at laptop scale, but none of its parts is"):
        loaded(monkeypatch, claim(parts=[base | PAPER_ONLY], scales=["laptop", "paper"]))
    broken = sabotage({"statistic": "broken"}, scales=["paper", "laptop"])
    with pytest.raises(InputError, match="K is judged at paper scale"):
        loaded(monkeypatch, claim(parts=[base | {"scales": ["laptop"]}]), broken)


def test_health_of_an_unknown_experiment_is_refused(monkeypatch):
    monkeypatch.setattr(claims, "_contents", lambda slug: {"claims": [claim()], "health": {"edge999": [HEALTHY]}})
    with pytest.raises(InputError, match=r"claims.yaml: health names the unknown experiment 'edge999'"):
        claims.load.__wrapped__("prieto2025")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"relation": "within", "bounds": [2, 1]}, r"C has bounds in the wrong order: \[2, 1\]"),
        ({"bounds": {"paper": 1}}, "no bounds for scale laptop"),
        ({"scale": "log", "paper": -1}, "C compares with -1, which has no log"),
    ],
)
def test_parts_that_cannot_be_judged_are_refused(monkeypatch, change, message):
    with pytest.raises(InputError, match=message):
        loaded(monkeypatch, claim(parts=[claim()["parts"][0] | change]))


def test_experiments_left_out_are_said():
    (found,) = judge.judge([claim()], table(t=[1.0]), "laptop", {}, {"changed": {}, "left_out": ["e"]})
    assert (found["verdict"], found["reason"]) == ("not tested", "e did not run")


@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        ({"e": {"width": [8, 4]}}, "what-if"),
        ({"e": {"seeds": [5, 3]}}, "paper's"),
        ({"f": {"width": [8, 4]}}, "paper's"),
    ],
)
def test_a_claim_on_changed_settings_is_not_in_the_paper_s_setting(changed, setting):
    data = table(s=[1.0, 1.1, 0.9])
    (found,) = judge.judge([claim(setting="paper's")], data, "laptop", {}, {"changed": changed, "left_out": []})
    assert found["setting"] == setting
    assert (verdicts.word(found) == "reproduced") == (setting == "paper's")


@pytest.mark.parametrize(("scale", "basis"), [("laptop", "direction"), ("paper", "number")])
def test_a_basis_may_differ_by_scale(scale, basis):
    by_scale = number_claim([1.0], basis={"paper": "number"}, scales=["laptop", "paper"])
    (found,) = judge.judge([by_scale], table(s=[1.0, 1.1, 0.9, 1.05, 0.95]), scale, {})
    assert found["basis"] == basis
    assert ("agrees" in found) == (basis == "number")
