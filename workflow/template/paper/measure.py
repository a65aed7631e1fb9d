"""Artifacts -> statistics and curves. One value per seed for each statistic; no torch."""

from collections.abc import Mapping

import pandas as pd

from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact


def measure(artifacts: Mapping[str, Artifact], out: Tables) -> None:
    """Fill `out` from whatever experiments ran at this scale."""
    if "descent" not in artifacts:
        return
    series, frames = Series(artifacts["descent"], "steps"), []
    for condition in series.settings:
        loss, name = series[condition, "loss"], {"condition": condition}
        out.per_seed("descent", "loss_ratio", loss[:, -1] / loss[:, 0], name)
        out.per_seed("descent", "first_loss", loss[:, 0], name)
        frames.append(melt(loss, **name, seed=range(len(loss)), x=series.points))
    out.curve("losses", pd.concat(frames))
