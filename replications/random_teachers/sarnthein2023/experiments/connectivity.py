"""Linear mode connectivity of fine-tuned encoders, from an initial and from a distilled start (Figure 9)."""

import itertools
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from replications.random_teachers.sarnthein2023.experiments import images
from replications.random_teachers.sarnthein2023.experiments.finetuning import Classifier, distilled, statistics_of
from verifig.ground.keys import key
from verifig.training.run import Run


def line(first: Tensor, second: Tensor, places: np.ndarray) -> list[Tensor]:
    """Parameters gamma first + (1 - gamma) second at each place gamma, exact at both ends."""
    return [second if g == 0 else first if g == 1 else g * first + (1 - g) * second for g in places.tolist()]


def connectivity(run: Run) -> dict[str, np.ndarray]:
    """Every start x seed: test errors [members, pairs, points] between fine-tuned models of different batch orders."""
    result = []
    for number, member in enumerate(run.members):
        source = member | {"condition": None, "start": None}
        name = f"student {key(source)}"  # conditions share it where its settings are equal
        ends = run.once(name, lambda source=source: distilled(source, run))
        data = images.load(member["targets"][0], member, run).to(run.device)
        result.append(_errors(run, f"start {number}", member, ends, data))
    return {"errors": np.stack(result), "places": _places(run.members[0])}


def _places(settings: Mapping) -> np.ndarray:
    return np.linspace(0, 1, settings["line_points"])


def _errors(run: Run, name: str, member: Mapping, ends: Mapping, data: images.Images) -> np.ndarray:
    """Fine-tune once per batch order, then measure every pair; statistics are recomputed at every point."""
    classifier = Classifier(member, data)
    parameters, statistics = torch.from_numpy(ends[member["start"]]), statistics_of(ends, member["start"])

    def finetune(order: int) -> dict[str, np.ndarray]:
        classifier.start_from(parameters.to(run.device), statistics)
        classifier.train(order, member["finetune_epochs"])
        return {"parameters": classifier.flat[0].cpu().numpy().copy()}

    tuned = []
    for order in range(member["orders"]):
        tuned.append(run.once(f"{name} order {order}", lambda order=order: finetune(order))["parameters"])
        run.progress(order + 1, member["orders"], f"fine-tunings of {name}")

    def measure(first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
        errors = []
        for point in line(torch.from_numpy(first), torch.from_numpy(second), _places(member)):
            classifier.flat[0].copy_(point)
            classifier.refresh_statistics()
            errors.append(classifier.error())
        return {"errors": np.array(errors)}

    pairs = list(itertools.combinations(range(member["orders"]), 2))
    rows = []
    for a, b in pairs:
        found = run.once(f"{name} pair {a}-{b}", lambda a=a, b=b: measure(tuned[a], tuned[b]))
        rows.append(found["errors"])
    return np.stack(rows)
