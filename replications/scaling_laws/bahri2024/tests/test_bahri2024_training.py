"""What the programs on linear models and networks compute for the statistics to copy, against plain references."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import Progress
from scipy import optimize

from replications.scaling_laws.bahri2024 import theory
from replications.scaling_laws.bahri2024.experiments import finite_networks, kernels, teacher_student
from verifig.training.ensemble import generator

CPU = torch.device("cpu")


class Run(SimpleNamespace):
    """A job without checkpoints."""

    device = CPU

    def __init__(self, **parts):
        super().__init__(progress=Progress(), **parts)

    def once(self, name, compute):
        return compute()


def run(**settings) -> Run:
    return Run(members=[settings], facts={})


# ---- linear models -----------------------------------------------------------------------------------------------------


def test_dual_losses_swap_data_and_projection(monkeypatch):
    shapes = []

    def loss(data, projection, eigenvalues) -> float:
        shapes.append((len(data), len(projection), data.shape[1], len(eigenvalues)))
        return float(len(data))

    monkeypatch.setattr(theory, "loss_of", loss)
    found = kernels.duality(4)["duality"]
    straight, swapped = shapes[::2], shapes[1::2]
    assert [(P, D, S, size) for D, P, S, size in straight] == swapped
    np.testing.assert_allclose(found, [abs(P / D - 1) for D, P, _, _ in straight])
    assert min(found) > 0


def explained_loss(covariance: np.ndarray, rows: np.ndarray) -> float:
    """Half the mean variance of S targets that the least-norm fit to `rows` [D, S] leaves, by a pseudo-inverse."""
    size = len(covariance)
    left = np.eye(size) - np.linalg.pinv(rows) @ rows
    return np.trace(left @ covariance @ left.T) / (2 * size)


def test_losses_of_power_laws_share_their_draws_over_spectra():
    settings = {"features": 12, "draws": 2, "alphas": [0.5, 1.5], "sample_sizes": [3, 7]}
    found = kernels._power_laws(run(), settings)
    spectra = [np.arange(1, 13.0) ** -(1 + alpha) for alpha in (0.5, 1.5)]
    for draw in (0, 1):
        stream = generator("scaling_laws", "power laws", draw)
        rows = torch.randn(7, 12, dtype=torch.float64, generator=stream).numpy()
        for k, spectrum in enumerate(spectra):
            expected = [explained_loss(np.diag(spectrum), rows[:D] * np.sqrt(spectrum)) for D in (3, 7)]
            np.testing.assert_allclose(found["power_losses"][k, draw], expected, rtol=1e-9)
    for k, spectrum in enumerate(spectra):
        for j, D in enumerate((3, 7)):
            root = optimize.brentq(lambda x, s=spectrum, D=D: (s / (x + D * s)).sum() - 1, 1e-12, 10, xtol=1e-15)
            assert found["power_expected"][k, j] == pytest.approx(root / 24)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(2).uniform(0, 1, (40, 784))


def test_features_are_fitted_by_images_and_by_projections(images):
    settings = {"mnist_features": 20, "mnist_sizes": [3, 6], "feature_depth": 2, "mnist_draws": 2}
    found = kernels.mnist_features(images, 7, settings)
    small = images.reshape(40, 4, 7, 4, 7).mean((2, 4)).reshape(40, 16)
    stream = generator("scaling_laws", "mnist features")
    hidden = torch.from_numpy(small)
    for fan_in in (16, 20):
        weight = torch.randn(fan_in, 20, dtype=torch.float64, generator=stream)
        hidden = torch.relu(hidden @ weight * math.sqrt(2 / fan_in))
    features = hidden.numpy()
    covariance = features.T @ features / 40
    values, vectors = np.linalg.eigh(covariance)
    root = vectors @ np.diag(np.sqrt(values.clip(0))) @ vectors.T
    np.testing.assert_allclose(found["spectrum"], values[::-1], atol=1e-12)
    for draw in (0, 1):
        stream = generator("scaling_laws", "mnist draw", draw)
        rows = torch.randperm(40, generator=stream)[:6].numpy()
        projection = torch.randn(6, 20, dtype=torch.float64, generator=stream).numpy() @ vectors.T
        by_data = [explained_loss(covariance, features[rows[:D]]) for D in (3, 6)]
        np.testing.assert_allclose(found["data"][draw], by_data, rtol=1e-7)
        by_parameters = [explained_loss(covariance, projection[:P] @ root) for P in (3, 6)]
        np.testing.assert_allclose(found["parameters"][draw], by_parameters, rtol=1e-7)
    assert found["theory"] == pytest.approx([theory.kappa(values[::-1].clip(0), D) / 40 for D in (3, 6)])


def test_kernel_regression_leaves_what_the_chosen_images_do_not_explain(images):
    settings = {"population": 30, "kernel_sizes": [4, 9], "kernel_draws": 2}
    found = kernels.infinite_width(images, 7, 1, settings)
    order = torch.randperm(40, generator=generator("scaling_laws", "kernel population"))[:30].numpy()
    x = images.reshape(40, 4, 7, 4, 7).mean((2, 4)).reshape(40, 16)[order]
    lengths = np.sqrt((x * x).sum(1))
    cosine = np.clip(x @ x.T / np.outer(lengths, lengths), -1, 1)
    angle = np.arccos(cosine)
    kernel = np.outer(lengths, lengths) / 16 * (np.sin(angle) + (math.pi - angle) * cosine) / math.pi
    for draw in (0, 1):
        rows = torch.randperm(30, generator=generator("scaling_laws", "kernel draw", draw)).numpy()
        for k, size in enumerate((4, 9)):
            seen = rows[:size]
            left = kernel - kernel[:, seen] @ np.linalg.inv(kernel[np.ix_(seen, seen)]) @ kernel[seen]
            assert found["losses"][draw, k] == pytest.approx(np.trace(left) / 60, rel=1e-6)
    spectrum = np.linalg.eigvalsh(kernel / 30)[::-1]
    np.testing.assert_allclose(found["spectrum"], spectrum, atol=1e-9)
    assert found["theory"] == pytest.approx([theory.kappa(spectrum, D) / 2 for D in (4, 9)], rel=1e-6)


# ---- trained networks --------------------------------------------------------------------------------------------------


def descended(weights, x, loss, steps: int, rate: float) -> list[torch.Tensor]:
    weights = [weight.clone().requires_grad_() for weight in weights]
    for _ in range(steps):
        slopes = torch.autograd.grad(loss(weights, x), weights)
        weights = [(w - rate * s).detach().requires_grad_() for w, s in zip(weights, slopes, strict=True)]
    return [weight.detach() for weight in weights]


def test_excess_over_the_population_by_initial_weights_draw_and_size():
    stream = generator("test", "data")
    x, labels = torch.randn(20, 5, generator=stream), torch.arange(20) % 10
    settings = {"seeds": 2, "data_draws": 2, "data_sizes": [6, 30], "data_width": 4, "data_steps": 5}
    settings["learning_rate"] = 0.3
    found = finite_networks.data_variance(run(), settings, x, labels)

    def entropy(weights, rows) -> torch.Tensor:
        hidden = x[rows]
        for weight in weights[:-1]:
            hidden = torch.relu(hidden @ weight)
        return torch.nn.functional.cross_entropy(hidden @ weights[-1], labels[rows])

    def trained(init: int, rows) -> float:
        start = [weight[0] for weight in finite_networks._classifier(settings, 5, [init], CPU).weights]
        return float(entropy(descended(start, rows, entropy, 5, 0.3), slice(None)))

    floors = [trained(init, slice(None)) for init in (0, 1)]
    np.testing.assert_allclose(found["data_floor"], floors, rtol=1e-5)
    np.testing.assert_allclose(found["without_replacement"], 0, atol=1e-6)
    expected = np.full((2, 2, 2, 2), np.nan)  # with and without replacement
    for init in (0, 1):
        for draw in (0, 1):
            for k, size in enumerate((6, 30)):
                rows = torch.randint(20, (size,), generator=generator("scaling_laws", "data draw", init, draw))
                expected[0, init, draw, k] = trained(init, rows) - floors[init]
            rows = torch.randperm(20, generator=generator("scaling_laws", "data draw", init, draw))[:6]
            expected[1, init, draw, 0] = trained(init, rows) - floors[init]
    np.testing.assert_allclose(found["data_excess"], expected[0], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found["pool_excess"], expected[1], rtol=1e-3, atol=1e-6)
    assert np.ptp(expected[0]) > 0.01


def test_excess_over_linearisation_averages_a_network_and_its_twin():
    stream = generator("test", "twins")
    x, y = torch.randn(9, 4, generator=stream), torch.randn(9, generator=stream).sign()
    names = [(0, 0), (0, 1)]
    found = finite_networks.excess_over_linear(finite_networks.TwoLayers(4, 6, names, CPU), x, y, 5, 4, 0.5)

    def output(weights, x) -> torch.Tensor:
        hidden = torch.relu(x @ weights[0] * math.sqrt(2 / 4))
        return torch.relu(hidden @ weights[1] * math.sqrt(2 / 6)) @ weights[2][:, 0] / math.sqrt(6)

    def half_square(weights, x) -> torch.Tensor:
        return 0.5 * (output(weights, x) - y[: len(x)]).square().mean()

    start = finite_networks.TwoLayers(4, 6, names, CPU).weights
    for k in (0, 1):
        total = 0.0
        for sign in (1, -1):
            weights = [start[0][k], start[1][k], sign * start[2][k]]
            trained = output(descended(weights, x[:5], half_square, 4, 0.5), x)
            first = output(weights, x)
            jacobian = torch.autograd.functional.jacobian(lambda *w: output(w, x), tuple(weights))
            slopes = torch.cat([part.flatten(1) for part in jacobian], 1)
            moved = torch.zeros(slopes.shape[1])
            for _ in range(4):
                moved = moved - 0.5 / 5 * slopes[:5].T @ (first[:5] + slopes[:5] @ moved - y[:5])
            straight = first + slopes @ moved
            total += float(((trained - y)[5:] ** 2).mean() - ((straight - y)[5:] ** 2).mean()) / 2
        assert float(found[k]) == pytest.approx(total / 2, rel=1e-3)


def test_width_excesses_are_named_by_width_and_lie_group_by_init(monkeypatch):
    def excess(networks, x, y, train, steps, rate):
        return torch.tensor([float(w[0, 0]) for w in networks.weights[0]]) + train + 10 * steps + 100 * rate

    monkeypatch.setattr(finite_networks, "excess_over_linear", excess)
    settings = {"train_size": 3, "test_size": 2, "width_groups": 2, "width_inits": [[4, 3], [8, 1]], "width_chunk": 8}
    settings |= {"data_steps": 7, "learning_rate": 0.5}
    found = finite_networks.width_variance(run(), settings, torch.randn(9, 5), torch.arange(9))
    assert {name: array.shape for name, array in found.items()} == {"width_4": (2, 3), "width_8": (2, 1)}
    for width, count in ((4, 3), (8, 1)):
        for group in range(2):
            for init in range(count):
                first = torch.randn(5, width, generator=generator("scaling_laws", "width init", width, group, init))[
                    0, 0
                ]
                assert found[f"width_{width}"][group, init] == pytest.approx(float(first) + 123, rel=1e-6)


def test_lowest_losses_lie_by_seed_dimension_sample_width_and_depth(monkeypatch):
    def train(run, members, make, steps, points, signature, chunk):
        names = ("seed", "dimension", "samples", "student_width", "depth")
        codes = [sum(member[name] * 10.0**-k for k, name in enumerate(names)) for member in members]
        return {"test_loss": np.array(codes)[:, None] + np.array([5.0, 2.0, 3.0])}

    monkeypatch.setattr(teacher_student, "train", train)
    settings = {"seeds": 2, "dimensions": [3, 2], "sample_sizes": [4, 7], "student_widths": [8, 1], "depths": [1, 2]}
    found = teacher_student.teacher_student(run(**settings, steps=10, log_every=5, chunk=3))
    assert found["lowest"].shape == (2, 2, 2, 2, 2)
    assert found["test_loss"].shape == (2, 2, 2, 2, 2, 3)
    assert found["lowest"][1, 0, 1, 0, 1] == pytest.approx(2 + 1 + 0.3 + 0.07 + 0.008 + 0.0002)
    assert found["lowest"][0, 1, 0, 1, 0] == pytest.approx(2 + 0 + 0.2 + 0.04 + 0.001 + 0.0001)
    assert found["test_loss"][1, 0, 1, 0, 1, 2] == pytest.approx(4.3782)


def relu_network(weights, biases, x: torch.Tensor) -> torch.Tensor:
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = torch.relu(x @ weight + bias)
    return (x @ weights[-1] + biases[-1])[:, 0]


def taught(x: torch.Tensor, dimension: int, width: int, variance: float, seed: int) -> torch.Tensor:
    """Outputs of the teacher of a seed, standardised on 4,096 points of its own."""
    stream = generator("scaling_laws", "teacher", dimension, seed)
    parts = []
    for fan_in in (dimension, width):
        weight = torch.randn(fan_in, width, generator=stream) * math.sqrt(2 / fan_in)
        parts.append((weight, torch.randn(width, generator=stream) * math.sqrt(variance)))
    last = torch.randn(width, 1, generator=stream)[:, :1] / math.sqrt(width)
    points = 2 * torch.rand(4096, dimension, generator=stream) - 1
    weights, biases = [weight for weight, _ in parts] + [last], [bias for _, bias in parts] + [torch.zeros(1)]
    reference, found = (relu_network(weights, biases, each) for each in (points, x))
    return (found - reference.mean()) / reference.std()


@pytest.mark.parametrize("depth", [1, 2])
def test_a_student_is_trained_by_adam_on_minibatches_of_its_sample_with_a_cosine_schedule(depth):
    member = {
        "steps": 8, "learning_rate": 0.01, "batch_size": 3, "test_size": 40, "student_width": 4, "depth": depth,
        "dimension": 2, "samples": 7, "seed": 5, "teacher_width": 6, "teacher_bias_variance": 0.3,
    }  # fmt: skip
    student = teacher_student.Students([member | {"dimension": 3, "seed": 1}, member], CPU)
    x, x_test = (
        2 * torch.rand(count, 2, generator=generator("scaling_laws", name, 2, 5)) - 1
        for name, count in (("points", 7), ("test points", 40))
    )
    y, y_test = (taught(each, 2, 6, 0.3, 5) for each in (x, x_test))
    stream, sizes = generator("scaling_laws", "student", 2, 5), [2, *[4] * depth, 1]
    weights = []
    for layer, (fan_in, outputs) in enumerate(itertools.pairwise(sizes)):
        gain = 1 if layer == depth else 2
        weights.append((torch.randn(fan_in, outputs, generator=stream) * math.sqrt(gain / fan_in)).requires_grad_())
    biases = [torch.zeros(outputs, requires_grad=True) for outputs in sizes[1:]]
    optimizer = torch.optim.Adam([*weights, *biases], 0.01)
    draws = torch.rand(100, 3, generator=generator("scaling_laws", "batches", 5))
    for step in range(9):
        found = student.record()["test_loss"][1].item()
        error = relu_network(weights, biases, x_test).detach() - y_test
        assert found == pytest.approx(float((error**2).mean()), rel=1e-4), step
        rows = [int(draw * 7) for draw in draws[step].tolist()]
        optimizer.param_groups[0]["lr"] = 0.01 * (1 + math.cos(math.pi * step / 8)) / 2
        optimizer.zero_grad()
        (relu_network(weights, biases, x[rows]) - y[rows]).square().mean().backward()
        optimizer.step()
        student.prepare(step)
        student.step()
