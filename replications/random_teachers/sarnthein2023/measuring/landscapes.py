"""Statistics and curves of the loss around a teacher: lines through it and its students, and planes."""

import numpy as np
import pandas as pd

from verifig.measuring.series import Series
from verifig.measuring.tables import Tables, melt, ratio
from verifig.training.artifacts import Artifact


def lines(name: str, series: Series, out: Tables) -> None:
    """Shape of the valley on the line teacher + g (student - teacher), and on a random one of equal length, where there is one."""
    places = list(series.artifact["line"])
    if not places:
        return
    between = [k for k, g in enumerate(places) if 0 < g < 1]
    frames = []
    for condition in series.settings:
        label = {"condition": condition}
        line, random = (series.last(condition, field) for field in ("kl_line", "kl_random_line"))
        frames.append(melt({"value": line, "random": random}, **label, seed=range(len(line)), x=places))
        if -0.1 in places and 0.1 in places:
            back, forth = places.index(-0.1), places.index(0.1)
            out.per_seed(name, "asymmetry", ratio(line[:, back], line[:, forth]), label)
            out.per_seed(name, "random_asymmetry", ratio(random[:, back], random[:, forth]), label)
        if 1.0 in places and between:
            out.per_seed(name, "barrier", ratio(line[:, between].max(1), line[:, places.index(1.0)]), label)
    out.curve(f"{name}_line", pd.concat(frames))


def planes(artifact: Artifact, out: Tables) -> None:
    """The two planes as long tables with distance-preserving coordinates; corners are the models themselves."""
    axis = artifact["axis"]
    first, second = (grid.ravel() for grid in np.meshgrid(axis, axis))
    frames = []
    for view in ("shared", "nonlocal"):
        places = artifact[f"{view}_shift"] + np.stack([first, second], 1) @ artifact[f"{view}_map"].T
        columns = {"view": view, "a": first, "b": second, "x": places[:, 0], "y": places[:, 1]}
        fields = ("kl", "encoder_kl", "linear", "ridge", "norm")
        frames.append(pd.DataFrame(columns | {field: artifact[f"{view}_{field}"].ravel() for field in fields}))
        frame = frames[-1]
        teacher = frame[(frame["a"].abs() < 1e-9) & (frame["b"].abs() < 1e-9)]
        if len(teacher):
            out.exact("planes", "kl_at_teacher", abs(teacher["kl"].iloc[0]), {"view": view})
        norm = np.hypot(frame["x"], frame["y"])
        rest = np.sqrt(np.maximum(frame["norm"] ** 2 - norm**2, 0))  # distance of the plane from the origin
        if rest.mean() > 0:  # a plane through the origin has no distance to vary
            out.exact("planes", "norm_spread", float(np.ptp(rest) / rest.mean()), {"view": view})
    out.curve("planes", pd.concat(frames))
