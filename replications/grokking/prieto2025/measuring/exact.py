"""Oracles: exact floating-point facts."""

import pandas as pd

from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact


def thresholds(artifact: Artifact, out: Tables) -> None:
    """Oracles: collapse thresholds against theory, StableMax against softmax, projection identities."""
    for precision in ("float16", "float32", "float64"):
        found, theory = artifact[f"threshold_{precision}"], float(artifact[f"theory_{precision}"])
        for event, value in zip(("loss", "gradient", "collapsed"), found, strict=True):
            out.exact("thresholds", "threshold_error", abs(value - theory), {"precision": precision, "event": event})
        out.exact("thresholds", "threshold", found[0], {"precision": precision})
        out.exact(
            "thresholds", "wrong_gradient", float(artifact[f"wrong_gradient_{precision}"]), {"precision": precision}
        )
    for name in ("prop1", "orthogonality", "descent", "euler"):
        out.exact("thresholds", name, float(artifact[name]))
    frame = pd.DataFrame({name: artifact[name] for name in ("x", "s", "exp")})
    out.curve("stablemax_function", frame)
