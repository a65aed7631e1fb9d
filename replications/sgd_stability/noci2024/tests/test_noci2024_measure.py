"""Every statistic that a claim names, on made-up runs with known curves."""

import numpy as np
import pytest
from made_up import artifact, cells, measuring, near, values

from replications.sgd_stability.noci2024.measure import measure
from verifig.training.artifacts import Artifact

measured = measuring(measure)
STEPS = [0, 10, 50, 400]
DIRECT = {"direct_loss_error": [1e-12, 2e-12], "direct_sharpness_error": [3e-12, 4e-12]}


def networks(sharpness: dict[str, list], hessian: dict[str, list] | None = None, **settings) -> object:
    """Runs of conditions (given in the order of their names), each [seeds, 4]; losses fall from 2 to 1."""
    rows = np.concatenate([np.asarray(each, float) for each in sharpness.values()])
    whole = [np.asarray((hessian or {}).get(name, np.full(np.shape(each), np.nan))) for name, each in sharpness.items()]
    losses = np.linspace(2, 1, 4) * np.ones((len(rows), 1))
    conditions = {}
    for name, each in sharpness.items():
        arm, width = name.rsplit("_", 1)
        conditions[name] = {"parametrisation": "ntp" if arm == "ntp" else "mup", "width": int(width), "learning_rate": 0.5,
                            "hessian": name in (hessian or {}), "seeds": len(each)}  # fmt: skip
        conditions[name] |= settings
    arrays = {"sharpness": rows, "hessian": np.concatenate(whole), "loss": losses, "steps": STEPS} | DIRECT
    return artifact(arrays, conditions)


def test_growth_change_and_level_of_the_sharpness():
    runs = networks({"mup_64": [[0.1, 0.2, 0.3, 0.5], [0.2, 0.2, 0.2, 0.5]], "ntp_64": [[0.1, 0.1, 0.1, 0.08]]})
    out = measured(linear=runs)
    assert values(out, "growth") == near({"condition=mup_64": [5, 2.5], "condition=ntp_64": [0.8]})
    assert values(out, "relative_change") == near({"condition=mup_64": [4, 1.5], "condition=ntp_64": [0.2]})
    assert values(out, "edge") == near({"condition=mup_64": [0.125, 0.125], "condition=ntp_64": [0.02]})
    assert values(out, "sharpness") == near({"condition=mup_64": [0.5, 0.5], "condition=ntp_64": [0.08]})
    assert values(out, "loss_left") == near({"condition=mup_64": [0.5, 0.5], "condition=ntp_64": [0.5]})
    assert values(out, "width_ratio") == {}


def test_widths_are_compared_by_seed_with_and_without_gamma_squared():
    """The largest over the smallest, wherever it stands; sharpness as it is falls with the width under muP."""
    last = {
        "mup_1024": [3, 4],
        "mup_256": [2, 8],
        "mup_64": [2.5, 4],
        "ntp_1024": [2, 1],
        "ntp_64": [3, 4],
        "unscaled_64": [1, 1],
    }
    runs = networks({name: [[1, 1, 1, value] for value in each] for name, each in last.items()})
    out = measured(linear=runs)
    assert values(out, "width_ratio") == near({"arm=mup": [1.5, 2], "arm=ntp": [1.5, 4]})
    bare = [[3 / 1024, 2 / 256, 2.5 / 64], [4 / 1024, 8 / 256, 4 / 64]]
    expected = [max(each) / min(each) for each in bare]
    assert values(out, "width_ratio_bare") == near({"arm=mup": expected, "arm=ntp": [1.5, 4]})


def test_the_share_of_the_gauss_newton_part_at_the_start_and_its_smallest_later():
    runs = networks(
        {"edge_64": [[1, 1, 1, 1]], "mup_64": [[1, 1, 1, 1], [2, 2, 2, 2]]},
        {"mup_64": [[2, 10, 1.25, 1], [8, 2, 2, 2.5]]},
    )
    out = measured(linear=runs)
    assert values(out, "gauss_newton_ratio_at_start") == near({"condition=mup_64": [0.5, 0.25]})
    assert values(out, "gauss_newton_ratio_settled") == near({"condition=mup_64": [0.8, 0.8]})
    drawn = out.curves["sharpness"].query("arm == 'mup'")
    assert drawn.query("seed == 0")["over_hessian"].tolist() == near([0.5, 0.1, 0.8, 1])
    assert drawn["edge"].tolist() == near([0.25] * 4 + [0.5] * 4)
    assert set(drawn["width"]) == {64}


