"""ADMM with random patterns on two classes of images, its certificate, and Adam on networks as wide."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.convex_relu.bai2023.experiments.pictures import pool, split
from replications.convex_relu.bai2023.experiments.problems import stream
from replications.convex_relu.bai2023.experiments.splitting import Splitting
from replications.convex_relu.bai2023.experiments.training import Networks
from replications.convex_relu.science.patterns import sampled_patterns
from replications.convex_relu.science.programme import dual_bound, nearest_in_cone, projections
from verifig.training import loop
from verifig.training.ensemble import dtype_of
from verifig.training.run import Run


def accuracy(outputs: Tensor, labels: Tensor) -> Tensor:
    """Share of outputs [K, n, ...] with the sign of the labels [K, n, ...], over the second axis."""
    return ((outputs > 0) == (labels > 0)).double().mean(1)


class TestedSplitting(Splitting):
    """`Splitting` that also records `accuracy` [K] on test images and, for a certificate, the vectors `u` and `v` [K, 2, P, d]."""

    def __init__(self, members, data, patterns, tests, device):
        super().__init__(members, data, patterns, device)
        self.kept = ("u", "v") if members[0]["certify"] else ()
        self.test_x, self.test_y = (torch.as_tensor(np.stack(each)).to(device) for each in zip(*tests, strict=True))

    def record(self) -> dict[str, Tensor]:
        vectors = {name: self.tensors[name].transpose(1, 2).unflatten(1, (2, -1)) for name in self.kept}
        return super().record() | vectors | {"accuracy": accuracy(self.network(self.test_x), self.test_y)}


class TestedNetworks(Networks):
    """`Networks` that also records `accuracy` [K, inits] on test images."""

    def __init__(self, members, data, tests, device):
        super().__init__(members, data, device)
        dtype = dtype_of(members[0])
        self.test_x, self.test_y = (
            torch.as_tensor(np.stack(each), dtype=dtype).to(device) for each in zip(*tests, strict=True)
        )

    def record(self) -> dict[str, Tensor]:
        return super().record() | {"accuracy": accuracy(self.outputs(self.test_x), self.test_y[..., None])}


def images(run: Run) -> dict[str, np.ndarray]:
    """Arrays by member and log point: `accuracy`, `programme`, `network_cost`, `apart`, `slack_apart`, `outside` of ADMM;
    by member `bound` and `feasible`, below and above the optimum (NaN if not certified or diverged), `patterns`, how many are different;
    `adam_cost`, `adam_accuracy` [members, inits] at the end; `points` (iterations)."""
    s, members = run.settings, run.members
    parts = pool(run)
    examples = {}
    for m in members:
        examples.setdefault((m["seed"], m["n"], m["labels"]), split(run, m, parts))

    def of(chunk: list[Mapping]) -> tuple[list, list]:
        found = [examples[m["seed"], m["n"], m["labels"]] for m in chunk]
        return [each[:2] for each in found], [each[2:] for each in found]

    def patterns(m: Mapping) -> np.ndarray:
        x = examples[m["seed"], m["n"], m["labels"]][0]
        return sampled_patterns(x, m["patterns"], stream("image patterns", m["patterns"], m["seed"]))

    points = sorted({point for point in s["log_points"] if point <= s["steps"]} | {s["steps"]})
    solved = loop.train(
        run,
        members,
        lambda chunk: TestedSplitting(chunk, of(chunk)[0], [patterns(m) for m in chunk], of(chunk)[1], run.device),
        s["steps"],
        points,
        signature=lambda m: (m["patterns"], m["n"], m["labels"]),
        chunk=s["chunk"],
        name="admm",
    )
    found = {name: solved[name] for name in solved if name not in ("u", "v")} | {"points": np.array(points)}
    found["patterns"] = np.array([len(patterns(m)) for m in members], float)
    ends = [
        run.once(f"certificate {row}", lambda row=row, m=m: certificate(m, of([m])[0][0], patterns(m), solved, row))
        for row, m in enumerate(members)
    ]
    found |= {name: np.stack([each[name] for each in ends]) for name in ends[0]}
    return found | (_adam(run, of) if s["inits"] else {})


def _adam(run: Run, of) -> dict[str, np.ndarray]:
    """Adam on networks with two neurons a pattern."""
    members = [dict(m) | {"neurons": 2 * m["patterns"], "steps": m["adam_steps"]} for m in run.members]
    found = loop.train(
        run,
        members,
        lambda chunk: TestedNetworks(chunk, *of(chunk), run.device),
        run.settings["adam_steps"],
        [run.settings["adam_steps"]],
        signature=lambda m: (m["patterns"], m["n"], m["labels"]),
        chunk=run.settings["chunk"],
        name="adam",
    )
    return {"adam_cost": found["cost"][:, -1], "adam_accuracy": found["accuracy"][:, -1]}


def certificate(member: Mapping, data: tuple, patterns: np.ndarray, solved: Mapping, row: int) -> dict[str, np.ndarray]:
    """`feasible`, the cost of v with each vector moved into its cone, and `bound`, the dual cost of the residual of u."""
    unknown = {"feasible": np.array(np.nan), "bound": np.array(np.nan)}
    if not member["certify"]:
        return unknown
    (x, y), penalty = data, member["penalty"]
    signs = np.repeat([1.0, -1.0], len(patterns))
    both = np.concatenate([patterns, patterns])
    u, v = (solved[name][row, -1][:, : len(patterns)].reshape(len(both), -1) for name in ("u", "v"))
    if not (np.isfinite(u).all() and np.isfinite(v).all()):
        return unknown

    def residual(vectors: np.ndarray) -> np.ndarray:
        return y - (signs[:, None] * both * (vectors @ x.T)).sum(0)

    inside = np.array([nearest_in_cone(x, pattern, vector) for pattern, vector in zip(both, v, strict=True)])
    left, longest = residual(u), np.linalg.norm(projections(x, patterns, residual(u)), axis=1).max()
    cost = (residual(inside) ** 2).sum() / 2 + penalty * np.linalg.norm(inside, axis=1).sum()
    return {"feasible": np.array(cost), "bound": np.array(dual_bound(y, left, penalty, longest))}
