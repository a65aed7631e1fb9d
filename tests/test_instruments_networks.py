"""Instruments for networks of one's own: against the papers' tested code, closed forms and loops by hand."""

import collections
import copy
import re

import numpy as np
import pytest
import torch
from conftest import ROOT
from torch import nn
from torch.nn import functional

from replications.grokking.prieto2025.experiments import losses
from replications.neural_collapse.dang2023 import closed_form, metrics
from verifig.curvature.stability import exact_threshold
from verifig.ground.errors import InputError
from verifig.instruments import grokking, neural_collapse, random_teachers, sgd_stability


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def perceptron(inputs=5, hidden=7, outputs=3, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, outputs)).double()


def test_stable_max_is_the_paper_s_loss_with_its_gradient_also_where_branches_meet():
    logits = 20 * torch.randn(6, 4, generator=stream(), dtype=torch.float64)
    logits[0] = torch.tensor([0.0, 1.0, -1.0, 1.0])
    logits[1] = torch.tensor([0.4, -0.4, -0.9, 0.9])
    logits.requires_grad_(True)
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    loss = grokking.StableMaxLoss()(logits, labels)
    loss.backward()
    expected, gradient = losses.stable_cross_entropy(logits.detach()[None], labels[None])
    assert loss.item() == pytest.approx(expected.mean().item(), rel=1e-12)
    assert torch.allclose(logits.grad, gradient[0], rtol=1e-12, atol=1e-15)


def test_stable_max_loses_nothing_where_softmax_collapses():
    logits, labels = torch.tensor([[200.0, 0.0]]), torch.tensor([0])
    assert nn.CrossEntropyLoss()(logits, labels) == 0
    assert grokking.StableMaxLoss()(logits, labels).item() == pytest.approx(np.log(202 / 201), rel=1e-12)
    assert grokking.StableMaxLoss(reduction="none")(logits, labels).shape == (1,)


@pytest.mark.parametrize(("precision", "threshold"), [(torch.float16, 11), (torch.float32, 24), (torch.float64, 53)])
def test_collapse_begins_where_the_precision_of_the_logits_ends(precision, threshold):
    gaps = np.log(2) * threshold + torch.tensor([-2.0, 2.0])
    logits = torch.stack([gaps, torch.zeros(2)], 1).to(precision)
    assert grokking.collapsed_share(logits[:1]) == 0
    assert grokking.collapsed_share(logits) == 0.5
    with pytest.raises(InputError, match="floating-point"):
        grokking.collapsed_share(torch.ones(2, 2, dtype=torch.int64))


def projected(form, after=None):
    model = perceptron()
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    perp = grokking.PerpGrad(optimizer, form)
    x, y = torch.randn(9, 5, generator=stream(1)).double(), torch.arange(9) % 3
    functional.cross_entropy(model(x), y).backward()
    before = [(p.detach().clone(), p.grad.clone()) for p in model.parameters()]
    if after == "removed":
        perp.remove()
    optimizer.step()
    return [(w, g, w - p.detach()) for (w, g), p in zip(before, model.parameters(), strict=True)]


def test_perp_grad_as_printed_takes_one_part_out_of_the_whole_vector():
    w, g, step = (torch.cat([part.flatten() for part in each]) for each in zip(*projected("vector"), strict=True))
    assert abs(float(w @ step)) < 1e-12
    assert torch.allclose(step, g - (w @ g) / (w @ w) * w, atol=1e-14)


def test_perp_grad_as_released_treats_each_tensor_and_keeps_its_norm():
    for w, g, step in projected("tensor"):
        assert abs(float((w * step).sum())) < 1e-12
        assert float(step.norm()) == pytest.approx(float(g.norm()), rel=1e-12)


