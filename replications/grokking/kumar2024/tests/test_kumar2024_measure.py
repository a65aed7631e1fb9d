"""Every statistic that a claim names, on made-up runs with known curves."""

import numpy as np
import pytest
from made_up import artifact, measuring, near, values

from replications.grokking.kumar2024.measure import measure

measured = measuring(measure)
STEPS = [0, 1, 10, 100]


def curves(train, test, **others) -> dict[str, object]:
    """Records of members [members, 4]; weights and kernels at rest unless `others` says otherwise."""
    shape = np.shape(train)
    rest = {name: np.ones(shape) for name in ("weight_norm", "weight_change", "alignment", "movement")}
    ends = {"kernel_regression": np.full(shape[0], 0.5), "kernel_descent": np.full(shape[0], 0.5)}
    return rest | ends | {"train_loss": train, "test_loss": test, "steps": STEPS} | others


def test_ends_of_a_run_and_the_test_loss_when_it_was_fitted():
    train = [[2.0, 1.0, 0.2, 0.02], [1.0, 0.09, 0.05, 0.03]]
    test = [[0.8, 1.2, 0.6, 0.1], [1.0, 0.7, 0.5, 0.2]]
    norms = {
        "weight_norm": [[1, 2, 3, 4], [1, 1, 1, 1.5]],
        "weight_change": [[0, 1, 1, 3], [0, 0.1, 0.2, 0.3]],
        "movement": [[0, 0, 0, 0.7], [0, 0, 0, 0.2]],
        "alignment": [[0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 0.5, 0.25]],
    }
    ends = {"kernel_regression": [0.4, 0.5], "kernel_descent": [0.2, 0.16]}
    runs = artifact(curves(train, test, **norms, **ends), {"network": {"alpha": 1.0}}, seeds=2)
    out = measured(misaligned=runs)

    def found(statistic: str) -> list[float]:
        return values(out, statistic, "misaligned")["condition=network"]

    assert found("final_train") == near([0.01, 0.03])
    assert found("final_test") == near([0.1, 0.2])
    assert found("test_over_variance") == near([0.2, 0.4])
    assert found("test_over_first") == near([0.125, 0.2])
    assert found("test_when_fitted") == near([0.75, 0.7])  # at a tenth, which is reached from above
    assert found("fall_after_fit") == near([0.125 / 0.75, 0.2 / 0.7])
    assert found("test_peak") == near([1.5, 1])
    assert found("weight_norm") == near([4, 1.5])
    assert found("weight_change") == near([3, 0.3])
    assert found("movement") == near([0.7, 0.2])
    assert found("alignment_gain") == near([4, 0.5])
    assert found("regression_over_variance") == near([0.8, 1])
    assert found("test_over_regression") == near([0.25, 0.4])
    assert found("descent_deviation") == near([0.5, 0.25])
    drawn = out.curves["misaligned_curves"]
    assert sorted(drawn["x"].unique()) == [1, 10, 100]
    assert set(drawn["curve"]) == {"train_loss", "test_loss", "alignment", "movement", "weight_norm"}


def test_a_run_that_never_fits_is_read_at_its_end():
    runs = artifact(curves([[1, 1, 1, 0.5]], [[1, 1, 1, 0.6]]), {"p_50": {}}, seeds=1)
    out = measured(goldilocks=runs)
    assert values(out, "test_when_fitted") == near({"condition=p_50": [0.6]})
    assert values(out, "fall_after_fit") == near({"condition=p_50": [1]})


def test_neighbours_in_alpha_are_paired_by_seed():
    """Members are conditions by name: alpha_0.3, alpha_1, alpha_10, alpha_3, lazy, then those of one rate."""
    names = {
        "alpha_0.3": ([0.1, 0.2], [4, 5]),
        "alpha_1": ([0.3, 0.5], [2, 2]),
        "alpha_10": ([1.8, 2.0], [0.2, 0.3]),
        "alpha_3": ([0.6, 0.5], [1, 1.5]),
        "lazy": ([2.5, 2.5], [0.01, 0.01]),
        "same_rate_0.3": ([0.8], [1]),
        "same_rate_1": ([0.4], [0.5]),
        "same_rate_3": ([0.9], [0.4]),
    }
    test = [[1, 1, 1, value] for each, _ in names.values() for value in each]
    change = [[0, 0, 0, value] for _, each in names.values() for value in each]
    alphas = {"alpha_0.3": 0.3, "alpha_1": 1.0, "alpha_10": 10.0, "alpha_3": 3.0, "lazy": 1000.0}
    settings = {name: {"alpha": alphas.get(name, 1.0), "seeds": len(each)} for name, (each, _) in names.items()}
    out = measured(committee=artifact(curves(np.ones((13, 4)), test, weight_change=change), settings))
    assert values(out, "test_ratio") == near(
        {
            "alphas=1/0.3;arm=rescaled": [3, 2.5],
            "alphas=3/1;arm=rescaled": [2, 1],
            "alphas=10/3;arm=rescaled": [3, 4],
            "alphas=1/0.3;arm=same_rate": [0.5],
            "alphas=3/1;arm=same_rate": [2.25],
            "alphas=10/3;arm=same_rate": [2],
        }
    )
    assert values(out, "change_ratio")["alphas=1/0.3;arm=rescaled"] == near([0.5, 0.4])
    assert values(out, "change_ratio")["alphas=10/3;arm=same_rate"] == near([0.5])
    drawn = out.curves["laziness"]
    assert drawn.groupby("x")["test_loss"].mean().to_dict() == near(
        {0.3: 0.15, 1.0: 0.4, 3.0: 0.55, 10.0: 1.9, 1000.0: 2.5}
    )


