"""What training programs of the grokking rule set record, and exact identities, against independent references."""

import math

import numpy as np
import pytest
import torch
from made_up import artifact, values
from prieto2025_records import FIELDS

from replications.grokking.prieto2025 import measure
from replications.grokking.prieto2025.experiments import modular, projection, thresholds
from verifig.measuring.tables import Tables
from verifig.planning import rulesets
from verifig.training.members import members_of

MODULUS, SEEDS = 5, 2


def program(scale: float, **overrides):
    """A tiny network of each of two seeds, its initial weights times `scale`."""
    settings = rulesets.settings(rulesets.load("prieto2025"), "delay53", "laptop", {"modulus": MODULUS, "width": 6})
    chosen = [m | overrides for m in members_of(settings) if m["condition"] == "adamw"][:SEEDS]
    built = modular.build(chosen, torch.device("cpu"))
    built.model.parameters.flat.mul_(scale)
    return built


def weights(built, seed: int) -> list[np.ndarray]:
    return [built.model.parameters.views[f"w{k}"][seed].numpy().astype(float) for k in (1, 2, 3)]


def logits(matrices: list[np.ndarray], tokens: np.ndarray) -> np.ndarray:
    """Row by row, from the one-hot vectors of both summands."""
    rows = []
    for a, b in tokens:
        x = np.zeros(2 * MODULUS)
        x[a] = x[b] = 1
        hidden = np.maximum(x @ matrices[0], 0)
        rows.append(np.maximum(hidden @ matrices[1], 0) @ matrices[2])
    return np.array(rows)


def softmax_loss(row: np.ndarray, label: int) -> float:
    return math.log(sum(math.exp(z - row[label]) for z in row))


def stablemax_loss(row: np.ndarray, label: int) -> float:
    s = [z + 1 if z >= 0 else 1 / (1 - z) for z in row]
    return math.log(sum(s)) - math.log(s[label])


@pytest.mark.parametrize(("loss", "reference"), [("softmax", softmax_loss), ("stablemax", stablemax_loss)])
def test_accuracies_losses_and_norm_are_those_of_a_plain_loop(loss, reference):
    built = program(3.0, loss=loss, dtype="float64", softmax_precision="float64")
    record = {name: tensor.numpy() for name, tensor in built.record().items()}
    assert set(record) == set(FIELDS)
    for seed in range(SEEDS):
        matrices = weights(built, seed)
        norm = math.sqrt(sum(float(x) ** 2 for matrix in matrices for x in matrix.flat))
        assert record["norm"][seed] == pytest.approx(norm)
        for which, (inputs, labels) in {"train": built.train_set, "test": built.test_set}.items():
            rows, targets = logits(matrices, inputs[seed].numpy()), labels[seed].tolist()
            right = [max(range(MODULUS), key=row.__getitem__) == y for row, y in zip(rows, targets, strict=True)]
            costs = [reference(row, y) for row, y in zip(rows, targets, strict=True)]
            assert record[f"{which}_accuracy"][seed] == pytest.approx(sum(right) / len(right))
            assert record[f"{which}_loss"][seed] == pytest.approx(sum(costs) / len(costs))
    assert record["train_accuracy"][0] != record["train_accuracy"][1]
    assert (record["train_accuracy"] != record["test_accuracy"]).all()


def test_alignment_is_the_cosine_of_each_layer_s_weights_and_the_negative_gradient_of_the_training_loss():
    built = program(2.0, dtype="float64", softmax_precision="float64")
    found = built.record()["alignment"].numpy()
    for seed in range(SEEDS):
        leaves = [torch.tensor(matrix, requires_grad=True) for matrix in weights(built, seed)]
        x = torch.nn.functional.one_hot(built.train_set[0][seed], 2 * MODULUS).sum(1).double()
        z = torch.relu(torch.relu(x @ leaves[0]) @ leaves[1]) @ leaves[2]
        torch.nn.functional.cross_entropy(z, built.train_set[1][seed]).backward()
        pairs = [(leaf.detach().numpy().ravel(), -leaf.grad.numpy().ravel()) for leaf in leaves]
        cosines = [w @ g / math.sqrt((w @ w) * (g @ g)) for w, g in pairs]
        assert found[seed] == pytest.approx(cosines)
    assert abs(found).min() > 1e-3


