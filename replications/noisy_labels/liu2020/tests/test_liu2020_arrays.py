"""What the programs without a training loop leave: every place of their arrays against a single computation."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from made_up import Progress

from replications.noisy_labels.liu2020 import closed_form
from replications.noisy_labels.liu2020.experiments import laws, separability, theorem
from replications.noisy_labels.liu2020.mixture import clouds, examples, signs


def run(**settings) -> SimpleNamespace:
    """Stands in for a `Run` that keeps nothing."""
    once = lambda name, compute: compute()  # noqa: E731
    return SimpleNamespace(settings=settings, device=torch.device("cpu"), once=once, progress=Progress())


def test_laws_by_seed_noise_and_threshold():
    settings = {
        "seeds": 2, "n": 20, "wrong": 0.2, "aspect": 0.5, "sigmas": [0.5, 1.0], "multiples": [0.8, 1.0, 1.3],
        "aspects": [0.4, 1.5], "shares": [0.1, 0.3],
    }  # fmt: skip
    found = laws.laws(run(**settings))
    assert found["step_wrong"].shape == (2, 2)
    assert found["cross_wrong"].shape == (2, 2, 2, 3)
    for seed in (0, 1):
        z = clouds("laws", seed, 20, 30)
        step = laws.accuracies(z[:, :10], signs(20, 0.2), np.array([0.5, 1.0]))
        for name, values in step.items():
            np.testing.assert_array_equal(found[f"step_{name}"][seed], values)
        for i, (aspect, p) in enumerate(((0.4, 8), (1.5, 30))):
            for j, wrong in enumerate((0.1, 0.3)):
                sigmas = np.array([0.8, 1.0, 1.3]) * closed_form.end_of_early_learning(wrong, aspect)
                expected = laws.accuracies(z[:, :p], signs(20, wrong), sigmas)["wrong"]
                np.testing.assert_array_equal(found["cross_wrong"][seed, i, j], expected)
        for loss, error in laws.gradient_errors(seed).items():
            assert found[f"error_{loss}"][seed] == error < 1e-12
    for name in ("sigmas", "multiples", "aspects", "shares"):
        assert found[name].tolist() == settings[name]


def test_theorem_by_seed():
    settings = {"seeds": 2, "n": 20, "p": 12, "wrong": 0.2, "sigmas": [0.5, 0.1], "learning_rate": 0.1, "steps": 3}
    found = theorem.theorem(run(**settings))
    assert found["time"].tolist() == pytest.approx([0, 0.1, 0.2, 0.3])
    assert found["sigmas"].tolist() == [0.5, 0.1]
    for seed in (0, 1):
        z, start = clouds("theorem", seed, 20, 12), theorem.start(seed, 12)
        expected = theorem.descend(z, signs(20, 0.2), start, torch.tensor([0.5, 0.1]), 0.1, 3)
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name][seed], values)
    assert not np.array_equal(found["cosine"][0], found["cosine"][1])


def test_separability_by_seed_share_and_multiple():
    settings = {
        "seeds": 3,
        "n": 30,
        "paper_n": 20,
        "margin": 0.1,
        "sigma": 0.5,
        "shares": [0.1, 0.4],
        "multiples": [0.6, 1.6],
    }
    found = separability.separability(run(**settings))
    assert found["paper_threshold"].tolist() == [0.9, 0.6]
    thresholds = [closed_form.separability_threshold(wrong, 0.5) for wrong in (0.1, 0.4)]
    assert found["sharp_threshold"].tolist() == thresholds
    for seed in range(3):
        for j, (wrong, p) in enumerate(((0.1, 20), (0.4, 14))):
            x = examples(clouds(f"beyond {wrong:g}", seed, 20, p), 0.5)
            expected = separability.separable(x.double().numpy(), signs(20, wrong).numpy())
            assert found["paper"][seed, j] == expected
            for k, multiple in enumerate((0.6, 1.6)):
                x = examples(
                    clouds(f"sharp {wrong:g} {multiple:g}", seed, 30, round(30 * multiple * thresholds[j])), 0.5
                )
                expected = separability.separable(x.double().numpy(), signs(30, wrong).numpy())
                assert found["sharp"][seed, j, k] == expected
    assert found["sharp"][..., 1].mean() > found["sharp"][..., 0].mean()
