"""Steps replay on a device, and a run resumes; the gradient against differences of the loss; a plain loop gives the same."""

import numpy as np
import pytest
import torch
from tape import assert_replays, assert_resumes, assert_stays_on_device

from replications.attention_svm.tarzanagh2023.experiments import attention, problems
from replications.attention_svm.tarzanagh2023.experiments.attention import Attention

CPU = torch.device("cpu")
MEMBER = {
    "first_data_seed": 50, "data": "sphere", "equal_scores": False, "flip_labels": False, "parameters": "w", "start": "uniform",
    "learning_rate": 0.1, "penalty": 0.0, "norm_offset": 2e-16, "stable": False, "inputs": 3, "tokens": 4, "dimension": 5,
}  # fmt: skip
KINDS = {
    "w": {},
    "kq": {"parameters": "kq", "penalty": 0.01},
    "relu": {"data": "relu"},
    "stable": {"stable": True, "norm_offset": 0.0},
}


def made(kind: str, device: torch.device = CPU, seeds: int = 3) -> Attention:
    members = [MEMBER | KINDS[kind] | {"seed": seed} for seed in range(seeds)]
    return Attention([problems.draw(member) for member in members], members, device)


def loss(problem: problems.Problem, matrix: torch.Tensor) -> torch.Tensor:
    """The mean logistic loss of one data set, as its definition reads."""
    total = 0.0
    for x, z, y in zip(problem.tokens, problem.queries, problem.labels, strict=True):
        attended = torch.softmax(x @ matrix @ z, 0) @ x
        output = attended @ problem.head
        output = output if output.ndim == 0 else output.relu().sum()
        total = total + torch.log1p(torch.exp(-y * output))
    return total / len(problem.labels)


@pytest.mark.parametrize("kind", KINDS)
def test_steps_replay_stay_on_the_device_and_resume(kind):
    assert_replays(lambda: made(kind), steps=6)
    assert_stays_on_device(lambda device: made(kind, device))
    assert_resumes(lambda: made(kind), at=3, steps=7)


