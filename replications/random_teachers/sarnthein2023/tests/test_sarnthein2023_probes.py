"""Probes against scikit-learn and plain torch, and what the measure stage makes of records."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

from replications.random_teachers.sarnthein2023.experiments import probes
from replications.random_teachers.sarnthein2023.measuring.images import barrier
from verifig.training.ensemble import generator

torch.set_num_threads(1)  # as in a training job; more threads only fight over small products


@pytest.fixture
def task():
    """Two models' embeddings of one labelled data set: classes differ in their means."""
    stream = generator("test", "probes")
    labels = torch.randint(0, 4, (300,), generator=stream)
    centres = torch.randn(4, 12, generator=stream)
    embeddings = torch.stack([centres[labels] * scale + torch.randn(300, 12, generator=stream) for scale in (1.0, 0.4)])
    return embeddings[:, :200], labels[:200], embeddings[:, 200:], labels[200:]


def test_ridge_equals_scikit_learn(task):
    train, labels, test, test_labels = task
    found = probes.ridge(*task, penalty=1e-2)
    for model in range(2):
        mean, deviation = train[model].mean(0), train[model].std(0)
        goals = np.eye(4)[labels.numpy()]
        reference = Ridge(alpha=1e-2 * len(labels)).fit(((train[model] - mean) / deviation).numpy(), goals)
        guess = reference.predict(((test[model] - mean) / deviation).numpy()).argmax(1)
        assert float(found[model]) == pytest.approx((guess == test_labels.numpy()).mean())


def test_neighbours_equal_scikit_learn(task):
    train, labels, test, test_labels = task
    found = probes.neighbours(*task, k=7)
    for model in range(2):
        reference = KNeighborsClassifier(7).fit(train[model].numpy(), labels.numpy())
        assert float(found[model]) == reference.score(test[model].numpy(), test_labels.numpy())


def test_linear_probe_equals_torch_adamw(task):
    train, labels, test, test_labels = task
    probe = probes.LinearProbe(steps=30, batch_size=64, reshuffle=False, learning_rate=0.02)
    found = probes.linear(*task, probe)
    stream = generator("random_teachers", "probe")
    draw = (2 * torch.rand(13, 4, generator=stream, dtype=torch.float64) - 1) * 12**-0.5
    order = torch.randperm(200, generator=stream)
    for model in range(2):
        weight, bias = (part.float().clone().requires_grad_() for part in (draw[:12], draw[12]))
        optimizer = torch.optim.AdamW([weight, bias], lr=0.02, weight_decay=0.01)
        for step in range(30):
            rows = order[step % 4 * 64 :][:64]
            loss = torch.nn.functional.cross_entropy(train[model, rows] @ weight + bias, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        guess = (test[model] @ weight + bias).argmax(1)
        assert float(found[model]) == pytest.approx(float((guess == test_labels).double().mean()))


def test_shuffled_labels_leave_every_probe_at_chance(task):
    train, labels, test, test_labels = task
    wrong = labels[torch.randperm(len(labels), generator=generator("test", "shuffle"))]
    sets = (train, wrong, test, test_labels)
    for accuracy in (
        probes.ridge(*sets),
        probes.neighbours(*sets, k=20),
        probes.linear(*sets, probes.LinearProbe(100)),
    ):
        assert float(accuracy.mean()) < 0.45  # chance 0.25, true labels above 0.7
    assert float(probes.ridge(*task).mean()) > 0.7


def test_dead_features_do_not_break_ridge(task):
    train, labels, test, test_labels = task
    train, test = train.clone(), test.clone()
    train[:, :, 0] = test[:, :, 0] = 0
    assert torch.isfinite(probes.ridge(train, labels, test, test_labels)).all()


def test_barrier_is_zero_on_a_flat_line_and_measured_from_the_mean_of_the_ends():
    assert barrier(np.full(5, 0.3)) == 0
    assert barrier(np.array([0.1, 0.6, 0.3])) == pytest.approx(0.4)
