"""Regularisation sweeps of the unconstrained-features model: our extension."""

import numpy as np

from replications.neural_collapse.dang2023 import closed_form
from replications.neural_collapse.dang2023.experiments.unconstrained import fit
from verifig.training.run import Run


def sweep(run: Run) -> dict[str, np.ndarray]:
    """Regularisation sweeps in class columns; members are every condition x seed x level.

    Conditions with `decays` train at these common decays. The others follow balanced classes at `betas` (levels of
    `closed_form.pressure`), given as such, in units of the collapse threshold, or in units of the spinodal.

    Returns:
        records of the last iteration only, `owner` [members] (row of `run.members`), `level` and `common_decay`.
    """
    members, owner, level = [], [], []
    for row, member in enumerate(run.members):
        total, size = sum(member["sizes"]), member["sizes"][0]
        depth = member["depth"]
        threshold, limit = closed_form.collapse_threshold(depth), closed_form.spinodal(depth)
        betas = [*member["betas"], *(threshold * u for u in member["over_threshold"])]
        betas += [limit * u for u in member["over_spinodal"]]
        rates = list(member["decays"]) or [closed_form.decay_at(beta, size, total, depth) for beta in betas]
        for value, rate in zip(member["decays"] or betas, rates, strict=True):
            members.append(member | {"weight_decay": rate, "feature_decay": rate})
            owner.append(row)
            level.append(value)
    records = fit(run, members)
    last = {name: array[:, -1] for name, array in records.items() if name != "iterations"}
    rates = np.array([member["weight_decay"] for member in members])
    return last | {"owner": np.array(owner), "level": np.array(level), "common_decay": rates}
