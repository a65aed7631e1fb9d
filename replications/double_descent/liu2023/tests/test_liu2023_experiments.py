"""Programs: the minimal example, random features, iterated training, and curves by width."""

import sys

import numpy as np
import pytest
import torch

from replications.double_descent.liu2023.experiments.iterated import BothLayers, OutputLayer, _loss, _slope
from replications.double_descent.liu2023.experiments.minimal import WRITTEN_OUT, closed_form, points
from replications.double_descent.liu2023.experiments.random_features import at_width, one_seed, solvers
from replications.double_descent.liu2023.measuring import widths
from replications.double_descent.science import features, spectral
from replications.double_descent.science.features import model
from verifig.ground.paths import Layout
from verifig.measuring import tables
from verifig.planning import jobs, rulesets
from verifig.running.stages.measure import measure
from verifig.running.stages.train import train
from verifig.training import data
from verifig.training.ensemble import generator

CPU = torch.device("cpu")


def settings(experiment: str, scale: str = "laptop", **overrides) -> dict:
    values = rulesets.settings(rulesets.load("liu2023"), experiment, scale, overrides)
    return {name: value for name, value in values.items() if name != "conditions"} | {"seed": "test"}


def drawn(values: dict) -> features.Sample:
    return features.sample(data.embedded("mnist_5k"), values, values["seed"], CPU)


def test_solvers_agree_with_explicit_weights():
    values = settings("features", n=40, widths=[30, 60], noise_levels=[0.5], horizons=[50])
    one = drawn(values)
    for width in values["widths"]:
        fields = at_width(one, values, width)
        names = [solver.name for solver in solvers(values)]
        z, z_test, start = model(one, values, width)
        targets = features.centred_one_hot(features.noisy_labels(one.labels, 2, 0.05, "test"), 2)
        wanted = features.centred_one_hot(one.test_labels, 2)
        parts = spectral.decompose(z, 2)
        cases = {
            "steps 50": spectral.gradient_descent(z, targets, start, 50, 1 / float(parts.curvatures[0])),
            "min_norm noise 0.05": torch.linalg.pinv(z) @ targets,
        }
        for name, weights in cases.items():
            row = names.index(name)
            assert fields["test_mse"][row] == pytest.approx(float(((z_test @ weights - wanted) ** 2).mean()), rel=1e-6)
            assert fields["train_mse"][row] == pytest.approx(float(((z @ weights - targets) ** 2).mean()), abs=1e-10)
            wrong = ((z_test @ weights).argmax(1) != one.test_labels).double().mean()
            assert fields["test_error"][row] == pytest.approx(float(wrong))


def test_the_peak_needs_training_time():
    values = settings("features", widths=[60, 90, 100, 110, 400], horizons=[1000])
    found = [one_seed(data.embedded("mnist_5k"), values | {"seed": f"test {k}"}, CPU) for k in range(4)]
    names = [solver.name for solver in solvers(values)]
    fields = {name: np.stack([one[name] for one in found]) for name in ("train_mse", "test_mse")}
    curves = widths.Curves(fields, names, np.array(values["widths"]), 100)
    assert np.median(curves.height("steps 1000")) < 1.6
    assert np.median(curves.height("steps inf")) > 5
    assert np.median(curves.row("test_mse", "steps inf"), 0).argmax() == 2


