"""Every statistic that a claim names, on records with known values."""

import numpy as np
import pytest
from made_up import artifact, measuring, near, values

from replications.grokking.xu2024.measure import measure

STEPS = [0, 1, 15, 101, 300]
ASKED = {"record_at": [0, 1, 15, 100, 300, 999], "samples": 200}
measured = measuring(measure)


def records(seeds: int = 3, steps: list[int] = STEPS, members: int | None = None) -> dict[str, np.ndarray]:
    """Made-up records [members, steps, ...]: the seed adds 0.01, the step's place 0.1."""
    rows = members or seeds
    base = 0.1 * np.arange(len(steps)) + 0.01 * np.arange(rows)[:, None]
    fields = ("train", "test", "permuted", "linear")
    made = {f"{name}_accuracy": base + 0.001 * k for k, name in enumerate(fields)}
    made |= {"linear_agreement": base + 0.005, "shuffled_agreement": base + 0.006}
    made["cluster_accuracy"] = np.ones((rows, len(steps), 4))
    made["largest_output"], made["largest_cosine"] = 1e-9 * (1 + base), 0.05 + base
    made["spread"] = np.arange(1.0, 5).reshape(2, 2) * np.ones((rows, len(steps), 2, 2))
    made["histogram"] = np.ones((rows, len(steps), 2, 6))
    made["signs"] = np.ones((rows, len(steps), 8))
    return made | {"steps": np.array(steps)}


def runs(**changes) -> dict[str, np.ndarray]:
    return records() | changes


def of(made: dict[str, np.ndarray], seeds: int = 3, conditions: dict | None = None, **settings):
    return artifact(made, conditions, seeds=seeds, **(ASKED | settings))


@pytest.mark.parametrize(
    ("statistic", "offset"),
    [("train_accuracy", 0), ("test_accuracy", 0.001), ("permuted_accuracy", 0.002), ("linear_agreement", 0.005),
     ("shuffled_agreement", 0.006)],
)  # fmt: skip
def test_shares_are_filed_under_the_steps_that_were_asked_for(statistic, offset):
    """Step 100 is the first record after at least 100 steps, 101; what was never reached is not there."""
    out = measured(runs=of(runs()), small_step=of(runs()))
    expected = {f"step={step}": near([0.1 * k + 0.01 * s + offset for s in range(3)]) for k, step in enumerate(
        (0, 1, 15, 100, 300))}  # fmt: skip
    assert values(out, statistic, "runs") == expected
    assert values(out, statistic, "small_step") == expected


def test_mistakes_are_percent_of_the_test_points():
    out = measured(runs=of(runs()))
    assert values(out, "misclassified")["step=15"] == near([79.9, 78.9, 77.9])
    assert values(out, "misclassified_permuted")["step=100"] == near([69.8, 68.8, 67.8])


def test_conditions_keep_their_names():
    made = records(members=5)
    out = measured(controls=of(made, conditions={"clean": {"seeds": 2}, "frozen": {}}))
    found = values(out, "test_accuracy", "controls")
    assert found["condition=clean;step=1"] == near([0.101, 0.111])
    assert found["condition=frozen;step=15"] == near([0.221, 0.231, 0.241])


def test_spread_is_along_mu1_over_mu2_by_the_sign_of_the_neurons():
    made = runs()
    made["spread"][:, 2, 0] = [[8, 2], [9, 3], [5, 0]]
    out = measured(runs=of(made))
    assert values(out, "spread_ratio")["neurons=positive;step=15"] == near([4, 3, np.nan])
    assert values(out, "spread_ratio")["neurons=positive;step=1"] == near([0.5] * 3)
    assert values(out, "spread_ratio")["neurons=negative;step=15"] == near([0.75] * 3)


