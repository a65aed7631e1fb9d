"""Oracles of the bai2023 rule set."""

import pytest

from replications.convex_relu.bai2023.experiments.descent import Quadratic


@pytest.mark.parametrize("rate", [0.05, 0.19, 0.21])
def test_each_step_multiplies_the_distance(rate):
    program = Quadratic([{"seed": 0, "curvature": 10.0, "learning_rate": rate}])
    before = program.tensors["x"].clone()
    program.step()
    assert program.tensors["x"].item() == pytest.approx((1 - 10 * rate) * before.item())
