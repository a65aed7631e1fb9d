"""Closed forms of linear models, kernels, linearised networks and students."""

import numpy as np
import pytest
import torch

from replications.scaling_laws.bahri2024 import theory
from replications.scaling_laws.bahri2024.experiments import finite_networks, kernels, teacher_student
from replications.scaling_laws.bahri2024.measuring.networks import parameters
from replications.scaling_laws.bahri2024.measuring.random_features import grouped, spectral_exponent
from verifig.planning import rulesets
from verifig.training.ensemble import MLP, generator
from verifig.training.steps import Steps

SPECTRUM = theory.power_spectrum(60, 0.7)
CPU = torch.device("cpu")


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize(("samples", "features"), [(10, 25), (25, 10), (17, 17), (59, 3)])
def test_data_and_parameters_are_dual(samples, features):
    data, projection = draw(samples, 60), draw(features, 60, seed=1)
    straight, swapped = theory.loss_of(data, projection, SPECTRUM), theory.loss_of(projection, data, SPECTRUM)
    assert swapped == pytest.approx(straight, rel=1e-8 if samples == features else 1e-11)


def test_limits_of_the_loss():
    data = draw(59, 60)
    losses = theory.nested_losses(data * np.sqrt(SPECTRUM), SPECTRUM)
    assert (np.diff(losses) <= 0).all()
    assert losses[9] == pytest.approx(theory.loss_of(data[:10], np.eye(60), SPECTRUM), rel=1e-9)
    assert losses[0] < SPECTRUM.sum() / 120
    assert theory.loss_of(draw(60, 60), np.eye(60), SPECTRUM) < 1e-12
    rows = torch.from_numpy(data * np.sqrt(SPECTRUM))
    np.testing.assert_allclose(kernels.nested_losses(rows, torch.from_numpy(SPECTRUM)), losses, rtol=1e-8)


def test_kappa():
    assert theory.kappa(SPECTRUM, 0) == pytest.approx(SPECTRUM.sum(), rel=1e-9)
    values = [theory.kappa(SPECTRUM, samples) for samples in range(0, 60, 5)]
    assert (np.diff(values) < 0).all()
    assert theory.kappa(SPECTRUM, 60) == 0
    found = theory.kappa(SPECTRUM, 20)
    assert (SPECTRUM / (found + 20 * SPECTRUM)).sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_kappa_of_a_long_spectrum_is_its_asymptote(alpha):
    """For D far from 1 and from the size of the spectrum; what is cut off matters most for slow spectra."""
    spectrum = np.arange(1, 400_001.0) ** -(1 + alpha)
    assert theory.kappa(spectrum, 1000) == pytest.approx(theory.kappa_asymptotic(alpha, 1000), rel=0.06)


def test_kappa_loss_is_the_replica_formula():
    size, samples = 60, 20
    k = theory.kappa(SPECTRUM, samples)
    gamma = (samples * SPECTRUM**2 / (k + samples * SPECTRUM) ** 2).sum()
    replica = k**2 / (1 - gamma) * (SPECTRUM / (k + samples * SPECTRUM) ** 2).sum() / (2 * size)
    assert theory.expected_loss(SPECTRUM, samples) == pytest.approx(replica, rel=1e-9)


def test_relative_excess_is_the_mean_over_draws():
    settings = {"variance_features": 24, "variance_parameters": 4, "variance_draws": 1500}
    result = kernels.variance_limited(settings)
    expected = theory.relative_excess(4, result["variance_sizes"])
    mean, error = result["variance_excess"].mean(0), result["variance_excess"].std(0) / np.sqrt(1500)
    assert (np.abs(mean - expected)[1:] < 4 * error[1:]).all()


def test_excess_equals_the_general_loss():
    data, projection = draw(30, 60), draw(5, 60, seed=1)
    root = np.sqrt(SPECTRUM)
    ours = kernels._excess(data * root, projection, SPECTRUM, [12, 30])
    floor = theory.nested_losses(projection * root, SPECTRUM)[-1]
    for samples, value in zip((12, 30), ours, strict=True):
        assert value == pytest.approx(theory.loss_of(data[:samples], projection, SPECTRUM) / floor - 1, rel=1e-8)


def test_slopes_and_spectra():
    x = np.array([1.0, 2, 4, 8])
    np.testing.assert_allclose(theory.slope(x, np.stack([x**-1.5, 3 * x**0.5])), [1.5, -0.5])
    assert spectral_exponent(theory.power_spectrum(1000, 0.4)) == pytest.approx(0.4)
    np.testing.assert_array_equal(grouped(np.arange(9.0), 4), [0.5, 2.5, 4.5, 6.5])


