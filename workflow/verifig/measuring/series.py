"""Records of a training experiment by condition, for `measure`."""

import numpy as np

from verifig.training.artifacts import Artifact
from verifig.training.members import members_of


class Series:
    """`series[condition, field]` is [seeds, log points, ...].

    Args:
        artifact: records whose first axis are the members of the job (see `members_of`).
        points: name of the array of log points (epochs, steps).

    Attributes:
        points: the log points [T].
        settings: by condition, the settings of one of its members.
    """

    def __init__(self, artifact: Artifact, points: str):
        self.artifact, self.points = artifact, artifact[points]
        self.settings: dict[str, dict] = {}
        self._rows: dict[str, list[int]] = {}
        for index, member in enumerate(members_of(artifact.meta["job"]["settings"])):
            self._rows.setdefault(member["condition"], []).append(index)
            self.settings[member["condition"]] = member

    def __contains__(self, condition: str) -> bool:
        return condition in self.settings

    def __getitem__(self, key: tuple[str, str]) -> np.ndarray:
        condition, field = key
        return self.artifact[field][self._rows[condition]]

    def at(self, condition: str, field: str, point: float) -> np.ndarray:
        """Values [seeds, ...] at the last log point up to `point`."""
        return self[condition, field][:, np.flatnonzero(self.points <= point)[-1]]

    def last(self, condition: str, field: str) -> np.ndarray:
        """Values [seeds, ...] at the last log point."""
        return self[condition, field][:, -1]

    def seeds(self, condition: str) -> int:
        """Number of seeds of a condition."""
        return len(self._rows[condition])
