"""Statistics of the reduced networks on made-up probes."""

import numpy as np
import pytest

from replications.random_teachers.sarnthein2023.measuring import distillation
from replications.random_teachers.sarnthein2023.measuring.conditions import PROBES
from verifig.measuring.tables import Tables


class Probes:
    """Stands in for the series of one experiment: two seeds, one condition."""

    def __init__(self):
        self.artifact = {f"input_{probe}": np.array(0.9) for probe in PROBES}

    def last(self, condition: str, field: str) -> np.ndarray:
        return np.array([0.7, 0.95])

    def __getitem__(self, key: tuple[str, str]) -> np.ndarray:
        return np.array([0.6, 0.6]) if key[1].startswith("teacher") else np.array([[0.6, 0.7], [0.6, 0.95]])


def test_students_are_compared_with_the_raw_pixels_too():
    out = Tables()
    distillation._condition("plain", Probes(), "full", out)
    rows = out.statistics().query("statistic == 'linear_over_input'")
    assert rows["value"].tolist() == pytest.approx([-0.2, 0.05])
