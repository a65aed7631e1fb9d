"""What a training job leaves for the statistics: learning rates, last clipped steps, losses and spectra, by numpy."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from replications.sgd_stability.wu2023.experiments import diagonal, dynamics, own, relu
from verifig.curvature import stability
from verifig.training.ensemble import generator

CPU = torch.device("cpu")
COMMON = {"steps": 12, "log_every": 6, "block": 3, "replacement": True, "tolerance": 0.0, "dtype": "float64"}
RATES = (0.03, 0.07, 0.02)
CLIPS = (1.5, 1.9, 0.5)
SEEDS = (0, 0, 1)
D, M = 4, 3


def weights(seed: int, *shape: int) -> torch.Tensor:
    return torch.as_tensor(np.random.default_rng(seed).standard_normal(shape))


def network(kind: str, algorithm: str, batch: int, **options) -> dynamics.Dynamics:
    """Three runs on two problems, with learning rates and clipping thresholds of their own."""
    each = zip(SEEDS, RATES, CLIPS, strict=True)
    rows = [{"seed": s, "learning_rate": rate, "clip": clip} for s, rate, clip in each]
    rows = [COMMON | {"algorithm": algorithm, "batch_size": batch} | options | row for row in rows]
    x, x_test = weights(1, 2, 5, D), weights(2, 2, 7, D)
    data = dynamics.Data(x, x[..., :2].sum(2) + 1, x_test, x_test[..., :2].sum(2) + 1)
    if kind == "diagonal":
        return diagonal.Diagonal(rows, data, {"theta": weights(3, 3, 2, D)}, CPU)
    return relu.Relu(rows, data, {"a": weights(4, 3, M), "w": weights(5, 3, D, M)}, CPU)


def parameters(program: dynamics.Dynamics, row: int) -> list[np.ndarray]:
    found = {name: value[row].numpy().copy() for name, value in program.parameters.items()}
    return [*found["theta"]] if "theta" in found else [found["a"], found["w"]]


def outputs(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return x @ (first * second) if second.ndim == 1 else np.maximum(x @ second, 0) @ first


def gradients(x: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Of the outputs by all parameters, [samples, parameters]."""
    if second.ndim == 1:
        return np.stack([np.concatenate([second * one, first * one]) for one in x])
    active = [one @ second > 0 for one in x]
    return np.stack(
        [
            np.concatenate([np.maximum(one @ second, 0), np.outer(one, first * on).ravel()])
            for one, on in zip(x, active, strict=True)
        ]
    )


def trained(program: dynamics.Dynamics, row: int, algorithm: str, batch: int) -> tuple[list[np.ndarray], list[float]]:
    """Parameters after 12 steps, each on the gradient of a batch clipped at the row's norm, and the norms."""
    found = parameters(program, row)
    x, y = (part[SEEDS[row]].numpy() for part in (program.data.x, program.data.y))
    stream, norms = generator("sgd_stability", "order", batch, SEEDS[row]), []
    order = torch.cat([torch.randint(5, (3, batch), generator=stream) for _ in range(4)]).numpy()
    for chosen in order if algorithm == "sgd" else [np.arange(5)] * 12:
        error = outputs(x[chosen], *found) - y[chosen]
        gradient = (error[:, None] * gradients(x[chosen], *found)).mean(0)
        norms.append(math.sqrt((gradient**2).sum()))
        step = RATES[row] * (CLIPS[row] / norms[-1] if norms[-1] > CLIPS[row] else 1) * gradient
        size = found[0].size
        found = [found[0] - step[:size], found[1] - step[size:].reshape(found[1].shape)]
    return found, norms


@pytest.mark.parametrize(
    ("kind", "algorithm", "batch"),
    [("relu", "sgd", 1), ("relu", "gd", 1), ("diagonal", "sgd", 1), ("diagonal", "sgd", 3), ("diagonal", "gd", 3)],
)
def test_the_last_record_tells_clipping_losses_spectra_and_norms_of_each_run(kind, algorithm, batch):
    program = network(kind, algorithm, batch)
    expected = [trained(program, row, algorithm, batch) for row in range(3)]
    own.train(program, 12)
    record = program.record()
    for row, (found, norms) in enumerate(expected):
        x, y, x_test, y_test = (
            getattr(program.data, name)[SEEDS[row]].numpy() for name in ("x", "y", "x_test", "y_test")
        )
        g = gradients(x, *found)
        squares = (g**2).sum(1)
        clipped = [k for k, norm in enumerate(norms, start=1) if norm > CLIPS[row]]
        wanted = {
            "last_clipped": max(clipped, default=0),
            "clipped": len(clipped),
            "train_loss": ((outputs(x, *found) - y) ** 2).mean() / 2,
            "test_loss": ((outputs(x_test, *found) - y_test) ** 2).mean() / 2,
            "test_nmse": ((outputs(x_test, *found) - y_test) ** 2).sum() / (y_test**2).sum(),
            "tr": squares.mean(),
            "g4": (squares**2).mean(),
            "lmax": np.linalg.eigvalsh(g.T @ g / 5)[-1],
            "mean_gradient": (g.mean(0) ** 2).sum(),
            "threshold": stability.exact_threshold(g, batch if algorithm == "sgd" else 1),
        }
        if kind == "relu":
            wanted["path_norm"] = sum(abs(found[0][j]) * math.sqrt((found[1][:, j] ** 2).sum()) for j in range(M))
        else:
            wanted["balance"] = sum(part @ part for part in found) / (2 * abs(found[0] * found[1]).sum())
        assert {name: record[name][row].item() for name in wanted} == pytest.approx(wanted, rel=1e-6)
    assert 0 < record["clipped"][1] <= record["last_clipped"][1] < 12  # neither never nor always


