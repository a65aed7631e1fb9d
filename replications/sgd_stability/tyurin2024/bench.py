"""Speed of the program of all methods, as ratios within one run, against a plain NumPy loop over methods."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from scipy.special import expit

from replications.sgd_stability.tyurin2024.experiments.separating import Separating
from verifig.benchmarking.bench import Program, Result, paired

CPU = torch.device("cpu")
STEPS = 20


def rows(n: int) -> np.ndarray:
    """Random rows [n, n / 2], as wide as the pixels of two MNIST digits are for their 1,000 images."""
    return np.random.default_rng(0).normal(size=(n, n // 2)) / n**0.5


def made(members: int, n: int) -> Separating:
    """Gradient descent at `members` step sizes, beside the two perceptrons."""
    steps = np.geomspace(1, 1e6, members).tolist()
    return Separating([rows(n)], {"step_sizes": steps, "normalised_step_sizes": []}, CPU)


def separating(members: int, n: int) -> Callable[[], object]:
    """One step of all."""
    return made(members, n).step


PROGRAM = Program(
    about="gradient descent at many step sizes and both perceptrons on one data set, one iteration",
    make=separating,
    member="step size",
    width="rows",
    widths=(250, 500, 1000, 2000),
    usual=1000,
    together=8,
    operations=lambda n: 2 * n * n,  # two products with the rows [n, n / 2]
    members=(1, 4, 16, 64),
)


def bench() -> Iterator[Result]:
    """The laptop scale's nine step sizes and two perceptrons against one loop a method."""
    program, plain = made(9, 1000), _Plain(rows(1000), np.geomspace(1, 1e6, 9).tolist())
    yield paired(
        "a plain NumPy loop over methods over ours, 11 methods, 1,000 rows",
        plain.run,
        lambda: [program.step() for _ in range(STEPS)],
        better="higher",
    )


class _Plain:
    """One method after another: products with all rows, weights, the step."""

    def __init__(self, data: np.ndarray, steps: list[float]):
        self.data, self.steps = data, steps
        self.thetas = np.zeros((len(steps) + 2, data.shape[1]))

    def run(self) -> None:
        n = len(self.data)
        for _ in range(STEPS):
            for theta, step in zip(self.thetas, self.steps, strict=False):
                theta += step / n * expit(-(self.data @ theta)) @ self.data
            for theta, share in zip(self.thetas[-2:], (1 / n, None), strict=True):
                wrong = self.data @ theta <= 0
                theta += wrong @ self.data * (share or 1 / max(wrong.sum(), 1))
