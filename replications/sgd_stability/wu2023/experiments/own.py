"""Training outside a job: on a CPU, and on arrays of one's own."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike

from replications.sgd_stability.wu2023.experiments import dynamics
from replications.sgd_stability.wu2023.experiments.dynamics import Data, Dynamics
from verifig.ground.errors import InputError
from verifig.training.steps import Steps


def train(program: Dynamics, steps: int) -> None:
    """The first `steps` iterations of a program on a CPU."""
    blocks = Steps(program, torch.device("cpu"))
    for block in range(steps // program.block):
        blocks.take(block)


def metrics(program: Dynamics, steps: int) -> dict[str, np.ndarray]:
    """Train a program; its final metrics by row."""
    train(program, steps)
    return {name: values.numpy() for name, values in program.record().items()}


def problem(
    x: ArrayLike,
    y: ArrayLike,
    test: tuple[ArrayLike, ArrayLike] | None,
    learning_rates: Sequence[float],
    steps: int,
    algorithm: str,
    clip: float,
    seed: int,
    schedule: str,
    *,
    batch: int = 1,
    replacement: bool = True,
    block: int = 25,
    tolerance: float = 0.0,
    dtype: str = "float32",
) -> tuple[Data, list[dict]]:
    """Data and rows for a run on arrays of one's own.

    Args:
        block: iterations that are computed together; `steps` must be a multiple of it.
        tolerance: gradient descent stops once its training loss is below.

    Raises:
        InputError: a schedule, steps that are no multiple of the block, shapes that do not match, a batch of more than all
            samples.
    """
    dynamics.check_schedule(schedule)
    if steps % block:
        raise InputError(f"steps = {steps} must be a multiple of block = {block}")
    parts = [torch.as_tensor(np.asarray(part, float)) for part in (x, y, *(test or (x, y)))]
    if parts[0].dim() != 2 or parts[1].shape != parts[0].shape[:1]:
        raise InputError(
            f"inputs (n, d) and targets (n,) expected, not {tuple(parts[0].shape)}, {tuple(parts[1].shape)}"
        )
    if not replacement and batch > len(parts[0]):
        raise InputError(f"batch = {batch} without replacement must be at most the {len(parts[0])} samples")
    common = {
        "dimension": parts[0].shape[1], "algorithm": algorithm, "clip": clip, "seed": seed, "steps": steps,
        "log_every": steps, "block": block, "batch_size": batch, "replacement": replacement, "tolerance": tolerance,
        "dtype": dtype, "initial_ratio": math.nan,
    }  # fmt: skip
    return Data(*(part[None] for part in parts)), [common | {"learning_rate": rate} for rate in learning_rates]
