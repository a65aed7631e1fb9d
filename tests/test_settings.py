"""Settings of a user's own: each is used, or refused in a sentence that names it; conditions are one concept."""

import math

import pytest

from verifig.ground.errors import InputError
from verifig.ground.spelling import did_you_mean
from verifig.planning import overrides, rulesets
from verifig.training.members import members_of

GROKKING = rulesets.load("prieto2025")


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
    ruleset = rulesets.load("wu2023")
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
    assert {member["seed"] for member in members_of(found)} == {0}


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
        (["widht=3"], (), "unknown setting 'widht' in prieto2025.delay53 (laptop), did you mean 'width'?"),
        (["conditions.adamw.epsilon=3"], (), "unknown setting 'conditions.adamw.epsilon'"),
        (["conditions={adamw: {epsilon: 3}}"], (), "unknown setting 'conditions.adamw.epsilon'"),
        (["conditions.mine.dept=4"], (), "unknown setting 'conditions.mine.dept'"),
        (
            ["conditions.admaw=null"],
            (),
            "unknown condition 'admaw' in prieto2025.delay53 (laptop), did you mean 'adamw'?",
        ),
        (["conditions={adamw: null, nosuch: null}"], (), "unknown condition 'nosuch'"),
        ([], ("admaw",), "unknown condition 'admaw' in prieto2025.delay53 (laptop), did you mean 'adamw'?"),
        (["conditions.sgd=null"], ("sgd",), "unknown condition 'sgd'"),
        (["conditions.sgd.eps=1"], ("adamw",), "conditions.sgd.eps is not used in prieto2025.delay53 (laptop)"),
        (["conditions.new.eps=1"], ("adamw",), "conditions.new.eps is not used in prieto2025.delay53 (laptop)"),
        (["weight_decay=1"], ("adamw_wd4",), "weight_decay is not used in prieto2025.delay53 (laptop)"),
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
    with pytest.raises(InputError, match=r"learning_rate is not used in prieto2025.slow113 \(laptop\): each condition"):
        values("learning_rate=0.1", experiment="slow113")


def test_infinities_in_lists_are_refused():
    with pytest.raises(InputError, match="learning_rates = inf must be a finite number"):
        values("learning_rates=[0.1, .inf]", experiment="diagonal", ruleset=rulesets.load("wu2023"))


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


def test_a_setting_that_names_data_decides_which_files_a_job_needs():
    from verifig.planning import datasets

    ruleset = rulesets.load("liu2023")
    for dataset, files in (("mnist", 1), ("fashion_mnist", 4), ("digits", 1)):
        found = rulesets.settings(ruleset, "features", "laptop", {"dataset": dataset})
        entry = rulesets.Experiment("random_features", "", found)
        assert len(datasets.names(ruleset, entry, found)) == files


CROSSED = [
    # what its schema allows setting by setting, and a program cannot do
    ("prieto2025", "slow113", {"conditions.codes7.code_bits": 6}, "code_bits = 6 gives 64 codes, fewer than modulus = 113"),
    ("prieto2025", "edge113", {"conditions.adamw.epochs": 3}, "epochs must be the same in all conditions"),
    ("prieto2025", "edge113", {"train_fraction": 1e-6}, "leaves 0 to train on"),
    ("prieto2025", "mnist200", {"train_size": 3000}, "train_size + test_size = 6000 must be at most 5,000"),
    ("prieto2025", "landscape53", {"conditions.sgd.modulus": 7}, "modulus must be the same in all conditions"),
    ("prieto2025", "thresholds", {"conditions.new.seeds": 2}, "this experiment has no conditions"),
    ("wu2023", "relu", {"batch_sizes": [4]}, "batch_sizes = [4] must be [1]"),
    ("wu2023", "relu", {"conditions.gd.samples": 50}, "samples must be the same in all conditions"),
    ("wu2023", "relu", {"steps": 101}, "steps = 101 must be a multiple of block = 25"),
    ("wu2023", "diagonal", {"support": 2000}, "support = 2000 must be at most dimension = 1000"),
    ("wu2023", "batch_size", {"batch_sizes": [301], "replacement": False}, "must be at most samples = 300"),
    ("wu2023", "diagonal", {"learning_rates": [0.1, 0.100001]}, "learning_rates"),
    ("wu2023", "escape", {"steps": 100}, "steps = 100 must be at least 200"),
    ("liu2023", "features", {"n": 1000}, "are more than the 1000 of mnist_5k in these classes"),
    ("liu2023", "features", {"classes": [3]}, "classes = [3] must be at least two"),
    ("liu2023", "features", {"classes": [3, 12]}, "classes: 12 must be below 10"),
    ("liu2023", "features", {"conditions.raw.n": 50}, "n must be the same in all conditions"),
    ("liu2023", "features", {"horizons": [1000000, 1000001]}, "horizons"),
    ("liu2023", "iterated", {"momentum": 0.9}, "momentum = 0.9 must be 0"),
    ("liu2023", "iterated", {"conditions.adam_fast.record_steps": [20000]}, "must lie between 0 and 10000"),
    ("liu2023", "conditioning", {"reference": "nosuch"}, "reference = 'nosuch' must be one of the conditions"),
    ("liu2023", "conditioning", {"ols_widths": [99]}, "ols_widths: 99 must be at most n - 2 = 98"),
    ("liu2023", "two_layer", {"pool_size": 3}, "pool_size = 3 must be 1 or divide"),
    ("liu2023", "two_layer", {"conditions.gd.n": 50}, "n must be the same in all conditions"),
    ("simon2024", "ridge", {"pool": 100}, "n = 128 must be below pool = 100"),
    ("nakkiran2020", "features", {"sample_sizes": [25, 900]}, "sample_sizes: 900 training and 500 test images are more than"),
    ("nakkiran2020", "features", {"threshold_ratios": [0.001, 1.0]}, "0.001 of n = 50 is a width of 0"),
    ("nakkiran2020", "deep_digits", {"side": 16}, "must be 1 and 8, those of digits"),
]  # fmt: skip


@pytest.mark.parametrize(("slug", "experiment", "changes", "sentence"), CROSSED)
def test_settings_that_do_not_go_together_are_refused_before_any_work(slug, experiment, changes, sentence):
    ruleset = rulesets.load(slug)
    scale = "laptop" if experiment in ruleset.experiments("laptop") else "smoke"
    with pytest.raises(InputError) as caught:
        rulesets.settings(ruleset, experiment, scale, changes)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(f"{slug}.{experiment} ({scale}): ")
