"""Every statistic that a claim names, on artifacts with known curves."""

import math

import numpy as np
import pytest
from made_up import artifact, near, values

from replications.grokking.instruments2026.measure import ACCURACIES, INSTRUMENTS, WATCHED, measure
from verifig.measuring.tables import Tables

STEPS = [0, 1, 2, 4, 8, 16]
NAMES = (*ACCURACIES, *INSTRUMENTS)
STILL = [[0.2] * 6, [0.2] * 6]
RISES = {  # the step at which a curve goes from 0 to 1, at once: half of it lies halfway from the log point before
    2: [0, 0, 1, 1, 1, 1],
    4: [0, 0, 0, 1, 1, 1],
    8: [0, 0, 0, 0, 1, 1],
    16: [0, 0, 0, 0, 0, 1],
}
DATES = {2: 1.5, 4: 3, 8: 6, 16: 12}


def rise(*steps: int, size: float = 1.0) -> np.ndarray:
    """One seed a step."""
    return size * np.array([RISES[step] for step in steps], float)


def measured(given: dict[str, dict[str, np.ndarray]], conditions: dict[str, dict], seeds: int = 2) -> Tables:
    """Curves by condition and field; those not given stay at 0.2."""
    names = sorted(conditions)
    arrays = {"steps": STEPS}
    for field in (*NAMES, "euler"):
        arrays[field] = np.concatenate([given.get(name, {}).get(field, np.full((seeds, 6), 0.2)) for name in names])
    out = Tables()
    measure({"together": artifact(arrays, conditions, seeds=seeds, loss="softmax")}, out)
    return out


def of(out: Tables, statistic: str, condition: str, instrument: str) -> list[float]:
    return values(out, statistic)[f"condition={condition};instrument={instrument}"]


ALONE = {"decay": {}}
BOTH = {"decay": {}, "decay_shuffled": {}}


def test_ends_peaks_and_the_worst_point_of_eulers_theorem():
    curves = {
        "test_accuracy": np.array([[0, 0, 0, 0, 0, 0.9], [0, 0, 0, 0, 1, 0.7]]),
        "train_accuracy": np.array([[0, 1, 1, 1, 1, 0.8], [0, 1, 1, 1, 1, 1]]),
        "collapsed": np.array([[0, 0, 0.6, 0.1, 0, 0], [0, 0, 0, 0, 0, 0.3]]),
        "euler": np.array([[0, 3e-8, 0, 0, 0, 1e-8], [0, 0, 0, 0, 0, 2e-8]]),
    }
    out = measured({"decay": curves}, ALONE)
    assert values(out, "final_test_accuracy") == {"condition=decay": [0.9, 0.7]}
    assert values(out, "final_train_accuracy") == {"condition=decay": [0.8, 1]}
    assert values(out, "peak_collapsed") == {"condition=decay": [0.6, 0.3]}
    assert values(out, "euler") == {"condition=decay": [3e-8, 2e-8]}


def test_squared_errors_have_no_collapse():
    curves = {"collapsed": np.full((2, 6), np.nan)}
    out = measured({"decay": curves}, {"decay": {"loss": "squared"}})
    assert values(out, "peak_collapsed") == {}
    assert "condition=decay;instrument=collapsed" not in values(out, "lead")


def test_leads_are_octaves_from_half_of_an_instrument_to_half_of_an_accuracy():
    """Test accuracy at 12 and 6, training accuracy at 1.5 and 3; the norm at 3 and 12."""
    curves = {"test_accuracy": rise(16, 8), "train_accuracy": rise(2, 4), "norm": 1 + rise(4, 16)}
    out = measured({"decay": curves}, ALONE)
    assert of(out, "half_step", "decay", "norm") == [DATES[4], DATES[16]]
    assert of(out, "lead", "decay", "norm") == near([2, -1])
    assert of(out, "lead", "decay", "train_accuracy") == near([3, 1])
    assert of(out, "lead", "decay", "test_accuracy") == [0, 0]
    assert of(out, "lead_over_fit", "decay", "norm") == near([-1, -2])
    assert of(out, "lead_over_fit", "decay", "test_accuracy") == near([-3, -1])