def test_adam_is_torch_adam():
    values = settings("iterated", n=30) | {"width": 20, "optimizer": "adam", "learning_rate": 0.01}
    one = drawn(values)
    program = OutputLayer([values], [one], CPU)
    z, _, start = model(one, values, 20)
    targets = program.targets[0]
    weights = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([weights], 0.01)
    for step in range(30):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(z @ weights, targets).backward()
        optimizer.step()
        program.prepare(step)
        program.step()
    torch.testing.assert_close(program.weights.view(20, 2), weights.detach(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", ["mse", "cross_entropy"])
def test_output_slopes_equal_autograd(kind):
    outputs = torch.randn(2, 5, 3, dtype=torch.float64, generator=generator("test", 1)).requires_grad_()
    targets = torch.nn.functional.one_hot(torch.randint(3, (2, 5), generator=generator("test", 2)), 3).double()
    loss = _loss(kind, outputs, targets)
    slope = _slope(kind, outputs.detach(), targets)
    torch.testing.assert_close(slope, torch.autograd.grad(loss.sum(), outputs)[0])


def test_both_layers_in_the_row_space_equal_plain_training():
    values = settings("iterated", n=30) | {"width": 16, "learning_rate": 0.005, "momentum": 0.9}
    one = drawn(values)
    program = BothLayers([values], [one], CPU)
    x, x_test = ((part - 0.1307) / 0.3081 for part in (one.x, one.x_test))
    first = features.first_layer(784, 16, 1.0, "test", CPU).requires_grad_()
    second = model(one, values, 16)[2].requires_grad_()
    optimizer = torch.optim.SGD([first, second], 0.005, momentum=0.9)
    for step in range(20):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(torch.tanh(x @ first) @ second, program.targets[0].double()).backward()
        optimizer.step()
        program.prepare(step)
        program.step()
    test = torch.tanh(x_test @ first) @ second
    expected = ((test - features.centred_one_hot(one.test_labels, 2)) ** 2).mean()
    assert float(program.record()["test_mse"]) == pytest.approx(float(expected.detach()), rel=1e-3)


def test_written_out_points_are_those_of_scikit_learn(monkeypatch):
    written = {n: points(n) for n in WRITTEN_OUT}
    monkeypatch.setattr(sys.modules[points.__module__], "WRITTEN_OUT", {})
    for n, parts in written.items():
        for (x, labels), (again, labels_again) in zip(parts, points(n), strict=True):
            np.testing.assert_allclose(x, again, atol=1e-8)
            assert labels == labels_again


def test_the_peak_of_the_minimal_example_follows_its_number_of_points(tmp_path):
    """With eight points the statistics are those at P = 8, its neighbours, 4 and 40."""
    changes = {"n": 8, "draws": 200, "widths": [4, 7, 8, 9, 40], "descent_draws": 10, "descent_widths": [10, 50]}
    job = jobs.train("liu2023", "minimal", "smoke", "cpu", overrides=changes)
    layout = Layout(tmp_path, "smoke", "liu2023")
    train(job, layout.artifact("minimal"), layout.provenance("minimal"), log=lambda text: None)
    measure(jobs.measure("liu2023", "smoke", {"minimal": job}), layout, log=lambda text: None)
    table = tables.read(layout.statistics).query("experiment == 'minimal'").groupby(["statistic", "condition"])
    means = table["value"].mean()
    assert means["test_error", "P=8;arm=closed"] > 2 * means["test_error", "P=40;arm=closed"]
    assert {"other=4", "other=40"} == {c.split(";")[1] for s, c in means.index if s == "error_contrast"}
    assert means["log_norm_rise", "arm=closed;other=7"] > 0 < means["log_norm_rise", "arm=closed;other=9"]


def test_statistics_at_widths_that_the_grid_lacks_do_not_exist():
    curves = widths.Curves({"test_mse": np.ones((2, 1, 3))}, ["run"], np.array([20, 120, 400]), 100)
    assert curves.covers(4)
    assert not curves.covers(1)
    assert curves.over_neighbours("test_mse", "run") == {}
    edge = widths.Curves({"test_mse": np.ones((2, 1, 2))}, ["run"], np.array([80, 105]), 100)
    assert set(edge.over_neighbours("test_mse", "run")) == {"below"}


def test_minimal_example_peaks_at_as_many_features_as_points():
    found = closed_form({"n": 6, "draws": 500, "widths": [3, 5, 6, 7, 30]}, 1e-8)
    error = found["test_error"].mean(0)
    assert error[2] == pytest.approx(0.244, abs=0.04)
    assert error[4] == pytest.approx(0.018, abs=0.01)
    assert np.median(found["condition_number"], 0).argmax() == 2
    assert found["train_error"][:, 2:].max() == 0


def test_rank_correlation_is_spearman_s():
    from scipy.stats import spearmanr

    stream = np.random.default_rng(0)
    a, b = stream.integers(0, 5, (3, 12)), stream.standard_normal((3, 12))
    for row, found in enumerate(widths.rank_correlation(a, b)):
        assert found == pytest.approx(spearmanr(a[row], b[row]).statistic)


def test_peak_height_of_a_known_curve():
    mse = np.array([[[1.0, 2.0, 9.0, 2.0, 3.0]]])
    curves = widths.Curves({"test_mse": mse, "train_mse": mse}, ["x"], np.array([40, 80, 100, 120, 400]), 100)
    assert curves.height("x").tolist() == [3.0]
    assert curves.loss("x").tolist() == [9.0]
