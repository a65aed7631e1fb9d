"""Records of the batched distillations, by condition."""

import numpy as np

from verifig.artifacts import Artifact
from verifig.rulesets import members


class Series:
    """`self[condition, field]` is [seeds, log points, ...]; `steps` are the log points."""

    def __init__(self, artifact: Artifact):
        self.artifact, self.steps = artifact, artifact["steps"]
        self.rows: dict[str, list[int]] = {}
        self.settings: dict[str, dict] = {}
        for index, member in enumerate(members(artifact.meta["job"]["settings"])):
            self.rows.setdefault(member["condition"], []).append(index)
            self.settings[member["condition"]] = member

    def __getitem__(self, key: tuple[str, str]) -> np.ndarray:
        condition, field = key
        return self.artifact[field][self.rows[condition]]

    def last(self, condition: str, field: str) -> np.ndarray:
        """Values [seeds, ...] after the last step."""
        return self[condition, field][:, -1]

    def teacher(self, condition: str, probe: str) -> np.ndarray:
        """The teachers' values [seeds] of a probe, for the seeds of a condition."""
        return self.artifact[f"teacher_{probe}"][: len(self.rows[condition])]
