"""Speed of ADMM with its two small inverses, as ratios within one run, against one dense system a data set."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from replications.convex_relu.bai2023.experiments.splitting import Splitting
from replications.convex_relu.science.patterns import sampled_patterns
from verifig.benchmarking.bench import Program, Result, paired

CPU = torch.device("cpu")
STEPS = 10
INPUTS, PATTERNS = 50, 8


def data(members: int, n: int) -> tuple[list, list]:
    """Random inputs and labels by member, and random patterns of them."""
    stream = np.random.default_rng(0)
    problems = [(stream.random((n, INPUTS)), stream.choice([-1.0, 1.0], n)) for _ in range(members)]
    return problems, [sampled_patterns(x, PATTERNS, stream) for x, _ in problems]


def made(members: int, n: int) -> Splitting:
    """Members with data of their own."""
    settings = [{"penalty": 0.01, "rho": 0.01, "ratio": 1.0}] * members
    return Splitting(settings, *data(members, n), CPU)


def splitting(members: int, n: int) -> Callable[[], object]:
    """One iteration of all."""
    return made(members, n).step


PROGRAM = Program(
    about="ADMM on data sets with 8 random patterns of 50 inputs, one iteration",
    make=splitting,
    member="data set",
    width="examples",
    widths=(100, 200, 400, 800),
    usual=200,
    together=6,
    operations=lambda n: 2 * (6 * PATTERNS * n * INPUTS + 3 * PATTERNS * INPUTS**2) + 2 * n * n,
    members=(1, 4, 16),
)


def bench() -> Iterator[Result]:
    """Six data sets at once against a loop over them with the inverse of the whole system."""
    program, plain = made(6, 200), _Plain(*data(6, 200))
    yield paired(
        "a plain NumPy loop over data sets with one dense system each over ours, 6 data sets, 200 examples",
        plain.run,
        lambda: [program.step() for _ in range(STEPS)],
        better="higher",
    )


class _Plain:
    """The iteration as it is written: F, G and the inverse of I + F^T F / rho + G^T G in full."""

    def __init__(self, problems: list, patterns: list):
        self.systems = []
        for (x, y), on in zip(problems, patterns, strict=True):
            both, signs = np.concatenate([on, on]), np.repeat([1.0, -1.0], len(on))
            f = np.hstack([sign * each[:, None] * x for sign, each in zip(signs, both, strict=True)])
            g = [(2 * each - 1)[:, None] * x for each in both]
            whole = np.eye(f.shape[1]) + f.T @ f / 0.01
            for k, each in enumerate(g):
                whole[k * INPUTS : (k + 1) * INPUTS, k * INPUTS : (k + 1) * INPUTS] += each.T @ each
            self.systems.append((f.T @ y / 0.01, np.stack(g), np.linalg.inv(whole)))

    def run(self) -> None:
        for pull, g, inverse in self.systems:
            v, lam = np.zeros((len(g), INPUTS)), np.zeros((len(g), INPUTS))
            s, nu = np.zeros(g.shape[:2]), np.zeros(g.shape[:2])
            for _ in range(STEPS):
                right = pull + (v - lam + np.einsum("bnd,bn->bd", g, s - nu)).ravel()
                u = (inverse @ right).reshape(v.shape)
                moved, constrained = u + lam, np.einsum("bnd,bd->bn", g, u)
                v = moved * np.maximum(1 - 1 / np.linalg.norm(moved, axis=1, keepdims=True), 0)
                s = np.maximum(constrained + nu, 0)
                lam, nu = lam + u - v, nu + constrained - s