def test_errors_of_the_moments_by_parametrisation():
    out = measured(linear=networks({"mup_64": [[1, 1, 1, 1]]}))
    assert values(out, "direct_loss_error") == near({"parametrisation=mup": [1e-12], "parametrisation=ntp": [2e-12]})
    assert values(out, "direct_sharpness_error") == near(
        {"parametrisation=mup": [3e-12], "parametrisation=ntp": [4e-12]}
    )


def digits() -> object:
    """Three or four rates; two seeds; a loss that is not finite is no minimum."""
    loss = {
        "mup_16": [[3, 2, 1], [3, 4, np.inf]],  # best at 2, 0.5
        "mup_64": [[3, 1, 4], [3, 2, 1]],  # 1, 2
        "ntp_16": [[2, 1, 3, 4], [0.5, 1, 3, 4]],  # 2, 1
        "ntp_64": [[4, 2, 1, 3], [5, 2, 1, np.inf]],  # 4, 4
    }
    loss = {name: [[*row, *[np.nan] * (4 - len(row))] for row in each] for name, each in loss.items()}
    rates = {"mup": [0.5, 1, 2, np.nan], "ntp": [1, 2, 4, 8]}
    conditions = {name: {"width": int(name[4:]), "parametrisation": name[:3]} for name in loss}
    arrays = {
        "loss": np.concatenate(list(loss.values())),
        "rates": np.repeat([rates["mup"]] * 2 + [rates["ntp"]] * 2, 2, axis=0),
    }
    return artifact(arrays, conditions, seeds=2)


def test_best_rates_and_their_shift_in_factors_of_two():
    out = measured(digits=digits())
    best = {"mup_16": [1, -1], "mup_64": [0, 1], "ntp_16": [1, 0], "ntp_64": [2, 2]}
    assert values(out, "best_rate") == near({f"condition={name}": each for name, each in best.items()})
    assert values(out, "shift") == near(
        {
            "arm=mup;widths=64/16": [-1, 2],
            "arm=ntp;widths=64/16": [1, 2],
            "arm=unscaled;widths=64/16": [1, 4],
        }
    )
    assert values(out, "best_loss")["condition=mup_16"] == near([1, 3])
    assert values(out, "inside")["condition=mup_64"] == [1, 0]
    assert values(out, "inside")["condition=ntp_16"] == [1, 0]
    assert values(out, "inside")["condition=ntp_64"] == [1, 1]


def test_losses_of_narrow_over_wide_networks_at_the_rate_one():
    out = measured(digits=digits())
    assert values(out, "loss_ratio") == near({"arm=mup;widths=64/16": [2, 2], "arm=ntp;widths=64/16": [0.5, 0.1]})
    drawn = cells(out, "rates", "arm", "width", "seed", "x")
    assert drawn["mup", 16, 0, 2.0] == 1
    assert drawn["ntp", 64, 1, 1.0] == 5


def test_nothing_is_measured_of_what_was_not_run():
    assert len(measured().statistics()) == 0


def test_the_gauss_newton_part_has_settled_from_step_50_on():
    runs = networks({"mup_64": [[1, 1, 1, 1]]}, {"mup_64": [[1, 8, 4, 2]]})
    runs["steps"][1] = 49
    assert values(measured(linear=runs), "gauss_newton_ratio_settled") == near({"condition=mup_64": [0.25]})


def test_each_parametrisation_needs_both_errors_of_the_moments():
    runs = networks({"mup_64": [[1, 1, 1, 1]]})
    short = Artifact({**runs, "direct_loss_error": np.array([1e-12])}, runs.meta)
    with pytest.raises(ValueError, match="zip"):
        measured(linear=short)


def test_grids_without_the_rate_one_have_no_losses_to_compare():
    made = digits()
    made["rates"][:] *= 3
    assert values(measured(digits=made), "loss_ratio") == {}
