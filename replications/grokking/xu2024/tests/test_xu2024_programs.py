"""The program as a whole: what is recorded when, in which row; how networks and histograms begin."""

import pytest
import torch
from alone import assert_rows_are_members, small_run
from test_xu2024_oracles import SIZES, member

from replications.grokking.xu2024.experiments import clusters, network


def test_networks_are_recorded_by_member_and_step():
    """Of 11 steps with growth 0.5 those after 1, 2, 3, 4, 6, 9 and 11 are taken."""
    conditions = {"plain": {}, "frozen": {"freeze": True}, "noisy": {"flip": 0.4}}
    sizes = SIZES | {"steps": 11, "growth": 0.5, "width": 6, "record_at": [0, 1, 5, 11, 40], "chunk": 2}
    run = small_run("xu2024", "runs", **sizes, seeds=3, conditions=conditions)
    found = network.network(run)
    assert found["steps"].tolist() == [0, 1, 6, 11]
    assert_rows_are_members(found, run.members, network.Network, [0, 1, 5, 7])


def test_output_weights_are_fair_signs_over_the_root_of_the_width():
    outer = network.Network([member(seed, width=400) for seed in range(5)]).outer
    assert outer.abs().unique().tolist() == pytest.approx([0.05])
    assert 0.45 < (outer > 0).double().mean() < 0.55
    assert len({tuple(row) for row in outer[:, 0].tolist()}) == 5


def test_first_weights_have_their_deviation_along_every_coordinate():
    start = network._start(member(width=4000, initial_std=0.02))
    along = start["plane_start"].double()
    assert torch.allclose(along.std(1), torch.tensor([0.02, 0.02], dtype=torch.float64), rtol=0.05)
    points = clusters.draw(member(), 0).points[:12]
    spread = start["train_start"].double().std(1) / points.norm(dim=1)
    assert torch.allclose(spread, torch.full((12,), 0.02, dtype=torch.float64), rtol=0.08)


def test_a_histogram_counts_sixtieths_from_minus_three_to_three_and_what_lies_beyond_in_its_ends():
    values = torch.tensor([-9.0, -2.99, -0.001, 0.001, 0.034, 2.99, 3.5, 1.0]).expand(1, 2, 8)
    chosen = torch.tensor([[[True] * 7 + [False]]])
    counts = network._histogram(values, chosen)
    assert counts.shape == (1, 2, 180)
    filled = {int(k): counts[0, 1, k].item() for k in counts[0, 1].nonzero()[:, 0]}
    assert filled == {0: 2, 89: 1, 90: 1, 91: 1, 179: 2}
