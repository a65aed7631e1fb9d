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
    """One method after another: products with all rows, whether they are all right, the loss, weights, the step."""

    def __init__(self, data: np.ndarray, steps: list[float]):
        self.data, self.steps = data, steps
        self.thetas = np.zeros((len(steps) + 2, data.shape[1]))
        self.peaks, self.solved = np.zeros(len(steps)), np.zeros(len(steps) + 2, bool)

    def run(self) -> None:
        for _ in range(STEPS):
            for number, theta in enumerate(self.thetas):
                products = self.data @ theta
                self.solved[number] |= bool((products > 0).all())
                theta += self._weights(number, products) @ self.data

    def _weights(self, number: int, products: np.ndarray) -> np.ndarray:
        if number < len(self.steps):
            self.peaks[number] = max(self.peaks[number], np.logaddexp(0, -products).mean())
            return self.steps[number] / len(products) * expit(-products)
        wrong = products <= 0
        return wrong / (len(products) if number == len(self.steps) else max(wrong.sum(), 1))
