"""The programs as wholes: what is recorded when, in which row, and that members of other sizes are told apart."""

import numpy as np
import pytest
import torch
from alone import CPU, assert_rows_are_members, small_run

from replications.grokking.tian2025 import energy
from replications.grokking.tian2025.experiments import ascent, modular

MODULUS = 7


def wave(frequency: int, phase: float = 0.3) -> torch.Tensor:
    """A unit cosine [M]."""
    places = torch.arange(MODULUS, dtype=torch.float64)
    return torch.cos(2 * torch.pi * frequency * places / MODULUS + phase) * (2 / MODULUS) ** 0.5


@pytest.fixture
def halves() -> torch.Tensor:
    """Two unit neurons [2, 2 M] whose u and v are of other frequencies and sizes: the strongest is once in u, once in v."""
    large, small = 0.7**0.5, 0.3**0.5
    rows = [torch.cat([large * wave(1), small * wave(2)]), torch.cat([small * wave(1), large * wave(3)])]
    return torch.stack(rows)


def test_ascents_are_recorded_by_member_and_step():
    conditions = {"m5": {"modulus": 5}, "m8": {"modulus": 8}, "shuffled": {"shuffle_labels": True}}
    run = small_run("tian2025", "ascent", modulus=5, seeds=2, steps=3, starts=2, chunk=3, conditions=conditions)
    found = ascent.ascent(run)
    assert found["steps"].tolist() == [0, 1, 2, 3]
    assert_rows_are_members(found, run.members, ascent.Ascent, [0, 1, 2, 3])
    for row, member in enumerate(run.members):
        exact = ascent.features(member)
        padded = np.r_[exact["feature_energy"], [np.nan] * 4][:4]
        np.testing.assert_allclose(found["feature_energy"][row], padded)
        np.testing.assert_allclose(found["between"][row], exact["between"])
    assert found["angle"].tolist() == list(range(0, 91, 3))


def test_networks_are_recorded_by_member_and_step():
    conditions = {"decay": {}, "few": {"train_fraction": 0.4}, "top_layer": {"train_hidden": False}}
    sizes = {"modulus": MODULUS, "width": 3, "steps": 4, "log_every": 2, "early_records": [1, 9], "chunk": 2}
    run = small_run("tian2025", "grok", seeds=3, conditions=conditions, **sizes)
    found = modular.modular(run)
    assert found["steps"].tolist() == [0, 1, 2, 4]
    assert_rows_are_members(found, run.members, modular.build, [0, 1, 2, 4])


def test_frequencies_of_a_neuron_are_those_of_both_halves(halves):
    member = small_run("tian2025", "ascent", modulus=MODULUS, starts=2, conditions={"m7": {}}, seeds=1).members[0]
    program = ascent.Ascent([member], CPU)
    program.tensors["weights"][0] = halves
    found = program.record()
    assert found["purity"][0].tolist() == pytest.approx([0.7, 0.7])
    assert found["frequency"][0].tolist() == [1, 3]
    member = small_run("tian2025", "grok", width=2, conditions={"decay": {}}, seeds=1).members[0]
    program = modular.build([member], CPU)
    program.net.weights[0][0].copy_(halves.T)
    assert program.record()["purity"].item() == pytest.approx(0.7, rel=1e-5)
    assert program.record()["frequencies"].item() == 0
    program.net.weights[0][0].copy_(torch.stack([halves[0], energy.maximiser(MODULUS, 3)]).T)
    assert program.record()["frequencies"].item() == 1