@pytest.mark.parametrize("kind", ["relu", "diagonal"])
def test_before_the_last_step_the_trace_is_the_only_measure_of_sharpness(kind):
    program = network(kind, "sgd", 1)
    record = program.record()
    for row in range(3):
        found = parameters(program, row)
        g = gradients(program.data.x[SEEDS[row]].numpy(), *found)
        assert record["tr"][row].item() == pytest.approx((g**2).sum() / 5)
        assert math.isnan(record["lmax"][row])
        assert math.isnan(record["g4"][row])


def test_rows_have_the_learning_rate_of_their_axis_and_every_combination():
    base = {"schedule": "constant", "steps": 6, "log_every": 3, "block": 3, "dimension": 16}
    sgd = {"condition": "sgd", "algorithm": "sgd", "learning_rate_axis": "sqrt_d", "learning_rates": [0.1, 0.2]}
    gd = {"condition": "gd", "algorithm": "gd", "learning_rate_axis": "plain", "learning_rates": [0.3]}
    members = [base | gd | {"batch_sizes": [1, 4], "initial_ratios": [2, 8], "seed": seed} for seed in (0, 1)]
    members += [base | sgd | {"batch_sizes": [1, 4], "initial_ratios": [], "seed": seed} for seed in (0, 1)]
    names = ("seed", "condition", "axis", "learning_rate", "batch_size", "initial_ratio")
    found = [tuple(row[name] for name in names) for row in dynamics.expand(members)]
    for seed in (0, 1):
        own = [row[1:] for row in found[6 * seed : 6 * seed + 6] if row[0] == seed]
        assert own[:2] == [("gd", 0.3, 0.3, 1, 2), ("gd", 0.3, 0.3, 1, 8)]
        assert [row[:4] for row in own[2:]] == [
            *(("sgd", 0.1, 0.025, batch) for batch in (1, 4)),
            *(("sgd", 0.2, 0.05, batch) for batch in (1, 4)),
        ]
        assert all(math.isnan(row[4]) for row in own[2:])


def test_records_stay_with_their_rows_and_shorter_ones_are_padded(monkeypatch):
    base = COMMON | {"schedule": "constant", "dimension": 4, "clip": 1.0, "initial_ratios": []}
    base |= {"learning_rate_axis": "plain", "batch_sizes": [1]}
    sgd = base | {"condition": "sgd", "algorithm": "sgd", "learning_rates": [0.5, 0.25], "seed": 0}
    gd = base | {"condition": "gd", "algorithm": "gd", "learning_rates": [0.5], "steps": 6}
    members = [gd | {"seed": 0}, gd | {"seed": 1}, sgd, sgd | {"seed": 1}]

    def train(run, rows, make, blocks, points, **options) -> dict[str, np.ndarray]:
        mark = [[row["axis"] + 10 * row["seed"] + 100 * point for point in points] for row in rows]
        stopped = [[3.0 if row["algorithm"] == "gd" else -1.0] * len(points) for row in rows]
        return {"mark": np.array(mark), "stopped": np.array(stopped)}

    monkeypatch.setattr(dynamics, "train", train)
    run = SimpleNamespace(members=members, facts={})
    found = dynamics.fit(run, lambda rows: None)
    assert found["seed"].tolist() == [0, 0, 0, 1, 1, 1]
    for row, (condition, seed, axis) in enumerate(zip(found["condition"], found["seed"], found["axis"], strict=True)):
        steps = [0, 6, 12] if condition == "sgd" else [0, 6]
        assert found["iteration"][row, : len(steps)].tolist() == steps
        assert found["mark"][row, : len(steps)].tolist() == [axis + 10 * seed + 100 * (step // 3) for step in steps]
        assert np.isnan(found["mark"][row, len(steps) :]).all()
    assert run.facts["steps"] == 2 * 3 + 4 * 12


def test_the_expected_trace_is_that_of_inputs_of_unit_covariance():
    """Exact over the 2 D points +-sqrt(D) e_i: each neuron is active on half of them."""
    program = network("relu", "gd", 5)
    corners = D**0.5 * torch.eye(D, dtype=torch.float64)
    every = torch.cat([corners, -corners])
    for row in range(3):
        a, w = (part.numpy() for part in (program.parameters["a"][row], program.parameters["w"][row]))
        hidden = np.maximum(every.numpy() @ w, 0)
        trace = ((hidden**2).sum(1) + D * ((hidden > 0) * a**2).sum(1)).mean()
        norms = program.norms(row)
        assert norms["expected_tr"] == pytest.approx(trace)
        assert norms["path_norm"] == pytest.approx(sum(abs(a[j]) * (w[:, j] ** 2).sum() ** 0.5 for j in range(M)))
