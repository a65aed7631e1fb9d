"""A whole program at a small size against each of its members trained alone, step by step."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from tape import take

from verifig.planning import rulesets
from verifig.training.checkpoint import Checkpoint
from verifig.training.run import Run

CPU = torch.device("cpu")


def small_run(slug: str, experiment: str, **changes) -> Run:
    """A job on the CPU without checkpoints: settings of the smoke scale with changes; conditions keep their own."""
    settings = dict(rulesets.load(slug).entry(experiment, "smoke").settings) | changes
    return Run({"settings": settings, "device": "cpu"}, Checkpoint(None, "key"), {}, lambda text: None)


def assert_rows_are_members(
    found: Mapping[str, np.ndarray],
    members: Sequence[Mapping],
    build: Callable[[Sequence[Mapping], torch.device], object],
    points: Sequence[int],
) -> None:
    """Assert that every record of a program [members, points, ...] is that of its member alone after so many steps.

    Args:
        found: arrays by name; those that no member records are left to the caller.
        build: makes the program of some members.
    """
    for row, member in enumerate(members):
        alone, before = build([member], CPU), 0
        for column, point in enumerate(points):
            take(alone, before, point)
            before = point
            for name, value in alone.record().items():
                stored = found[name]
                assert stored.shape[:2] == (len(members), len(points)), name
                expected = value[0].double().numpy()
                np.testing.assert_allclose(stored[row, column], expected, rtol=1e-4, atol=1e-5, err_msg=name)
