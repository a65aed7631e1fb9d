"""Speed of logistic regression, as ratios within one run: against one data set after the other, and scikit-learn at the same tolerance."""

from collections.abc import Callable, Iterator

import torch
from sklearn.linear_model import LogisticRegression

from replications.linear_evaluation.science.logistic import logistic
from replications.linear_evaluation.science.mixture import Mixture
from verifig.benchmarking.bench import Program, Result, paired

CLASSES, SAMPLES = 10, 200


def fits(members: int, width: int) -> Callable[[], object]:
    """Fits of ten classes on 200 samples of random features in [0, 1]."""
    x, y = _features(members, width)
    return lambda: logistic(x, y, CLASSES)


PROGRAM = Program(
    about="logistic regression of 10 classes on 200 samples, by Newton's method",
    make=fits,
    member="data set",
    width="features",
    widths=(16, 32, 64, 128),
    usual=32,
    together=16,
    members=(1, 4, 16, 64),
    operations=lambda width: 4 * SAMPLES * width * CLASSES,
)


def bench() -> Iterator[Result]:
    """One program over single ones, and scikit-learn over ours, on features and in the simulation."""
    x, y = _features(16, 32)
    alone = [(x[k : k + 1], y[k : k + 1]) for k in range(len(x))]
    yield paired(
        "16 data sets in turn over one program",
        lambda: [logistic(*each, CLASSES) for each in alone],
        lambda: logistic(x, y, CLASSES),
        better="higher",
    )
    yield paired("scikit-learn over ours, 10 classes", _theirs(x, y), lambda: logistic(x, y, CLASSES), better="higher")
    for classes, n, m in ((2, 400, 400), (3, 100, 300)):
        x, y = Mixture(n, classes).draw(5, m, torch.Generator().manual_seed(0))
        yield paired(
            f"scikit-learn over ours, simulation with {classes} classes",
            _theirs(x, y),
            lambda x=x, y=y, classes=classes: logistic(x, y, classes),
            better="higher",
        )


def _features(count: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    stream = torch.Generator().manual_seed(0)
    y = torch.arange(SAMPLES).remainder(CLASSES).repeat(count, 1)
    x = torch.rand(count, SAMPLES, width, generator=stream, dtype=torch.float64)
    x[..., 0] += y / CLASSES
    return x, y


def _theirs(x: torch.Tensor, y: torch.Tensor) -> Callable[[], None]:
    data = [(each.numpy(), labels.numpy()) for each, labels in zip(x, y, strict=True)]

    def run() -> None:
        for each, labels in data:
            LogisticRegression(tol=1e-8, max_iter=10000).fit(each, labels)

    return run
