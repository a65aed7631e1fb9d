"""Programs as a GPU takes them: replayed, resumed; the same for members alone; steps, labels and spectra against plain ones."""

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device, take

from replications.sgd_stability.sagun2017.experiments import networks, path, problem, spectra
from verifig.curvature import dense
from verifig.planning import rulesets
from verifig.training.members import members_of

CPU = torch.device("cpu")
SMALL = {"samples": 30, "width": 3, "steps": 9}


@pytest.fixture(autouse=True)
def digits(monkeypatch):
    """Made-up images."""
    stream = np.random.default_rng(0)
    made = stream.random((200, 7)), stream.integers(0, 10, 200)
    monkeypatch.setattr(problem, "embedded", lambda name: made)


def members(experiment: str, *conditions: str, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("sagun2017"), experiment, "laptop")
    chosen = [m | SMALL | changes for m in members_of(values) if m["seed"] < 2 and m["condition"] in conditions]
    return sorted(chosen, key=lambda member: conditions.index(member["condition"]))


CASES = {
    "networks": lambda device: networks.Descent(members("networks", "classes_5", "random_5", log_at=[0, 4, 9]), device),
    "path": lambda device: path.Pair(members("path", "same_5", "hot_5", batch_size=8), device),
    "two draws": lambda device: path.Pair(members("path", "other_5", "same_5", batch_size=8), device),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_replay_resume_and_stay_on_the_device(name):
    assert_replays(lambda: CASES[name](CPU))
    assert_resumes(lambda: CASES[name](CPU), at=4, steps=9)
    assert_stays_on_device(CASES[name])


@pytest.mark.parametrize("name", ["networks", "path"])
def test_members_together_are_what_they_are_alone(name):
    make = networks.Descent if name == "networks" else path.Pair
    conditions = ("classes_5", "centred_5") if name == "networks" else ("same_5", "hot_5", "other_5")
    chosen = members(name, *conditions, **({"log_at": [9]} if name == "networks" else {}))
    together = make(chosen, CPU)
    take(together, 0, 9)
    found = together.record()
    for row, member in enumerate(chosen):
        alone = make([member], CPU)
        take(alone, 0, 9)
        for field, value in alone.record().items():
            torch.testing.assert_close(found[field][row], value[0], rtol=1e-3, atol=1e-5)


def test_conditions_share_images_and_random_labels_are_the_labels_in_another_order():
    true, random, centred = (members("networks", f"{arm}_5") for arm in ("classes", "random", "centred"))
    (images, labels), (same, shuffled), (shifted, _) = (problem.images_of(each) for each in (true, random, centred))
    assert torch.equal(images, same)
    assert labels.max() == 4
    assert not torch.equal(labels, shuffled)
    assert torch.equal(labels.sort(1).values, shuffled.sort(1).values)
    assert not torch.equal(images[0], images[1])
    pixels, digits = (torch.from_numpy(each) for each in problem.embedded("digits"))
    torch.testing.assert_close(images - shifted, pixels[digits < 5].mean(0).float().expand_as(images))


def test_small_and_large_batch_begin_at_the_same_weights_or_at_two_draws():
    same, other = (path.Pair(members("path", f"{arm}_5"), CPU) for arm in ("same", "other"))
    assert torch.equal(same.large.parameters.flat, same.small.parameters.flat)
    assert torch.equal(same.large.parameters.flat, other.large.parameters.flat)
    assert not torch.equal(other.large.parameters.flat, other.small.parameters.flat)


def plain(program, model, row: int):
    """Parameters and loss of one member, for automatic differentiation."""
    tensors = {name: view[row].detach().clone().requires_grad_() for name, view in model.parameters.views.items()}

    def loss(images, labels):
        hidden = torch.relu(images @ tensors["w1"] + tensors["b1"])
        return torch.nn.functional.cross_entropy(hidden @ tensors["w2"] + tensors["b2"], labels)

    return tensors, loss


def test_a_step_is_that_of_automatic_differentiation_on_all_samples_and_on_the_batch():
    program = path.Pair(members("path", "same_5", batch_size=8), CPU)
    take(program, 0, 3)
    program.prepare(3)
    rows = program.batches.rows[1]
    whole, batch = (program.images[1], program.labels[1]), (program.images[1][rows], program.labels[1][rows])
    expected = []
    for model, data, rate in ((program.large, whole, 0.5), (program.small, batch, 0.1)):
        tensors, loss = plain(program, model, 1)
        loss(*data).backward()
        expected.append({name: (each - rate * each.grad).detach() for name, each in tensors.items()})
    program.step()
    for model, after in zip((program.large, program.small), expected, strict=True):
        for name, each in after.items():
            torch.testing.assert_close(model.parameters.views[name][1], each, rtol=1e-4, atol=1e-6)


def test_the_line_goes_from_large_to_small_batch_and_leaves_both_where_they_are():
    program = path.Pair(members("path", "other_5", batch_size=8, points=3), CPU)
    take(program, 0, 5)
    large, small = (model.parameters.flat.clone() for model in (program.large, program.small))
    found = program.record()
    assert torch.equal(program.large.parameters.flat, large)
    assert torch.equal(program.small.parameters.flat, small)
    ends = [problem.losses(model, program.images, program.labels) for model in (program.large, program.small)]
    torch.testing.assert_close(found["line"][:, [0, 2]], torch.stack(ends, 1))
    torch.testing.assert_close(found["distance"], (small - large).norm(dim=1) / (large - program.first).norm(dim=1))
    program.large.parameters.flat.copy_((large + small) / 2)
    torch.testing.assert_close(found["line"][:, 1], problem.losses(program.large, program.images, program.labels))


def test_small_batches_of_one_problem_share_their_large_batch():
    rows = members("path", "same_5", "hot_5", batch_size=8) + members("path", "same_5", batch_size=8, learning_rate=0.3)
    program = path.Pair(rows, CPU)
    assert program.of.tolist() == [0, 1, 0, 1, 2, 3]
    assert len(program.large.parameters.flat) == 4
    take(program, 0, 5)
    line = program.record()["line"]
    torch.testing.assert_close(line[:2, 0], line[2:4, 0])
    assert (line[:2, 0] - line[4:, 0]).abs().min() > 1e-4


def test_records_hold_the_spectrum_at_the_members_own_log_points():
    program = networks.Descent(members("networks", "classes_5", log_at=[2, 20]), CPU)
    assert program.record()["eigenvalues"].isnan().all()
    for step in (2, 9):  # 20 is the last step, 9
        take(program, program.taken, step)
        program.taken = step
        found = program.record()
        data = program.images.double(), program.labels
        values, norms = spectra.spectra(spectra.networks_of(program.model), data)
        torch.testing.assert_close(found["eigenvalues"], values)
        torch.testing.assert_close(found["residual"], norms)


def test_spectra_are_those_of_automatic_differentiation_in_parts_and_together(monkeypatch):
    program = networks.Descent(members("networks", "classes_5"), CPU)
    found, data = spectra.networks_of(program.model), (program.images.double(), program.labels)
    values, norms = spectra.spectra(found, data)
    monkeypatch.setattr(spectra, "ENTRIES", 1)
    torch.testing.assert_close(spectra.spectra(found, data)[0], values)
    flat = found.flat()[1]
    loss = lambda at: torch.nn.functional.cross_entropy(found.outputs(at, {}, data[0][1]), data[1][1])  # noqa: E731
    whole = torch.func.hessian(loss)(flat)
    torch.testing.assert_close(spectra.hessian(found, data, spectra.couplings(found, data))[1], whole)
    torch.testing.assert_close(dense.hessian(found, torch.nn.functional.cross_entropy, data, shared=False)[1], whole)
    torch.testing.assert_close(values[1], torch.linalg.eigvalsh(whole))
    outputs = found.outputs(flat, {}, data[0][1])
    jacobian = torch.func.jacrev(lambda at: found.outputs(at, {}, data[0][1]))(flat)
    p = outputs.softmax(-1)
    weights = torch.diag_embed(p) - p[:, :, None] * p[:, None]
    part = torch.einsum("ncp,ncd,ndq->pq", jacobian, weights, jacobian) / len(p)
    torch.testing.assert_close(norms[1], torch.linalg.matrix_norm(whole - part, ord=2))


def test_a_diverged_member_has_no_spectrum_and_an_infinite_loss():
    program = networks.Descent(members("networks", "classes_5"), CPU)
    program.model.parameters.flat[0] = torch.nan
    values, norms = spectra.spectra(spectra.networks_of(program.model), (program.images.double(), program.labels))
    assert values[0].isnan().all()
    assert norms[0].isnan()
    assert values[1].isfinite().all()
    assert norms[1].isfinite()
    assert program.record()["loss"][0] == torch.inf


def test_errors_of_the_checks():
    found = networks.checks(members("networks", "classes_5")[0])
    assert found["zero_residual_error"] < 1e-12
    assert found["difference_error"] < 1e-6


def test_checks_are_of_a_network_after_ten_steps(monkeypatch):
    taken = []
    monkeypatch.setattr(problem, "descend", lambda *arguments: taken.append(arguments))
    for name in ("zero_residual_error", "difference_error"):
        monkeypatch.setattr(spectra, name, lambda found, data: 0.0)
    networks.checks(members("networks", "classes_5")[0])
    assert len(taken) == 10