def test_perp_grad_can_be_taken_off_and_refuses_what_it_cannot_do():
    for _, g, step in projected("vector", "removed"):
        assert torch.allclose(step, g, atol=1e-14)
    model = perceptron()
    with pytest.raises(InputError, match="vector, tensor"):
        grokking.PerpGrad(torch.optim.SGD(model.parameters(), 0.1), "both")
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    grokking.PerpGrad(optimizer)
    with pytest.raises(InputError, match="closure"):
        optimizer.step(lambda: 0.0)
    assert isinstance(torch.optim.lr_scheduler.StepLR(optimizer, 1), torch.optim.lr_scheduler.LRScheduler)


def test_alignment_is_one_where_the_gradient_only_scales_the_weights():
    model = nn.Linear(3, 2, bias=False).double()
    x = torch.eye(3, dtype=torch.float64)

    def grow(outputs, targets):
        return -(outputs.square().sum(1) / 2).mean()  # by W: -W / 3

    assert grokking.weight_alignment(model, grow, (x, torch.zeros(3))) == {"weight": pytest.approx(1)}
    shrink = grokking.weight_alignment(model, lambda o, t: -grow(o, t), (x, torch.zeros(3)))
    assert shrink == {"weight": pytest.approx(-1)}


def test_alignment_of_weights_or_slopes_of_zero_is_no_number():
    model = nn.Linear(3, 2, bias=False).double()
    x = torch.eye(3, dtype=torch.float64)
    flat = grokking.weight_alignment(model, lambda outputs, targets: 0 * outputs.sum(), (x, torch.zeros(3)))
    assert np.isnan(flat["weight"])
    nn.init.zeros_(model.weight)
    none = grokking.weight_alignment(model, lambda outputs, targets: outputs.sum(), (x, torch.zeros(3)))
    assert np.isnan(none["weight"])


def test_alignment_over_batches_is_that_over_all_samples_and_modes_are_left_alone():
    model = nn.Sequential(perceptron(), nn.Dropout(0.5)).train()
    x, y = torch.randn(10, 5, generator=stream(2)).double(), torch.arange(10) % 3
    whole = grokking.weight_alignment(model, functional.cross_entropy, (x, y))
    parts = grokking.weight_alignment(model, functional.cross_entropy, [(x[:7], y[:7]), (x[7:], y[7:])])
    assert parts == pytest.approx(whole, rel=1e-10)
    assert set(whole) == {"0.0.weight", "0.2.weight"}
    assert model.training
    with pytest.raises(InputError, match="no samples"):
        grokking.weight_alignment(model, functional.cross_entropy, [])


SIZES = [40, 30, 10, 20]


def features(noise=0.3, shift=100.0):
    labels = np.repeat(np.arange(4), SIZES)
    draw = np.random.default_rng(0)
    centres = draw.standard_normal((4, 6))
    return centres[labels] + noise * draw.standard_normal((100, 6)) + shift, labels


def collapse_in_batches(x, labels, size=7):
    order = np.random.default_rng(1).permutation(len(x))
    found = neural_collapse.Collapse(4)
    for start in range(0, len(x), size):
        rows = order[start : start + size]
        found.update(torch.tensor(x[rows]), torch.tensor(labels[rows]))
    return found


def test_collapse_over_batches_is_the_papers_own_over_all_features():
    x, labels = features()
    found, weight = collapse_in_batches(x, labels), torch.randn(4, 6, generator=stream(3)).double()
    means = metrics.class_means(x.T, labels, 4)
    centred = means - x.mean(0)[:, None]
    assert found.nc1() == pytest.approx(metrics.nc1(x.T, labels, 4), rel=1e-8)
    assert found.nc2() == pytest.approx(float(metrics.misfit(centred.T @ centred, np.eye(4) - 0.25)), rel=1e-8)
    duality = np.linalg.norm(metrics.normalised(weight.numpy()) - metrics.normalised(centred.T))
    assert found.nc3(weight) == pytest.approx(duality, rel=1e-8)
    plain = np.linalg.norm(metrics.normalised(weight.numpy()) - metrics.normalised(means.T))
    assert found.nc3(weight, centred=False) == pytest.approx(plain, rel=1e-8)


