"""Samples that naive Bayes and logistic regression need in the Gaussian mixture, by dimension."""

from collections.abc import Mapping

import numpy as np
import torch

from replications.linear_evaluation.science import THEME
from replications.linear_evaluation.science import sample_sizes as science
from replications.linear_evaluation.science.mixture import Mixture
from replications.linear_evaluation.zheng2023.experiments.padding import padded
from verifig.training.ensemble import generator
from verifig.training.run import Run


def sample_sizes(run: Run) -> dict[str, np.ndarray]:
    """For each rule `<rule>` [members, dimensions] samples m* (infinite: not reached), `<rule>_seen` [members, dimensions, places, 2].

    `_seen` are the sample sizes tried and their mean errors, NaN where fewer were tried. Members are condition x seed; those with
    fewer dimensions have NaN.
    """
    members, done, parts = run.members, 0, []
    total = sum(len(member["dimensions"]) for member in members)
    for member in members:
        parts.append([])
        for dimension in member["dimensions"]:
            name = f"{member['condition']} {member['seed']} {dimension}"
            found = run.once(name, lambda member=member, dimension=dimension: needed(member, dimension))
            parts[-1].append(found)
            done += 1
            run.progress(done, total, "searches")
    rules = sorted({rule for member in members for rule in member["rules"]})
    blank = {name: empty for rule in rules for name, empty in ((rule, np.nan), (f"{rule}_seen", np.empty((0, 2))))}
    return {
        name: padded([padded([part.get(name, empty) for part in own]) for own in parts])
        for name, empty in blank.items()
    }


def needed(member: Mapping, dimension: int) -> dict[str, np.ndarray]:
    """m* and what was tried, by rule, for one draw of everything; the covariance leaves the draws as they are."""
    mixture = Mixture(dimension, member["classes"], member["covariance"])

    def stream(name: object) -> torch.Generator:
        return generator(THEME, "mixture", member["classes"], dimension, member["seed"], name)

    result = {}
    for rule in member["rules"]:
        most = 1.0 if rule == "nearest_mean" else member["most"]
        found, seen = science.sample_size(mixture, rule, stream, member["draws"], member["points"], most)
        result |= {rule: np.array(found), f"{rule}_seen": seen}
    return result
