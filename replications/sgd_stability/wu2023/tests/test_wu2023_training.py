"""The two networks in training: gradients, balance laws, SGD against autograd, and the bounds on what it finds."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from replications.sgd_stability.wu2023.experiments import diagonal, dynamics, escape, relu, thresholds
from replications.sgd_stability.wu2023.measure import boundary, growth, worst_by_seed
from verifig.curvature import stability
from verifig.curvature.fisher import fisher_metrics
from verifig.ground.errors import InputError
from verifig.planning import rulesets
from verifig.training.ensemble import generator
from verifig.training.members import members_of
from verifig.training.steps import Steps

CPU = torch.device("cpu")
PROGRAMS = {"relu": relu, "diagonal": diagonal}


@pytest.fixture(autouse=True)
def one_thread():
    """Train as the jobs do: small tensors are slower on several threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def rows(experiment: str, condition: str, **overrides) -> list[dict]:
    """Rows of a condition at smoke size."""
    ruleset = rulesets.load("wu2023")
    values = rulesets.settings(ruleset, experiment, "smoke", {"test_size": 20, "seeds": 2} | overrides)
    members = [member for member in members_of(values) if member["condition"] == condition]
    return dynamics.expand(members)


def taken(program: dynamics.Dynamics, blocks: int, start: int = 0) -> dynamics.Dynamics:
    """The program after some more blocks."""
    taker = Steps(program, CPU)
    for block in range(start, start + blocks):
        taker.take(block)
    return program


def problem(name: str, n: int = 30, d: int = 12) -> tuple[np.ndarray, np.ndarray]:
    x = relu.sphere(n, d, generator("test", name)).numpy()
    return x, np.maximum(x[:, :3], 0).sum(1)


def test_relu_gradients_and_gram_equal_autograd():
    program = relu.build(rows("relu", "sgd")[:1], CPU)
    x = program.data.x[0].double()
    a, w = (program.parameters[name][0].double().requires_grad_() for name in ("a", "w"))
    outputs = (x @ w).relu() @ a
    jacobian = torch.stack(
        [torch.cat([part.flatten() for part in torch.autograd.grad(f, (a, w), retain_graph=True)]) for f in outputs]
    )
    closed = relu.per_sample_gradients(x, a.detach(), w.detach())
    np.testing.assert_allclose(closed, jacobian, atol=1e-6)
    torch.testing.assert_close(program.gram(0), jacobian @ jacobian.T / len(x))
    assert program.trace(0) == pytest.approx(fisher_metrics(closed)["tr"])


def test_diagonal_gradients_and_gram_equal_autograd():
    program = diagonal.build(rows("diagonal", "sgd")[:1], CPU)
    x, theta = program.data.x[0].double(), program.parameters["theta"][0].double().requires_grad_()
    outputs = x @ (theta[0] * theta[1])
    jacobian = torch.stack([torch.autograd.grad(f, theta, retain_graph=True)[0].flatten() for f in outputs])
    closed = diagonal.per_sample_gradients(x, *theta.detach())
    np.testing.assert_allclose(closed, jacobian, atol=1e-6)
    torch.testing.assert_close(program.gram(0), jacobian @ jacobian.T / len(x))
    assert program.trace(0) == pytest.approx(fisher_metrics(closed)["tr"])


