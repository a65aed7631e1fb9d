"""Instruments on known weights, against definitions, autograd, and the functions of the papers that own them."""

import math

import pytest
import torch
from test_instruments2026_capture import CPU, members

from replications.grokking.instruments2026.experiments import watched
from replications.grokking.instruments2026.experiments.instruments import Instruments
from verifig.training.ensemble import Parameters, generator

P, WIDTH = 7, 4


def made(seed: int = 0, dtype: torch.dtype = torch.float64) -> tuple[Parameters, Instruments]:
    parameters = Parameters({"w1": (2 * P, WIDTH), "w2": (WIDTH, P)}, 1, dtype, CPU)
    parameters.flat.copy_(torch.randn(parameters.flat.shape, generator=generator("instruments", seed)))
    tokens = torch.tensor([[0, 1], [2, 3], [4, 4], [6, 0], [1, 5]]) + torch.tensor([0, P])
    return parameters, Instruments(parameters, tokens[None], torch.tensor([[1, 5, 1, 6, 6]]), P)


def read(parameters: Parameters, instruments: Instruments, slope: torch.Tensor | None = None) -> dict[str, float]:
    outputs = torch.bmm(torch.bmm(instruments.inputs, parameters.views["w1"]).square(), parameters.views["w2"])
    slope = outputs if slope is None else slope
    weights = [view.clone().requires_grad_() for view in parameters.views.values()]
    again = torch.bmm(torch.bmm(instruments.inputs, weights[0]).square(), weights[1])
    slopes = torch.autograd.grad((again * slope).sum(), weights)
    grads = torch.cat([each.flatten(1) for each in slopes], 1)
    return {name: value.item() for name, value in instruments.read(outputs, slope, grads).items()}


def test_at_the_start_nothing_has_moved_and_eulers_theorem_holds():
    found = read(*made())
    assert [found[name] for name in ("moved_hidden", "moved_output", "kernel_distance")] == pytest.approx(
        [0] * 3, abs=1e-12
    )
    assert found["euler"] < 1e-12
    parameters, instruments = made()
    outputs = torch.bmm(torch.bmm(instruments.inputs, parameters.views["w1"]).square(), parameters.views["w2"])
    wrong = instruments.read(outputs, outputs, torch.ones_like(parameters.flat))["euler"].item()
    assert wrong > 1e-3, "a gradient that is none is found out"


def test_scaled_weights_have_another_norm_and_nothing_else():
    parameters, instruments = made()
    before = read(parameters, instruments)
    parameters.flat.mul_(2)
    after = read(parameters, instruments)
    assert after["norm"] == pytest.approx(2 * before["norm"])
    same = ("kernel_alignment", "participation", "scrambled_participation", "purity", "alignment")
    assert [after[name] for name in same] == pytest.approx([before[name] for name in same])
    for name in ("moved_hidden", "moved_output", "kernel_distance"):
        assert after[name] == pytest.approx(0, abs=1e-12)


def test_distances_of_reversed_and_turned_weights():
    parameters, instruments = made()
    parameters.views["w2"].neg_()
    found = read(parameters, instruments)
    assert found["moved_output"] == pytest.approx(2)
    assert found["moved_hidden"] == pytest.approx(0, abs=1e-12)
    assert found["kernel_distance"] == pytest.approx(0, abs=1e-12), "the kernel does not see the sign of the outputs"
    other = made(1)[0]
    parameters.flat.copy_(other.flat)
    assert 0.05 < read(parameters, instruments)["kernel_distance"] < 2


def test_periodicity_of_neurons_of_one_frequency_is_one_and_lost_in_a_random_order():
    parameters, instruments = made()
    turn = 2 * math.pi * torch.arange(P, dtype=torch.float64) / P
    for neuron, frequency in enumerate((1, 2, 3, 1)):
        wave = torch.cos(frequency * turn + 0.3 * neuron)
        parameters.views["w1"][0, :, neuron] = (neuron + 1) * torch.cat([wave, wave])
        parameters.views["w2"][0, neuron] = wave
    found = read(parameters, instruments)
    assert found["participation"] == pytest.approx(1)
    assert found["purity"] == pytest.approx(1)
    assert found["scrambled_participation"] < 0.9


def test_alignment_is_one_down_the_weights_and_sees_the_sign():
    """Outputs' gradient -W2-like: with slope = -outputs the gradient of w2 points against it, so that its negative aligns."""
    parameters, instruments = made()
    grads = torch.zeros_like(parameters.flat)
    Parameters.split(parameters, grads)["w2"].copy_(-parameters.views["w2"])
    outputs = torch.zeros(1, 5, P, dtype=torch.float64)
    assert instruments.read(outputs, outputs, grads)["alignment"].item() == pytest.approx(1)
    assert instruments.read(outputs, outputs, -grads)["alignment"].item() == pytest.approx(-1)


def test_the_first_weights_stay_whatever_the_precision():
    for dtype in (torch.float32, torch.float64):
        parameters, instruments = made(dtype=dtype)
        parameters.views["w2"].neg_()
        assert 1 - torch.nn.functional.cosine_similarity(
            parameters.views["w2"].double().flatten(), instruments.start["w2"].flatten(), 0
        ).item() == pytest.approx(2)


def test_collapse_is_read_in_the_precision_of_the_softmax_and_not_of_squared_errors():
    """Logits 20 apart collapse in float32 (threshold 16.6), not in float64 (36.7)."""
    for condition, expected in (("plain", 1), ("plain_double", 0)):
        program = watched.build(members(condition)[:1], CPU)
        outputs = torch.zeros(1, len(program.labels[0]), P)
        outputs.scatter_(2, program.labels[..., None], 20.0)
        program.net = lambda inputs, keep=False, outputs=outputs: outputs[:, : inputs.shape[1]]
        program._gradient = lambda outputs=outputs, program=program: (outputs, torch.zeros_like(outputs))
        found = program.record()
        assert found["collapsed"].tolist() == [expected]
        assert found["train_accuracy"].tolist() == [1]
    assert torch.isnan(watched.build(members("squared"), CPU).record()["collapsed"]).all()