def test_tiny_variability_far_from_the_origin_does_not_drown():
    x, labels = features(noise=1e-5, shift=1e3)
    assert collapse_in_batches(x, labels).nc1() == pytest.approx(metrics.nc1(x.T, labels, 4), rel=1e-4)


def test_class_means_on_a_line_have_one_direction_between_them():
    x, labels = features(shift=0.0)
    direction = np.arange(1.0, 7.0)
    noise = 0.1 * np.random.default_rng(2).standard_normal(x.shape)
    centred = noise - metrics.class_means(noise.T, labels, 4).T[labels]
    x = np.array([1.0, 2.0, 4.0, 8.0])[labels][:, None] * direction + centred
    expected = metrics.nc1(x.T, labels, 4)
    assert expected < 0.1
    assert collapse_in_batches(x, labels).nc1() == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("bias", [False, True])
def test_exact_minimisers_of_unequal_classes_have_collapsed_to_their_targets(bias):
    weights, columns, _ = closed_form.minimiser(SIZES, 1, 1e-3, 1e-4, 6, np.random.default_rng(0), bias)
    labels = np.repeat(np.arange(4), SIZES)
    found = collapse_in_batches(columns.T, labels)
    target = neural_collapse.geometry_targets(SIZES, 1e-3, 1e-4, bias=bias)
    weight = torch.tensor(weights[0])
    assert found.nc1() < 1e-20
    assert found.nc2(target["feature"], centred=bias) < 1e-10
    assert found.nc3(weight, target["scale"], centred=bias) < 1e-6
    assert found.nc2(centred=bias) > 0.05  # classes are unequal: not the frame of equal ones


def test_a_network_is_measured_where_its_classifier_begins():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4)).double()
    x, labels = features(shift=0.0)
    data = [(torch.tensor(x[k::3]), torch.tensor(labels[k::3])) for k in range(3)]
    found = neural_collapse.measure(model, model[2], data)
    hidden = model[:2](torch.tensor(x)).detach().numpy()
    assert found["nc1"] == pytest.approx(metrics.nc1(hidden.T, labels, 4), rel=1e-8)
    right = (model(torch.tensor(x)).argmax(1).numpy() == labels).mean()
    assert found["accuracy"] == pytest.approx(right)
    with pytest.raises(InputError, match="not a layer of the model"):
        neural_collapse.measure(model, nn.Linear(8, 4), data)


def test_collapse_refuses_what_has_no_meaning():
    with pytest.raises(InputError, match="at least 2"):
        neural_collapse.Collapse(1)
    found = neural_collapse.Collapse(3).update(torch.ones(2, 2), torch.tensor([0, 2]))
    with pytest.raises(InputError, match=r"without a sample: \[1\]"):
        found.nc1()
    with pytest.raises(InputError, match="label from 0 to 2"):
        found.update(torch.ones(1, 2), torch.tensor([3]))
    with pytest.raises(InputError, match="label from 0 to 2"):
        found.update(torch.ones(1, 2), torch.tensor([-1]))
    with pytest.raises(InputError, match="3 entries"):
        found.update(torch.ones(1, 3), torch.tensor([1]))
    with pytest.raises(InputError, match="positive weight decays"):
        neural_collapse.geometry_targets([2, 3], 0.0, 0.1)


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("batch", [1, 3])
def test_the_stable_learning_rate_of_one_output_is_the_exact_threshold(batch, replacement):
    model = perceptron(outputs=1)
    x = torch.randn(6, 5, generator=stream(4)).double()
    g = []
    for row in x:
        model.zero_grad()
        model(row[None]).sum().backward()
        g.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    expected = exact_threshold(torch.stack(g).numpy(), batch, replacement)
    found = sgd_stability.stable_learning_rate(
        model, sgd_stability.half_squared, (x, torch.zeros(6, 1).double()), batch, replacement
    )
    assert found == pytest.approx(expected, rel=1e-6)