@pytest.mark.parametrize("kind", ["w", "relu", "stable"])
def test_the_gradient_is_that_of_the_loss(kind):
    program = made(kind)
    found = program.gradient()
    for k, matrix in enumerate(program.matrix()):
        leaf = matrix.clone().requires_grad_()
        (expected,) = torch.autograd.grad(loss(problems.draw(MEMBER | KINDS[kind] | {"seed": k}), leaf), leaf)
        assert found[k].numpy() == pytest.approx(expected.numpy(), rel=1e-10, abs=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_training_is_a_plain_loop(kind):
    """As the authors' code does it: each matrix against its own gradient over its norm plus the offset."""
    member = MEMBER | KINDS[kind] | {"seed": 1}
    problem = problems.draw(member)
    names = ("K", "Q") if kind == "kq" else ("W",)
    plain = {name: attention.start(member, name).requires_grad_() for name in names}

    def matrix() -> torch.Tensor:
        return plain["K"] @ plain["Q"].T if kind == "kq" else plain["W"]

    program = made(kind)
    for _ in range(40):
        value = loss(problem, matrix()) + member["penalty"] * sum(each.square().sum() for each in plain.values())
        slopes = torch.autograd.grad(value, list(plain.values()))
        with torch.no_grad():
            for each, slope in zip(plain.values(), slopes, strict=True):
                each -= 0.1 * slope / (slope.norm() + member["norm_offset"])
        program.step()
    assert program.matrix()[1].numpy() == pytest.approx(matrix().detach().numpy(), rel=1e-6, abs=1e-9)


def test_labels_flipped_are_the_other_way_round():
    plain, flipped = (Attention([problem], [MEMBER | {"seed": 0, "flip_labels": flip}], CPU) for flip in (False, True) for problem in [problems.draw(MEMBER | {"seed": 0})])  # fmt: skip
    assert flipped.labels.tolist() == (-plain.labels).tolist()


def test_starting_at_zero_weights_stay_in_the_span_of_tokens_and_queries():
    member = MEMBER | {"seed": 0, "start": "zero", "inputs": 2, "tokens": 3, "dimension": 8}
    problem = problems.draw(member)
    program = Attention([problem], [member], CPU)
    for _ in range(30):
        program.step()
    span = torch.stack([torch.outer(x, z).ravel() for x, z in zip(problem.tokens.flatten(0, 1), problem.queries.repeat_interleave(3, 0), strict=True)], 1)  # fmt: skip
    weights = program.matrix()[0].ravel()
    coefficients = torch.linalg.lstsq(span, weights[:, None]).solution
    assert weights.norm() > 1
    assert (span @ coefficients)[:, 0].numpy() == pytest.approx(weights.numpy(), abs=1e-9)


def test_a_vanishing_gradient_is_still_normalised_where_nothing_is_added():
    """Tiny gradients give steps of full length without the offset and none with it; exactly zero gives none."""
    program, offset = (made("stable") for _ in range(2))
    offset.offsets = torch.full_like(offset.offsets, 2e-16)
    for each, length in ((program, 0.1), (offset, 0.0)):
        before = each.matrix().clone()
        each.gradient = lambda: torch.full((3, 5, 5), 1e-200, dtype=torch.float64)
        each.step()
        moved = (each.matrix() - before).norm(dim=(-2, -1))
        assert moved.numpy() == pytest.approx(length, abs=1e-12)
    program.gradient = lambda: torch.zeros(3, 5, 5, dtype=torch.float64)
    before = program.matrix().clone()
    program.step()
    assert torch.equal(program.matrix(), before)


def test_equal_scores_keep_the_best_token():
    member = MEMBER | {"seed": 4}
    drawn, equal = problems.draw(member), problems.draw(member | {"equal_scores": True})
    scores, best = equal.scores.numpy(), drawn.scores.argmax(1).numpy()
    assert scores.argmax(1).tolist() == best.tolist()
    others = np.delete(drawn.scores.numpy()[0], best[0])
    assert np.delete(scores[0], best[0]) == pytest.approx(others.mean())
    assert scores[0, best[0]] == pytest.approx(drawn.scores[0].max().item())


def test_data_are_drawn_as_the_authors_draw_them():
    """Seed 0 at d = 2: torch's first normal draws are 1.5410 and -0.2934; then labels, tokens and queries of norm 1."""
    problem = problems.draw(MEMBER | {"seed": 0, "first_data_seed": 0, "dimension": 2})
    assert problem.head.numpy() == pytest.approx(np.array([1.5410, -0.2934]) / np.hypot(1.5410, 0.2934), abs=1e-4)
    assert problem.tokens.norm(dim=-1).numpy() == pytest.approx(1, abs=1e-6)
    assert problem.queries.norm(dim=-1).numpy() == pytest.approx(1, abs=1e-6)
    assert set(problem.labels.tolist()) <= {-1.0, 1.0}
    relu = problems.draw(MEMBER | {"seed": 0, "data": "relu"})
    assert relu.head.norm().item() == pytest.approx(1, abs=1e-6)
    assert relu.head.shape == (5, 5)


def test_draws_come_in_the_authors_order():
    """Labels before tokens with the linear head, after them with the other; queries last."""
    for data in ("sphere", "relu"):
        stream = torch.Generator().manual_seed(53)
        head = torch.randn((5, 5) if data == "relu" else (5,), generator=stream)
        drawn = {}
        for name in ("labels", "tokens") if data == "sphere" else ("tokens", "labels"):
            drawn[name] = torch.randn((3, 4, 5) if name == "tokens" else (3,), generator=stream)
        queries = torch.randn((3, 5), generator=stream)
        problem = problems.draw(MEMBER | {"seed": 3, "data": data})
        assert problem.labels.tolist() == torch.where(drawn["labels"] > 0, 1.0, -1.0).tolist()
        for found, raw in ((problem.tokens, drawn["tokens"]), (problem.queries, queries)):
            assert found.numpy() == pytest.approx((raw / raw.norm(dim=-1, keepdim=True)).numpy(), abs=1e-6)
        assert problem.head.numpy() == pytest.approx((head / head.norm()).numpy(), abs=1e-6)


def test_scores_are_what_a_token_alone_is_worth():
    problem = problems.draw(MEMBER | {"seed": 2, "data": "relu"})
    alone = (problem.tokens[1, 3] @ problem.head).clamp(min=0).sum() * problem.labels[1]
    assert problem.scores[1, 3].item() == pytest.approx(alone.item())
    linear = problems.draw(MEMBER | {"seed": 2})
    assert linear.scores[0, 1].item() == pytest.approx((linear.labels[0] * linear.tokens[0, 1] @ linear.head).item())
