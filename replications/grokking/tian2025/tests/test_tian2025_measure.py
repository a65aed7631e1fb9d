"""Every statistic that a claim names, on artifacts with known curves."""

import math

import numpy as np
import pytest
from made_up import artifact, near, values

from replications.grokking.tian2025.measure import measure, sweeps
from verifig.measuring.tables import Tables

STEPS = [0, 1, 10, 100, 1000, 2000]
FIELDS = ("test_accuracy", "train_accuracy", "train_loss", "feature_gradient", "moved_output", "moved_hidden", "purity", "frequencies", "fixed_test_accuracy", "fixed_train_accuracy")  # fmt: skip
NETWORK = {"modulus": 23, "train_fraction": 0.6, "train_hidden": True, "shuffle_labels": False, "weight_decay": 2e-4}


def measured(**artifacts) -> Tables:
    out = Tables()
    measure(artifacts, out)
    return out


@pytest.fixture(scope="module")
def ascent() -> Tables:
    """Conditions m5 and m6 by name, two seeds each, three starts, two log points."""
    conditions = {"m5": {"modulus": 5}, "m6": {"modulus": 6}}
    energy = [
        [[1, 2, 4], [5, 5, 5.5]],
        [[1, 1, 1], [4, 5, 6]],
        [[3, 1, 2], [3, 1.5, 1.5]],
        [[1, 1, 9], [1.5, 1.5, 1.5]],
    ]
    purity = [
        [[0.1, 0.2, 0.3], [1, 0.9, 0.8]],
        [[0.5, 0.4, 0.9], [1, 1, 1]],
        [[0.2, 0.2, 0.2], [0.7, 1, 1]],
        [[0.3, 0.6, 0.6], [1, 0.6, 1]],
    ]
    last = {
        "frequency": [[1, 2, 1], [2, 2, 2], [3, 1, 2], [1, 1, 1]],
        "tangent": [[0.1, 0.3, 0.2], [0, 0, 0.4], [0, 0, 0], [0.5, 0, 0]],
        "reflection": [[0.9, 0.2, 1], [1, 1, 0.8], [0.3, 0.4, 0.5], [1, 1, 1]],
    }
    arrays = {"steps": [0, 9], "energy": energy, "purity": purity, "angle": [0, 45, 90], "between": np.ones((4, 3))}
    arrays |= {name: np.stack([np.full((4, 3), 7.0), rows], 1) for name, rows in last.items()}
    exact = [[1.25, 1.25, np.nan], [1.25, 1.5, np.nan], [1.5, 1.5, 3.3], [1.8, 1.5, 3.0]]
    return measured(ascent=artifact(arrays | {"feature_energy": exact}, conditions, seeds=2))


def test_limits_of_the_ascents_are_the_worst_of_the_last_record(ascent):
    assert values(ascent, "lowest_purity") == {"condition=m5": [0.8, 1], "condition=m6": [0.7, 0.6]}
    assert values(ascent, "mean_purity") == near({"condition=m5": [0.9, 1], "condition=m6": [0.9, 2.6 / 3]})
    assert values(ascent, "energy_spread") == near({"condition=m5": [0.1, 0.5], "condition=m6": [1, 0]})
    assert values(ascent, "energy_over_modulus") == near(
        {"condition=m5": [15.5 / 15, 1], "condition=m6": [1 / 3, 0.25]}
    )
    assert values(ascent, "largest_tangent") == {"condition=m5": [0.3, 0.4], "condition=m6": [0, 0.5]}
    assert values(ascent, "least_reflection") == {"condition=m5": [0.2, 0.8], "condition=m6": [0.3, 1]}
    assert values(ascent, "missing_frequencies") == {"condition=m5": [0, 1], "condition=m6": [0, 2]}


def test_the_start_is_the_first_record(ascent):
    assert values(ascent, "lowest_purity_at_start") == {"condition=m5": [0.1, 0.4], "condition=m6": [0.2, 0.3]}
    assert values(ascent, "energy_spread_at_start") == near({"condition=m5": [3, 0], "condition=m6": [2, 8]})


