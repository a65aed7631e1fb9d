"""Data, features, programs and statistics of the rule set."""

import gzip
import sys

import numpy as np
import pytest
import torch

from replications.double_descent.experiments import features, spectral
from replications.double_descent.experiments.deep import Network, incorrect_labels
from replications.double_descent.experiments.iterated import BothLayers, OutputLayer, _loss, _slope
from replications.double_descent.experiments.minimal import WRITTEN_OUT, closed_form, points
from replications.double_descent.experiments.random_features import at_width, model, one_seed, solvers
from replications.double_descent.experiments.two_layer import TwoLayer, parameter_count, pooled
from replications.double_descent.measuring import widths
from verifig.ground.errors import InputError
from verifig.ground.paths import Layout
from verifig.measuring import tables
from verifig.planning import jobs, rulesets
from verifig.running.stages.measure import measure
from verifig.running.stages.train import train
from verifig.training.data import embedded
from verifig.training.ensemble import generator

CPU = torch.device("cpu")


def settings(experiment: str, scale: str = "laptop", **overrides) -> dict:
    values = rulesets.settings(rulesets.load("double_descent"), experiment, scale, overrides)
    return {name: value for name, value in values.items() if name != "conditions"} | {"seed": "test"}


def drawn(values: dict) -> features.Sample:
    return features.sample(embedded("mnist_5k"), values, values["seed"], CPU)


def test_samples_are_disjoint_and_of_the_chosen_classes():
    values = settings("features", classes=[3, 8])
    one = drawn(values)
    assert len(one.x) == 100
    assert len(one.x_test) == 900
    assert set(one.labels.tolist()) == {0, 1}
    together = torch.cat([one.x, one.x_test])
    assert len(torch.unique(together, dim=0)) == len(together)


def test_too_many_samples_are_refused():
    with pytest.raises(InputError, match="1000 training and 1 test images are more than the 1000 of mnist_5k"):
        settings("features", n=1000)
    with pytest.raises(InputError, match="no test images"):
        drawn(settings("features") | {"n": 1000})


def test_label_noise_is_nested_and_has_its_rate():
    labels = torch.zeros(20000, dtype=torch.int64)
    low, high = (features.noisy_labels(labels, 10, share, 1) for share in (0.2, 0.4))
    assert (low != 0).double().mean() == pytest.approx(0.18, abs=0.01)  # any class, possibly the same
    assert ((low != 0) <= (high != 0)).all()
    assert torch.equal(features.noisy_labels(labels, 10, 0.0, 1), labels)


def test_incorrect_labels_are_never_right():
    labels = torch.arange(10).repeat(2000)
    noisy = incorrect_labels(labels, 10, 1.0, 0, "train")
    assert (noisy != labels).all()
    assert (incorrect_labels(labels, 10, 0.15, 0, "train") != labels).double().mean() == pytest.approx(0.15, abs=0.01)


def test_widths_share_their_first_columns():
    assert torch.equal(features.first_layer(7, 3, 1.0, 5, CPU), features.first_layer(7, 9, 1.0, 5, CPU)[:, :3])
    assert torch.equal(features.output_layer(3, 2, 5, CPU), features.output_layer(9, 2, 5, CPU)[:3])


