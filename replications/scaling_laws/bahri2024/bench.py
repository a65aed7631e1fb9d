"""Speed of students trained side by side, and of a whole learning curve from one factorisation, within one run."""

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import torch

from replications.scaling_laws.bahri2024 import theory
from replications.scaling_laws.bahri2024.experiments.teacher_student import Students
from verifig.benchmarking.bench import Program, Result, paired
from verifig.planning import rulesets
from verifig.training.steps import Steps

DIMENSION, SAMPLES, DEPTH = 8, 512, 2
BATCH = 32
SIZES = (16, 64, 128)  # of the learning curve at which the reference is computed


def students(members: int, width: int) -> Callable[[], object]:
    """One step of students of eight inputs, a seed each."""
    settings = rulesets.settings(rulesets.load("bahri2024"), "teacher_student", "laptop", {"batch_size": BATCH})
    axes = {"dimension": DIMENSION, "samples": SAMPLES, "student_width": width, "depth": DEPTH}
    cpu, numbers = torch.device("cpu"), itertools.count()
    steps = Steps(Students([settings | axes | {"seed": seed} for seed in range(members)], cpu), cpu)
    return lambda: steps.take(next(numbers))


def operations(width: int) -> int:
    """Of the matrix products of a step: three layers, forward and twice backward."""
    return 6 * BATCH * (DIMENSION * width + (DEPTH - 1) * width**2 + width)


PROGRAM = Program(
    about="students of two hidden layers on eight inputs, minibatches of 32, Adam",
    make=students,
    member="student",
    width="hidden width",
    widths=(32, 64, 128, 256),
    usual=64,
    together=25,
    operations=operations,
    products="float32",
)


def bench() -> Iterator[Result]:
    """Comparison with one pseudo-inverse a size."""
    eigenvalues = theory.power_spectrum(1024, 1.0)
    rows = np.random.default_rng(1).standard_normal((SIZES[-1], 1024)) * np.sqrt(eigenvalues)
    losses = theory.nested_losses(rows, eigenvalues)
    worst = max(abs(losses[size - 1] / _direct(rows[:size], eigenvalues) - 1) for size in SIZES)
    yield paired(
        f"one pseudo-inverse a size over ours, learning curve of {SIZES[-1]} sizes",
        lambda: [_direct(rows[:size], eigenvalues) for size in SIZES],
        lambda: theory.nested_losses(rows, eigenvalues),
        work=(len(SIZES), SIZES[-1]),
        rounds=3,
        better="higher",
        note=f"losses differ by {worst:.0e}",
    )


def _direct(rows: np.ndarray, eigenvalues: np.ndarray) -> float:
    projector = np.linalg.pinv(rows) @ rows
    residual = np.sqrt(eigenvalues)[:, None] * (np.eye(len(eigenvalues)) - projector)
    return float((residual**2).sum() / (2 * len(eigenvalues)))
