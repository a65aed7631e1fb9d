"""The search: candidates, their scores, which is picked, and that the picked one is trained."""

import numpy as np
import pytest
import torch
from alone import assert_rows_are_members, small_run
from tape import assert_replays, take
from torch.nn.functional import cross_entropy

from replications.sparse_training.farahani2024 import checks
from replications.sparse_training.farahani2024.experiments import search
from replications.sparse_training.science import digits
from replications.sparse_training.science.masked import Masked
from verifig.ground.errors import InputError

CPU = torch.device("cpu")
MEMBER = {"width": 12, "hidden_layers": 2, "kind": "nodes", "keep": 4, "density": 0.3, "candidates": 5, "scored": 60,
          "warm_up": 0, "picks": "best", "learning_rate": 0.1, "momentum": 0.9, "batch_size": 20, "drops": [0.6],
          "drop_factor": 0.2, "steps": 6, "record_at": [0, 6], "chunk": 4, "seed": 0, "condition": "base"}  # fmt: skip


@pytest.fixture(scope="module")
def sets():
    return digits.split()


def test_candidates_of_units_are_parts_of_the_whole_network():
    weights = search.whole(MEMBER)
    start = search.candidate(MEMBER, weights, 3)
    assert [tuple(w.shape) for w in start.weights] == [(196, 4), (4, 4), (4, 10)]
    first = [int((weights[0] == column[:, None]).all(0).nonzero()[0, 0]) for column in start.weights[0].T]
    second = [int((weights[2] == row).all(1).nonzero()[0, 0]) for row in start.weights[2]]
    assert torch.equal(start.weights[1], weights[1][first][:, second])
    assert start.masks is None
    assert not torch.equal(search.candidate(MEMBER, weights, 2).weights[0], start.weights[0])


def test_candidates_of_weights_keep_the_density_and_the_whole_keeps_all():
    member = MEMBER | {"kind": "weights"}
    weights = search.whole(member)
    start = search.candidate(member, weights, 1)
    kept = sum(int(mask.sum()) for mask in start.masks)
    assert kept == pytest.approx(0.3 * (196 * 12 + 144 + 120), abs=2)
    assert all((w[~m] == 0).all() for w, m in zip(start.weights, start.masks, strict=True))
    everything = search.candidate(MEMBER | {"kind": "whole"}, weights, 0)
    assert all(torch.equal(a, b) for a, b in zip(everything.weights, weights, strict=True))


def test_scores_are_losses_on_the_first_training_images(sets):
    weights, ((images, labels), _) = search.whole(MEMBER), sets
    found = search.score(MEMBER, sets, CPU)
    for number in range(5):
        first, second, third = search.candidate(MEMBER, weights, number).weights
        outputs = (images[:60] @ first).relu() @ second
        loss = cross_entropy(outputs.relu() @ third, labels[:60])
        assert float(found[number]) == pytest.approx(float(loss), rel=1e-5)


def test_warm_scores_are_those_after_training(sets):
    member = MEMBER | {"warm_up": 4}
    weights = search.whole(member)
    program = Masked([member], [search.candidate(member, weights, 2)], sets, CPU)
    take(program, 0, 4)
    expected = program.losses(program.images[:60], program.labels[:60])
    assert float(search.score(member, sets, CPU)[2]) == pytest.approx(float(expected), rel=1e-4)


def test_picks():
    losses = torch.tensor([2.0, 1.0, 3.0])
    assert {rule: search.pick(losses, rule) for rule in ("first", "second", "best", "worst")} == {
        "first": 0, "second": 1, "best": 1, "worst": 2}  # fmt: skip


def test_the_picked_candidate_is_trained_and_recorded_by_member(sets):
    conditions = {"best": {}, "random": {"picks": "first"}, "whole": {"kind": "whole", "candidates": 1}}
    sizes = {
        name: MEMBER[name] for name in ("width", "keep", "candidates", "scored", "batch_size", "steps", "record_at")
    }
    found = search.search(small_run("farahani2024", "nodes", **sizes, seeds=2, chunk=3, conditions=conditions))
    assert found["steps"].tolist() == [0, 6]
    assert found["picked"].tolist()[:2] == np.nanargmin(found["scores"][:2], 1).tolist()
    assert found["picked"].tolist()[2:] == [0] * 4
    assert np.isnan(found["scores"][4:, 1:]).all()
    assert found["scores"][0].tolist() == found["scores"][2].tolist()
    run = small_run("farahani2024", "nodes", **sizes, seeds=2, conditions=conditions)
    numbers = {(m["condition"], m["seed"]): int(n) for m, n in zip(run.members, found["picked"], strict=True)}

    def build(members, device):
        picked = [search.candidate(m, search.whole(m), numbers[m["condition"], m["seed"]]) for m in members]
        return Masked(members, picked, sets, device)

    records = {name: found[name] for name in ("test_accuracy", "train_loss", "weights", "largest_pruned")}
    assert_rows_are_members(records, run.members, build, [0, 6])


def test_steps_of_candidates_replay(sets):
    weights = search.whole(MEMBER)
    starts = [search.candidate(MEMBER, weights, number) for number in range(2)]
    assert_replays(lambda: Masked([MEMBER] * 2, starts, sets, CPU), steps=8)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"keep": 13}, "keep = 13 must be at most width = 12"),
     ({"picks": "second", "candidates": 1}, "picks = second needs at least 2 candidates, not 1")],
)  # fmt: skip
def test_settings_that_do_not_go_together_are_refused(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        checks.search([MEMBER | changes])
    checks.search([MEMBER, MEMBER | {"condition": "other", "kind": "whole", "keep": 13}])
    checks.search([MEMBER | {"picks": "second", "candidates": 2}])
    checks.search([MEMBER | {"picks": "best", "candidates": 1}])
