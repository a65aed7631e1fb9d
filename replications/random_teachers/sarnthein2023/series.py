"""Records of the batched distillations, by condition."""

import numpy as np

from verifig.measuring import series
from verifig.training.artifacts import Artifact


class Series(series.Series):
    """Records over `steps`, and those of the teachers, which are not trained."""

    def __init__(self, artifact: Artifact):
        super().__init__(artifact, "steps")

    def teacher(self, condition: str, probe: str) -> np.ndarray:
        """The teachers' values [seeds] of a probe, for the seeds of a condition."""
        return self[condition, f"teacher_{probe}"]
