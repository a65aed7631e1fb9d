"""Statistics that claims of the rule set name, on made-up records."""

import numpy as np
import pytest

from replications.grokking.prieto2025.measuring import alignment, collapse, training
from verifig.judging import claims
from verifig.measuring.series import Series
from verifig.measuring.tables import Tables
from verifig.planning import rulesets
from verifig.training.members import members_of


class Records(dict):
    """Stands in for an artifact: arrays by name, and the job's settings."""

    def __init__(self, conditions: dict, seeds: int, **arrays):
        super().__init__({name: np.asarray(values, float) for name, values in arrays.items()})
        settings = {"loss": "softmax", "beta2": 0.99, "seeds": seeds, "conditions": conditions}
        self.meta = {"job": {"settings": settings}}


def found(out: Tables, statistic: str) -> dict[str, list]:
    """By condition, the values of a statistic; `never` where an event was not seen."""
    rows = out.statistics().query("statistic == @statistic")
    values = rows["value"].where(rows["status"] == "ok", np.nan)
    return {condition: values[rows["condition"] == condition].tolist() for condition in rows["condition"].unique()}


def trained(train: list, test: list, conditions=("a",), seeds: int = 1, points=(0, 100, 200)) -> Series:
    """Records of a training experiment with the given accuracies [members, points]."""
    zero = np.zeros_like(np.asarray(train, float))
    fields = {"train_loss": 1 - np.asarray(train), "test_loss": 2 - np.asarray(test), "collapsed": zero}
    fields |= {"zero_loss": zero, "norm": zero + 1, "alignment": np.zeros((*zero.shape, 3))}
    records = Records(
        {name: {} for name in conditions}, seeds, epochs=points, train_accuracy=train, test_accuracy=test, **fields
    )
    return Series(records, "epochs")


def test_largest_gap_is_the_largest_lead_of_the_training_set():
    out = Tables()
    training.measure(
        "x", trained([[0.1, 0.9, 1.0], [0.1, 0.5, 1.0]], [[0.1, 0.2, 1.0], [0.1, 0.45, 0.98]], seeds=2), out
    )
    assert found(out, "largest_gap")["condition=a"] == pytest.approx([0.7, 0.05])


def test_alignment_rises_from_half_of_the_time_to_the_fit():
    points = np.arange(0, 700, 100)
    fitted = (points >= 200).astype(float)  # the fit is dated at epoch 199, between two log points
    late = np.where(points >= 400, 0.9, np.where(points >= 100, 0.3, 0.1))
    cosines = np.stack([np.zeros_like(late), np.zeros_like(late), late], -1)
    collapsed = {"float32": points >= 500, "float64": points >= 9999, "float32_bias": points >= 500}
    records = Records(
        {name: {} for name in collapsed},
        1,
        epochs=points,
        train_accuracy=[fitted] * 3,
        alignment=[
            cosines - [0, 0, 0.5] * (points[:, None] >= 500) * collapsed[name][-1] for name in sorted(collapsed)
        ],
        collapsed=[collapsed[name] for name in sorted(collapsed)],
    )
    out = Tables()
    alignment.measure("precision43", Series(records, "epochs"), out)
    assert found(out, "alignment_rise")["condition=float32"] == pytest.approx([0.9 - 0.3])
    assert found(out, "alignment_after_collapse")["condition=float32"] == pytest.approx([0.4])
    assert found(out, "alignment_without_collapse")["condition=float32"] == pytest.approx([0.9]), (
        "float64 has not collapsed"
    )
    assert np.isnan(found(out, "alignment_after_collapse")["condition=float64"]).all()


def test_collapse_is_read_at_every_500th_epoch_as_in_the_paper():
    points = np.arange(0, 2001, 100)
    names = [f"f{bits}_{percent}" for bits in (16, 32, 64) for percent in (60, 70)]
    first = {name: 600 if name == "f16_70" else 1500 for name in names}
    first["f64_70"] = 9999
    shares = [(points >= first[name]).astype(float) for name in sorted(names)]
    records = Records({name: {} for name in names}, 1, epochs=points, collapsed=shares, test_accuracy=shares)
    out = Tables()
    collapse.paper_precision(Series(records, "epochs"), out)
    read = found(out, "collapse_epoch_by_500")
    assert read["condition=f16_70"] == [1000]
    assert read["condition=f32_70"] == [1500]
    assert np.isnan(read["condition=f64_70"]).all()


def sets(experiment: str, scale: str, condition: str) -> tuple[int, int]:
    """(train, test) size of a condition's task."""
    ruleset = rulesets.load("prieto2025")
    found = members_of(rulesets.settings(ruleset, experiment, scale))
    member = next(m for m in found if m["condition"] == condition)
    if "strings" in member:
        return member["strings"] // 2, member["strings"] - member["strings"] // 2
    train = int(member["train_fraction"] * member["modulus"] ** 2)
    return train, member["modulus"] ** 2 - train


def test_trials_are_the_sizes_of_the_sets():
    seen = 0
    for claim in claims.load("prieto2025"):
        for scale in claim["scales"] if "parts" in claim else ():
            for part in claims.resolved(claim["parts"], scale):
                if part.get("scale") == "logit":
                    condition = dict(pair.split("=") for pair in part["condition"].split(";"))["condition"]
                    train, test = sets(part["experiment"], scale, condition)
                    assert part["trials"] == (train if "train" in part["statistic"] else test), (claim["id"], scale)
                    seen += 1
    assert seen >= 10