@pytest.mark.parametrize("precision", ["float16", "float32", "float64"])
def test_a_sample_has_collapsed_when_its_exponentials_sum_to_1_and_has_no_loss_if_it_is_right_as_well(precision):
    threshold = {"float16": 11, "float32": 24, "float64": 53}[precision] * math.log(2)
    built = program(1.0, softmax_precision=precision, dtype="float64")
    count = built.train_set[1].shape[1]
    collapsed, wrong = [{0, 1, 2, 3, 4}, {3, 5, 6, 7, 8, 9, 10, 11, 12}], {0, 3, 13}
    made = torch.full((SEEDS, count, MODULUS), -60.0, dtype=torch.float64)
    for seed in range(SEEDS):
        for sample, label in enumerate(built.train_set[1][seed].tolist()):
            top = (label + 1) % MODULUS if sample in wrong else label
            made[seed, sample, top] = 0
            made[seed, sample, (top + 2) % MODULUS] = -threshold + (-0.7 if sample in collapsed[seed] else 0.7)
    built.model = Fixed(made, built.model)
    record = built.record()
    assert record["collapsed"].tolist() == pytest.approx([5 / count, 9 / count])
    assert record["zero_loss"].tolist() == pytest.approx([3 / count, 8 / count])
    assert record["train_accuracy"].tolist() == pytest.approx([1 - 3 / count] * SEEDS)


class Fixed:
    """A model whose logits on the training set are given; it has no gradient."""

    def __init__(self, training: torch.Tensor, model):
        self.training, self.parameters, self.model = training, model.parameters, model

    def __call__(self, inputs, keep=False):
        return self.training if keep else self.model(inputs)

    def backward(self, gradient, out):
        out.fill_(1)


def test_identities_of_the_projection_are_far_from_0_for_half_a_projection(monkeypatch):
    """g − c θ for half of the c of the projection: each identity from numpy, on the gradient that was projected."""
    seen = []

    def half(gradient, direction):
        seen.append((gradient.numpy().ravel(), direction.numpy().ravel()))
        share = (gradient * direction).sum() / (direction * direction).sum()
        return gradient - 0.5 * share * direction

    monkeypatch.setattr(projection, "orthogonal", half)
    out = Tables()
    measure.measure({"thresholds": artifact(thresholds.thresholds(None))}, out)
    g, theta = seen[0]
    perp = g - 0.5 * np.dot(g, theta) / np.dot(theta, theta) * theta
    cosine = abs(np.dot(perp, theta)) / np.sqrt(np.dot(perp, perp) * np.dot(theta, theta))
    descent = abs(np.dot(perp, g) / np.dot(perp, perp) - 1)
    assert min(cosine, descent) > 1e-6
    assert values(out, "orthogonality")[""] == pytest.approx([cosine])
    assert values(out, "descent")[""] == pytest.approx([descent])
    assert values(out, "euler")[""] == pytest.approx([0], abs=1e-12)


@pytest.mark.parametrize(("factor", "error"), [(2.0, 1.0), (0.5, 0.5)])
def test_euler_s_relation_is_a_relative_error_of_the_gradient_along_the_weights(monkeypatch, factor, error):
    backward = thresholds.MLP.backward

    def scaled(self, gradient, out):
        backward(self, gradient, out)
        out.mul_(factor)

    monkeypatch.setattr(thresholds.MLP, "backward", scaled)
    out = Tables()
    measure.measure({"thresholds": artifact(thresholds.thresholds(None))}, out)
    assert values(out, "euler")[""] == pytest.approx([error])
