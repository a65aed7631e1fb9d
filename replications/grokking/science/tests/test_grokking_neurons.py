"""Periodicity of the hidden units of networks on pairs of numbers."""

import math

import pytest
import torch

from replications.grokking.science import fourier, neurons
from verifig.training.ensemble import generator

P = 11


def wave(frequency: int, phase: float = 0.2) -> torch.Tensor:
    return torch.cos(2 * math.pi * frequency * torch.arange(P, dtype=torch.float64) / P + phase)


def test_participation_is_the_mean_over_both_input_rows_and_the_output_row():
    stream = generator("neurons")
    w1, w2 = (torch.randn(2, *shape, generator=stream) for shape in ((2 * P, 3), (3, P)))
    found = neurons.participation(w1, w2, torch.arange(P))
    assert found.shape == (2, 3)
    rows = w1[1, :P, 2], w1[1, P:, 2], w2[1, 2]
    expected = sum(fourier.participation(row.double()) for row in rows) / 3
    assert found[1, 2].item() == pytest.approx(expected.item())
    order = torch.randperm(P, generator=stream)
    expected = sum(fourier.participation(row.double()[order]) for row in rows) / 3
    assert neurons.participation(w1, w2, order)[1, 2].item() == pytest.approx(expected.item())


def test_purity_is_the_share_of_the_strongest_frequency_of_both_halves_and_its_mean_weighs_neurons():
    pure, mixed = torch.cat([wave(1), wave(1)]), torch.cat([wave(2), 2 * wave(3)])
    strengths = neurons.strengths(torch.stack([3 * pure + 1, mixed], 1)[None])
    assert strengths.shape == (1, 2, P // 2)
    assert neurons.purity(strengths)[0].tolist() == pytest.approx([1, 0.8])
    energies = 9 * 2, 1 + 4
    mean = (energies[0] + 0.8 * energies[1]) / sum(energies)
    assert neurons.mean_purity(strengths).tolist() == pytest.approx([mean])
