"""Depth before its limit: votes with the closed-form kernels of the Moebius family on the sphere."""

from collections.abc import Mapping

import numpy as np
import torch

from replications.infinite_depth.radhakrishnan2023.data import Split
from replications.infinite_depth.radhakrishnan2023.data import sphere as draw
from replications.infinite_depth.science.kernels import moebius_nngp, moebius_ntk
from replications.infinite_depth.science.votes import predicted, solved
from verifig.training.run import Run

LARGEST = 1 - 2e-16  # inner products count as this at most


def depth(run: Run) -> dict[str, np.ndarray]:
    """Every target (condition) and seed.

    Arrays [members, depths] for the NTK summed over training points (`ntk_`) and the NNGP (`nngp_`): `error` against noisy labels,
    `agreement` with the vote of the limit; [members, solved_depths] `solved_error`, `solved_agreement`: the NTK interpolant;
    [members] `limit_error`.
    """
    settings, members = run.settings, run.members
    found = []
    for number, member in enumerate(members):
        found.append(one(member, settings, run.device))
        run.progress(number + 1, len(members), "draws")
    return {name: np.array([each[name] for each in found]) for name in found[0]}


def one(member: Mapping, settings: Mapping, device: torch.device) -> dict[str, object]:
    """The arrays of one draw."""
    data, noise, p = draw(member, member["n"], member["target"], device), member["noise"], settings["p"]
    xi = (data.tests @ data.inputs.T).clamp_(max=LARGEST)

    def error(labels: torch.Tensor) -> float:
        return noise + (1 - 2 * noise) * (labels != data.truth).double().mean().item()

    limit = predicted((xi / (1 - xi)) @ data.labels)
    labels = {
        "ntk": [predicted(moebius_ntk(xi, p, L) @ data.labels) for L in settings["depths"]],
        "nngp": [predicted(moebius_nngp(xi, p, L) @ data.labels) for L in settings["depths"]],
        "solved": [interpolated(data, xi, p, L) for L in settings["solved_depths"]],
    }
    result: dict[str, object] = {"limit_error": error(limit)}
    for name, each in labels.items():
        result[f"{name}_error"] = [error(found) for found in each]
        result[f"{name}_agreement"] = [(found == limit).double().mean().item() for found in each]
    return result


def interpolated(data: Split, xi: torch.Tensor, p: float, layers: int) -> torch.Tensor:
    """Predictions [m] of the NTK interpolant."""
    gram = moebius_ntk((data.inputs @ data.inputs.T).clamp_(max=LARGEST).fill_diagonal_(1), p, layers)
    return predicted(moebius_ntk(xi, p, layers) @ solved(gram, data.labels))