def test_several_outputs_are_stable_up_to_where_the_second_moment_map_grows():
    """The map of second moments itself, as a matrix on vec(M), by the definition of SGD."""
    model = perceptron(inputs=2, hidden=2, outputs=3)
    x, y = torch.randn(4, 2, generator=stream(5)).double(), torch.tensor([0, 1, 2, 0])
    loss = nn.CrossEntropyLoss()
    found = sgd_stability.stable_learning_rate(model, loss, (x, y), 2)
    from torch.func import functional_call, jacrev

    parameters = dict(model.named_parameters())
    h = []
    for row in x:
        jacobian = jacrev(lambda p, row=row: functional_call(model, p, (row,)))(parameters)
        j = torch.cat([jacobian[name].flatten(1) for name in parameters], 1).detach()
        p = model(row).softmax(-1).detach()
        h.append((j.T @ (torch.diag(p) - torch.outer(p, p)) @ j).numpy())
    eye = np.eye(len(h[0]))

    def growth(rate):
        """Spectral radius on the range of the mean matrix of E[(I - rate H_B) M (I - rate H_B)] over batches of two."""
        total = 0
        for one in h:
            for other in h:
                step = eye - rate * (one + other) / 2
                total = total + np.kron(step, step) / len(h) ** 2
        values, vectors = np.linalg.eigh(sum(h))
        basis = vectors[:, values > 1e-10 * values[-1]]
        both = np.kron(basis, basis)
        return np.abs(np.linalg.eigvals(both.T @ total @ both)).max()

    assert growth(0.999 * found) < 1 < growth(1.001 * found)


def test_the_whole_sample_without_replacement_gives_gradient_descent_s_two_over_sharpness():
    model = perceptron()
    x, y = torch.randn(8, 5, generator=stream(6)).double(), torch.arange(8) % 3
    loss = nn.CrossEntropyLoss()
    found = sgd_stability.stable_learning_rate(model, loss, [(x[:5], y[:5]), (x[5:], y[5:])], 8, replacement=False)
    top = sgd_stability.sharpness(model, loss, (x, y), curvature="gauss_newton")
    assert found == pytest.approx(2 / top, rel=1e-6)
    with pytest.raises(InputError, match="batch size 9"):
        sgd_stability.stable_learning_rate(model, loss, (x, y), 9, replacement=False)


def test_a_jacobian_taken_in_parts_gives_the_same_rate_and_too_many_rows_are_refused(monkeypatch):
    x, y = torch.randn(8, 5, generator=stream(7)).double(), torch.arange(8) % 3
    whole = sgd_stability.stable_learning_rate(perceptron(), nn.CrossEntropyLoss(), (x, y), 2)
    monkeypatch.setattr(sgd_stability, "AT_ONCE", 1)  # a tensor at a time
    parts = sgd_stability.stable_learning_rate(perceptron(), nn.CrossEntropyLoss(), (x, y), 2)
    assert parts == pytest.approx(whole, rel=1e-9)
    monkeypatch.setattr(sgd_stability, "MOST_DIRECTIONS", 15)
    with pytest.raises(InputError, match="rank 16, at most 15"):
        sgd_stability.stable_learning_rate(perceptron(), nn.CrossEntropyLoss(), (x, y), 1)
    monkeypatch.setattr(sgd_stability, "MOST_ROWS", 20)
    with pytest.raises(InputError, match="8 samples x 3 outputs are more than 20 rows"):
        sgd_stability.stable_learning_rate(perceptron(), nn.CrossEntropyLoss(), (x, y), 1)


def test_a_loss_that_is_not_convex_in_the_outputs_has_no_such_rate():
    x = torch.randn(4, 5, generator=stream(8)).double()
    with pytest.raises(InputError, match="not convex"):
        sgd_stability.stable_learning_rate(perceptron(), lambda o, t: -o.square().mean(), (x, torch.zeros(4)), 1)


