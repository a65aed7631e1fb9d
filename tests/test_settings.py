"""Settings of a user's own: each is used, or refused in a sentence that names it; conditions are one concept."""

import math

import pytest

from verifig import overrides, rulesets
from verifig.errors import InputError, did_you_mean

GROKKING = rulesets.load("grokking")


def values(*assignments: str, experiment: str = "delay53", seeds: int | None = None, ruleset=GROKKING) -> dict:
    return rulesets.settings(ruleset, experiment, "laptop", overrides.parse(assignments), seeds)


def trained(*assignments: str, only: tuple = (), experiments: tuple = ("delay53",)) -> dict[str, dict]:
    """Conditions by experiment, as `run` would train them."""
    found = rulesets.resolve(GROKKING, experiments, "laptop", overrides.parse(assignments), only)
    settings = {name: rulesets.settings(GROKKING, name, "laptop", own) for name, own in found.items()}
    return {name: own.get("conditions", {"base": {}}) for name, own in settings.items()}


CONFIGURED = values()["conditions"]


def test_a_condition_is_added():
    conditions = values("conditions.new.weight_decay=2")["conditions"]
    assert conditions["new"] == {"weight_decay": 2}
    assert set(conditions) == {*CONFIGURED, "new"}


def test_a_condition_is_dropped():
    assert set(values("conditions.sgd=null")["conditions"]) == set(CONFIGURED) - {"sgd"}


def test_a_mapping_of_conditions_adds_changes_and_drops():
    found = values("conditions={mine: {eps: 1e-3, beta2: 0.9}, sgd: null, adamw_wd4: {beta2: 0.9}}")["conditions"]
    assert found["mine"] == {"eps": 1e-3, "beta2": 0.9}
    assert found["adamw_wd4"] == CONFIGURED["adamw_wd4"] | {"beta2": 0.9}
    assert set(found) == {*CONFIGURED, "mine"} - {"sgd"}


def test_a_condition_without_changes_is_the_base():
    assert values("conditions={plain: {}}")["conditions"]["plain"] == {}
    assert values("conditions.plain={}")["conditions"]["plain"] == {}


def test_the_first_condition_of_an_experiment_without_any_is_added_to_the_base():
    ruleset = rulesets.load("sgd_stability")
    found = values("conditions.rough.clip=1", experiment="batch_size", ruleset=ruleset)["conditions"]
    assert found == {"base": {}, "rough": {"clip": 1}}
    found = values("conditions.rough.clip=1", "conditions.base=null", experiment="batch_size", ruleset=ruleset)
    assert found["conditions"] == {"rough": {"clip": 1}}


def test_only_trains_a_choice_also_of_conditions_that_were_added():
    assert set(trained(only=("adamw", "sgd"))["delay53"]) == {"adamw", "sgd"}
    assert trained("conditions.new.weight_decay=2", only=("new",)) == {"delay53": {"new": {"weight_decay": 2}}}


def test_only_leaves_experiments_out_that_have_none_of_the_conditions():
    found = trained(only=("perp_vector", "adamw"), experiments=("edge113", "delay53", "precision43"))
    assert {name: set(own) for name, own in found.items()} == {
        "edge113": {"adamw"},
        "delay53": {"adamw", "perp_vector"},
    }


def test_seeds_of_conditions_follow_after_one_was_dropped():
    found = values("conditions.sgd=null", seeds=1)
    assert {member["seed"] for member in rulesets.members(found)} == {0}


def test_a_change_goes_to_the_experiments_that_use_it():
    experiments = ("edge113", "slow113", "mnist200")
    found = rulesets.resolve(
        GROKKING, experiments, "laptop", {"train_size": 50, "learning_rate": 0.1, "conditions.adamw.eps": 1}
    )
    assert {name: set(own) for name, own in found.items()} == {
        "edge113": {"learning_rate", "conditions.adamw.eps"},
        "slow113": {"learning_rate", "conditions.adamw.eps"} - {"learning_rate"},
        "mnist200": {"train_size", "learning_rate"},
    }


