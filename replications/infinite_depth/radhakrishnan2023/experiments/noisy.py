"""Votes with singular kernels of several orders on images with wrong training labels."""

import numpy as np

from replications.infinite_depth.radhakrishnan2023.data import images as read
from replications.infinite_depth.radhakrishnan2023.data import split
from replications.infinite_depth.radhakrishnan2023.experiments.images import nearest
from replications.infinite_depth.science.votes import predicted, singular_votes, squared_distances
from verifig.training.run import Run


def noisy(run: Run) -> dict[str, np.ndarray]:
    """Clean test errors: `error` [members, orders] and `nearest` [members]."""
    settings, members = run.settings, run.members
    parts = read(settings["dataset"], None)
    errors, neighbours = [], []
    for number, member in enumerate(members):
        data = split(parts, member, run.device)
        squared = squared_distances(data.tests, data.inputs)
        votes = [singular_votes(squared, data.labels, order) for order in settings["orders"]]
        errors.append([(predicted(each) != data.truth).double().mean().item() for each in votes])
        neighbours.append((nearest(data) != data.truth).double().mean().item())
        run.progress(number + 1, len(members), "draws")
    return {"error": np.array(errors), "nearest": np.array(neighbours)}
