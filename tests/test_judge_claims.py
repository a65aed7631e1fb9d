"""Whole claims: what a verdict repeats, why a claim is not tested, how its parts combine, what makes it unsound."""

import pandas as pd
import pytest
from scipy import stats as reference
from test_judge import HEALTHY, claim, rows, sabotage, table

from verifig.ground.errors import RunError
from verifig.judging import judge

PART = claim()["parts"][0]
NOTHING_CHANGED = {"changed": {}, "left_out": []}
GOOD, BAD = [1.0, 1.1, 0.9, 1.05, 0.95], [-1.0, -1.1, -0.9, -1.05, -0.95]
UNSURE = [-0.4, -0.2, -0.4, -0.05, -0.2]  # two-sided p of the bound 0 between .05/3 and .05/2


def judged(item, data=None, missing=None, what_if=None, others=(), scale="laptop") -> dict:
    data = table(s=GOOD, bad=BAD, unsure=UNSURE, good=GOOD) if data is None else data
    return judge.judge([item, *others], data, scale, missing or {}, what_if)[0]


def reads(*statistics, **more) -> list[dict]:
    return [PART | {"statistic": name} | more for name in statistics]


# ---- what a verdict repeats ------------------------------------------------------------------------------------------


def test_a_verdict_repeats_its_claim_at_its_scale():
    item = claim(
        basis={"laptop": "ours"}, setting={"paper": "paper's"}, bounds_from="pilot", expect="contradicted", because="b"
    )
    found = judged(item)
    assert {"id", "kind", "statement", "bounds_from", "expect", "because", "why", "scales"} <= set(found)
    assert not {"varies", "of", "healthy", "agrees", "reason", "missing_data"} & set(found)
    assert (found["basis"], found["setting"], found["statement"]) == ("ours", "reduced", "x holds")


def test_claims_are_judged_in_their_order():
    found = judge.judge([claim("B"), claim("A")], table(s=GOOD), "laptop", {})
    assert [item["id"] for item in found] == ["B", "A"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"scales": ["paper"]}, "judged at paper scale"),
        ({"scales": ["smoke", "paper"]}, "judged at smoke and paper scale"),
        ({"scales": ["paper"], "not_tested": "needs a GPU"}, "needs a GPU"),
    ],
)
def test_a_claim_of_other_scales_says_so(given, reason):
    found = judged(claim(**given))
    expected = {"verdict": "not tested", "parts": [], "p_bound": None, "headroom": None, "reason": reason}
    assert {name: found[name] for name in expected} == expected


def test_lacking_data_is_named_once_and_in_order():
    item = claim(parts=[PART, PART | {"experiment": "f"}], healthy=[HEALTHY | {"experiment": "g"}])
    missing = {"e": ["z", "m"], "f": ["m"], "g": ["a"], "h": ["other"]}
    found = judged(item, missing=missing)
    assert found["missing_data"] == ["a", "m", "z"]
    assert found["reason"] == "needs data that could not be had: a, m, z"
    assert (found["verdict"], found["parts"]) == ("not tested", [])


# ---- a run with changes ----------------------------------------------------------------------------------------------


def test_a_statistic_that_changed_settings_do_not_give_is_not_tested():
    item = claim(parts=reads("gone"))
    with pytest.raises(RunError, match="C asks for the statistic 'gone' of experiment 'e', condition ''"):
        judged(item)
    found = judged(item, what_if=NOTHING_CHANGED)
    assert (found["verdict"], found["parts"]) == ("not tested", [])
    assert found["reason"].startswith("C asks for the statistic 'gone'")


def test_an_experiment_left_out_is_named():
    item = claim(parts=[PART, PART | {"experiment": "f"}], healthy=[HEALTHY | {"experiment": "d"}])
    what_if = {"changed": {}, "left_out": ["f", "d", "other"]}
    assert judged(item, what_if=what_if)["reason"] == "d and f did not run"
    assert judged(claim(), what_if=what_if)["verdict"] == "reproduced"


