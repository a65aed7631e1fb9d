"""The mark of a run that is not the whole scale with its configured settings."""

import pytest

from verifig.planning import jobs, rulesets, whatif


def described(experiments, overrides=None, seeds=None, without_data=()):
    planned = {name: jobs.train("prieto2025", name, "laptop", "cpu", seeds, overrides) for name in experiments}
    return whatif.describe("prieto2025", "laptop", planned, without_data)


def test_the_whole_scale_as_configured_is_no_what_if():
    every = rulesets.load("prieto2025").experiments("laptop")
    assert described(every) is None
    planned = jobs.all_jobs("prieto2025", "laptop", "cpu")
    assert planned["judge"]["what_if"] is None


def test_what_is_left_out_by_choice_is_named_and_what_lacks_data_is_not():
    every = rulesets.load("prieto2025").experiments("laptop")
    assert described(every[1:]) == {"changed": {}, "left_out": every[:1]}
    assert described(every[1:], without_data=every[:1]) is None


@pytest.mark.parametrize(
    ("overrides", "changes"),
    [
        ({"conditions.adamw_wd4.weight_decay": 2.0}, {"conditions.adamw_wd4.weight_decay": [4.0, 2.0]}),
        ({"epochs": 7}, {"epochs": [300, 7]}),
        ({"conditions.adamw_wd4.learning_rate": 0.5}, {"conditions.adamw_wd4.learning_rate": [0.01, 0.5]}),
    ],
)
def test_changed_settings_are_named_with_both_values(overrides, changes):
    assert described(["delay53"], overrides)["changed"] == {"delay53": changes}


def test_other_seeds_are_a_changed_setting():
    configured = rulesets.settings(rulesets.load("prieto2025"), "delay53", "laptop")["seeds"]
    assert described(["delay53"], seeds=2)["changed"]["delay53"]["seeds"] == [configured, 2]


def test_sentences_say_what_differs():
    said = whatif.sentences(described(["delay53"], {"conditions.adamw_wd4.weight_decay": 2.0}))
    assert said[0] == "delay53: conditions.adamw_wd4.weight_decay 4.0 -> 2.0"
    assert said[1].startswith("not run: ")
    assert whatif.sentences(None) == []


def test_added_and_dropped_conditions():
    job = jobs.train("prieto2025", "delay53", "laptop", "cpu")
    conditions = dict(job["settings"]["conditions"])
    gone = conditions.pop("adamw_wd4")
    settings = job["settings"] | {"conditions": conditions | {"mine": {"weight_decay": 1.0}}}
    changed = whatif.describe("prieto2025", "laptop", {"delay53": job | {"settings": settings}})["changed"]["delay53"]
    assert changed == {"conditions.adamw_wd4": [gone, None], "conditions.mine": [None, {"weight_decay": 1.0}]}


def test_conditions_that_are_not_trained_are_named_without_their_settings():
    found = {"seeds": [5, 3], "conditions.a": [{"width": 3}, None], "conditions.b": [{}, None]}
    assert whatif.sentence("delay53", found) == "delay53: seeds 5 -> 3, without the conditions a, b"
    assert whatif.sentence("x", {"conditions.a": [{}, None]}) == "x: without the condition a"
