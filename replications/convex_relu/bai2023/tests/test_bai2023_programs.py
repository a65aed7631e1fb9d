"""Programs against plain computations: gradients, ADMM with dense systems, the robust programme and its attacks."""

import functools

import numpy as np
import pytest
import torch

from replications.convex_relu.bai2023.experiments import exact, images, pictures, robust, worst_case
from replications.convex_relu.bai2023.experiments.problems import regression
from replications.convex_relu.bai2023.experiments.robust_splitting import RobustSplitting, one_norm_cone
from replications.convex_relu.bai2023.experiments.splitting import Splitting
from replications.convex_relu.bai2023.experiments.training import Networks
from replications.convex_relu.science import networks
from replications.convex_relu.science.patterns import all_patterns
from replications.convex_relu.science.programme import convex_two_layer
from verifig.planning import rulesets
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run

CPU = torch.device("cpu")
PLANE = {"samples": 6, "noise": 0.3, "penalty": 0.05}


def run_of(experiment: str, scale: str = "laptop", **changes) -> Run:
    settings = rulesets.settings(rulesets.load("bai2023"), experiment, scale, changes)
    return Run(
        {"settings": settings, "device": "cpu", "slug": "bai2023", "experiment": experiment},
        Checkpoint(None, "key"),
        {},
        lambda text: None,
    )


def trained(steps: int) -> tuple[Networks, list]:
    members = [
        {
            "neurons": 3,
            "inits": 2,
            "penalty": 0.05,
            "steps": 10,
            "optimizer": "adam",
            "learning_rate": 0.1,
            "dtype": "float64",
            "seed": seed,
        }
        for seed in range(2)
    ]
    data = [regression(PLANE, seed) for seed in range(2)]
    program = Networks(members, data, CPU)
    for step in range(steps):
        program.prepare(step)
        program.step()
    return program, data


def test_costs_and_gradients_of_many_networks():
    """Against `networks.cost` and automatic differentiation of one network."""
    program, data = trained(3)
    views = {name: view.clone() for name, view in program.parameters.views.items()}
    program.optimizer.step = lambda *_: None
    program.step()
    slopes = program.parameters.split(program.gradients)
    cost = program.record()["cost"]
    for k, (x, y) in enumerate(data):
        for i in range(2):
            hidden, output = views["hidden"][k].unflatten(1, (2, 3))[:, i].clone(), views["output"][k, 0, i].clone()
            assert cost[k, i].item() == pytest.approx(networks.cost(x, y, hidden.numpy(), output.numpy(), 0.05))
            leaves = hidden.requires_grad_(), output.requires_grad_()
            error = (torch.as_tensor(x) @ hidden).clamp_min(0) @ output - torch.as_tensor(y)
            loss = error.square().sum() / 2 + 0.025 * (hidden.square().sum() + output.square().sum())
            expected = torch.autograd.grad(loss, leaves)
            torch.testing.assert_close(slopes["hidden"][k].unflatten(1, (2, 3))[:, i], expected[0])
            torch.testing.assert_close(slopes["output"][k, 0, i], expected[1])


def test_the_rate_falls_along_half_a_cosine():
    program, _ = trained(0)
    rates = []
    for step in (0, 5, 10):
        program.prepare(step)
        rates.append(program.optimizer.learning_rate[0].item())
    assert rates == pytest.approx([0.1, 0.05, 0])