@pytest.mark.parametrize("kind", features.NORMALISATIONS)
def test_normalisations(kind):
    values = settings("features", normalisation=kind, n=50)
    z, z_test, _ = model(drawn(values), values, 30)
    assert z.shape == (50, 30)
    assert torch.isfinite(z_test).all()
    if kind == "batch":
        assert z.mean(0).abs().max() < 1e-12
        assert torch.allclose(z.std(0, correction=0), torch.ones(30, dtype=z.dtype), atol=1e-3)
    if kind == "layer":
        assert z.mean(1).abs().max() < 1e-12


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
    found = [one_seed(embedded("mnist_5k"), values | {"seed": f"test {k}"}, CPU) for k in range(4)]
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
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(z @ weights, targets).backward()
        optimizer.step()
        program.step()
    torch.testing.assert_close(program.weights.view(20, 2), weights.detach(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", ["mse", "cross_entropy"])
def test_output_slopes_equal_autograd(kind):
    outputs = torch.randn(2, 5, 3, dtype=torch.float64, generator=generator("test", 1)).requires_grad_()
    targets = features.centred_one_hot(torch.randint(3, (2, 5), generator=generator("test", 2)).flatten(), 3).view(
        2, 5, 3
    )
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
    for _ in range(20):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(torch.tanh(x @ first) @ second, program.targets[0].double()).backward()
        optimizer.step()
        program.step()
    test = torch.tanh(x_test @ first) @ second
    expected = ((test - features.centred_one_hot(one.test_labels, 2)) ** 2).mean()
    assert float(program.record()["test_mse"]) == pytest.approx(float(expected.detach()), rel=1e-3)


def test_two_layer_members_equal_single_runs():
    values = settings("two_layer", test_size=20) | {"width": 8}
    images, labels = embedded("mnist_5k")
    data = (pooled(images, 4), labels)
    members = [values | {"seed": f"test {k}"} for k in range(3)]
    together = TwoLayer(members, data, CPU)
    single = [TwoLayer([member], data, CPU) for member in members]
    for program in (together, *single):
        for _ in range(20):
            program.step()
    for k, program in enumerate(single):
        flat = program.net.parameters.flat[0]
        torch.testing.assert_close(together.net.parameters.flat[k], flat, rtol=1e-4, atol=1e-5)


def test_parameter_count_and_pooling():
    assert parameter_count(49, 16, 10) == 60 * 16 + 10
    image = np.arange(64.0).reshape(1, 64)
    np.testing.assert_allclose(pooled(image, 4), [[13.5, 17.5, 45.5, 49.5]])


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
    job = jobs.train("double_descent", "minimal", "smoke", "cpu", overrides=changes)
    layout = Layout(tmp_path, "smoke", "double_descent")
    train(job, layout.artifact("minimal"), layout.provenance("minimal"), log=lambda text: None)
    measure(jobs.measure("double_descent", "smoke", {"minimal": job}), layout, log=lambda text: None)
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


def test_features_that_are_all_zero_teach_nothing():
    parts = spectral.decompose(torch.zeros(4, 3, dtype=torch.float64), 2)
    assert parts.largest_curvature == 1
    assert parts.condition_number == np.inf
    constant = torch.ones(4, 3, dtype=torch.float64)
    assert features.standardise_rows(constant).abs().max() == 0


def test_minimal_example_peaks_at_as_many_features_as_points():
    found = closed_form({"n": 6, "draws": 500, "widths": [3, 5, 6, 7, 30]}, 1e-8)
    error = found["test_error"].mean(0)
    assert error[2] == pytest.approx(0.244, abs=0.04)
    assert error[4] == pytest.approx(0.018, abs=0.01)
    assert np.median(found["condition_number"], 0).argmax() == 2
    assert found["train_error"][:, 2:].max() == 0


def test_resnet_state_restores_exactly():
    values = rulesets.settings(rulesets.load("double_descent"), "deep_digits", "smoke", {"augment": True})
    member = values | {"width": 1, "seed": 0, "condition": "base"}
    first, second = (Network(member, embedded("digits"), CPU) for _ in range(2))
    for _ in range(2):
        first.step()
    second.load(first.state())
    for program in (first, second):
        for _ in range(3):
            program.step()
    assert torch.equal(first.flat, second.flat)
    assert 0 <= float(first.record()["test_error"]) <= 1


def test_idx_files_are_read_after_their_header(tmp_path):
    raw = np.arange(8 + 5, dtype=np.uint8)
    (tmp_path / "labels.gz").write_bytes(gzip.compress(raw.tobytes()))
    np.testing.assert_array_equal(features.read_idx(tmp_path / "labels.gz", "labels"), raw[8:])


def test_cifar_is_flat_and_scaled_with_test_images_last(monkeypatch):
    parts = [(np.full((n, 3, 32, 32), value, np.uint8), np.full(n, n)) for n, value in ((2, 51), (1, 255))]
    monkeypatch.setattr(features.archives, "archive", lambda path, name: parts)
    images, labels = features.read_cifar("unused")
    assert images.shape == (3, 3072)
    assert images[:, 0].tolist() == [0.2, 0.2, 1.0]
    assert labels.tolist() == [2, 2, 1]


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
