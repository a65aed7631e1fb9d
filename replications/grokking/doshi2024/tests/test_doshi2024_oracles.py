"""The task, the network, the optimiser, pruning and the analytic solution against what is known of them."""

import numpy as np
import pytest
import torch

from replications.grokking.doshi2024 import analytic
from replications.grokking.doshi2024.experiments import analytic as solutions
from replications.grokking.doshi2024.experiments import corrupted, grid
from replications.grokking.doshi2024.experiments.data import SETS, draw
from replications.grokking.doshi2024.experiments.network import Network
from replications.grokking.doshi2024.phases import phase
from replications.grokking.doshi2024.pruning import ORDERS, order, removed_counts
from replications.grokking.science import fourier, neurons, tasks
from verifig.planning import rulesets
from verifig.training.ensemble import generator
from verifig.training.members import members_of

CPU = torch.device("cpu")


def members(condition: str = "wd5", seeds: int = 1, **changes) -> list[dict]:
    values = rulesets.settings(rulesets.load("doshi2024"), "decay", "smoke", {"modulus": 7, "width": 6} | changes)
    return [m for m in members_of(values) if m["condition"] == condition and m["seed"] < seeds]


# ---- the task --------------------------------------------------------------------------------------------------------
def test_a_problem_divides_all_pairs_and_draws_the_share_of_labels():
    problem = draw(members(modulus=23, train_fraction=0.5, corruption=0.35)[0])
    counts = dict(zip(SETS, problem.sets.sum(1).tolist(), strict=True))
    assert counts == {"train": 264, "clean": 172, "corrupted": 92, "test": 265}
    assert problem.rows.tolist() == problem.sets[0].nonzero()[:, 0].tolist()
    assert torch.equal(problem.sets[1] ^ problem.sets[2], problem.sets[0])
    assert torch.equal(~problem.sets[0], problem.sets[3])
    assert torch.equal(problem.true, tasks.table(23, "add")[1])
    changed = problem.given != problem.true
    assert not changed[~problem.sets[2]].any()
    drawn = problem.given[problem.sets[2]]
    assert 0.85 < changed[problem.sets[2]].float().mean() <= 1
    assert set(drawn.tolist()) <= set(range(23))
    assert len(set(drawn.tolist())) > 15  # uniform over all classes, the true one among them


def test_drawn_labels_may_be_the_true_ones():
    drawn = [draw(m) for m in members(modulus=5, train_fraction=0.9, corruption=1.0, seeds=3)]
    kept = [(problem.given == problem.true)[problem.sets[2]].float().mean().item() for problem in drawn]
    assert 0 < np.mean(kept) < 0.5


def test_conditions_share_pairs_labels_and_start():
    first, second = (draw(members(condition)[0]) for condition in ("wd0", "wd15"))
    for name in ("rows", "given", "true", "sets"):
        assert torch.equal(getattr(first, name), getattr(second, name))
    programs = [corrupted.build(members(condition), CPU) for condition in ("wd0", "wd15")]
    assert torch.equal(programs[0].flat, programs[1].flat)
    assert not torch.equal(draw(members(seeds=2)[1]).given, first.given)


def test_without_corruption_it_is_the_plain_task():
    """The same run as with true labels in place of the random ones, bit for bit."""
    plain = corrupted.build(members(corruption=0.0), CPU)
    kept = corrupted.build(members("clean5"), CPU)
    noisy = corrupted.build(members(), CPU)
    for program in (plain, kept, noisy):
        for _ in range(5):
            program.step()
    assert torch.equal(plain.flat, kept.flat)
    assert not torch.equal(plain.flat, noisy.flat)
    assert plain.record()["corrupted_accuracy"].isnan().all()
    assert torch.equal(plain.record()["train_accuracy"], plain.record()["clean_accuracy"])


# ---- network and optimiser -------------------------------------------------------------------------------------------
def test_weights_start_with_the_deviation_of_the_paper():
    net = Network(2 * 97, 500, 97, 1)
    net.initialise([generator("test", "start")])
    for weight in net.weights:
        assert weight.std().item() == pytest.approx(0.5 / 1000 ** (1 / 3), rel=0.02)
        assert weight.mean().item() == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("condition", ["wd0", "wd15"])
