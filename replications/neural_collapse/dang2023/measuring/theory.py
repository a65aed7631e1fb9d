"""Statistics of the closed forms: oracles, thresholds, and angles of the cross-entropy geometry."""

import numpy as np

from replications.neural_collapse.dang2023 import closed_form
from replications.neural_collapse.dang2023.cross_entropy_geometry import simplex_labels
from verifig.measuring.tables import Tables
from verifig.training.artifacts import Artifact

SELI_RATIOS = (1, 10, 100)


def measure(artifact: Artifact, out: Tables) -> None:
    """Worst cases of the oracles; thresholds and counts of classes by depth; ratios and cosines of SELI."""
    for statistic, combine in (("gradient", np.max), ("objective_error", np.max), ("least_rise", np.min)):
        out.exact("theory", statistic, combine(artifact[statistic]))
    out.exact("theory", "scaling_error", float(artifact["scaling_error"]))
    for k, pair in enumerate(("frame to frame", "frame to simplex", "simplex to simplex")):
        out.exact("theory", "misfit", artifact["of_misfit"][k], {"pair": pair})
    depths = artifact["depths"]
    for statistic in ("threshold", "spinodal", "critical_decay"):
        for depth, value in zip(depths, artifact[statistic], strict=True):
            out.exact("theory", statistic, value, {"depth": depth})
    for depth, counts in zip(depths, artifact["nonzero"], strict=True):
        critical = [closed_form.critical_decay(size, 400, depth) for size in (200, 100, 50, 50)]
        expected = (artifact["decays"][:, None] < np.array(critical)).sum(1)
        out.exact("theory", "count_errors", int((counts != expected).sum()), {"depth": depth})
    for ratio in SELI_RATIOS:
        grams = simplex_labels([ratio] * 5 + [1] * 5)
        for name, gram in grams.items():
            out.exact("theory", f"seli_{name}_ratio", gram[0, 0] / gram[-1, -1], {"ratio": ratio})
            out.exact("theory", f"seli_{name}_cosine", gram[-1, -2] / gram[-1, -1], {"ratio": ratio})