@pytest.mark.parametrize(
    ("assignments", "only", "sentence"),
    [
        (["widht=3"], (), "unknown setting 'widht' in grokking.delay53 (laptop), did you mean 'width'?"),
        (["conditions.adamw.epsilon=3"], (), "unknown setting 'conditions.adamw.epsilon'"),
        (["conditions={adamw: {epsilon: 3}}"], (), "unknown setting 'conditions.adamw.epsilon'"),
        (["conditions.mine.dept=4"], (), "unknown setting 'conditions.mine.dept'"),
        (
            ["conditions.admaw=null"],
            (),
            "unknown condition 'admaw' in grokking.delay53 (laptop), did you mean 'adamw'?",
        ),
        (["conditions={adamw: null, nosuch: null}"], (), "unknown condition 'nosuch'"),
        ([], ("admaw",), "unknown condition 'admaw' in grokking.delay53 (laptop), did you mean 'adamw'?"),
        (["conditions.sgd=null"], ("sgd",), "unknown condition 'sgd'"),
        (["conditions.sgd.eps=1"], ("adamw",), "conditions.sgd.eps is not used in grokking.delay53 (laptop)"),
        (["conditions.new.eps=1"], ("adamw",), "conditions.new.eps is not used in grokking.delay53 (laptop)"),
        (["weight_decay=1"], ("adamw_wd4",), "weight_decay is not used in grokking.delay53 (laptop)"),
        (["conditions.sgd=null", "conditions.sgd.eps=1"], (), "conditions.sgd is dropped and changed at once"),
        (["conditions.sgd=3"], (), "conditions.sgd = 3 must be a mapping of settings, or null"),
        (["conditions=3"], (), "conditions = 3 must be a mapping"),
        (["conditions=null"], (), "must be a mapping"),
        (["conditions={1: {eps: 1}}"], (), "the condition 1 must have a name of letters"),
        (["conditions.a b.eps=1"], (), "the condition 'a b' must have a name of letters"),
        (["conditions.adamw.eps.x=1"], (), "unknown setting 'conditions.adamw.eps.x'"),
        (["width.x=1"], (), "unknown setting 'width.x'"),
        (["width=3", "width=4"], (), "--set width is given twice"),
        (["width"], (), "must have the form setting=value"),
        (["width=[1"], (), "is not a YAML value"),
        (["conditions.adamw.eps=.nan"], (), "conditions.adamw.eps = nan must be a finite number"),
        (["learning_rate=-.inf"], (), "learning_rate = -inf must be a finite number"),
        (["learning_rate=nan"], (), "learning_rate = nan must be a finite number"),
        (["learning_rate=null"], (), "learning_rate = null must be of type number"),
        (["conditions.adamw.eps=null"], (), "condition adamw: eps = null must be of type number"),
    ],
)
def test_what_is_not_used_is_refused_by_name(assignments, only, sentence):
    with pytest.raises(InputError) as caught:
        trained(*assignments, only=only)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_experiment_keeps_at_least_one_condition():
    with pytest.raises(
        InputError, match="all conditions of edge113 are dropped: keep at least one of perp_adamw, adamw"
    ):
        trained("conditions={perp_adamw: null, adamw: null}", experiments=("edge113",))


def test_a_setting_that_every_condition_sets_itself_is_refused():
    with pytest.raises(InputError, match=r"learning_rate is not used in grokking.slow113 \(laptop\): each condition"):
        values("learning_rate=0.1", experiment="slow113")


def test_infinities_in_lists_are_refused():
    with pytest.raises(InputError, match="learning_rates = inf must be a finite number"):
        values("learning_rates=[0.1, .inf]", experiment="diagonal", ruleset=rulesets.load("sgd_stability"))


def test_numbers_may_be_written_in_any_notation():
    found = values("epochs=1e3", "conditions={mine: {eps: 1e-3, epochs: 1e3}}", "zero_correct_logits_at=1e1")
    assert found["epochs"] == 1000
    assert isinstance(found["epochs"], int)
    assert isinstance(found["zero_correct_logits_at"], int)
    assert found["conditions"]["mine"]["eps"] == 1e-3
    assert math.isclose(overrides.parse(["x=[1e-3]"])["x"][0], 1e-3)


def test_suggestions():
    assert did_you_mean("EN-10", ["EN-01", "EN-10"]) == ", did you mean 'EN-10'?"
    assert did_you_mean("en-10", ["EN-01", "EN-10"]) == ", did you mean 'EN-10'?"
    assert did_you_mean("xyz", ["width", "depth"]) == ""
    with pytest.raises(InputError, match="did you mean 'grokking'"):
        rulesets.load("groking")
    with pytest.raises(InputError, match="did you mean 'delay53'"):
        GROKKING.entry("dely53", "laptop")