def test_runs_pass_above_95_percent_and_may_leave_the_others_behind():
    """Exactly 0.95 has not passed. The third run leaves the group between steps 100 and 300, the fourth falls into it."""
    made = records(4)
    made["test_accuracy"] = np.array(
        [[0.5, 0.5, 0.95, 0.95, 0.95], [0.5, 0.5, 0.955, 1, 1], [0.5, 0.5, 0.9, 0.9, 0.96], [0.5, 0.5, 1, 0.96, 0.9]]
    )
    made["cluster_accuracy"][:, 4] = [[1, 1, 0.49, 1], [0.5, 1, 1, 1], [1, 1, 1, 1], [0.2, np.nan, 1, 1]]
    out = measured(runs=of(made, 4))
    assert values(out, "passed")["step=15"] == [0, 1, 0, 1]
    assert values(out, "passed")["step=300"] == [0, 1, 1, 0]
    assert values(out, "stuck")["step=300"] == [1, 0, 0, 1]
    assert values(out, "recovered") == {"since=100": [0, 0, 1, 0]}
    assert values(out, "worst_cluster")["step=300"] == near([0.49, 0.5, 1, np.nan])
    assert values(out, "missed")["step=300"] == near([1, 0, 0, np.nan])


def test_leaving_the_group_is_asked_only_where_both_steps_are_there():
    made = records(steps=[0, 1, 15])
    assert values(measured(runs=of(made)), "recovered") == {}


def test_fitted_means_at_every_recorded_step_from_one_to_the_root_of_n():
    """sqrt(200) is below 15, sqrt(225) is not."""
    made = runs(train_accuracy=np.array([[0.5, 1, 1, 1, 1], [0.5, 0.995, 1, 1, 1], [0.5, 1, 0.995, 1, 1.0]]))
    assert values(measured(runs=of(made)), "fitted") == {"": [1, 0, 1]}
    assert values(measured(runs=of(made, samples=225)), "fitted") == {"": [1, 0, 0]}


def test_cosines_outputs_and_the_linear_classifier():
    out = measured(runs=of(runs()))
    assert values(out, "largest_cosine") == {"": near([0.05, 0.06, 0.07])}
    assert values(out, "cosine_excess") == {"": near([1000, 1200, 1400])}
    assert values(out, "largest_output") == {"": near([1.4e-9, 1.41e-9, 1.42e-9])}
    assert values(out, "linear_accuracy") == {"": near([0.003, 0.013, 0.023])}


def test_differences_are_paired_by_seed():
    """The other arm minus the runs, over the seeds that both have, at the same step."""
    made, clean = runs(), records(members=4)
    clean["test_accuracy"][:2, 1] = [0.4, 0.3]
    single = records(2)
    single["test_accuracy"][:, 4] = [0.9, 0.5]
    out = measured(
        runs=of(made),
        controls=of(clean, conditions={"clean": {"seeds": 2}, "frozen": {"seeds": 2}}),
        one_by_one=of(single, 2),
    )
    assert values(out, "test_difference", "controls") == {"condition=clean;step=1": near([0.4 - 0.101, 0.3 - 0.111])}
    assert values(out, "test_difference", "one_by_one") == {"step=300": near([0.9 - 0.401, 0.5 - 0.411])}


def test_differences_need_the_runs():
    out = measured(
        one_by_one=of(records(2), 2), controls=of(records(2), 2, {"clean": {"seeds": 1}, "frozen": {"seeds": 1}})
    )
    assert values(out, "test_difference") == {}


def test_curves_of_the_figures():
    made = runs()
    made["histogram"][:, 1, 0] = [[0, 0, 3, 1, 0, 0], [0, 0, 3, 1, 0, 0], [0, 0, 2, 2, 0, 0]]
    made["signs"][1, 2, :4] = -1
    curves = measured(runs=of(made)).curves
    share = curves["runs_projections"].query("step == 1 and mean == 'mu1'")
    assert share["x"].tolist() == near([-5 / 6, -0.5, -1 / 6, 1 / 6, 0.5, 5 / 6])
    assert share["value"].tolist() == near([0, 0, 8 / 12, 4 / 12, 0, 0])
    plane = curves["plane"].query("step == 15 and seed == 1")
    assert plane["x"].tolist() == [0, 45, 90, 135, 180, 225, 270, 315]
    assert plane["value"].tolist() == [-1] * 4 + [1] * 4
    test = curves["runs_accuracy"].query("set == 'test' and seed == 2")
    assert test["x"].tolist() == [1, 2, 16, 102, 301]
    assert test["value"].tolist() == near([0.021, 0.121, 0.221, 0.321, 0.421])
    assert curves["linear"].query("seed == 0")["value"].tolist() == near([0.005, 0.105, 0.205, 0.305, 0.405])
    assert curves["runs_outputs"].query("seed == 0")["x"].tolist() == STEPS
