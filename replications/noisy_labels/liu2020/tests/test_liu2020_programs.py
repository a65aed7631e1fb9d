"""The programs against the same computation written out with automatic differentiation, one run at a time."""

import numpy as np
import pytest
import torch
from scipy.special import ndtr

from replications.noisy_labels.liu2020.experiments import images, laws, linear, resnet, separability, theorem
from replications.noisy_labels.liu2020.mixture import clouds, examples, signs
from replications.noisy_labels.science.elr import Targets, elr_loss, kl_loss
from verifig.ground.errors import InputError
from verifig.planning import rulesets
from verifig.training.members import members_of
from verifig.training.steps import Steps

CPU = torch.device("cpu")
LOSSES = {
    "elr": elr_loss,
    "kl": kl_loss,
    "ce": lambda logits, labels, *_: torch.nn.functional.cross_entropy(logits, labels),
}


def members(experiment: str, *conditions: str, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("liu2020"), experiment, "laptop")
    return [m | changes for m in members_of(values) if m["condition"] in conditions and m["seed"] < 2]


def taken(program, steps: int):
    taker = Steps(program, CPU)
    for step in range(steps):
        taker.take(step)
    return program


def test_examples_and_signs():
    z = clouds("test", 0, 10, 4)
    x = examples(z, 0.5)
    torch.testing.assert_close(x[:, 1:], -0.5 * z[:, 1:])
    torch.testing.assert_close(x[:, 0], 1 - 0.5 * z[:, 0])
    assert signs(10, 0.2).tolist() == [-1, -1] + 8 * [1]
    assert torch.equal(clouds("test", 0, 10, 4), z)
    assert not torch.equal(clouds("test", 1, 10, 4), z)


def test_one_step_of_gradient_descent():
    """Against the gradient of the logistic loss at 0, and against a million fresh examples."""
    z, s, sigmas = clouds("test", 0, 40, 30), signs(40, 0.25), np.array([0.4, 1.2])
    found = laws.accuracies(z, s, sigmas)
    for k, sigma in enumerate(sigmas):
        x = examples(z, sigma)
        theta = torch.zeros(30, requires_grad=True)
        torch.nn.functional.softplus(-s * (x @ theta)).mean().backward()
        margins = x @ -theta.grad
        assert found["wrong"][k] == pytest.approx((margins[s < 0] > 0).float().mean().item())
        assert found["clean"][k] == pytest.approx((margins[s > 0] > 0).float().mean().item())
        fresh = ndtr(float(-theta.grad[0] / (sigma * theta.grad.norm())))
        assert found["fresh"][k] == pytest.approx(fresh, abs=1e-6)


def test_descent_of_the_theorem_is_that_of_the_logistic_loss():
    z, s, start = clouds("test", 0, 30, 20), signs(30, 0.2), theorem.start(3, 20)
    assert start.norm().item() == pytest.approx(2)
    assert start[0] == 0
    found = theorem.descend(z, s, start, torch.tensor([0.3, 0.7]), 0.5, 3)
    for k, sigma in enumerate((0.3, 0.7)):
        x, theta = examples(z, sigma), start.clone()
        for step in range(4):
            free = theta.clone().requires_grad_()
            torch.nn.functional.softplus(-s * (x @ free)).mean().backward()
            margins, gradient = x @ theta, free.grad
            kappa, printed = torch.tanh(margins / 2) - s, torch.tanh(margins) - s
            expected = {
                "along": theta[0], "cosine": -gradient[0] / gradient.norm(), "moved": (theta - start).norm(),
                "right": kappa[s > 0].square().mean(), "wrong": kappa[s < 0].square().mean(),
                "printed_right": printed[s > 0].square().mean(), "printed_wrong": printed[s < 0].square().mean(),
                "wrong_accuracy": (margins[s < 0] > 0).float().mean(),
            }  # fmt: skip
            for name, value in expected.items():
                assert found[name][k, step] == pytest.approx(value.item(), abs=1e-5), name
            theta = theta - 0.5 * gradient


def test_separability_of_small_sets():
    x = np.array([[1.0, 0.0], [-1.0, 0.1], [0.0, 1.0], [0.1, -1.0]])
    assert separability.separable(x, np.array([1, -1, 1, -1]))
    assert not separability.separable(np.array([[1.0], [2.0]]), np.array([1, -1]))
    assert not separability.separable(np.array([[1.0, 1.0], [2.0, 2.0]]), np.array([1, -1]))


