"""What every rule set's claims.yaml must be like, beyond its schema."""

import copy

import numpy as np
import pandas as pd
import pytest

from verifig.ground import schema
from verifig.ground.errors import InputError
from verifig.ground.paths import SCHEMAS, ruleset_dir, slugs
from verifig.ground.yaml_files import read_yaml
from verifig.judging import claims
from verifig.judging.judgement import agreement
from verifig.planning import rulesets
from verifig.training.members import members_of

SLUGS = slugs()
THE_PAPERS = ("paper table", "paper text", "paper figure (read off)", "authors' output")


def judged(slug: str):
    """(claim, scale, part) of everything that is judged, resolved."""
    for claim in claims.load(slug):
        for scale in claim["scales"] if "parts" in claim else ():
            for part in claims.resolved(claim["parts"], scale):
                yield claim, scale, part


def seeds(slug: str, scale: str, part: dict) -> int:
    """Number of seeds of the runs that a part reads: the fewest of the conditions that it names, or of all."""
    found = members_of(rulesets.settings(rulesets.load(slug), part["experiment"], scale))
    by_condition: dict[str, int] = {}
    for member in found:
        by_condition[member["condition"]] = by_condition.get(member["condition"], 0) + 1
    named = {pair.split("=")[1] for pair in part["condition"].split(";") if pair} & set(by_condition)
    return min(by_condition[name] for name in named or by_condition)


def test_bounds_must_say_where_they_come_from():
    contents = copy.deepcopy(claims._contents("prieto2025"))
    rules = read_yaml(SCHEMAS / "claims.schema.yaml")
    schema.validate(contents, rules, "claims.yaml")
    broken = copy.deepcopy(contents)
    del broken["claims"][0]["bounds_from"]
    with pytest.raises(InputError, match="bounds_from"):
        schema.validate(broken, rules, "claims.yaml")


@pytest.mark.parametrize(
    ("kind", "expect"), [("claim", "undecided"), ("control", "contradicted"), ("oracle", "contradicted")]
)
def test_only_a_claim_is_expected_to_be_contradicted_and_only_a_control_undecided(kind, expect):
    contents = copy.deepcopy(claims._contents("prieto2025"))
    contents["claims"][0] |= {"kind": kind, "expect": expect, "because": "why"}
    with pytest.raises(InputError, match="expect"):
        schema.validate(contents, read_yaml(SCHEMAS / "claims.schema.yaml"), "claims.yaml")


@pytest.mark.parametrize("slug", SLUGS)
def test_a_number_of_the_paper_is_the_papers(slug):
    for claim in claims.load(slug):
        bases = {claims.basis(claim, scale) for scale in claim["scales"]}
        if claim["kind"] == "claim" and "number" in bases:
            assert claim["source"] in THE_PAPERS, claim["id"]
            assert claim["paper_value"] is not None, claim["id"]


@pytest.mark.parametrize("slug", SLUGS)
def test_bounds_allow_the_papers_own_value(slug):
    for claim, scale, part in judged(slug):
        if "paper" in part and claims.basis(claim, scale) == "number":
            half = part.get("resolution", 0.0)
            assert part["low"] - half <= part["paper"] <= part["high"] + half, (claim["id"], part["statistic"])


@pytest.mark.parametrize("slug", SLUGS)
def test_one_run_of_the_paper_is_compared_with_at_least_five_of_ours(slug):
    for claim, scale, part in judged(slug):
        if part["relation"] == "consistent":
            assert seeds(slug, scale, part) >= 5, (claim["id"], scale)


@pytest.mark.parametrize("slug", SLUGS)
def test_means_of_accuracies_have_intervals_inside_the_possible(slug):
    for claim, scale, part in judged(slug):
        if part["statistic"].removeprefix("final_").endswith(("test_accuracy", "train_accuracy", "test_error")):
            bounded = part["high"] <= 1 or part["low"] >= 0
            if part["estimator"] == "mean" and part["relation"] != "consistent" and bounded:
                unlimited = claim["id"] in ("M7", "M8")  # a squared error
                assert part.get("scale") == "logit" or unlimited, (claim["id"], scale, part["statistic"])


@pytest.mark.parametrize("slug", SLUGS)
def test_a_control_arm_is_not_the_part_itself(slug):
    for claim, scale, part in judged(slug):
        if "control_arm" in part:
            arm = claims.control_arm(part)
            place = ("experiment", "condition", "statistic")
            assert any(arm[key] != part[key] for key in place), (claim["id"], scale)


@pytest.mark.parametrize("slug", SLUGS)
def test_what_is_expected_to_fail_says_why(slug):
    for claim in claims.load(slug):
        if "expect" in claim:
            assert len(claim["because"]) > 40, claim["id"]


def test_the_basis_may_differ_by_scale():
    claim = {"basis": {"laptop": "direction", "paper": "number"}}
    assert [claims.basis(claim, scale) for scale in ("laptop", "paper")] == ["direction", "number"]
    assert claims.basis({"basis": "ours"}, "laptop") == "ours"


def test_lines_of_claims_files_are_readable():
    for slug in SLUGS:
        lines = (ruleset_dir(slug) / "claims.yaml").read_text().splitlines()
        assert max(map(len, lines)) <= 160, slug


def test_reasons_are_sentences():
    """They follow a sentence on the page."""
    for slug in SLUGS:
        for claim in claims.load(slug):
            reason = claim.get("because", "A sentence.").strip()
            assert reason.endswith("."), f"{slug}/{claim['id']}"
            assert not reason[0].islower(), f"{slug}/{claim['id']}"


def test_a_mean_of_many_runs_of_the_paper_must_lie_nearer_than_one_run():
    rows = pd.DataFrame({"seed": range(8), "value": np.linspace(-1, 1, 8), "status": "ok"})
    part = {"statistic": "s", "estimator": "mean", "relation": "at_least", "bounds": -9.0, "low": -9.0, "high": np.inf}
    assert agreement(part | {"paper": 1.2}, rows)["agrees"] == "yes"
    assert agreement(part | {"paper": 1.2, "paper_runs": 400}, rows)["agrees"] == "no"
    assert agreement(part | {"paper": 0.3, "paper_runs": 400}, rows)["agrees"] == "yes"