def test_steps_are_those_of_a_plain_loop(condition):
    """MSE over pairs and classes, AdamW: autograd and torch.optim on one-hot inputs."""
    member = members(condition, dtype="float64")[0]
    program, p = corrupted.build([member], CPU), member["modulus"]
    problem = draw(member)
    pairs = tasks.table(p, "add")[0][problem.rows]
    x = torch.nn.functional.one_hot(pairs + torch.tensor([0, p]), 2 * p).sum(1).double()
    y = torch.nn.functional.one_hot(problem.given[problem.rows], p).double()
    w1, w2 = (weight[0].clone().requires_grad_() for weight in program.network.weights)
    plain = torch.optim.AdamW([w1, w2], 0.01, (0.9, 0.98), 1e-8, weight_decay=member["weight_decay"])
    for _ in range(20):
        program.step()
        loss = torch.nn.functional.mse_loss((x @ w1).square() @ w2, y)
        plain.zero_grad()
        loss.backward()
        plain.step()
    torch.testing.assert_close(program.network.weights[0][0], w1.detach(), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(program.network.weights[1][0], w2.detach(), rtol=1e-9, atol=1e-9)
    with torch.no_grad():
        expected = torch.nn.functional.mse_loss((x @ w1).square() @ w2, y)
    assert program.record()["loss"].item() == pytest.approx(expected.item())


def test_members_together_equal_members_alone():
    chosen = [m for condition in ("wd0", "wd5", "wd15") for m in members(condition, seeds=2)]
    together = corrupted.build(chosen, CPU)
    for _ in range(20):
        together.step()
    for k, member in enumerate(chosen):
        alone = corrupted.build([member], CPU)
        for _ in range(20):
            alone.step()
        torch.testing.assert_close(together.flat[k], alone.flat[0], rtol=1e-4, atol=1e-6)


# ---- what is recorded ------------------------------------------------------------------------------------------------
def with_weights(u: np.ndarray, v: np.ndarray, w: np.ndarray, **changes) -> corrupted.Corrupted:
    """A program whose network has the weights U [N, p], V [N, p], W [p, N]."""
    program = corrupted.build(members(modulus=len(w), width=len(u), dtype="float64", **changes), CPU)
    program.network.weights[0].copy_(torch.from_numpy(np.concatenate([u.T, v.T])))
    program.network.weights[1].copy_(torch.from_numpy(w.T.copy()))
    return program


def test_records_of_the_analytic_solution():
    found = with_weights(*analytic.solution(13, 400, np.random.default_rng(0))).record()
    assert found["test_accuracy"].item() == 1
    assert found["clean_accuracy"].item() == 1
    assert found["recovered"].item() == 1
    assert found["corrupted_accuracy"].item() < 0.3
    torch.testing.assert_close(found["participation"], torch.ones(1, 400, dtype=torch.float64))
    assert found["shuffled"].item() < 0.6
    assert found["pruned"].isnan().all()


def test_participation_is_the_mean_over_both_rows_and_the_column():
    program = with_weights(*(np.random.default_rng(1).normal(size=shape) for shape in ((4, 11), (4, 11), (11, 4))))
    u, v = program.network.weights[0][0, :11].T, program.network.weights[0][0, 11:].T
    w = program.network.weights[1][0]
    expected = (fourier.participation(u) + fourier.participation(v) + fourier.participation(w)) / 3
    torch.testing.assert_close(neurons.participation(*program.network.weights, torch.arange(11))[0], expected)


def test_pruning_removes_columns_of_the_network():
    program = with_weights(*(np.random.default_rng(2).normal(size=shape) for shape in ((9, 5), (9, 5), (5, 9))))
    program.shares, program.taken = [0.0, 0.4, 1.0], program.steps
    pruned = program.record()["pruned"][0]
    ratios = neurons.participation(*program.network.weights, torch.arange(5))[0].numpy()
    hidden = program.network.features(program.every)[0]
    for k, name in enumerate(ORDERS[:2]):
        gone = order(ratios, name)[:4]  # 0.4 of 9, rounded
        kept = [j for j in range(9) if j not in gone]
        guess = (hidden[:, kept] @ program.network.weights[1][0, kept]).argmax(1)
        hits = (guess == program.given[0]).double()
        torch.testing.assert_close(pruned[k, 1], torch.stack([hits[mask].mean() for mask in program.sets[0]]))
    assert torch.equal(pruned[0, 0], pruned[1, 0])
    assert torch.equal(pruned[0, 0], pruned[2, 0])
    assert torch.equal(pruned[0, 2], pruned[1, 2])  # nothing is left in any order


def test_orders_of_removal():
    assert order([0.3, 0.1, 0.9], "low").tolist() == [1, 0, 2]
    assert order([0.3, 0.1, 0.9], "high").tolist() == [2, 0, 1]
    assert order([0.3, 0.1, 0.9], "random", [2, 1, 0]).tolist() == [2, 1, 0]
    with pytest.raises(ValueError, match="must be one of low, high, random"):
        order([0.3], "middle")
    assert removed_counts(300, [0, 0.05, 0.5, 1]) == [0, 15, 150, 300]
    ranks = corrupted.ranks_of(torch.tensor([0.3, 0.1, 0.9, 0.5]), 0, 59, 6)
    assert ranks["low"].tolist() == [[1, 0, 3, 2]]
    assert ranks["high"].tolist() == [[2, 3, 0, 1]]
    assert (ranks["random"].sort(1).values == torch.arange(4)).all()
    assert len({tuple(row) for row in ranks["random"].tolist()}) > 1


def test_the_random_order_is_averaged_over_tries():
    program = with_weights(*(np.random.default_rng(4).normal(size=shape) for shape in ((9, 5), (9, 5), (5, 9))))
    program.shares, program.tries, program.taken = [0.6], 4, program.steps
    record = program.record()
    ranks = corrupted.ranks_of(record["participation"][0], 0, 5, 4)["random"]
    hidden = program.network.features(program.every)
    alone = torch.stack([program.without(hidden, (rank < 5)[None])[0] for rank in ranks])
    torch.testing.assert_close(record["pruned"][0, 2, 0], alone.mean(0))
    assert (alone.std(0) > 0).any()


# ---- phases and the grid ---------------------------------------------------------------------------------------------
def test_phases_at_their_borders():
    xi = 0.35
    cases = {
        (1.0, 0.9): "coexistence", (0.9, 0.9): "coexistence", (0.89, 0.9): "partial inversion",
        (0.71, 1.0): "partial inversion", (0.69, 1.0): "full inversion",
        (0.9, 0.89): "memorisation", (0.89, 0.89): "forgetting", (np.nan, 1.0): "diverged",
    }  # fmt: skip
    train, test = np.array(list(cases)).T
    assert phase(train, test, xi).tolist() == list(cases.values())


def test_the_grid_trains_each_entry_as_it_would_be_alone():
    values = rulesets.settings(rulesets.load("doshi2024"), "phases", "smoke")
    rows = grid.expand(members_of(values))
    entries = {(r["seed"], r["weight_decay"], r["train_fraction"], r["corruption"]) for r in rows}
    sizes = [values["seeds"], *(len(values[name]) for name in grid.AXES)]
    assert len(rows) == len(entries) == np.prod(sizes)
    assert {row["labels"] for row in rows} == {"random"}


# ---- the analytic solution -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("p", "width"), [(59, 300), (97, 500)])
def test_the_analytic_solution_is_exact(p, width):
    found = solutions.one(p, width, 7)
    assert found["accuracy"] == 1
    assert found["correct"] == pytest.approx(1, abs=1e-6)
    assert found["spread"] < 3 / width**0.5
    assert found["participation"] == pytest.approx(1)


def test_the_printed_exponent_gives_outputs_n_squared_over_four_times_as_large():
    u, v, w = analytic.solution(23, 100, np.random.default_rng(3))
    wrong = analytic.solution(23, 100, np.random.default_rng(3), analytic.PRINTED)
    np.testing.assert_allclose(analytic.outputs(*wrong), analytic.outputs(u, v, w) * 100**2 / 4)
    assert np.abs(u).max() <= (2 / 100) ** (1 / 3)
    assert u.shape == v.shape == (100, 23)
    assert w.shape == (23, 100)


def test_outputs_are_read_at_the_right_place():
    values = np.zeros((5, 5, 5))
    m, n = np.indices((5, 5))
    values[m, n, (m + n) % 5] = 2.0
    values[0, 1, 4] = 3.0
    assert (analytic.correct(values) == 2).all()
    assert analytic.accuracy(values) == 24 / 25


def test_known_participation_ratios():
    found = solutions.known(59)
    np.testing.assert_allclose(found[:, :2], [[1, 1 / 30], [0.5, 1 / 59]])
    assert found[0, 2] == pytest.approx(2 / 30, rel=0.03)