@pytest.mark.parametrize("condition", ["ce", "elr", "kl", "elr_slow", "ce_far", "ce_true"])
def test_the_linear_model_descends_as_written_out(condition):
    """Two logits, theta . x and 0, and the losses of the theme."""
    small = {"n": 30, "p": 20, "learning_rate": 0.7}
    program = taken(
        linear.Descent(members("linear", "ce", "elr", "kl", "elr_slow", "ce_far", "ce_true", **small), CPU), 6
    )
    order = [m["condition"] for m in members("linear", "ce", "elr", "kl", "elr_slow", "ce_far", "ce_true")]
    member = members("linear", condition, **small)[1]
    x, s = examples(clouds("linear", 1, 30, 20), member["sigma"]), signs(30, member["wrong"])
    labels = ((s < 0) & (member["labels"] == "noisy")).long()  # class 0 is the true one
    theta, targets = torch.zeros(20, requires_grad=True), Targets(30, 2, member["beta"])
    for _ in range(6):
        logits = torch.stack([x @ theta, torch.zeros(30)], 1)
        LOSSES[member["method"]](logits, labels, targets.update(torch.arange(30), logits.detach()), 3.0).backward()
        with torch.no_grad():
            theta -= 0.7 * theta.grad
            theta.grad.zero_()
    d, m = program.places[:, order.index(condition) + 1].tolist()
    torch.testing.assert_close(program.tensors["theta"][d, m], theta.detach(), rtol=1e-4, atol=1e-5)
    found, right = program.record(), (x @ theta > 0).detach()
    index = order.index(condition) + 1
    assert found["wrong_accuracy"][index] == pytest.approx(right[s < 0].float().mean().item())
    assert found["clean_accuracy"][index] == pytest.approx(right[s > 0].float().mean().item())
    assert found["train_accuracy"][index] == pytest.approx((right == (labels == 0)).float().mean().item())
    fresh = ndtr((theta[0] / (member["sigma"] * theta.norm())).item())
    assert found["fresh_accuracy"][index] == pytest.approx(fresh, abs=1e-5)


def test_pulls_of_the_linear_model_are_towards_the_labels():
    program = taken(linear.Descent(members("linear", "ce", n=30, p=20), CPU), 2)
    found, theta = program.record(), program.tensors["theta"][0, 0]
    output = torch.sigmoid(examples(clouds("linear", 0, 30, 20), 0.5) @ theta)
    wrong = signs(30, 0.2) < 0
    assert found["wrong_pull"][0] == pytest.approx(output[wrong].mean().item())
    assert found["clean_pull"][0] == pytest.approx((1 - output[~wrong]).mean().item())


IMAGES = {"n": 40, "test_size": 30, "batch_size": 10, "hidden": [6], "learning_rate": 0.1}