def test_modular_accuracies_norm_and_delays_in_time():
    """Delays count steps times learning rate, so that conditions at other rates compare."""
    train = [[0, 0.95, 1, 1], [0, 0.5, 1, 1], [0, 0.5, 0.9, 0.9]]
    test = [[0, 0.1, 0.95, 1], [0, 0.2, 0.3, 0.95], [0, 0.1, 0.1, 0.2]]
    conditions = {
        "alpha_0.25": {"learning_rate": 2.0},
        "alpha_1": {"learning_rate": 10.0},
        "alpha_2": {"learning_rate": 10.0},
    }
    records = {
        "train_accuracy": train, "test_accuracy": test, "train_loss": [[1, 1, 1, 1], [1, 1, 1, np.nan], [1, 1, 1, 0]],
        "test_loss": np.ones((3, 4)), "weight_norm": [[1, 2, 3, 5], [1, 1, 2, 3], [1, 1, 1, 2]], "steps": [0, 10, 20, 30],
    }  # fmt: skip
    out = measured(modular=artifact(records, conditions, seeds=1))
    one = [f"condition={name}" for name in conditions]

    def found(statistic: str) -> list[float]:
        by_condition = values(out, statistic, "modular")
        return [by_condition[name][0] for name in one]

    assert found("fit_accuracy") == near([0.95, 1, 0.9])
    assert found("test_when_fitted") == near([0.1, 0.3, 0.2])
    assert found("final_train") == near([1, 1, 0.9])
    assert found("final_test") == near([1, 0.95, 0.2])
    assert found("weight_norm") == near([5, 3, 2])
    assert found("finite") == [1, 0, 1]
    assert found("fitted_at") == near([10, 19, np.nan])
    assert found("found_at") == near([20, 30, np.nan])
    expected = {"alphas=1/0.25": [11 * 10 / (10 * 2)], "alphas=2/1": [np.nan]}
    assert values(out, "delay_ratio") == near(expected)
    drawn = out.curves["modular_curves"]
    assert drawn.query("condition == 'alpha_0.25'")["time"].max() == 60


def test_identities_against_samples_and_both_printed_formulas():
    terms = [[[0.1, 0.2, 0.3], [0.2, 0.2, 0.0]]]
    runs = artifact(
        {
            "terms": terms, "sampled": [[0.63, 0.4]], "standard_error": [[0.02, 0.01]], "steps": [0, 10], "epsilons": [0.25, 1.0],
            "quadratic_eigenvalue": [[0.005, 0.08]], "linear_eigenvalue": [[0.2, 0.21]], "initial_loss_error": [1e-9],
            "first_step_error": [2e-4], "descent_error": [3e-12],
        },
        spectrum_dimension=5,
    )  # fmt: skip
    out = measured(identities=runs)
    assert values(out, "largest_z") == near({"": [1.5]})
    assert values(out, "largest_z_no_trace") == near({"": [20]})
    assert values(out, "sampled_over_exact") == near({"": [(1.05 + 1) / 2]})
    assert values(out, "sampled_over_exact_no_trace") == near({"": [(0.63 / 0.5 + 2) / 2]})
    assert values(out, "over_main_text") == near({"epsilon=0.25": [0.25], "epsilon=1": [1]})
    assert values(out, "over_appendix") == near({"epsilon=0.25": [1], "epsilon=1": [1]})
    assert values(out, "linear_times_d") == near({"epsilon=0.25": [1], "epsilon=1": [1.05]})
    assert values(out, "initial_loss_error") == near({"": [1e-9]})
    assert values(out, "first_step_error") == near({"": [2e-4]})
    assert values(out, "descent_error") == near({"": [3e-12]})
    exact = out.curves["terms"].query("curve == 'exact'")
    assert exact["value"].tolist() == pytest.approx([0.6, 0.4])
