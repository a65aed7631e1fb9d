"""Trajectories over the loss surface: losses along each run, its path and sections."""

import pandas as pd

from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, melt


def measure(series: Series, out: Tables) -> None:
    """How training and test loss of each run end relative to their start and lowest value; paths and sections as tables."""
    experiment, artifact = "landscape53", series.artifact
    for condition in series.settings:
        name = {"condition": condition}
        train, test = series[condition, "train_loss"], series[condition, "test_loss"]
        out.per_seed(experiment, "train_loss_end_over_start", train[:, -1] / train[:, 0], name)
        out.per_seed(experiment, "test_loss_end_over_start", test[:, -1] / test[:, 0], name)
        out.per_seed(experiment, "train_loss_end_over_lowest", train[:, -1] / train.min(1), name)
    paths, surfaces = [], []
    for index, condition in enumerate(sorted(series.settings)):
        x, y = artifact["path"][index].T
        losses = {f"{which}_loss": series[condition, f"{which}_loss"][0] for which in ("train", "test")}
        paths.append(pd.DataFrame({"condition": condition, "epoch": series.points, "x": x, "y": y, **losses}))
        x, y = artifact["grid"][index]
        planes = {which: artifact[f"surface_{which}"][index] for which in ("train", "test")}
        surfaces.append(melt(planes, condition=condition, y=y, x=x)[["condition", "x", "y", *planes]])
        out.exact(experiment, "lowest_share_in_plane", artifact["in_plane"][index].min(), {"condition": condition})
    out.curve("landscape_paths", pd.concat(paths))
    out.curve("landscape_surface", pd.concat(surfaces))
