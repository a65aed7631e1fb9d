"""Every statistic that a claim names, on an artifact with known curves."""

from made_up import artifact, values

from replications.convex_relu.bai2023.measure import measure
from verifig.measuring.tables import Tables


def test_losses_are_measured_by_condition_and_seed():
    """Members are condition, by name, x seed: `above` with two seeds, then `below`."""
    losses = [[1.0, 4.0, 16.0], [2.0, 4.0, 8.0], [4.0, 2.0, 1.0], [3.0, 1.0, 0.375]]
    out = Tables()
    measure({"descent": artifact({"loss": losses, "steps": [0, 1, 10]}, {"below": {}, "above": {}}, seeds=2)}, out)
    assert values(out, "loss_ratio") == {"condition=above": [16, 4], "condition=below": [0.25, 0.125]}
    assert values(out, "first_loss") == {"condition=above": [1, 2], "condition=below": [4, 3]}
