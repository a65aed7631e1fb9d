"""Statistics away from the default settings, and settings that do not go together."""

import warnings

import numpy as np
import pandas as pd
import pytest

from replications.scaling_laws.bahri2024 import theory
from replications.scaling_laws.bahri2024.measure import measure
from verifig.ground.errors import InputError
from verifig.measuring.tables import Tables
from verifig.planning import jobs, rulesets
from verifig.running.stages.train import train
from verifig.training import artifacts


def tables(tmp_path, experiment: str, **overrides) -> Tables:
    """Train at smoke scale and measure, with every warning an error."""
    job = jobs.train("bahri2024", experiment, "smoke", "cpu", overrides=overrides, data_dir=tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(job, tmp_path / "a.npz", tmp_path / "a.json", log=lambda text: None)
        out = Tables()
        measure({experiment: artifacts.read(tmp_path / "a.npz")}, out)
    return out


def statistics(out: Tables) -> pd.DataFrame:
    """By condition and statistic; what is not a number has a status that says so."""
    table = out.statistics()
    assert (np.isfinite(table["value"]) | (table["status"] != "ok")).all()
    return table.set_index(["condition", "statistic"]).sort_index()


def test_kernels_with_few_features_and_blunt_pools(tmp_path):
    """Features that images of one pixel do not fill: what rounding hides is undefined, all else is there."""
    found = statistics(
        tables(
            tmp_path,
            "kernels",
            features=20,
            sample_sizes=[3, 19],
            mnist_features=12,
            mnist_sizes=[3, 11],
            feature_pools=[28, 4],
        )
    )
    assert (found.loc[("D=3;alpha=1", "loss_over_theory"), "status"] == "ok").all()
    assert found.loc[("D=3;alpha=1", "loss_over_theory"), "value"].mean() == pytest.approx(1, abs=0.6)
    assert (found.loc[("pool=28", "mnist_data_exponent"), "status"] == "diverged").all()


def test_students_of_other_dimensions_sizes_and_depths(tmp_path):
    found = statistics(tables(tmp_path, "teacher_student", dimensions=[1, 3], student_widths=[4, 8], depths=[1, 2]))
    assert np.isfinite(found.loc[("d=3", "exponent"), "value"]).all()
    assert np.isfinite(found.loc[("d=3;depth=2;width=8", "exponent"), "value"]).all()
    assert not found.index.isin(["ratio_low_to_high_dimension"], level="statistic").any()


def test_student_sweep_with_several_sample_sizes(tmp_path):
    found = statistics(tables(tmp_path, "student_sweep", sample_sizes=[16, 64]))
    assert ("d=2;depth=1", "parameter_exponent") in found.index
    assert ("D=16;d=2;depth=1", "parameter_exponent") in found.index


def test_a_slope_over_a_value_that_is_not_positive_is_undefined():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = theory.slope([1, 10], np.array([[1, 0.1], [1, -0.1], [1, 0]]))
    assert found[0] == pytest.approx(1)
    assert np.isnan(found[1:]).all()


@pytest.mark.parametrize(
    ("experiment", "overrides", "sentence"),
    [
        ("kernels", {"features": 8, "sample_sizes": [8, 16]}, "sample_sizes 8, 16 must be below features 8"),
        ("kernels", {"sample_sizes": [8]}, r"sample_sizes \[8\] must hold two sizes"),
        ("kernels", {"sample_sizes": [8, 8]}, "sample_sizes names 8 twice"),
        ("kernels", {"alphas": [15.0]}, "alphas 15 leaves"),
        ("kernels", {"variance_parameters": 128}, "variance_parameters 128 must be below variance_features 128"),
        ("kernels", {"feature_pools": [29]}, "feature_pools pools 29 pixels"),
        ("kernels", {"kernel_sizes": [100, 200]}, "kernel_sizes 200 must be below population 200"),
        ("kernels", {"kernel_settings": [[4, 1], [4]]}, "kernel_settings"),
        ("finite_networks", {"train_size": 4800}, r"train_size \+ test_size = 5100 exceeds"),
        ("finite_networks", {"width_inits": [[8, 2], [8, 1]]}, "width_inits names 8 twice"),
        ("teacher_student", {"dimensions": [2, 2]}, "dimensions names 2 twice"),
        ("teacher_student", {"sample_sizes": [16]}, "must hold two values"),
        ("teacher_student", {"conditions.mine.steps": 5}, "this experiment has no conditions"),
    ],
)
def test_settings_that_do_not_go_together_are_one_sentence(experiment, overrides, sentence):
    with pytest.raises(InputError, match=sentence):
        rulesets.settings(rulesets.load("bahri2024"), experiment, "smoke", overrides)


def test_no_experiment_needs_a_download(tmp_path):
    planned = jobs.all_jobs("bahri2024", "laptop", device="cpu", data_dir=tmp_path)
    assert set(planned) == {"kernels", "finite_networks", "teacher_student", "measure", "judge", "report"}
