"""Statistics away from the default settings, and settings that do not go together."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from replications.random_teachers.sarnthein2023.experiments import convnets
from replications.random_teachers.sarnthein2023.measure import measure
from verifig.ground.errors import InputError
from verifig.measuring.tables import Tables
from verifig.planning import jobs, rulesets
from verifig.running.stages.train import train
from verifig.training import artifacts
from verifig.training.vision import torchvision

TINY = {"probe_steps": 2, "width": 6, "head_width": 5, "bottleneck": 4, "output_size": 7, "seeds": 2}


def statistics(tmp_path, experiment: str, overrides: dict, only: tuple[str, ...] = ()) -> pd.DataFrame:
    """Train at smoke scale (`only` some conditions) and measure, with numpy's warnings as errors; by condition and statistic."""
    job = jobs.train("sarnthein2023", experiment, "smoke", "cpu", overrides=overrides)
    if only:
        job["settings"]["conditions"] = {name: job["settings"]["conditions"][name] for name in only}
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        train(job, tmp_path / "a.npz", tmp_path / "a.json", log=lambda text: None)
        out = Tables()
        measure({experiment: artifacts.read(tmp_path / "a.npz")}, out)
    table = out.statistics()
    assert (np.isfinite(table["value"]) | (table["status"] != "ok")).all()
    return table.set_index(["condition", "statistic"]).sort_index()


def test_conditions_of_other_precision_and_width_have_teachers_of_their_own(tmp_path):
    changes = {"conditions.local.dtype": "float64", "conditions.local.width": 9, "conditions.local.output_std": 1.0}
    found = statistics(tmp_path, "kick", TINY | changes)
    alone = statistics(tmp_path, "kick", TINY | changes, ("local",))
    rows = ["kl", "teacher_ridge", "ridge", "distance"]
    for name in rows:
        both, single = (table.loc[("condition=local", name), "value"].tolist() for table in (found, alone))
        assert both == pytest.approx(single)
    teachers = [
        found.loc[(f"condition={name}", "teacher_ridge"), "value"].tolist() for name in ("local", "independent")
    ]
    assert teachers[0] != teachers[1]


def test_copies_of_the_teacher_have_a_status_and_no_warning(tmp_path):
    found = statistics(tmp_path, "plain", TINY | {"alpha": 0.0, "conditions.local.alpha": 0.0, "steps": 2})
    assert (found.loc[("", "first_step_ratio"), "status"] == "diverged").all()
    assert (found.loc[("condition=local", "distance"), "status"] == "ok").all()
    assert ("condition=full", "kl_start_ratio") not in found.index


def test_any_places_on_the_line(tmp_path):
    found = statistics(tmp_path, "kick", TINY | {"line": [0.5, 1.0]})
    assert ("condition=local", "barrier") in found.index
    assert ("condition=local", "asymmetry") not in found.index


def test_start_under_weight_normalisation_has_its_own_closed_form(tmp_path):
    change = {"weight_norm": True, "output_size": 4000, "bottleneck": 32, "steps": 1}
    found = statistics(tmp_path, "kick", TINY | change, ("independent",))
    assert found.loc[("condition=independent", "kl_start_ratio"), "value"].mean() == pytest.approx(1, abs=0.15)


def test_pruning_and_lines_with_one_arm(tmp_path):
    for experiment in ("tickets", "connectivity"):
        found = statistics(tmp_path, experiment, {}, ("distilled",))
        assert set(found.index.get_level_values("statistic")).isdisjoint({"accuracy_difference", "barrier_difference"})


def test_arms_whose_students_differ_do_not_share_them(tmp_path):
    found = statistics(tmp_path, "connectivity", {"conditions.initial.alpha": 1.0, "finetune_epochs": 0, "orders": 2})
    assert found.loc[("condition=initial", "barrier"), "value"] == pytest.approx(0)


@pytest.mark.parametrize("name", ["vgg11", "vgg13", "vgg16", "vgg19"])
def test_vgg_parameters_are_those_of_torchvision(name):
    with torch.device("meta"):
        theirs = getattr(torchvision().models, name)(weights=None).features
    assert convnets.parameter_count(name) == sum(p.numel() for p in theirs.parameters())


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50"])
def test_resnet_parameters_are_those_of_torchvision_but_the_stem(name):
    with torch.device("meta"):
        theirs = getattr(torchvision().models, name)(weights=None)
    count = sum(p.numel() for p in theirs.parameters()) - sum(p.numel() for p in theirs.fc.parameters())
    assert convnets.parameter_count(name) == count - 64 * 3 * (7**2 - 3**2)


@pytest.mark.parametrize("name", ["vgg13", "vgg16", "resnet34"])
def test_architectures_of_table_5_are_settings(tmp_path, name):
    found = statistics(tmp_path, "cifar10", {"conditions.vgg11.architecture": name, "width_factor": 0.05}, ("vgg11",))
    assert np.isfinite(found.loc[("condition=vgg11;target=mnist_5k", "ridge"), "value"]).all()


@pytest.mark.parametrize(
    ("experiment", "overrides", "sentence"),
    [
        ("plain", {"conditions.full.steps": 3}, "steps must be the same in all conditions"),
        ("plain", {"batch_size": 4001}, "condition full: batch_size 4001 must be at most 4000"),
        ("plain", {"source": "cifar10"}, "condition full: source cifar10 must be one of"),
        ("plain", {"source": "file"}, "source file needs source_file"),
        ("plain", {"source": "file", "source_file": "/nowhere.npy"}, r"source_file /nowhere\.npy does not exist"),
        ("kick", {"conditions.local.line": [0.5]}, "line must be the same in all conditions"),
        ("planes", {"conditions.local.alpha": 0.0}, "condition local: alpha must be > 0"),
        ("planes", {"conditions.local.alpha": 1.0}, "alpha 1 must differ"),
        ("planes", {"grid_to": -1.0}, "grid_from must be below grid_to"),
        ("planes", {"conditions.local.width": 3}, "width must be the same in all conditions"),
        ("planes", {"conditions.more.alpha": 0.3}, "the conditions must be local and independent"),
        ("cifar10", {"source": "digits"}, "source digits is for small networks"),
        ("cifar10", {"neighbours": 97}, "neighbours 97 must be at most 96, the training images of mnist_5k"),
        ("cifar10", {"conditions.vgg11.epochs": 2}, "epochs must be the same in all conditions"),
        ("tickets", {"conditions.initial.rounds": 1}, "rounds must be the same"),
        ("connectivity", {"conditions.initial.orders": 3}, "orders must be the same"),
        ("identities", {"conditions.mine.eps": 1e-3}, "identities computes exact facts"),
    ],
)
def test_settings_that_do_not_go_together_are_one_sentence(experiment, overrides, sentence):
    with pytest.raises(InputError, match=sentence):
        rulesets.settings(rulesets.load("sarnthein2023"), experiment, "smoke", overrides)