def test_what_hardly_moves_has_no_date_and_what_is_not_learnt_no_lead():
    """Floors: 0.1 for instruments, 0.5 for accuracies, which the second seed does not reach; both closed."""
    curves = {
        "test_accuracy": np.stack([rise(16)[0] * 0.5, rise(8)[0] * 0.49]),
        "purity": np.stack([rise(4)[0] * 0.1, rise(4)[0]]),
        "participation": rise(4, 4, size=0.09),
    }
    out = measured({"decay": curves}, ALONE)
    assert of(out, "lead", "decay", "purity") == near([2, math.nan])
    assert of(out, "lead", "decay", "participation") == near([math.nan, math.nan])
    assert of(out, "half_step", "decay", "purity") == [3, 3]
    assert of(out, "departure", "decay", "participation") == near([0.09, 0.09])


def test_departures_of_norms_and_gradients_are_relative_and_of_others_not():
    curves = {name: 4 - rise(4, 8, size=2) for name in ("norm", "feature_gradient", "alignment")}
    out = measured({"decay": curves}, ALONE)
    assert of(out, "departure", "decay", "norm") == [0.5, 0.5]
    assert of(out, "departure", "decay", "feature_gradient") == [0.5, 0.5]
    assert of(out, "departure", "decay", "alignment") == [2, 2]


def test_gaps_are_positive_where_the_first_of_a_pair_is_earlier():
    curves = {
        "purity": rise(4, 16),
        "participation": rise(16, 4),
        "moved_output": rise(2, 4),
        "moved_hidden": rise(8, 4),
    }
    out = measured({"decay": curves}, ALONE)
    assert values(out, "lead_gap")["condition=decay;pair=purity/participation"] == near([2, -2])
    assert values(out, "lead_gap")["condition=decay;pair=moved_output/moved_hidden"] == near([2, 0])
    assert values(out, "lead_gap")["condition=decay;pair=moved_hidden/purity"] == near([-1, 2])
    assert values(out, "lead_gap")["condition=decay;pair=norm/moved_hidden"] == near([math.nan, math.nan]), (
        "the norm does not move"
    )


def test_the_layers_are_compared_at_a_tenth_too():
    """Output weights pass 0.1 at 2 of (0, 0.1), hidden ones at 4, and never in the second seed."""
    output = np.array([[0, 0, 0.1, 0.2, 0.3, 0.4], [0, 0, 0.1, 0.2, 0.3, 0.4]])
    hidden = np.array([[0, 0, 0, 0.1, 0.2, 0.3], [0, 0, 0, 0, 0, 0.09]])
    out = measured({"decay": {"moved_output": output, "moved_hidden": hidden}}, ALONE)
    assert values(out, "hidden_delay") == {"condition=decay": near([2, math.nan])}


def test_shares_on_the_shuffled_table_are_paired_by_seed():
    curves = {
        "decay": {"purity": rise(4, 4)},
        "decay_shuffled": {"purity": np.stack([0.5 * rise(8)[0], 0.1 * rise(8)[0]])},
    }
    out = measured(curves, BOTH)
    assert of(out, "control_share", "decay", "purity") == near([0.5, 0.1])
    assert of(out, "control_share", "decay", "norm") == near([math.nan, math.nan])
    assert not [place for place in values(out, "control_share") if "shuffled" in place]