def plain_admm(x, y, patterns, penalty, rho, ratio, steps):
    """The paper's iteration with all blocks in one system."""
    n, d = x.shape
    signs = np.repeat([1.0, -1.0], len(patterns))
    both = np.concatenate([patterns, patterns])
    f = np.hstack([sign * each[:, None] * x for sign, each in zip(signs, both, strict=True)])
    g = np.zeros((n * len(both), d * len(both)))
    for k, each in enumerate(both):
        g[k * n : (k + 1) * n, k * d : (k + 1) * d] = (2 * each - 1)[:, None] * x
    system = np.eye(f.shape[1]) + f.T @ f / rho + g.T @ g
    v, lam, s, nu = np.zeros(f.shape[1]), np.zeros(f.shape[1]), np.zeros(len(g)), np.zeros(len(g))
    for _ in range(steps):
        u = np.linalg.solve(system, f.T @ y / rho + v - lam + g.T @ (s - nu))
        blocks = (u + lam).reshape(-1, d)
        lengths = np.linalg.norm(blocks, axis=1, keepdims=True)
        v = (blocks * np.maximum(1 - penalty / rho / np.maximum(lengths, 1e-300), 0)).ravel()
        s = np.maximum(g @ u + nu, 0)
        lam, nu = lam + ratio * (u - v), nu + ratio * (g @ u - s)
    value = ((f @ v - y) ** 2).sum() / 2 + penalty * np.linalg.norm(v.reshape(-1, d), axis=1).sum()
    return value, np.abs(u - v).max(), np.abs(g @ u - s).max(), max((-g @ v).max(), 0), v.reshape(-1, d)


def test_admm_is_the_dense_iteration():
    """Two data sets with different numbers of patterns: what fills up changes nothing."""
    data = [regression(PLANE, seed) for seed in range(2)]
    patterns = [all_patterns(data[0][0])[0], all_patterns(data[1][0])[0][:5]]
    members = [{"penalty": 0.05, "rho": 0.02, "ratio": 1.0}, {"penalty": 0.03, "rho": 0.05, "ratio": 1.5}]
    program = Splitting(members, data, patterns, CPU)
    for _ in range(30):
        program.step()
    found = program.record()
    for k, member in enumerate(members):
        *expected, vectors = plain_admm(*data[k], patterns[k], **member, steps=30)
        names = ("programme", "apart", "slack_apart", "outside")
        assert [found[name][k].item() for name in names] == pytest.approx(expected, abs=1e-9)
        signs = np.repeat([1.0, -1.0], len(patterns[k]))
        hidden, output = networks.recovered(vectors, signs)
        cost = networks.cost(*data[k], hidden, output, member["penalty"])
        assert found["network_cost"][k].item() == pytest.approx(cost)
        outputs = program.network(program.x)[k].numpy()
        assert outputs == pytest.approx(networks.outputs(data[k][0], hidden, output))


def test_admm_finds_the_optimum():
    data = regression(PLANE, 0)
    program = Splitting([{"penalty": 0.05, "rho": 0.02, "ratio": 1.6}], [data], [all_patterns(data[0])[0]], CPU)
    for _ in range(2000):
        program.step()
    assert program.record()["programme"].item() == pytest.approx(convex_two_layer(*data, 0.05).value, rel=1e-3)


def test_random_neurons_cannot_beat_the_optimum_and_approach_it():
    x, y = regression(PLANE, 0)
    best = convex_two_layer(x, y, 0.05).value
    found = [exact.random_features(x, y, 0.05, size, np.random.default_rng(1)) for size in (10, 3000)]
    assert best <= found[1] <= found[0]
    assert found[1] == pytest.approx(best, rel=0.01)