def test_relu_kernel_is_the_limit_of_wide_features():
    x = torch.randn(6, 10, dtype=torch.float64, generator=generator("test", "kernel"))
    features = kernels.relu_features(x, 2500, 2, generator("test", "features"))
    torch.testing.assert_close(features @ features.T / 2500, kernels.relu_kernel(x, 2), rtol=0.15, atol=0.1)


def networks(width: int = 16, count: int = 3) -> finite_networks.TwoLayers:
    return finite_networks.TwoLayers(9, width, [(0, init) for init in range(count)], CPU)


def data(rows: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    stream = generator("test", "inputs")
    return torch.randn(rows, 9, generator=stream), torch.randn(rows, generator=stream).sign()


def test_tangent_kernel_and_step_agree_with_autograd():
    x, y = data()
    ours, step = networks(), 0.1
    kernel = ours.tangent_kernel(x, 5)
    weights = [weight[:1].clone().requires_grad_() for weight in ours.weights]
    ours.weights = weights
    output = ours.forward(x)[2][0]
    gradients = [
        torch.cat([g.flatten() for g in torch.autograd.grad(value, weights, retain_graph=True)]) for value in output
    ]
    jacobian = torch.stack(gradients)
    torch.testing.assert_close(kernel[0], jacobian @ jacobian[:5].T, rtol=1e-4, atol=1e-5)
    slopes = torch.autograd.grad(0.5 * (output - y).square().mean(), weights)
    expected = [weight.detach() - step * slope for weight, slope in zip(weights, slopes, strict=True)]
    ours.weights = [weight.detach().clone() for weight in weights]
    ours.step(x, y, step)
    for found, wanted in zip(ours.weights, expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)


def test_linearised_dynamics_follow_the_eigen_solution():
    stream = generator("test", "linear")
    root = torch.randn(1, 8, 8, dtype=torch.float64, generator=stream)
    kernel = root @ root.transpose(1, 2)
    start, y = torch.randn(1, 8, dtype=torch.float64, generator=stream), torch.ones(8, dtype=torch.float64)
    found = finite_networks.linearised(kernel, start, y, 30, 0.1)
    power = torch.linalg.matrix_power(torch.eye(8, dtype=torch.float64) - 0.1 / 8 * kernel[0], 30)
    torch.testing.assert_close(found[0], y + power @ (start[0] - y))


def test_excess_over_linear_shrinks_with_width():
    x, _ = data(20)
    y = x[:, 0].sign()
    narrow, wide = (
        finite_networks.excess_over_linear(networks(width, 8), x, y, 12, 20, 0.3).abs().mean() for width in (8, 200)
    )
    assert wide < narrow / 3


def members(count: int, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("bahri2024"), "teacher_student", "smoke")
    axes = {"dimension": 2, "samples": 16, "student_width": 8, "depth": 2}
    return [dict(values) | axes | changes | {"seed": seed} for seed in range(count)]


def test_student_batch_equals_single_students():
    chosen = [*members(2), *members(1, dimension=4, samples=32)]
    together = teacher_student.Students(chosen, CPU)
    singles = [teacher_student.Students([member], CPU) for member in chosen]
    for program in (together, *singles):
        taker = Steps(program, CPU)
        for step in range(20):
            taker.take(step)
    alone = torch.cat([single.record()["test_loss"] for single in singles])
    torch.testing.assert_close(together.record()["test_loss"], alone, rtol=1e-5, atol=1e-6)


def test_samples_are_nested_and_teachers_shared():
    small, large = (teacher_student.Students(members(1, samples=samples), CPU) for samples in (16, 32))
    torch.testing.assert_close(small.x[0, :16], large.x[0, :16])
    torch.testing.assert_close(small.y_test, large.y_test)
    assert abs(float(large.y_test.std()) - 1) < 0.6


def test_parameters_are_counted():
    model = MLP((3, 8, 8, 1), 1, bias=True)
    assert parameters(3, 8, 2) == model.parameters.count


def test_whole_pool_without_replacement_has_no_excess():
    settings = {"data_width": 4, "data_steps": 10, "learning_rate": 0.3}
    x, y = torch.randn(60, 9, generator=generator("test", "pool")), torch.arange(60) % 10
    order = torch.randperm(60, generator=generator("test", "order"))
    losses = []
    for rows in (torch.arange(60), order):
        model = finite_networks._classifier(settings, 9, [0], CPU)
        finite_networks._descend(model, x[rows][None], y[rows][None], settings)
        losses.append(finite_networks._loss(model, x, y))
    torch.testing.assert_close(*losses, rtol=1e-5, atol=1e-6)