@pytest.mark.parametrize("condition", ["sym40_ce", "sym40_elr", "sym40_kl", "asym40_elr_paper"])
def test_perceptrons_train_as_written_out(condition):
    """torch's modules and SGD, the losses of the theme, on the program's own rows."""
    conditions = ("sym40_ce", "sym40_elr", "sym40_kl", "asym40_elr_paper")
    together = images.Classifiers(members("images", *conditions, **IMAGES), CPU)
    order = [(m["condition"], m["seed"]) for m in members("images", *conditions)]
    k, member = order.index((condition, 1)), members("images", condition, **IMAGES)[1]
    views = {name: value[k].clone() for name, value in together.parameters.views.items()}
    model = torch.nn.Sequential(torch.nn.Linear(196, 6), torch.nn.ReLU(), torch.nn.Linear(6, 10))
    for layer, number in ((model[0], 1), (model[2], 2)):
        layer.weight.data, layer.bias.data = views[f"w{number}"].T.clone(), views[f"b{number}"][0].clone()
    pixels, labels = images.pooled("mnist_5k", 2)
    split = together.train_rows[k]
    observed = images.observed_labels(member, labels[split])
    targets = Targets(40, 10, member["beta"])
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    taker = Steps(together, CPU)
    for step in range(6):
        taker.take(step)
        rows = together.batches.rows[k]
        logits = model(pixels[split[rows]])
        optimizer.zero_grad()
        given = targets.update(rows, logits.detach())
        LOSSES[member["method"]](logits, observed[rows], given, member["strength"]).backward()
        optimizer.step()
    torch.testing.assert_close(together.parameters.views["w1"][k], model[0].weight.T.detach(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(together.targets.view(-1, 40, 10)[k], targets.values, rtol=1e-4, atol=1e-6)
    found, guesses = together.record(), model(pixels[split]).argmax(1)
    wrong = observed != labels[split]
    assert found["wrong_accuracy"][k] == pytest.approx((guesses == labels[split])[wrong].float().mean().item())
    assert found["clean_accuracy"][k] == pytest.approx((guesses == labels[split])[~wrong].float().mean().item())
    assert found["memorised"][k] == pytest.approx((guesses == observed)[wrong].float().mean().item())
    assert found["wrong_share"][k] == pytest.approx(wrong.float().mean().item())
    rest = together.test_rows[k]
    assert found["test_accuracy"][k] == pytest.approx(
        (model(pixels[rest]).argmax(1) == labels[rest]).float().mean().item()
    )
    assert found["target_accuracy"][k] == pytest.approx(
        (targets.values.argmax(1) == labels[split]).float().mean().item()
    )
    assert not set(rest.tolist()) & set(split.tolist())


def test_methods_share_noise_start_and_orders_and_seeds_do_not():
    program = images.Classifiers(members("images", "sym40_ce", "sym40_elr", "asym40_ce", **IMAGES), CPU)
    taken(program, 1)
    asym, ce, elr = (slice(k, k + 2) for k in (0, 2, 4))
    for values in (program.observed, program.train_rows, program.batches.rows):
        assert torch.equal(values[ce], values[elr])
        assert not torch.equal(values[ce][0], values[ce][1])
    assert torch.equal(program.train_rows[ce], program.train_rows[asym])
    assert not torch.equal(program.observed[ce], program.observed[asym])


def test_shifted_targets_are_another_examples():
    """Until targets act, at the first update, shifted and own ones differ in the loss alone."""
    own, shifted = (
        images.Classifiers(members("images", name, **IMAGES)[:1], CPU) for name in ("sym40_elr", "sym40_elr_shifted")
    )
    for program in (own, shifted):
        taken(program, 1)
    torch.testing.assert_close(own.targets, shifted.targets)
    assert not torch.allclose(own.parameters.flat, shifted.parameters.flat)


def test_the_learning_rate_of_the_resnet_falls_at_its_epochs():
    stream = np.random.default_rng(1)
    data = tuple((stream.integers(0, 256, (n, 3, 32, 32), np.uint8), stream.integers(0, 10, n)) for n in (30, 10))
    member = members_of(rulesets.settings(rulesets.load("liu2020"), "cifar", "paper"))[0]
    member |= {"n": 20, "batch_size": 8, "decay_epochs": [1, 3]}
    network = resnet.Network(
        member, data, CPU, lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, 10))
    )
    rates = []
    for step in range(12):
        network.prepare(step)
        rates.append(network.optimizer.learning_rate.item())
    assert rates == pytest.approx([0.02] * 3 + [2e-4] * 6 + [2e-6] * 3)
    found = taken(network, 2).record()
    assert set(found) >= {"test_accuracy", "clean_accuracy", "wrong_accuracy", "memorised", "target_accuracy", "finite"}
    assert all(0 <= value.item() <= 1 for value in found.values())


@pytest.mark.parametrize(
    ("experiment", "changes", "sentence"),
    [
        ("images", {"n": 3000}, "n \\+ test_size = 6000 must be at most 5000"),
        ("images", {"pool_size": 3}, "pool_size = 3 must divide 28"),
        ("images", {"dataset": "cifar10"}, "dataset must be mnist_5k"),
        ("laws", {"multiples": [1.0, 0.9]}, "must be increasing"),
        ("separability", {"multiples": [1.0, 0.9]}, "must be increasing"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(experiment, changes, sentence):
    with pytest.raises(InputError, match=sentence):
        rulesets.settings(rulesets.load("liu2020"), experiment, "laptop", changes)
