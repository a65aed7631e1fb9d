"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact
from verifig.training.members import members_of


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "descent" not in artifacts:
        return
    artifact = artifacts["descent"]
    names = np.array([member["condition"] for member in members_of(artifact.meta["job"]["settings"])])
    loss = artifact["loss"]
    frames = []
    for name in np.unique(names):
        chosen = loss[names == name]
        out.per_seed("descent", "loss_ratio", chosen[:, -1] / chosen[:, 0], {"condition": name})
        out.per_seed("descent", "first_loss", chosen[:, 0], {"condition": name})
        seeds, steps = np.meshgrid(np.arange(len(chosen)), artifact["steps"], indexing="ij")
        frames.append(
            pd.DataFrame({"condition": name, "seed": seeds.ravel(), "x": steps.ravel(), "value": chosen.ravel()})
        )
    out.curve("losses", pd.concat(frames))
