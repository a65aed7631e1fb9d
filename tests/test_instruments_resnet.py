"""A user's ResNet-18 with random weights on images shaped like CIFAR's goes through every instrument for networks."""

import math

import pytest
import torch
from torch import nn

from verifig.instruments import (
    data_pruning,
    grokking,
    intrinsic_dimension,
    neural_collapse,
    noisy_labels,
    random_teachers,
    sgd_stability,
    sparse_training,
)
from verifig.instruments.watching import Watch
from verifig.training.vision import torchvision

LOSS = nn.CrossEntropyLoss()


@pytest.fixture(scope="module")
def resnet():
    torch.manual_seed(0)
    return torchvision().models.resnet18(num_classes=10)


@pytest.fixture(scope="module")
def images():
    torch.manual_seed(1)
    return torch.randn(20, 3, 32, 32), torch.arange(20) % 10


def test_its_symptoms_and_cures_of_grokking(resnet, images):
    x, y = images
    assert grokking.collapsed_share(resnet(x)) == 0
    alignment = grokking.weight_alignment(resnet, LOSS, (x, y))
    assert len(alignment) == 21  # convolutions and the classifier
    assert all(abs(value) < 0.2 for value in alignment.values())
    model = random_teachers.random_copy(resnet, 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    grokking.PerpGrad(optimizer)
    before = torch.cat([p.detach().flatten() for p in model.parameters()])
    grokking.StableMaxLoss()(model(x), y).backward()
    optimizer.step()
    step = torch.cat([p.detach().flatten() for p in model.parameters()]) - before
    assert abs(float(torch.nn.functional.cosine_similarity(step, before, 0))) < 1e-4
    assert float(step.norm()) > 0


def test_its_collapse_and_its_probes(resnet, images):
    x, y = images
    found = neural_collapse.measure(resnet, resnet.fc, [(x[:13], y[:13]), (x[13:], y[13:])])
    assert set(found) == {"nc1", "nc2", "nc3", "accuracy"}
    assert found["nc1"] > 0.01  # two random images a class: nothing has collapsed
    encoder = nn.Sequential(*list(resnet.children())[:-1])
    embedded = random_teachers.embeddings(encoder, (x, y))
    assert embedded[0].shape == (20, 512)
    assert set(random_teachers.probe(embedded, embedded, k=1)) == {"linear", "ridge", "neighbours"}
    teacher = random_teachers.random_copy(resnet, 5)
    student = random_teachers.random_copy(resnet, 6)
    watch = Watch({"nc1": lambda: neural_collapse.measure(student, student.fc, (x, y))["nc1"]}, every=2)
    divergences = random_teachers.distil(student, teacher, x, 2, batch_size=10, watch=watch)
    assert all(math.isfinite(each) for each in divergences)
    assert [row["step"] for row in watch.rows] == [0, 2]


def test_its_curvature_and_the_rate_at_which_it_leaves(resnet, images):
    x, y = (part[:2] for part in images)
    sharpness = sgd_stability.sharpness(resnet, LOSS, (x, y), curvature="gauss_newton")
    whole = sgd_stability.stable_learning_rate(resnet, LOSS, (x, y), 2, replacement=False)
    assert whole == pytest.approx(2 / sharpness, rel=1e-2)


def test_its_intrinsic_dimension_scores_targets_and_densities(resnet, images):
    x, y = images
    stream = torch.Generator().manual_seed(0)
    subspace = intrinsic_dimension.Subspace(resnet, 20, intrinsic_dimension.sparse, stream)
    assert torch.allclose(subspace.eval()(x[:2]), resnet.eval()(x[:2]), atol=1e-5)
    scores = data_pruning.el2n(resnet, [(x, y)])
    assert scores.shape == (20,)
    assert float(data_pruning.grand(resnet, [(x[:2], y[:2])]).min()) > 0
    targets = noisy_labels.Targets(20, 10)
    logits = resnet(x)
    loss = noisy_labels.elr_loss(logits, y, targets.update(torch.arange(20), logits))
    assert math.isfinite(loss.item())
    shapes = sparse_training.layer_shapes(resnet)
    densities = sparse_training.erdos_renyi_kernel(shapes, 0.1)
    kept = sum(densities[name] * math.prod(shape) for name, shape in shapes.items())
    assert kept / sum(math.prod(shape) for shape in shapes.values()) == pytest.approx(0.1)
