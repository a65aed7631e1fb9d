"""Data sets with few samples and how they are split: what a representation is fitted on, a pool to draw from, a test part."""

import functools
import hashlib
import importlib
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.linear_evaluation.science import THEME
from verifig.ground.errors import InputError
from verifig.training.data import embedded
from verifig.training.ensemble import generator

BREAST_CANCER = "25e2eb7b7a8745b1bde5ba18bc4969983d2e2f403291ecd5bde4a29ef30c3859"
POOL_SHARE = 0.6  # of a data set without a part to fit a representation on


@functools.cache
def load(dataset: str) -> tuple[Tensor, Tensor]:
    """Features [count, n] float64 and labels [count] of mnist_5k, digits or breast_cancer (scikit-learn's, 30 features).

    Raises:
        InputError: scikit-learn ships another breast_cancer than expected.
    """
    if dataset != "breast_cancer":
        features, labels = embedded(dataset)
    else:
        # loaded by name, so that no version of scikit-learn is in a training key: the digest of what it holds is
        features, labels = importlib.import_module("sklearn.datasets").load_breast_cancer(return_X_y=True)
        features, labels = np.ascontiguousarray(features, np.float64), np.ascontiguousarray(labels, np.int64)
        found = hashlib.sha256(features.tobytes() + labels.tobytes()).hexdigest()
        if found != BREAST_CANCER:
            raise InputError(f"scikit-learn's breast_cancer has sha256 {found}, expected {BREAST_CANCER}")
    return torch.from_numpy(features), torch.from_numpy(labels)


def split(member: Mapping) -> dict[str, Tensor]:
    """Rows of a member's split by part: `fit`, `pool`, `test`; it depends on data set and seed alone.

    Of mnist_5k a half, a quarter and a quarter at random; of the others 60 % and 40 % of each class, nothing to fit on.
    """
    _, labels = load(member["dataset"])
    stream = generator(THEME, "split", member["dataset"], member["seed"])
    order = torch.randperm(len(labels), generator=stream)
    if member["dataset"] == "mnist_5k":
        half, quarter = len(labels) // 2, len(labels) // 4
        return {"fit": order[:half], "pool": order[half : half + quarter], "test": order[half + quarter :]}
    pool, test = [], []
    for k in labels.unique():
        rows = order[labels[order] == k]
        count = round(POOL_SHARE * len(rows))
        pool.append(rows[:count])
        test.append(rows[count:])
    return {"fit": order[:0], "pool": torch.cat(pool), "test": torch.cat(test)}


def subsets(labels: Tensor, size: int, member: Mapping) -> Tensor:
    """`draws` subsets [draws, size] of a pool with these labels [count], each drawn anew until every class is there."""
    stream = generator(THEME, "subset", member["dataset"], member["seed"], size)
    classes, rows = len(labels.unique()), []
    while len(rows) < member["draws"]:
        chosen = torch.randperm(len(labels), generator=stream)[:size]
        if len(labels[chosen].unique()) == classes:
            rows.append(chosen)
    return torch.stack(rows)