def test_the_highest_frequency_of_an_even_modulus_is_compared_with_the_others(ascent):
    """Frequency 3 of M = 6 has energy 3, the others 1.5; the second seed has no limit there."""
    assert values(ascent, "highest_over_others") == {"condition=m6": near([2, np.nan])}
    assert values(ascent, "highest_share") == near({"condition=m6": [1 / 3, 0]})


def test_energies_of_exact_features_deviate_from_a_quarter_of_the_modulus(ascent):
    """M/4 is 1.25 and 1.5, twice that at frequency 3 of M = 6; worst 1.5 / 1.25 and 1.8 / 1.5."""
    assert values(ascent, "feature_energy_over_modulus") == near({"condition=m5": [0.25], "condition=m6": [0.275]})
    assert values(ascent, "feature_energy_deviation") == near({"condition=m5": [0.2], "condition=m6": [0.2]})


def test_curves_of_the_ascents(ascent):
    limits = ascent.curves["ascent_limits"]
    chosen = limits[(limits["condition"] == "m6") & (limits["seed"] == 0)]
    assert chosen[["start", "energy", "purity", "frequency", "reflection"]].to_numpy().tolist() == [
        [0, 3, 0.7, 3, 0.3], [1, 1.5, 1, 1, 0.4], [2, 1.5, 1, 2, 0.5],
    ]  # fmt: skip
    paths = ascent.curves["ascent_paths"]
    assert paths[(paths["condition"] == "m5") & (paths["x"] == 9)]["value"].tolist() == [5, 5, 5.5]
    assert len(paths) == 2 * 2 * 3
    assert len(ascent.curves["ascent_arcs"]) == 4 * 3


def networks(curves: dict, conditions: dict, seeds: int = 2, steps=STEPS) -> Tables:
    """Two seeds by default; `curves`: field -> condition -> [seeds][steps]; what is not given is 0.5."""
    names = sorted(conditions)
    arrays = {"steps": steps}
    for field in FIELDS:
        given = curves.get(field, {})
        arrays[field] = np.concatenate([given.get(name, np.full((seeds, len(steps)), 0.5)) for name in names])
    return measured(grok=artifact(arrays, conditions, seeds=seeds, **NETWORK))


def test_networks_are_read_at_the_end_and_after_a_thousand_steps():
    rows = [[0, 0.1, 0.2, 0.3, 0.4, 0.9], [0, 0, 0, 0.1, 0.2, 0.3]]
    out = networks({name: {"decay": rows} for name in FIELDS}, {"decay": {}, "top_layer": {"train_hidden": False}})
    assert values(out, "test_accuracy")["condition=decay"] == [0.9, 0.3]
    assert values(out, "early_test_accuracy")["condition=decay"] == [0.4, 0.2]
    assert values(out, "train_accuracy")["condition=decay"] == [0.9, 0.3]
    assert values(out, "train_loss")["condition=decay"] == [0.9, 0.3]
    assert values(out, "frequencies")["condition=decay"] == [0.9, 0.3]
    assert values(out, "moved_hidden")["condition=decay"] == [0.9, 0.3]
    assert values(out, "purity_rise") == {"condition=decay": [0.9, 0.3], "condition=top_layer": [0, 0]}
    assert set(out.curves["grok_curves"]["condition"]) == {"decay", "top_layer"}


def test_the_rise_of_purity_counts_from_the_start():
    out = networks({"purity": {"decay": [[0.2, 0.9, 0.9, 0.9, 0.9, 0.8], [0.4, 0, 0, 0, 0, 0.3]]}}, {"decay": {}})
    assert values(out, "purity_rise")["condition=decay"] == near([0.6, -0.1])


def test_a_short_run_has_no_thousandth_step():
    out = networks({}, {"decay": {}}, steps=[0, 10, 20, 30, 40, 900])
    assert values(out, "early_test_accuracy") == {}


