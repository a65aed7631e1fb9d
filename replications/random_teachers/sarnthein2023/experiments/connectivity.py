"""Linear mode connectivity of fine-tuned encoders, from an initial and from a distilled start (Figure 9)."""

import functools
import itertools
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.random_teachers.sarnthein2023.experiments.finetuning import Finetuning, State, Training, starts
from verifig.training.run import Run


def line(first: Tensor, second: Tensor, places: np.ndarray) -> list[Tensor]:
    """Parameters gamma first + (1 - gamma) second at each place gamma, exact at both ends."""
    return [second if g == 0 else first if g == 1 else g * first + (1 - g) * second for g in places.tolist()]


def connectivity(run: Run) -> dict[str, np.ndarray]:
    """Every start x seed: test errors [members, pairs, points] between fine-tuned models of different batch orders."""
    errors = [
        _errors(Finetuning(run, f"start {number}", member), start)
        for number, (member, start) in enumerate(zip(run.members, starts(run), strict=True))
    ]
    return {"errors": np.stack(errors), "places": _places(run.members[0])}


def _places(settings: Mapping) -> np.ndarray:
    return np.linspace(0, 1, settings["line_points"])


def _errors(tuning: Finetuning, start: State) -> np.ndarray:
    """Fine-tune once per batch order, then measure every pair; statistics are recomputed at every point."""
    run, member = tuning.run, tuning.member
    programs = [functools.partial(Training, order=order) for order in range(member["orders"])]
    tuned = torch.from_numpy(tuning.train("orders", start, programs, member["finetune_epochs"])["parameters"])

    def measure(first: Tensor, second: Tensor) -> dict[str, np.ndarray]:
        classifier, errors = tuning.classifier, []
        for point in line(first, second, _places(member)):
            classifier.flat[0].copy_(point)
            classifier.refresh_statistics()
            errors.append(classifier.error())
        return {"errors": np.array(errors)}

    pairs, rows = list(itertools.combinations(range(member["orders"]), 2)), []
    run.progress(0, len(pairs), "pairs")
    for a, b in pairs:
        found = run.once(f"{tuning.name} pair {a}-{b}", lambda a=a, b=b: measure(tuned[a], tuned[b]))
        rows.append(found["errors"])
        run.progress(len(rows), len(pairs), "pairs")
    return np.stack(rows)
