"""The analytic solution: exact accuracy, outputs of the size of its targets, periodic neurons; known participation ratios."""

import numpy as np

from verifig.measuring.tables import Tables, melt
from verifig.training.artifacts import Artifact

EXPERIMENT = "analytic"
VECTORS = ("cosine", "one_hot", "noise")
TRANSFORMS = ("one_sided", "all")


def measure(artifact: Artifact, out: Tables) -> None:
    """One value a draw and modulus at each width; participation ratios of known vectors by transform."""
    moduli, widths = artifact["moduli"], artifact["widths"]
    for i, p in enumerate(moduli):
        for j, width in enumerate(widths):
            where = {"p": f"{p}", "width": f"{width}"}
            for name in ("accuracy", "correct", "participation", "printed_accuracy", "printed_correct"):
                out.per_seed(EXPERIMENT, name, artifact[name][i, j], where)
            out.per_seed(EXPERIMENT, "scaled_spread", artifact["spread"][i, j] * np.sqrt(width), where)
        for k, transform in enumerate(TRANSFORMS):
            for vector, value in zip(VECTORS, artifact["known"][i, k], strict=True):
                out.exact(EXPERIMENT, f"{vector}_ratio", value, {"p": f"{p}", "transform": transform})
            expected = (1, 2 / (p + 1)) if transform == "one_sided" else (1 / 2, 1 / p)
            error = np.abs(artifact["known"][i, k, :2] - expected).max()
            out.exact(EXPERIMENT, "known_error", error, {"p": f"{p}", "transform": transform})
    draws = range(artifact["accuracy"].shape[2])
    names = ("accuracy", "correct", "spread", "printed_accuracy", "printed_correct")
    fields = {name: np.moveaxis(artifact[name], 1, 2) for name in names}
    out.curve("analytic", melt(fields, p=moduli, seed=draws, x=widths))
    known = np.moveaxis(artifact["known"], 0, 2)
    out.curve("known", melt(known, transform=TRANSFORMS, vector=VECTORS, p=moduli))
