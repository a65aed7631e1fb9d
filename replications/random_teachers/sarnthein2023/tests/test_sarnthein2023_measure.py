"""Statistics of the reduced networks on made-up probes."""

import numpy as np
import pytest

from replications.random_teachers.sarnthein2023 import measure
from verifig.measuring.tables import Tables


class Probes:
    """Stands in for the series of one experiment: two seeds, one condition."""

    def __init__(self):
        self.artifact = {f"input_{probe}": np.array(0.9) for probe in measure.PROBES}

    def last(self, condition: str, field: str) -> np.ndarray:
        return np.array([0.7, 0.95])

    def teacher(self, condition: str, probe: str) -> np.ndarray:
        return np.array([0.6, 0.6])

    def __getitem__(self, key: tuple[str, str]) -> np.ndarray:
        return np.array([[0.6, 0.7], [0.6, 0.95]])


def test_students_are_compared_with_the_raw_pixels_too():
    out = Tables()
    measure._condition("plain", Probes(), "full", out)
    rows = out.statistics().query("statistic == 'linear_over_input'")
    assert rows["value"].tolist() == pytest.approx([-0.2, 0.05])
