"""Where the test error peaks, and what it will be (Nakkiran et al. 2020; Simon et al. 2024)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from replications.double_descent.simon2024 import eigenframework
from verifig.ground.errors import InputError
from verifig.judging.stats import Interval, mean

__all__ = ["Prediction", "effective_model_complexity", "peak", "predicted_errors"]


@dataclass(frozen=True)
class Prediction:
    """Mean squared errors, noise included, by sample size and number of features: arrays [points]."""

    sizes: np.ndarray
    features: np.ndarray
    test: np.ndarray
    train: np.ndarray


def predicted_errors(
    kernel: np.ndarray,
    targets: np.ndarray,
    sizes: int | Sequence[int],
    ridge: float = 0.0,
    features: float | Sequence[float] = math.inf,
    noise: float = 0.0,
) -> Prediction:
    """Test and training error of (random-feature) kernel ridge regression from the eigenframework of Simon et al. (2024).

    The kernel's eigenvalues and the target's coefficients are estimated on a pool of N points; `sizes` should stay well
    below N. Nothing is trained.

    Args:
        kernel: [N, N], symmetric and positive semi-definite, of the pool. targets: [N] or [N, outputs], noise-free;
            squared errors add up over outputs.
        sizes: n, numbers of training samples.
        ridge: added to the kernel matrix as it stands, not divided by n.
        features: k, numbers of random features, infinite for the kernel itself; as many as `sizes`, or one of either.
        noise: variance of label noise, over all outputs.

    Raises:
        InputError: shapes that do not fit, a kernel that is not symmetric, sizes beyond the pool, or a case without a
            finite error (k = n without a ridge).
    """
    kernel, targets = np.asarray(kernel, float), np.asarray(targets, float)
    if kernel.ndim != 2 or kernel.shape[0] != kernel.shape[1] or len(targets) != len(kernel):
        raise InputError(f"a kernel {kernel.shape} and targets {targets.shape} are not of one pool of points")
    if not (np.isfinite(kernel).all() and np.isfinite(targets).all()):
        raise InputError("kernel and targets must be finite")
    if not np.allclose(kernel, kernel.T, rtol=0, atol=1e-8 * np.abs(kernel).max()):
        raise InputError("the kernel is not symmetric")
    sizes, features = np.broadcast_arrays(np.atleast_1d(sizes), np.atleast_1d(np.asarray(features, float)))
    if any(not 1 <= size < len(kernel) for size in sizes):
        raise InputError(f"sizes must be at least 1 and below the pool's {len(kernel)} points")
    columns = targets[:, None] if targets.ndim == 1 else targets
    first = eigenframework.kernel_task(kernel, columns)
    task = eigenframework.Task(first.eigenvalues, first.target.sum(1), noise)
    try:
        found = [eigenframework.risk(task, int(n), k, ridge) for n, k in zip(sizes, features, strict=True)]
    except ValueError as error:
        raise InputError(str(error)) from error
    test, train = np.array(found).T
    return Prediction(sizes, features, test, train)


def effective_model_complexity(
    train_error: Callable[[int, int], float], sizes: Sequence[int], tolerance: float = 0.1, trials: int = 3
) -> int:
    """The most samples on which a training procedure reaches a small mean training error (Nakkiran et al. 2020, Definition 1).

    Sizes are tried in ascending order until one fails: the error is taken to grow with the samples.

    Args:
        train_error: (samples n, trial) -> training error of the procedure on a fresh draw of n samples.
        tolerance: epsilon; the paper's experiments take .1.

    Returns:
        The largest of `sizes` that is passed; 0 where the smallest fails.
    """
    if not sizes or trials < 1:
        raise InputError("give at least one size and one trial")
    passed = 0
    for size in sorted(sizes):
        if not np.mean([train_error(size, trial) for trial in range(trials)]) <= tolerance:
            break
        passed = size
    return passed


def peak(x: Sequence[float], errors: np.ndarray) -> tuple[float, Interval]:
    """Where the test error is largest on the way (an end is no peak), and how high it rises, over repeated runs.

    Args:
        x: ascending, e.g. widths or sample sizes [points]. errors: [runs, points], runs at least 2.

    Returns:
        (the x of the largest mean error among the inner points, the 95 % Student t interval over runs of the rise from the
        lowest mean error before it); NaN and an interval below 0 are no double descent.
    """
    errors, x = np.atleast_2d(np.asarray(errors, float)), np.asarray(x, float)
    if errors.shape[1] != len(x) or len(x) < 3 or (np.diff(x) <= 0).any():
        raise InputError("x must ascend, with one column of errors each and at least three points")
    centre = errors.mean(0)
    # the largest rise from a point before: a curve that only falls has none
    rises = centre[1:-1] - np.minimum.accumulate(centre)[:-2]
    place = 1 + int(rises.argmax())
    lowest = int(centre[:place].argmin())
    rise = mean(errors[:, place] - errors[:, lowest])
    return (float(x[place]) if rise.observed > 0 else float("nan")), rise