def test_the_tables_are_told_apart_where_twice_the_control_is_passed():
    """Twice 0.25: purity passes 0.5 at 3, test accuracy, never off in the control by more than 0.1, passes 0.2 at 8 + 8 · 0.2."""
    slow = np.array([[0, 0, 0, 0, 0, 1.0], [0, 0, 0, 0, 0, 1.0]])
    curves = {
        "decay": {"purity": rise(4, 4), "test_accuracy": slow, "train_accuracy": rise(8, 8), "norm": 1 + rise(4, 4)},
        "decay_shuffled": {
            "purity": np.stack([0.25 * rise(16)[0], 0.51 * rise(16)[0]]),
            "test_accuracy": 0.1 * rise(2, 2),
            "norm": 1 + rise(2, 2),
        },
    }
    out = measured(curves, BOTH)
    assert of(out, "told_lead", "decay", "purity") == near([math.log2((8 + 8 * 0.2) / 3), math.nan])
    assert of(out, "told_before_fit", "decay", "purity") == near([1, math.nan])
    assert of(out, "told_lead", "decay", "norm") == near([math.nan, math.nan])
    assert of(out, "told_lead", "decay", "alignment") == near([math.nan, math.nan]), "nothing moves on either table"


def test_what_is_beyond_the_control_has_a_share_and_a_date_of_its_own():
    """Beyond it the first seed has 0.5 from step 8 on, the second less than a fifth; 1 is the largest own departure."""
    own = np.array([[0, 0, 0.5, 0.5, 1, 1], [0, 0, 0.9, 0.9, 1, 1.0]])
    other = np.array([[0, 0, 0.5, 0.5, 0.5, 0.5], [0, 0, 0.9, 0.9, 0.9, 0.9]])
    curves = {
        "decay": {"kernel_alignment": 0.3 + own, "test_accuracy": rise(16, 16)},
        "decay_shuffled": {"kernel_alignment": 0.1 + other},
    }
    out = measured(curves, BOTH)
    assert of(out, "excess_share", "decay", "kernel_alignment") == near([0.5, 0.1])
    assert of(out, "excess_lead", "decay", "kernel_alignment") == near([1, math.nan])
    table = out.curves["together_progress"]
    beyond = table.query("table == 'beyond' and instrument == 'kernel_alignment' and seed == 0")
    assert beyond["value"].tolist() == near([0, 0, 0, 0, 0.5, 0.5])
    shuffled = table.query("table == 'shuffled' and instrument == 'kernel_alignment' and seed == 1")
    assert shuffled["value"].tolist() == near([0, 0, 0.9, 0.9, 0.9, 0.9])


def test_what_periodicity_is_kept_is_double_less_single_precision():
    curves = {
        "plain": {"purity": np.array([[0.2] * 5 + [0.3], [0.2] * 5 + [0.1]])},
        "plain_double": {"purity": np.array([[0.2] * 5 + [0.5], [0.2] * 5 + [0.4]])},
    }
    out = measured(curves, {"plain": {}, "plain_double": {}})
    assert values(out, "purity_kept") == {"": near([0.2, 0.3])}
    assert set(out.curves) == {"together_curves"}
    more = measured(curves, {"plain": {}, "plain_double": {}, "decay": {}})
    assert values(more, "purity_kept") == {"": near([0.2, 0.3])}
    assert values(measured(curves, {"plain": {}}), "purity_kept") == {}


def test_tables_hold_every_instrument_once_a_seed():
    out = measured({"decay": {"test_accuracy": rise(8, 8), "purity": rise(4, 4)}}, BOTH)
    leads = out.curves["together_leads"]
    assert len(leads) == 2 * (len(WATCHED) + 2)
    assert leads.query("instrument == 'purity'")["lead"].tolist() == near([1, 1])
    assert leads.query("instrument == 'purity'")["share"].tolist() == [0, 0]
    assert len(out.curves["together_curves"]) == 2 * 2 * 6


def test_without_the_experiment_nothing_is_measured():
    out = Tables()
    measure({}, out)
    assert len(out.statistics()) == 0


@pytest.mark.parametrize("name", WATCHED)
def test_every_instrument_is_dated(name):
    curves = {"test_accuracy": rise(16, 16), name: 1 + rise(4, 8)}
    assert of(measured({"decay": curves}, ALONE), "lead", "decay", name) == near([2, 1])
