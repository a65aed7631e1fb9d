"""Spectra of batches against dense matrices."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from replications.sgd_stability.granziol2022.experiments import network, spectra
from verifig.curvature import dense, gram
from verifig.curvature.networks import Networks, mlp

MEMBER = {
    "seed": 0,
    "dataset": "digits",
    "samples": 64,
    "width": 3,
    "batch_sizes": [1, 4, 16, 64],
    "learning_rate": 0.5,
}


@pytest.fixture
def found():
    ensemble = network.Ensemble([MEMBER], torch.device("cpu"))
    weights = ensemble.model.parameters.flat[0].numpy()
    networks = Networks(mlp("relu"), ensemble.model.parameters.views).to(torch.float64)
    data = (ensemble.images[0].double(), ensemble.targets[0].double())
    return spectra.of_network(MEMBER, weights), networks, data


def test_spectra_of_batches_are_those_of_dense_matrices(found):
    values, networks, (images, targets) = found
    matrix = dense.gauss_newton(networks, cross_entropy, (images, targets))[0]
    largest = torch.linalg.eigvalsh(matrix)[-1].item()
    assert values["full"] == pytest.approx(largest, rel=1e-9)
    assert values["sharpness"][-1] == pytest.approx(largest, rel=1e-9)
    singles = [
        torch.linalg.eigvalsh(dense.gauss_newton(networks, cross_entropy, (images[k : k + 1], targets[k : k + 1]))[0])[
            -1
        ]
        for k in range(64)
    ]
    assert values["sharpness"][0] == pytest.approx(np.mean(singles), rel=1e-9)
    assert values["copies"][0] == pytest.approx(values["sharpness"][0])
    assert (np.diff(values["sharpness"]) < 0).all()
    assert values["identical"] == pytest.approx(1, abs=1e-12)
    assert values["identity_error"] < 1e-12


def test_batches_partition_the_samples_anew_for_each_size():
    batches = spectra.partition(MEMBER, 16, 64)
    assert batches.shape == (4, 16)
    assert sorted(batches.flatten().tolist()) == list(range(64))
    assert batches.flatten().tolist() != spectra.partition(MEMBER, 4, 64).flatten().tolist()


def test_both_ways_to_a_largest_eigenvalue_agree(monkeypatch):
    factors = torch.randn(40, 3, 20, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    batches = torch.arange(40).view(4, 10)
    exact = gram.sharpness_of_batches(factors, batches)
    monkeypatch.setattr(spectra, "LARGEST_GRAM", 1)
    torch.testing.assert_close(spectra.sharpness(factors, batches), exact, rtol=1e-9, atol=0)


def test_an_error_of_the_identity_is_seen(monkeypatch):
    whole = spectra.products
    monkeypatch.setattr(spectra, "products", lambda factors, batches, vectors: whole(factors, batches[:1], vectors))
    monkeypatch.setitem(MEMBER, "batch_sizes", [16])
    ensemble = network.Ensemble([MEMBER], torch.device("cpu"))
    assert spectra.of_network(MEMBER, ensemble.model.parameters.flat[0].numpy())["identity_error"] > 1e-3


def test_weights_that_are_not_finite_have_no_spectrum():
    found = spectra.of_network(MEMBER, np.array([np.nan, 1.0]))
    assert found["sharpness"].shape == found["copies"].shape == (4,)
    assert all(np.isnan(values).all() for values in found.values())