@pytest.mark.parametrize(
    ("changed", "setting"),
    [({"e": {"width": 1, "seeds": 3}}, "what-if"), ({"e": {"seeds": 3}}, "reduced"), ({"g": {"width": 1}}, "what-if"), ({}, "reduced")],
)  # fmt: skip
def test_changed_settings_leave_the_paper_s_setting(changed, setting):
    data = table(s=GOOD, good=GOOD)
    other = rows(GOOD).assign(experiment="g", condition="", statistic="good")
    item = claim(healthy=[HEALTHY | {"experiment": "g"}])
    what_if = {"changed": changed, "left_out": []}
    assert judge.judge([item], pd.concat([data, other]), "laptop", {}, what_if)[0]["setting"] == setting


# ---- parts together --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["reproduced"], "reproduced"),
        (["contradicted", "reproduced"], "contradicted"),
        (["not tested", "contradicted"], "contradicted"),
        (["inconclusive", "not tested"], "inconclusive"),
        (["reproduced", "not tested"], "not tested"),
        (["not tested"], "not tested"),
    ],
)
def test_the_verdict_of_parts(verdicts, expected):
    assert judge.combine(verdicts) == judge.combine(verdicts[::-1]) == expected


def test_parts_must_all_hold():
    assert judged(claim(parts=reads("s", "good")))["verdict"] == "reproduced"
    found = judged(claim(parts=reads("s", "bad", "good")))
    assert [item["verdict"] for item in found["parts"]] == ["reproduced", "contradicted", "reproduced"]
    assert found["verdict"] == "contradicted"


def test_only_random_parts_make_a_contradiction_harder():
    assert 0.05 / 3 < reference.ttest_1samp(UNSURE, 0).pvalue < 0.05 / 2

    def first(*others):
        return judged(claim(parts=[*reads("unsure"), *others]))["parts"][0]["verdict"]

    (every,) = reads("s", estimator="every")
    exact = PART | {"statistic": "s", "estimator": "exact", "bounds": 0}
    assert first() == first(every, exact, every) == first(*reads("s"), every) == "contradicted"
    assert first(*reads("s", "s")) == "inconclusive"


def test_one_random_part_has_the_whole_level():
    values = [-0.4, -0.2, -0.5, -0.05, -0.1]
    assert 0.05 / 2 < reference.ttest_1samp(values, 0).pvalue < 0.05
    assert judged(claim(), table(s=values))["verdict"] == "contradicted"


def test_the_weakest_part_speaks_for_the_margins():
    parts = [*reads("s"), *reads("s", bounds=0.8), *reads("s", estimator="every")]
    found = judged(claim(parts=parts))
    p = reference.ttest_1samp(GOOD, 0.8, alternative="greater").pvalue
    assert found["p_bound"] == found["parts"][1]["p_bound"] == pytest.approx(p)
    half = 1 - reference.ttest_1samp(GOOD, 0).confidence_interval().low
    assert found["headroom"] == found["parts"][1]["headroom"] == round(0.2 / half, 3)
    universal = judged(claim(parts=parts[2:]))
    assert (universal["p_bound"], universal["headroom"]) == (None, None)


@pytest.mark.parametrize(
    ("papers", "expected"),
    [
        ([("s", 1.0), ("few", 1.0), ("s", 9.0)], "no"),
        ([("s", 1.0), ("few", 1.0)], "too few"),
        ([("s", 1.0), ("s", 1.05)], "yes"),
    ],
)
def test_the_worst_answer_speaks_for_agreement(papers, expected):
    parts = [PART | {"statistic": name, "paper": paper} for name, paper in papers]
    assert judged(claim(parts=parts), table(s=GOOD, few=GOOD[:4]))["agrees"] == expected


# ---- sound runs ------------------------------------------------------------------------------------------------------

SICK = HEALTHY | {"statistic": "bad"}


def test_a_claim_on_unsound_runs_is_inconclusive():
    found = judged(claim(healthy=[HEALTHY, SICK]))
    assert (found["verdict"], found["reason"]) == ("inconclusive", "the runs behind it are not healthy")
    assert [item["verdict"] for item in found["healthy"]] == ["reproduced", "contradicted"]
    assert judged(claim(parts=reads("bad"), healthy=[SICK]))["verdict"] == "inconclusive"
    sound = judged(claim(healthy=[HEALTHY]))
    assert sound["verdict"] == "reproduced"
    assert "reason" not in sound