def blobs(seed, count=120):
    labels = torch.arange(count) % 3
    centres = torch.randn(3, 4, generator=stream(0))
    return 3 * centres[labels] + torch.randn(count, 4, generator=stream(seed)), labels


def test_probes_read_blobs_and_only_neighbours_read_a_ring():
    found = random_teachers.probe(blobs(1), blobs(2))
    assert min(found.values()) > 0.9
    assert set(found) == {"linear", "ridge", "neighbours"}

    def ring(seed):
        angle = 2 * np.pi * torch.rand(300, generator=stream(seed))
        labels = torch.arange(300) % 2
        return (1 + labels)[:, None] * torch.stack([angle.cos(), angle.sin()], 1), labels

    found = random_teachers.probe(ring(1), ring(2))
    assert found["neighbours"] == 1
    assert max(found["linear"], found["ridge"]) < 0.7


def test_probes_refuse_what_does_not_belong_together():
    x, y = blobs(1)
    with pytest.raises(InputError, match="do not belong together"):
        random_teachers.probe((x, y[:-1]), (x, y))
    with pytest.raises(InputError, match="not finite"):
        random_teachers.probe((x / 0, y), (x, y))
    with pytest.raises(InputError, match="500 neighbours"):
        random_teachers.probe((x, y), (x, y), k=500)


def test_a_student_comes_to_say_what_its_random_teacher_says():
    student = perceptron(seed=0)
    teacher = random_teachers.random_copy(student, 1)
    before, steps = copy.deepcopy(teacher.state_dict()), []
    found = random_teachers.distil(student, teacher, torch.randn(64, 5).double(), 300, watch=steps.append)
    assert found[-1] < 0.1 * found[0]
    assert steps == list(range(301))
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())


def test_a_random_copy_is_another_one_of_the_same_seed_and_draws_from_no_one_else():
    model, state = perceptron(), torch.get_rng_state()
    one, same, other = (random_teachers.random_copy(model, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    weights = [next(each.parameters()) for each in (model, one, same, other)]
    assert torch.equal(weights[1], weights[2])
    assert not torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[3])

    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))

    with pytest.raises(InputError, match="no reset_parameters"):
        random_teachers.random_copy(nn.Sequential(Own()), 0)


def test_layers_that_were_frozen_stay_frozen_after_a_measurement():
    model = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 3)).double().train()
    model[1].eval()  # as one freezes batch normalisation
    random_teachers.embeddings(model, (torch.randn(6, 5).double(), torch.arange(6)))
    assert [layer.training for layer in model] == [True, False, True, True]


def test_embeddings_are_those_of_evaluation_mode_in_order():
    model = nn.Sequential(perceptron(), nn.Dropout(0.9)).train()
    x, y = torch.randn(6, 5).double(), torch.arange(6)
    found, labels = random_teachers.embeddings(model, [(x[:4], y[:4]), (x[4:], y[4:])])
    assert torch.equal(labels, y)
    assert torch.allclose(found, model[0](x))
    assert model.training


def test_the_readme_s_lines_run_as_they_stand():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = next(
        block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "instruments import" in block
    )
    model = nn.Sequential(collections.OrderedDict(first=nn.Linear(4, 6), act=nn.Tanh(), fc=nn.Linear(6, 3))).double()
    x, y = torch.randn(30, 4, generator=stream(9)).double(), torch.arange(30) % 3
    given = {"model": model, "loss": nn.CrossEntropyLoss(), "loader": [(x[:20], y[:20]), (x[20:], y[20:])]}
    given |= {"batch": (x, y), "logits": model(x), "optimizer": torch.optim.SGD(model.parameters(), 0.1)}
    given |= {"train": (x, y), "test": (x, y)}
    exec(lines, given)
    assert given["watch"](0, model)["nc nc1"] > 0