def test_the_fixed_point_is_that_of_networks_with_fixed_features():
    rows = [[0, 0, 0, 0, 0, 0.04], [0, 0, 0, 0, 0, 0.06]]
    fields = {"fixed_test_accuracy": {"top_layer": rows}, "fixed_train_accuracy": {"top_layer": 1 - np.array(rows)}}
    out = networks(fields, {"decay": {}, "top_layer": {"train_hidden": False}})
    assert values(out, "fixed_test_accuracy") == {"condition=top_layer": [0.04, 0.06]}
    assert values(out, "fixed_train_accuracy") == near({"condition=top_layer": [0.96, 0.94]})


def test_stages_are_ratios_within_a_seed():
    """V reaches 0.1 at 5.5 and 1; W at 55 and never."""
    curves = {
        "feature_gradient": {"decay": [[10, 12, 20, 5, 4, 2], [4, 8, 6, 5, 4, 6]]},
        "moved_output": {"decay": [[0, 0, 0.2, 0.5, 0.6, 0.7], [0, 0.1, 0.2, 0.3, 0.4, 0.5]]},
        "moved_hidden": {"decay": [[0, 0, 0, 0.2, 0.3, 0.4], [0, 0, 0, 0, 0, 0.09]]},
    }
    out = networks(curves, {"decay": {}})
    assert values(out, "gradient_rise")["condition=decay"] == [2, 2]
    assert values(out, "gradient_fall")["condition=decay"] == [0.1, 0.75]
    assert values(out, "hidden_delay")["condition=decay"] == near([10, np.nan])


def test_sweeps_are_whole_networks_with_decay_by_rising_share():
    members = {
        "b": NETWORK | {"train_fraction": 0.7},
        "a": NETWORK | {"train_fraction": 0.2},
        "plain": NETWORK | {"weight_decay": 0.0, "train_fraction": 0.3},
        "shuffled": NETWORK | {"shuffle_labels": True, "train_fraction": 0.4},
        "lazy": NETWORK | {"train_hidden": False, "train_fraction": 0.5},
        "alone": NETWORK | {"modulus": 41},
        "rate1": NETWORK | {"modulus": 127},
        "rate2": NETWORK | {"modulus": 127, "learning_rate": 0.1},
    }
    assert sweeps(members) == {23: ["a", "b"]}


def test_the_boundary_is_where_test_accuracy_crosses_one_half():
    """M = 23 at 0.3 and 0.4: crossings 0.35 and 0.3875; M = 41 at 0.2 and 0.3: 0.25 and never."""
    ends = {"a": [0, 0.2], "b": [1, 0.5 + 0.3 / 7], "c": [0.25, 0.1], "d": [0.75, 0.4]}
    rows = {name: [[0] * 5 + [end] for end in pair] for name, pair in ends.items()}
    settings = {"a": (23, 0.3), "b": (23, 0.4), "c": (41, 0.2), "d": (41, 0.3)}
    conditions = {name: {"modulus": m, "train_fraction": share} for name, (m, share) in settings.items()}
    out = networks({"test_accuracy": rows}, conditions)
    assert values(out, "boundary") == near({"modulus=23": [0.35, 0.3875], "modulus=41": [0.25, np.nan]}, rel=1e-3)
    first, other = 0.35 * 23 / math.log(23), 0.25 * 41 / math.log(41)
    second = 0.3875 * 23 / math.log(23)
    assert values(out, "boundary_constant") == near(
        {"modulus=23": [first, second], "modulus=41": [other, np.nan]}, rel=1e-3
    )
    assert values(out, "boundary_spread") == {"": near([other / first, np.nan])}
    table = out.curves["grok_fractions"]
    assert table[(table["modulus"] == 23) & (table["seed"] == 1)]["x"].tolist() == [0.3, 0.4]


def test_one_modulus_has_a_boundary_and_no_spread():
    """The second seed generalises at the smallest share already, so that its boundary is not seen."""
    ends = {"a": [0.4, 0.5], "b": [0.6, 0.7]}
    rows = {name: [[0] * 5 + [end] for end in pair] for name, pair in ends.items()}
    out = networks({"test_accuracy": rows}, {"a": {"train_fraction": 0.3}, "b": {"train_fraction": 0.4}})
    assert values(out, "boundary") == near({"modulus=23": [0.35, np.nan]})
    assert values(out, "boundary_spread") == {}