@pytest.mark.parametrize(
    ("read", "healthy", "expected"),
    [("bad", [HEALTHY], "caught"), ("bad", [SICK], "inconclusive"), ("s", [HEALTHY], "missed"), ("unsure", [], "caught"), ("few", [], "missed")],
)  # fmt: skip
def test_a_sabotage_must_be_contradicted_on_sound_runs(read, healthy, expected):
    data = table(s=GOOD, bad=BAD, unsure=UNSURE, good=GOOD, few=BAD[:2])
    control = sabotage({"statistic": read}, **({"healthy": healthy} if healthy else {}))
    assert judged(control, data, others=[claim()])["verdict"] == expected


def test_one_run_is_enough_to_be_sound():
    data = table(good=[1.0], s=GOOD)
    found = judged(claim(healthy=[HEALTHY]), data)
    assert [item["n"] for item in found["healthy"]] == [1]
    assert found["verdict"] == "reproduced"


def test_runs_without_a_defined_unit_are_not_sound():
    filtered = HEALTHY | {"estimator": "mean", "filter": "what diverged"}
    found = judged(claim(healthy=[filtered]), table(good=[float("nan")], s=GOOD))
    assert found["verdict"] == "inconclusive"
    assert found["healthy"][0]["notes"][-1] == "0 seeds: no interval"


def test_health_is_judged_by_experiment_that_ran():
    data = table(good=[1.0], bad=[-1.0])
    gone = HEALTHY | {"statistic": "gone"}
    health = {"e": [HEALTHY, SICK, HEALTHY | {"scales": ["paper"]}], "f": [HEALTHY]}
    found = judge.judge_health(health, data, "laptop")
    assert {name: [item["verdict"] for item in parts] for name, parts in found.items()} == {
        "e": ["reproduced", "contradicted"]
    }
    changed = judge.judge_health({"e": [gone, HEALTHY]}, data, "laptop", NOTHING_CHANGED)
    assert [item["statistic"] for item in changed["e"]] == ["good"]
    with pytest.raises(RunError, match="the health of e asks for the statistic 'gone'"):
        judge.judge_health({"e": [gone]}, data, "laptop")


# ---- control arms ------------------------------------------------------------------------------------------------------


def test_a_control_arm_shows_where_it_was_read_and_what_it_gave():
    (found,) = judged(claim(parts=reads("s", control_arm={"statistic": "bad"})))["parts"]
    low, high = reference.ttest_1samp(BAD, 0).confidence_interval()
    assert found["control_arm"] == {
        "experiment": "e", "condition": "", "statistic": "bad", "observed": pytest.approx(-1), "low": pytest.approx(low),
        "high": pytest.approx(high), "n": 5, "verdict": "contradicted",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("missing", "what_if", "raises"),
    [({}, None, True), ({"g": ["x"]}, None, True), ({"f": ["x"]}, None, False), ({}, NOTHING_CHANGED, False)],
)
def test_a_control_arm_may_only_lack_for_a_reason(missing, what_if, raises):
    item = claim(parts=reads("s", control_arm={"experiment": "f"}))
    if raises:
        with pytest.raises(RunError, match="the control arm of C asks for the statistic 's' of experiment 'f'"):
            judged(item, missing=missing, what_if=what_if)
    else:
        found = judged(item, missing=missing, what_if=what_if)
        assert found["parts"][0]["control_arm"] == {
            "experiment": "f", "condition": "", "statistic": "s", "verdict": "not tested",
        }  # fmt: skip
        assert found["verdict"] == "reproduced"


@pytest.mark.parametrize(
    ("given", "compared"),
    [({}, True), ({"basis": "direction"}, False), ({"kind": "oracle"}, False), ({"kind": "control"}, False)],
)
def test_only_a_paper_s_number_is_compared(given, compared):
    found = judged(claim(parts=reads("s", paper=1.0), **given))
    assert ("agrees" in found) == ("prediction" in found["parts"][0]) == compared
