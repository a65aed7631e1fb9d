"""Programs as they are run, against plain computations; draws; refused settings; resuming."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from replications.infinite_depth.radhakrishnan2023 import checks, data
from replications.infinite_depth.radhakrishnan2023.experiments.depth import depth
from replications.infinite_depth.radhakrishnan2023.experiments.exact import exact, quadrature_error, singularity
from replications.infinite_depth.radhakrishnan2023.experiments.images import images
from replications.infinite_depth.radhakrishnan2023.experiments.noisy import noisy
from replications.infinite_depth.radhakrishnan2023.experiments.sphere import sphere
from replications.infinite_depth.radhakrishnan2023.experiments.width import draw, tangents, width
from replications.infinite_depth.science import activations
from replications.infinite_depth.science.kernels import by_depth, moebius_nngp, moebius_ntk
from verifig.ground.errors import InputError, Stopped
from verifig.planning import rulesets
from verifig.training.checkpoint import Checkpoint
from verifig.training.members import members_of, merge
from verifig.training.run import Run

CPU = torch.device("cpu")
RULESET = rulesets.load("radhakrishnan2023")


@pytest.fixture(autouse=True)
def digits(monkeypatch):
    """200 made-up images of 40 pixels."""
    stream = np.random.default_rng(0)
    made = stream.random((200, 40)), stream.integers(0, 10, 200)
    monkeypatch.setattr(data, "embedded", lambda name: made)


def run_of(experiment, scale="laptop", checkpoint=None, **changes) -> Run:
    settings = merge(rulesets.settings(RULESET, experiment, scale), changes)
    job = {"settings": settings, "device": "cpu", "slug": "radhakrishnan2023", "experiment": experiment}
    return Run(job, checkpoint or Checkpoint(None, "key"), {}, lambda text: None)


def member(**changes) -> dict:
    return {"seed": 0, "n": 40, "test_size": 30, "labels": "given", "flipped": 0.0} | changes


def test_splits_are_disjoint_and_of_length_one():
    parts = data.images("digits", None)
    found = data.split(parts, member(), CPU)
    both = torch.cat([found.inputs, found.tests])
    assert len(torch.unique(both, dim=0)) == 70
    assert both.norm(dim=1).numpy() == pytest.approx(1)
    pixels, labels = parts[0]
    row = np.flatnonzero((pixels == found.tests[3].numpy()).all(1))
    assert labels[row] == found.truth[3].item()
    again = data.split(parts, member(labels="shuffled"), CPU)
    assert torch.equal(again.inputs, found.inputs)
    assert sorted(again.labels.tolist()) == sorted(found.labels.tolist())
    assert not torch.equal(again.labels, found.labels)


def test_classes_are_those_of_the_digits():
    (_, labels), *_ = data.images("digits", None)
    _, drawn = data.embedded("digits")
    assert (labels > 0).tolist() == [digit in (0, 1, 2, 3) for digit in drawn]


def test_labels_are_flipped_or_balanced():
    parts = data.images("digits", None)
    plain = data.split(parts, member(), CPU)
    wrong = data.split(parts, member(flipped=0.2), CPU)
    assert torch.equal(wrong.inputs, plain.inputs)
    assert (wrong.labels != plain.labels).sum() == 8
    assert torch.equal(wrong.truth, plain.truth)
    even = data.split(parts, member(labels="balanced", n=41), CPU)
    assert (even.labels > 0).sum() == 20
    assert len(torch.unique(torch.cat([even.inputs, even.tests]), dim=0)) == 71


def test_points_lie_in_the_positive_part_and_share_flips():
    base = {"seed": 3, "dimension": 2, "noise": 0.25, "test_size": 50}
    cap, constant = (data.sphere(base, 4000, target, CPU) for target in ("cap", "constant"))
    assert torch.equal(cap.inputs, constant.inputs)
    assert (cap.inputs > 0).all()
    assert cap.inputs.norm(dim=1).numpy() == pytest.approx(1)
    inside = torch.where(cap.inputs[:, 0] > 0.85, 1.0, -1.0)
    assert torch.equal(cap.labels * inside, constant.labels)
    assert (constant.labels < 0).double().mean() == pytest.approx(0.25, abs=0.03)
    assert (inside > 0).double().mean() == pytest.approx(0.15, abs=0.02)
    assert (constant.truth == 1).all()
    assert torch.equal(cap.truth > 0, cap.tests[:, 0] > 0.85)


def test_kernel_classifiers_are_plain_ones():
    conditions = {"deep": {"squares": [0.1, 0.3, 0.6], "depths": [1, 3]}, "relu": {"depths": [2]}}
    run = run_of("images", seeds=2, n=40, test_size=30)
    run.job["settings"]["conditions"] = conditions
    found = images(run)
    parts = data.images("digits", None)
    for row, each in enumerate(run.members):
        drawn = data.split(parts, each, CPU)
        inputs, y, tests, truth = (getattr(drawn, name).numpy() for name in ("inputs", "labels", "tests", "truth"))
        near = y[(tests @ inputs.T).argmax(1)]
        assert found["nearest_error"][row] == pytest.approx((near != truth).mean())
        larger = 1.0 if y.sum() >= 0 else -1.0
        assert found["majority_error"][row] == pytest.approx((truth != larger).mean())
        squares = each["squares"]
        activation = activations.hermite(squares) if squares else activations.relu()
        for column, layers in enumerate(each["depths"]):
            gram = by_depth(np.minimum(inputs @ inputs.T, 1), activation, [layers])[1][0]
            np.fill_diagonal(gram, 1)
            kernel = by_depth(np.minimum(tests @ inputs.T, 1), activation, [layers])[1][0]
            labels = np.where(kernel @ np.linalg.solve(gram, y) >= 0, 1.0, -1.0)
            assert found["agreement"][row, column] == pytest.approx((labels == near).mean(), abs=0.01)
            assert found["majority_share"][row, column] == pytest.approx((labels == larger).mean(), abs=0.01)
            assert found["error"][row, column] == pytest.approx((labels != truth).mean(), abs=0.01)
            sides = [(labels == truth)[truth == sign].mean() for sign in (-1, 1)]
            assert found["balanced_accuracy"][row, column] == pytest.approx(np.mean(sides), abs=0.02)
    relu = [each["condition"] == "relu" for each in run.members]
    assert np.isnan(found["error"][relu, 1]).all()
    assert not np.isnan(found["error"][~np.array(relu)]).any()


def test_votes_on_images_are_plain_ones():
    run = run_of("noisy", seeds=2, n=50, test_size=30, orders=[0.5, 4.0])
    found = noisy(run)
    parts = data.images("digits", None)
    for row, each in enumerate(run.members):
        drawn = data.split(parts, each, CPU)
        distance = torch.cdist(drawn.tests, drawn.inputs)
        for column, order in enumerate((0.5, 4.0)):
            votes = (distance**-order * drawn.labels).sum(1)
            assert found["error"][row, column] == pytest.approx(
                ((votes >= 0) != (drawn.truth > 0)).double().mean().item()
            )
        near = drawn.labels[distance.argmin(1)]
        assert found["nearest"][row] == pytest.approx((near != drawn.truth).double().mean().item())


def test_votes_on_the_sphere_are_plain_ones_whatever_the_block_is(monkeypatch):
    run = run_of("sphere", seeds=2, sizes=[7, 60], orders=[1.0, 3.0], test_size=40)
    monkeypatch.setattr("replications.infinite_depth.radhakrishnan2023.experiments.sphere.BLOCK", 13)
    found = sphere(run)
    for row, each in enumerate(run.members):
        for column, target in enumerate(each["targets"]):
            drawn = data.sphere(each, 60, target, CPU)
            distance = torch.cdist(drawn.tests, drawn.inputs)
            for k, size in enumerate((7, 60)):
                for j, order in enumerate((1.0, 3.0)):
                    votes = (distance[:, :size] ** -order * drawn.labels[:size]).sum(1)
                    wrong = ((votes >= 0) != (drawn.truth > 0)).double().mean().item()
                    assert found["error"][row, column, k, j] == pytest.approx(0.2 + 0.6 * wrong)
                near = drawn.labels[distance[:, :size].argmin(1)]
                wrong = (near != drawn.truth).double().mean().item()
                assert found["nearest"][row, column, k] == pytest.approx(0.2 + 0.6 * wrong)


def test_votes_by_depth_are_plain_ones():
    run = run_of("depth", n=50, test_size=40, depths=[2, 30], solved_depths=[2])
    run.job["settings"]["conditions"] = {"constant": {"seeds": 1}, "cap": {"target": "cap", "seeds": 2}}
    found = depth(run)
    for row, each in enumerate(run.members):
        drawn = data.sphere(each, 50, each["target"], CPU)
        xi, y, truth = (drawn.tests @ drawn.inputs.T).numpy(), drawn.labels.numpy(), drawn.truth.numpy()

        def sign(votes):
            return np.where(votes >= 0, 1.0, -1.0)

        limit = sign(xi / (1 - xi) @ y)
        assert found["limit_error"][row] == pytest.approx(0.2 + 0.6 * (limit != truth).mean())
        for column, layers in enumerate((2, 30)):
            for name, kernel in (("ntk", moebius_ntk), ("nngp", moebius_nngp)):
                labels = sign(kernel(xi, 0.5, layers) @ y)
                assert found[f"{name}_agreement"][row, column] == pytest.approx((labels == limit).mean())
                assert found[f"{name}_error"][row, column] == pytest.approx(0.2 + 0.6 * (labels != truth).mean())
        gram = moebius_ntk((drawn.inputs @ drawn.inputs.T).numpy(), 0.5, 2)
        labels = sign(moebius_ntk(xi, 0.5, 2) @ np.linalg.solve(gram, y))
        assert found["solved_agreement"][row, 0] == pytest.approx((labels == limit).mean(), abs=0.03)
        assert found["solved_error"][row, 0] == pytest.approx(0.2 + 0.6 * (labels != truth).mean(), abs=0.02)


@pytest.mark.parametrize("activation", [activations.sine(1.1), activations.cubic(3)], ids=["sine", "cubic"])
def test_tangent_kernels_are_products_of_gradients(activation):
    """Against automatic differentiation by all weights."""
    weights = [torch.from_numpy(each).double().requires_grad_() for each in draw(0, 0, 6, 3)]
    inputs = torch.tensor([[1.0, 0.6, 0.0], [0.0, 0.8, 1.0]], dtype=torch.float64)

    def apply(z):
        if "sine" in activation.name:
            return (2 / (1 - np.exp(-2 * 1.1**2))) ** 0.5 * torch.sin(1.1 * z)
        return sum(c * z**k for k, c in enumerate(activation.function.convert().coef))

    found = tangents(activation, inputs.numpy(), [each.detach().numpy() for each in weights], [1, 3])
    for row, layers in enumerate((1, 3)):
        gradients = []
        for column in inputs.T:
            h = column
            for layer, matrix in enumerate(weights[:layers]):
                h = apply(matrix @ h / (6**0.5 if layer else 1))
            used = [*weights[:layers], weights[-1]]
            value = weights[-1] @ h / 6**0.5
            gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(value, used)]))
        expected = [(gradients[0] @ each).item() for each in gradients[1:]]
        assert found[row] == pytest.approx(expected)


def test_wide_networks_come_to_their_limit():
    found = width(run_of("width", seeds=1, nets=8, width=400, depths=[1, 2]))
    assert found["kernel"].shape == (4, 1, 8, 2, 3)
    mean = found["kernel"].mean(2)[:, 0] / found["limit"]
    assert mean[:2] == pytest.approx(1, abs=0.15)
    assert mean[:, 0] == pytest.approx(1, abs=0.3)
    expected = by_depth(np.array([0.5]), activations.hermite([0, 0, 1]), [2])[1][0, 0] * 7
    assert found["limit"][3, 1, 2] == pytest.approx(expected)


def test_what_needs_no_data():
    found = exact(run_of("exact", points=40, radii=12, angles=6, relu_depths=[10, 100]))
    assert found["closed_monomial"].max() < 1e-12
    assert found["closed_moebius"].max() < 1e-12
    assert found["order"] == pytest.approx([2, 3, 4, 8])
    assert found["slope"] == pytest.approx([-2, -3, -4, -8], abs=0.02)
    assert found["relu_ntk"] == pytest.approx([0.31631, 0.27250], abs=1e-5)
    assert found["relu_nngp"] == pytest.approx([0.87154, 0.99642], abs=1e-5)
    assert found["kernel_singular"][-1, 2:] == pytest.approx(found["kernel_limit"][2:], rel=0.5)
    assert found["kernel_majority"][:, -1] == pytest.approx(1)
    assert found["kernel_nearest"].max() < 1


@pytest.mark.parametrize("experiment", ["sphere", "width", "images"])
def test_a_stopped_run_goes_on_where_it_was(tmp_path, experiment):
    small = {
        "sphere": {"sizes": [5, 20], "test_size": 10},
        "width": {"nets": 2, "width": 8},
        "images": {"n": 20, "test_size": 10, "steps": 20},
    }
    program, changes = (
        {"sphere": sphere, "width": width, "images": images}[experiment],
        small[experiment] | {"seeds": 3},
    )
    whole = program(run_of(experiment, **changes))
    path = tmp_path / "checkpoint"
    first = run_of(experiment, checkpoint=Checkpoint(path, "key"), **changes)
    calls = iter([False, False, True])
    first.stop = lambda: next(calls, True)
    with pytest.raises(Stopped):
        program(first)
    again = program(run_of(experiment, checkpoint=Checkpoint(path, "key"), **changes))
    for name, expected in whole.items():
        np.testing.assert_array_equal(again[name], expected)


@pytest.mark.parametrize(
    ("program", "experiment", "changes", "told"),
    [
        ("images", "images", {"n": 1300}, "n \\+ test_size = 1,900 must be at most 1,797"),
        ("images", "images", {"squares": [0.5, 0.4]}, "squares = .* must sum to 1"),
        ("images", "images", {"squares": [1.0]}, "must not be a constant"),
        ("images", "images", {"depths": [4, 2]}, "depths = .* must be increasing"),
        ("images", "images", {"dataset": "mnist", "n": 70000}, "n = 70,000 must be at most 60,000"),
        ("images", "images", {"dataset": "mnist", "test_size": 20000}, "test_size = 20,000 must be at most 10,000"),
        ("images", "images", {"labels": "balanced", "dataset": "mnist_5k", "n": 4100}, "must be at most 4,001 where"),
        ("noisy", "noisy", {"dataset": "mnist"}, "must be digits or mnist_5k"),
        ("sphere", "sphere", {"sizes": [100, 10]}, "sizes = .* must be increasing"),
        ("depth", "depth", {"solved_depths": [24, 2]}, "must be increasing"),
        ("width", "width", {"depths": [1, 7]}, "must end at 6"),
        ("exact", "exact", {"seeds": 2}, "seeds = 2 must be 1"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(program, experiment, changes, told):
    members = [each | changes for each in members_of(rulesets.settings(RULESET, experiment, "laptop"))]
    with pytest.raises(InputError, match=told):
        getattr(checks, program)(members)


def test_a_dual_that_is_wrong_between_0_and_1_is_found_by_quadrature():
    right = activations.cubic(4)
    wrong = replace(right, dual=lambda xi: right.dual(xi) + 0.1 * xi * (1 - xi))
    assert quadrature_error(right) < 1e-10
    assert quadrature_error(wrong) == pytest.approx(0.025)


def test_digits_0_to_3_are_counted_as_in_the_data_sets():
    """MNIST has 5,923, 6,742, 5,958 and 6,131 of them among its 60,000 training images."""
    assert checks.POSITIVE["mnist"] == 5923 + 6742 + 5958 + 6131


def test_the_limit_is_taken_at_points_that_lie_so_far_apart():
    """Points of length 1 at a distance r have the inner product 1 - r^2/2; for Moebius' family c = xi/(1 - xi)."""
    radii = np.array([0.1, 0.5, 1.0])
    found = singularity(activations.moebius(0.5), radii)
    assert found["logs"] == pytest.approx(np.log(2 / radii**2 - 1), rel=1e-9)