def loss_of(program, parameters: dict, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Loss of the first row by other parameters."""
    if "theta" in parameters:
        outputs = x @ (parameters["theta"][0] * parameters["theta"][1])
    else:
        outputs = (x @ parameters["w"]).relu() @ parameters["a"]
    return (outputs - y).square().mean() / 2


@pytest.mark.parametrize(
    ("experiment", "algorithm", "batch"),
    [("relu", "sgd", 1), ("relu", "gd", 1), ("diagonal", "sgd", 1), ("diagonal", "sgd", 3), ("diagonal", "gd", 1)],
)
def test_steps_equal_plain_autograd_with_clipping(experiment, algorithm, batch):
    chosen = rows(experiment, algorithm, batch_sizes=[batch], clip=5.0, dtype="float64")[:1]
    ours, plain = (PROGRAMS[experiment].build(chosen, CPU) for _ in range(2))
    parameters = {name: value[0].clone().requires_grad_() for name, value in plain.parameters.items()}
    x, y = plain.data.x[0], plain.data.y[0]
    index = plain._draw()[0] if algorithm == "sgd" else [torch.arange(len(x))] * plain.block
    clipped = 0
    for samples in index:
        loss = loss_of(plain, parameters, x[samples], y[samples])
        grads = torch.autograd.grad(loss, list(parameters.values()))
        norm = torch.sqrt(sum(grad.square().sum() for grad in grads))
        clipped += int(norm > 5)
        with torch.no_grad():
            for value, grad in zip(parameters.values(), grads, strict=True):
                value -= chosen[0]["learning_rate"] * min(1.0, 5 / norm.item()) * grad
    taken(ours, 1)
    for name, value in parameters.items():
        torch.testing.assert_close(ours.parameters[name][0], value.detach(), rtol=1e-9, atol=1e-9)
    assert int(ours.tensors["clipped"][0]) == clipped
    assert clipped > 0


@pytest.mark.parametrize("experiment", ["relu", "diagonal"])
@pytest.mark.parametrize("algorithm", ["sgd", "gd"])
def test_rows_together_equal_rows_alone(experiment, algorithm):
    chosen = rows(experiment, algorithm)
    together = PROGRAMS[experiment].build(chosen, CPU)
    taken(together, 1)
    for k, row in enumerate(chosen):
        single = taken(PROGRAMS[experiment].build([row], CPU), 1)
        for name, value in single.parameters.items():
            torch.testing.assert_close(together.parameters[name][k], value[0], rtol=1e-5, atol=1e-5)


def test_the_block_size_changes_rounding_only():
    chosen = rows("relu", "sgd", dtype="float64")[:1]
    whole = relu.build(chosen, CPU)
    index = whole._draw()
    pieces = relu.build([chosen[0] | {"block": 5}], CPU)
    whole.sgd_block(index)
    for part in index.split(5, dim=1):
        pieces.sgd_block(part)
    torch.testing.assert_close(whole.parameters["w"], pieces.parameters["w"], rtol=1e-10, atol=1e-10)


def test_balance_law_of_the_diagonal_network():
    assert thresholds.balance_law_error(50) < 1e-12


def test_balance_law_of_the_relu_network():
    """|w_j|^2 - a_j^2 changes by kappa^2 (a_j^2 1{} |x|^2 - relu(w_j x)^2) at every step of SGD."""
    row = rows("relu", "sgd", dtype="float64")[0] | {"block": 1}
    program = relu.build([row], CPU)
    for _ in range(20):
        index = program._draw()
        x, y = program.data.x[0][index[0, 0, 0]], program.data.y[0][index[0, 0, 0]]
        a, w = program.parameters["a"][0].clone(), program.parameters["w"][0].clone()
        h = x @ w
        p = h.relu()
        slope = (h > 0) * a
        error = a @ p - y
        norm = error.abs() * (p @ p + (x @ x) * (slope @ slope)).sqrt()
        kappa = row["learning_rate"] * error * min(1.0, row["clip"] / norm.item())
        program.sgd_block(index)
        after = (program.parameters["w"][0] ** 2).sum(0) - program.parameters["a"][0] ** 2
        expected = (w**2).sum(0) - a**2 + kappa**2 * (slope**2 * (x @ x) - p**2)
        torch.testing.assert_close(after, expected, rtol=1e-10, atol=1e-10)


def test_starting_ratio_is_exact():
    for row in rows("balance", "sgd"):
        a, b = diagonal.initial(row)
        assert diagonal.balance_ratio(a, b) == pytest.approx(row["initial_ratio"], abs=1e-6)


def test_expected_trace_bounds_the_path_norm():
    row = rows("relu", "sgd")[0]
    start = relu.initial(row)
    trace = relu.expected_trace(start["a"], start["w"])
    assert trace >= math.sqrt(row["dimension"]) * relu.path_norm(start["a"], start["w"])
    balanced = start["w"] / start["w"].norm(dim=0) * math.sqrt(row["dimension"]) * start["a"].abs()
    tight = math.sqrt(row["dimension"]) * relu.path_norm(start["a"], balanced)
    assert relu.expected_trace(start["a"], balanced) == pytest.approx(tight)


def test_sgd_on_arrays_of_ones_own_ends_below_the_bound():
    x, y = problem("own")
    result = relu.run_relu(x, y, [0.01, 0.02], 2500, width=20)
    assert (result["train_loss"] < 1e-2).all()
    ratio = np.array([0.01, 0.02]) * result["g4"] / (2 * result["tr"])
    assert (ratio <= 1.03).all()
    line = diagonal.run_diag(x, x[:, :2].sum(1), [0.02, 0.05], 2500)
    assert (line["train_loss"] < 1e-2).all()
    assert (np.array([0.02, 0.05]) * line["tr"] / 2 <= 1.03).all()


def test_gradient_descent_stops_at_the_tolerance():
    x, y = problem("own")
    result = diagonal.run_diag(x, y * 0 + x[:, 0], [0.05], 20_000, algorithm="gd", tolerance=1e-6, block=100)
    assert result["train_loss"][0] < 1e-6
    assert 0 < result["stopped"][0] < 20_000


def test_a_schedule_is_refused_with_the_reason():
    x, y = problem("own")
    with pytest.raises(InputError, match="with a decaying rate the initial one bounds nothing"):
        relu.run_relu(x, y, [0.01], 100, schedule="cosine")
    ruleset = rulesets.load("wu2023")
    with pytest.raises(InputError, match=r"schedule = 'cosine' must be one of constant: .*bounds nothing"):
        rulesets.settings(ruleset, "relu", "laptop", {"schedule": "cosine"})


def test_bad_arguments_are_named():
    x, y = problem("own")
    with pytest.raises(InputError, match="multiple of block"):
        diagonal.run_diag(x, y, [0.01], 110, block=25)
    with pytest.raises(InputError, match="inputs"):
        diagonal.run_diag(x, y[:-1], [0.01], 100)
    with pytest.raises(InputError, match="at most the"):
        diagonal.run_diag(x, y, [0.01], 100, batch=len(x) + 1, replacement=False)
    with pytest.raises(InputError, match="multiple of block"):
        rows("relu", "sgd", steps=1010)


def test_both_initialisations():
    by_reading = {
        reading: relu.initial(rows("relu", "sgd", initialisation=reading)[0])["w"].std().item()
        for reading in ("covariance", "deviation")
    }
    assert by_reading["covariance"] == pytest.approx(30**-0.25, rel=0.05)
    assert by_reading["deviation"] == pytest.approx(30**-0.5, rel=0.05)


def test_batches_without_replacement_are_distinct():
    drawn = dynamics.draw_batches(generator("test", "draw"), 10, 50, 10, False)
    assert (drawn.sort(dim=1).values == torch.arange(10)).all()


def test_state_restores_exactly():
    chosen = rows("relu", "sgd")
    first, second = (relu.build(chosen, CPU) for _ in range(2))
    second.load(taken(first, 3).state())
    for program in (first, second):
        taken(program, 1, start=3)
    assert torch.equal(first.parameters["w"], second.parameters["w"])
    assert torch.equal(first.tensors["last_clipped"], second.tensors["last_clipped"])


def test_linearised_sgd_shrinks_below_and_grows_above_the_threshold():
    g = torch.randn(40, 60, generator=generator("test", "g"), dtype=torch.float64)
    gram = g @ g.T / 40
    rates = stability.gram_threshold(gram, 1) * torch.tensor([0.7, 1.5], dtype=torch.float64)
    losses = escape.linearised_sgd(gram, rates, 8, 600, generator("test", "escape")).numpy()
    low, high = growth(losses, np.arange(0, 601, 100))
    assert low < 0 < high


def test_boundary_interpolates():
    assert boundary([0.9, 1.0, 1.1], np.array([-1.0, -0.5, 0.5])) == pytest.approx(1.05)
    assert math.isnan(boundary([0.9, 1.0], np.array([-1.0, -0.5])))
    assert math.isnan(boundary([0.9, 1.0, 1.1], np.array([-1.0, -0.5, math.inf])))


def test_the_worst_run_is_not_hidden_by_a_diverged_or_a_filtered_one():
    rows = pd.DataFrame({"seed": [0, 0, 1, 1, 2], "value": [0.5, 0.9, 0.4, math.nan, 2.0]})
    worst = worst_by_seed(rows, rows["value"])
    assert worst[0] == 0.9
    assert math.isnan(worst[1])
    kept = worst_by_seed(rows, rows["value"], rows["value"] < 1)
    assert list(kept[:2]) == [0.9, 0.4]
    assert math.isnan(kept[2])