def test_nearest_points_of_the_cone_of_the_one_norm():
    """z = p + q with p in the cone, q in its polar, at right angles."""
    z = torch.randn(200, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    p = one_norm_cone(z)
    assert (p[:, :-1].abs().sum(1) - p[:, -1]).max() < 1e-12
    assert ((z - p) * p).sum(1).abs().max() < 1e-12
    assert ((z - p)[:, :-1].abs().amax(1) + (z - p)[:, -1]).max() < 1e-12


@functools.cache
def robust_run(radius: float, steps: int = 600):
    member = {"dimension": 2, "n": 12, "radius": radius, "penalty": 0.01, "rho": 0.01, "patterns": 6, "seed": 0}
    x, y = robust.clouds(member, "train", 12)
    patterns, inner = robust.candidates(member, x)
    program = RobustSplitting([member], [(x, y)], [patterns], CPU)
    for _ in range(steps):
        program.step()
    found = {name: value.numpy()[:, None] for name, value in program.record().items()}
    return worst_case.Robust(x, y, patterns, radius, 0.01), robust._of(found, 0, (x, y, patterns)), inner, program


@pytest.mark.parametrize("radius", [0.0, 0.1])
def test_the_robust_programme_is_solved_to_a_certified_gap(radius):
    problem, end, inner, _ = robust_run(radius)
    vectors = problem.feasible(end["vectors"], inner)
    assert problem.clearance(vectors).min() >= -1e-12
    bound = problem.bound(end["weights"], end["moves"], end["multipliers"])
    assert bound <= problem.cost(vectors) <= bound * 1.05
    zero = np.zeros_like(vectors)
    assert problem.cost(zero) == 1
    broken = problem.bound(end["weights"], -end["moves"] if radius else end["moves"] * 0, end["multipliers"] * 0)
    assert broken <= problem.cost(vectors)


def test_the_transposed_functions_are_the_transposed():
    """<A z, c> = <z, A^T c> for random z and c."""
    *_, program = robust_run(0.1)
    stream = torch.Generator().manual_seed(0)
    z = torch.randn(1, 1, sum(program.splits), generator=stream, dtype=torch.float64)
    ahead = program.ahead(z)
    c = {name: torch.randn(value.shape, generator=stream, dtype=torch.float64) for name, value in ahead.items()}
    inner = sum((ahead[name] * c[name]).sum() for name in ahead)
    torch.testing.assert_close((program.back(c) * z).sum(), inner)


def test_worst_inputs_by_formula_attack_and_grid():
    """In the robust cones all three agree; a vector outside its cone is worse than the formula says."""
    problem, end, inner, _ = robust_run(0.1)
    vectors, signs = problem.feasible(end["vectors"], inner), problem.signs
    how = {"radius": 0.1, "steps": 20, "restarts": 2}
    lowest = worst_case.attacked(problem.x, problem.y, vectors, signs, how, np.random.default_rng(0))
    grid = worst_case.on_grid(problem.x, problem.y, vectors, signs, 0.1, 5)
    assert np.maximum(1 - lowest, 0).mean() == pytest.approx(problem.hinge(vectors), abs=1e-9)
    assert grid == pytest.approx(lowest, abs=1e-9)
    plain, end, inner, _ = robust_run(0.0)
    far = worst_case.Robust(plain.x, plain.y, (plain.sides[: len(plain.signs) // 2] + 1) / 2, 1.0, 0.01)
    vectors = plain.feasible(end["vectors"], inner)
    grid = worst_case.on_grid(plain.x, plain.y, vectors, plain.signs, 1.0, 9)
    assert abs(np.maximum(1 - grid, 0).mean() - far.hinge(vectors)) > 1e-3


def test_the_room_of_a_robust_cone():
    """One input (1, 0, 1) and its opposite side: v = (1, 0, 1) clears by 2 - radius; a cone too narrow has no room."""
    room, inside = worst_case.interior(np.array([[1.0, 0.0, 1.0]]), np.ones(1), 0.5)
    assert room == pytest.approx(1.5)
    assert inside == pytest.approx([1, 0, 1])
    opposite = np.array([[1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])
    assert worst_case.interior(opposite, np.array([1.0, 0.0]), 0.5)[0] == pytest.approx(0.5)
    assert worst_case.interior(opposite, np.array([1.0, 0.0]), 1.1)[0] == pytest.approx(0)


def test_images_are_cut_and_labelled(monkeypatch):
    pixels = np.arange(4 * 784.0).reshape(4, 784)
    settings = {"dataset": "mnist_5k", "classes": [2, 8], "stride": 3}
    x, y = pictures.chosen((pixels, np.array([8, 1, 2, 2])), settings)
    assert x.shape == (3, 100)
    assert y.tolist() == [-1, 1, 1]
    assert x[0, :3].tolist() == [0, 3, 6]
    assert x[1, 10] == 2 * 784 + 3 * 28


@pytest.mark.parametrize("labels", ["own", "permuted"])
def test_images_not_drawn_are_for_testing(labels):
    x, y = np.arange(20.0)[:, None], np.repeat([1.0, -1.0], 10)
    none = x[:0], y[:0]
    train, targets, test, truth = pictures.split(None, {"seed": 0, "n": 12, "labels": labels}, ((x, y), none))
    assert sorted([*train[:, 0], *test[:, 0]]) == x[:, 0].tolist()
    assert truth.tolist() == np.where(test[:, 0] < 10, 1, -1).tolist()
    assert sum(targets) == sum(np.where(train[:, 0] < 10, 1, -1))
    assert (targets.tolist() == np.where(train[:, 0] < 10, 1, -1).tolist()) == (labels == "own")


def test_the_optimum_on_images_is_enclosed(monkeypatch):
    """On made-up images: what is certified encloses the optimum of the drawn patterns."""
    stream = np.random.default_rng(0)
    made = stream.random((60, 784)), np.repeat([2, 8], 30)
    monkeypatch.setattr(pictures.data, "embedded", lambda name: made)
    changes = {"stride": 14, "n": 20, "steps": 400, "adam_steps": 20, "penalty": 0.1, "conditions.p16": None}
    run = run_of("images", **changes, **{f"conditions.{name}.seeds": 2 for name in ("p04", "p08")})
    found = images.images(run)
    assert (found["bound"] <= found["feasible"] + 1e-9).all()
    parts = pictures.pool(run)
    for row, member in enumerate(run.members):
        x, y, *_ = pictures.split(run, member, parts)
        patterns = images.sampled_patterns(
            x, member["patterns"], images.stream("image patterns", member["patterns"], member["seed"])
        )
        best = convex_two_layer(x, y, 0.1, patterns, tolerance=1e-6)
        assert found["bound"][row] <= best.value + 1e-6
        assert found["feasible"][row] >= best.bound - 1e-6
        assert found["feasible"][row] == pytest.approx(best.value, rel=0.1)
        assert found["patterns"][row] == len(patterns)
    assert found["adam_cost"].shape == (4, 3)
    assert found["accuracy"].min() >= 0


@pytest.mark.parametrize(
    ("experiment", "side", "inputs"), [("images_mnist", (28, 28), 100), ("images_cifar", (3, 32, 32), 192)]
)
def test_downloaded_images_keep_their_own_test_images(monkeypatch, tmp_path, experiment, side, inputs):
    stream = np.random.default_rng(0)
    pixels, labels = stream.integers(0, 256, (40, *side), np.uint8), np.tile([2, 8, 3, 8], 10)
    np.savez(tmp_path / "mnist.npz", x_train=pixels[:28], y_train=labels[:28], x_test=pixels[28:], y_test=labels[28:])
    parts = (pixels[:28].reshape(28, -1), labels[:28]), (pixels[28:].reshape(12, -1), labels[28:])
    monkeypatch.setattr(pictures.archives, "archive", lambda path, name: parts)
    run = run_of(
        experiment, "paper", n=20, seeds=1, steps=5, patterns=3, adam_steps=2, stride=3 if inputs == 100 else 4
    )
    run.files = {"mnist": tmp_path / "mnist.npz", "cifar10": tmp_path}
    (x, y), (test_x, _) = pictures.pool(run)
    assert (x.shape, test_x.shape) == ((21, inputs), (9, inputs))
    assert x.max() <= 1
    assert (y > 0).sum() == 7
    found = images.images(run)
    assert set(np.round(found["accuracy"].ravel() * 9, 6) % 1) == {0}
    assert np.isnan(found["bound"]).all() == (experiment == "images_cifar")
